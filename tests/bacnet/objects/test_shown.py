import pytest

from bacnet.objects.entries import ENTRIES
from submeter.bacnet.objects import listeners
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.shown import shown
from submeter.meter.reading import Quality, Reading
from submeter.pointmap import meter_map
from tooling import meters


def test_every_object_of_a_point_shows_its_reading() -> None:
    objects = {name: PointObject(entry) for name, entry in ENTRIES.items()}
    listener = shown(iter(objects.values()))
    listener({"Active_Energy_Import": Reading(2_500_000, Quality.MEASURED)})
    assert objects["Active_Energy_Import"].number == 2
    assert objects["Active_Energy_Import_Float"].number == 2.5
    assert objects["Active_Energy_Export"].number is None


def test_points_without_an_object_are_passed_over() -> None:
    served = PointObject(ENTRIES["Frequency"])
    listener = shown([served])
    readings = {name: Reading(50, Quality.MEASURED) for name in ("Voltage_L1_N", "Frequency")}
    listener(readings)
    assert served.number == 50


def test_a_meter_tells_it_everything_at_once() -> None:
    made = meters.meter("main", meter_map.load("standard").points, ["Frequency"], 60.0)
    objects = [PointObject(ENTRIES[name]) for name in ("Frequency", "Communication_Status")]
    made.subscribe(shown(objects))
    assert [each.number for each in objects] == [None, 0]
    meters.know(made, {"Frequency": 49.9}, meters.at(2))
    assert [each.number for each in objects] == [49.9, 1]


def test_listener_that_breaks_keeps_nobody_from_anything(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "_told", set())
    names = ("Active_Power_Total", "Frequency")
    objects = {name: PointObject(ENTRIES[name]) for name in names}
    heard: list[str] = []

    def breaks(_: ServedObject) -> None:
        raise ValueError("broken")

    for each in objects.values():
        each.listeners = (breaks, lambda entry: heard.append(entry.name))
    listener = shown(objects.values())
    for value in (50, 51):
        listener(dict.fromkeys(names, Reading(value, Quality.MEASURED)))
    listener(dict.fromkeys(names, Reading(51, Quality.STALE)))
    assert [each.number for each in objects.values()] == [51, 51]
    assert [each.reliability for each in objects.values()] == [12, 12]
    assert heard == [*names] * 3
    told = [each for each in caplog.messages if "event=bacnet_listener_failed" in each]
    assert len(told) == 1
    assert "'Active_Power_Total'\" error=ValueError" in told[0]


def test_each_broken_listener_is_told(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(listeners, "_told", set())

    def one(_: ServedObject) -> None:
        raise ValueError("broken")

    def another(_: ServedObject) -> None:
        raise ValueError("broken")

    served = PointObject(ENTRIES["Frequency"])
    served.listeners = (one, another)
    served.changed()
    served.changed()
    assert len(caplog.messages) == 2
