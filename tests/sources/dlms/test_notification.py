"""Data-Notification: the layouts of the field, told apart by themselves."""

from dataclasses import replace

import pytest

from submeter.errors import FrameError
from submeter.sources.dlms import axdr, notification
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.said import Item
from tooling import dlms_pusher
from tooling.dlms_pusher import Meter

CODES = list(Meter().values)


def coded(items: tuple[Item, ...]) -> dict[str | None, object]:
    return {
        item.obis: item.value.value for item in items if isinstance(item.value, Data) and item.obis
    }


def test_values_belong_to_the_entries_of_the_list() -> None:
    meter = Meter()
    found = notification.read(dlms_pusher.listed(meter))
    assert found.layout == "object list"
    assert found.invoke == 1
    said = coded(found.items)
    assert [said[code] for code in CODES] == [raw for raw, _, _ in meter.values.values()]
    assert said["0-0:96.1.0*255"] == meter.serial.encode()


def test_a_list_that_does_not_count_itself_is_understood_and_a_wrong_one_refused() -> None:
    entry = Data(2, [Data(18, 3), Data(9, bytes([1, 0, 1, 8, 0, 255])), Data(15, 2), Data(18, 0)])
    for entries, values in ((1, 1), (2, 1)):
        body = Data(2, [Data(1, [entry] * entries), *[Data(6, 5)] * values])
        found = notification.read(dlms_pusher.notification(body))
        assert coded(found.items) == {"1-0:1.8.0*255": 5}
    body = Data(2, [Data(1, [entry] * 3), Data(6, 5)])
    with pytest.raises(FrameError):
        notification.read(dlms_pusher.notification(body))


def test_scaler_and_capture_time_of_a_list_come_with_their_value() -> None:
    code = bytes([1, 0, 1, 6, 0, 255])

    def entry(attribute: int) -> Data:
        return Data(2, [Data(18, 4), Data(9, code), Data(15, attribute), Data(18, 0)])

    meter = Meter()
    scale = Data(2, [Data(15, -1), Data(22, 27)])
    values = [Data(6, 1234), scale, Data(9, meter.moment())]
    body = Data(2, [Data(1, [entry(2), entry(3), entry(5)]), *values])
    found = notification.read(dlms_pusher.notification(body))
    value, time = found.items
    assert (value.scaler, value.unit) == (-1, "W")
    assert value.stamp is not None
    assert value.stamp.utc == meter.utc
    assert time.attribute == 5


@pytest.mark.parametrize("scaled", [True, False])
@pytest.mark.parametrize("nested", [True, False])
def test_codes_stand_before_their_values(scaled: bool, nested: bool) -> None:
    meter = Meter()
    found = notification.read(dlms_pusher.paired(meter, scaled=scaled, nested=nested))
    assert found.layout == "pairs"
    assert [(item.obis, item.scaler, item.unit) for item in found.items if item.obis] == [
        (code, *((scaler, unit) if scaled else (None, None)))
        for code, (_, scaler, unit) in meter.values.items()
    ]
    clock, *_ = found.items
    leaves = len(CODES) * (4 if scaled else 2) + 1
    assert (clock.obis, clock.place, clock.among) == (None, 0, leaves)


def test_without_codes_the_place_counts() -> None:
    found = notification.read(dlms_pusher.placed([230, 231, "serial", 7]))
    assert found.layout == "positional"
    assert [(item.place, item.among) for item in found.items] == [(n, 4) for n in range(4)]
    # Six octets of text are no code.
    found = notification.read(dlms_pusher.placed(["123456", 7]))
    assert found.layout == "positional"
    single = notification.read(dlms_pusher.notification(Data(6, 5)))
    assert [(item.place, item.among) for item in single.items] == [(0, 1)]


@pytest.mark.parametrize("tagged", [True, False])
def test_the_time_of_the_message_is_its_clock(tagged: bool) -> None:
    meter = Meter()
    body = Data(2, [Data(6, 5)])
    data = dlms_pusher.notification(body, meter.moment(), tagged=tagged)
    found = notification.read(data)
    assert found.items[-1].obis == "0-0:1.0.0*255"
    assert found.items[-1].value == Data(axdr.DATE_TIME, meter.moment())
    listed = replace(meter, utc=meter.utc + 1)
    data = dlms_pusher.listed(listed)
    with_time = data[:5] + b"\x0c" + meter.moment() + data[6:]
    times = [item for item in notification.read(with_time).items if item.obis == "0-0:1.0.0*255"]
    assert [item.value for item in times] == [Data(axdr.OCTETS, listed.moment())]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x0f\0\0\0\1",
        b"\xc2\0\0\0\1\0\x00",
        b"\x0f\0\0\0\1\x03abc\x00",
        dlms_pusher.placed([1, 2]) + b"\0",
        dlms_pusher.placed([1, 2])[:-1],
    ],
)
def test_what_is_no_whole_notification_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        notification.read(data)
