"""The plan: ports, maps, options and BACnet numbers are checked before anything starts."""

import errno
import os
import re
from pathlib import Path

import pytest

from submeter import config, plan
from submeter.errors import ConfigError
from submeter.meter.reading import Quality
from submeter.sources.simulated.source import SimulatedSource
from submeter.sources.tic.source import TicSource

HEAD = "site: Park\nmodbus: {tcp: {}}\n"
METER = """\
  - name: {name}
    unit_id: {unit}
    sources:
      - {source}
"""


def write(folder: Path, *sources: str, more: str = "") -> Path:
    path = folder / "config.yaml"
    names = zip(("one", "two"), sources, strict=False)
    meters = [
        METER.format(name=name, unit=number, source=source)
        for number, (name, source) in enumerate(names, 1)
    ]
    path.write_text(f"{HEAD}meters:\n{''.join(meters)}{more}", encoding="utf-8")
    return path


def made(path: Path, *overrides: str) -> list[plan.PlannedMeter]:
    return plan.make(config.load(path, overrides))


def faults(path: Path, *overrides: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        made(path, *overrides)
    return [fault.removeprefix(f"{path}:") for fault in caught.value.faults]


def test_meters_are_made(tmp_path: Path) -> None:
    (tmp_path / "linky.tic").write_bytes(b"\x02")
    path = write(tmp_path, "simulated: {seed: 7}", "tic: {port: 'replay:linky.tic'}")
    one, two = made(path)
    assert (one.entry.name, two.entry.name) == ("one", "two")
    simulated, tic = one.sources["simulated"], two.sources["tic"]
    assert isinstance(simulated, SimulatedSource)
    assert isinstance(tic, TicSource)
    assert (simulated.name, tic.name) == ("one", "two")
    (feed,) = one.feeds
    assert (feed.name, feed.max_age) == ("simulated", simulated.max_age)
    assert feed.expected == simulated.expected
    assert feed.dials == simulated.dials
    assert str(tmp_path / "linky.tic") in tic.describe()


def test_a_meter_of_two_sources(tmp_path: Path) -> None:
    (tmp_path / "linky.tic").write_bytes(b"\x02")
    path = write(tmp_path, "tic: {port: 'replay:linky.tic'}\n      - simulated: {}")
    (one,) = made(path, "meters.0.priority={Frequency: [simulated, tic]}")
    assert [feed.name for feed in one.feeds] == ["tic", "simulated"], "as they are preferred"
    assert [source.name for source in one.sources.values()] == ["one.tic", "one.simulated"]
    assert one.setup.priority == {"Frequency": ["simulated", "tic"]}
    expected = one.expected()
    assert expected["Frequency"] is Quality.MEASURED
    assert expected["Active_Power_Total"] is Quality.DERIVED  # of the Linky, which comes first
    loaded = config.load(path)
    assert plan.max_age(loaded, loaded.config.meters[0]) == 40, "that of the slower source"


def test_a_priority_for_nothing_is_told_with_its_place(tmp_path: Path) -> None:
    path = write(tmp_path, "simulated: {}", more="    priority: {Tamper_Alarm: [simulated]}\n")
    (found,) = faults(path)
    assert found.startswith("8:16: no source of this meter gives Tamper_Alarm; known here: ")
    net = calculated(tmp_path, "one - two, priority: {Voltage_L1_N: []}")
    (found,) = faults(net)
    assert found.startswith("12:63: no source of this meter gives Voltage_L1_N; known here: ")
    net = calculated(tmp_path, "one - two, initial_index: {Active_Energy_Export: 5}")
    (found,) = faults(net)
    assert found.startswith("12:68: no source of this meter counts Active_Energy_Export; ")


def test_the_bound_of_an_index(tmp_path: Path) -> None:
    path = write(tmp_path, "simulated: {}")
    assert made(path)[0].setup.largest_power == SimulatedSource.largest_power
    assert made(path, "meters.0.rating.power=36")[0].setup.largest_power == 36_000


def calculated(folder: Path, text: str, source: str = "simulated: {}") -> Path:
    more = f"  - {{name: net, unit_id: 9, calculated: {text}}}\n"
    return write(folder, source, "simulated: {}", more=more)


def test_a_calculated_meter(tmp_path: Path) -> None:
    path = calculated(tmp_path, "one - two")
    one, _, net = made(path)
    assert net.sources == {}
    assert net.calculated
    assert one.calculated is None
    assert net.calculated.expression.names == ("one", "two")
    assert [feed.name for feed in net.feeds] == ["calculated"]
    assert net.feeds[0].max_age == plan.CALCULATED_AGE
    expected = net.expected()
    assert expected["Active_Power_Total"] is Quality.DERIVED
    assert expected["Active_Energy_Import"] is Quality.DERIVED
    assert expected["Voltage_L1_N"] is Quality.ABSENT, "two meters have no common voltage"
    loaded = config.load(path)
    assert plan.max_age(loaded, loaded.config.meters[2]) == plan.CALCULATED_AGE


def test_meters_keep_their_order_whatever_they_are_calculated_from(tmp_path: Path) -> None:
    path = calculated(tmp_path, "one - two")
    first = ("meters.0.sources=[]", "meters.0.calculated=net + two")
    second = ("meters.2.calculated=two",)
    assert [each.entry.name for each in made(path, *first, *second)] == ["one", "two", "net"]


def test_a_calculated_meter_has_its_faults_told_too(tmp_path: Path) -> None:
    path = calculated(tmp_path, "one - two, settings: {Demand_Intervall: 3}")
    assert faults(path) == [
        "12:63: 'Demand_Intervall' cannot stand here; did you mean 'Demand_Interval'?"
    ]


def test_the_faults_of_its_parts_are_told_once(tmp_path: Path) -> None:
    """With those of the meter itself, although what it is calculated from is not there."""
    path = calculated(tmp_path, "one - two, settings: {X: 3}", "tic: {port: a}")
    found = faults(path)
    assert [fault.split(":")[0] for fault in found] == ["7", "12"]


def test_expected_qualities(tmp_path: Path) -> None:
    (tmp_path / "linky.tic").write_bytes(b"\x02")
    (linky,) = made(write(tmp_path, "tic: {port: 'replay:linky.tic'}"))
    expected = linky.expected()
    assert list(expected) == [point.name for point in linky.map.points]
    assert expected["Active_Energy_Import"] is Quality.MEASURED
    assert expected["Active_Power_Total"] is Quality.DERIVED
    assert expected["Power_Factor_Total"] is Quality.ABSENT  # its power would be a mean
    assert expected["Voltage_L1_L2"] is Quality.ESTIMATED
    assert expected["Communication_Status"] is Quality.MEASURED
    assert expected["THD_Voltage_L1"] is Quality.ABSENT


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "tic: {port: ttyUSB0}",
            "7:21: 'ttyUSB0' is no port; write /dev/serial/by-id/..., socket://host:port, "
            "rfc2217://host:port or replay:FILE",
        ),
        (
            "tic: {port: /dev/no-such-node}",
            "7:21: there is no /dev/no-such-node; plug the adapter in or name another port",
        ),
        (
            "tic: {port: /etc/passwd}",
            "7:21: /etc/passwd is no serial device; for a recording write replay:FILE",
        ),
        (
            "tic: {port: 'socket://host'}",
            "7:21: 'socket://host' is no address; write socket://host:port",
        ),
        (
            "tic: {port: 'replay:x?speed=0'}",
            "7:21: 'replay:x?speed=0' is no recording; write replay:FILE or replay:FILE?speed=10",
        ),
        (
            "tic: {port: 'replay:missing.tic'}",
            "7:21: cannot read the recording FOLDER/missing.tic: No such file or directory",
        ),
        ("tic: {port: 'replay:empty.tic'}", "7:21: the recording FOLDER/empty.tic is empty"),
        (
            "tic: {port: 'socket://h:1', options: [va_as_w, peak]}",
            "7:56: unknown option 'peak'; known here: daily_peak, va_as_w",
        ),
        (
            "tic: {port: 'socket://h:1', maps: {standard: tic-standart}}",
            "7:54: no map 'tic-standart' in sources/; did you mean 'tic-standard'?",
        ),
        (
            "tic: {port: 'socket://h:1', maps: {historique: zzz}}",
            "7:56: no map 'zzz' in sources/; there are: ",
        ),
    ],
)
def test_a_source_that_is_wrong(tmp_path: Path, source: str, expected: str) -> None:
    (tmp_path / "empty.tic").touch()
    (found,) = faults(write(tmp_path, source))
    assert found.replace(str(tmp_path), "FOLDER").startswith(expected)


def test_a_device_without_the_right_to_use_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = os.open

    def refuse(path: Path, flags: int) -> int:
        if str(path) == "/dev/null":
            raise PermissionError(errno.EACCES, "Permission denied")
        return really(path, flags)

    path = write(tmp_path, "tic: {port: /dev/null}")
    monkeypatch.setattr("submeter.sources.device.os.open", refuse)
    (found,) = faults(path)
    assert found == "7:21: no right to use /dev/null; add the user to the group 'dialout'"


def test_an_unknown_meter_map(tmp_path: Path) -> None:
    path = write(tmp_path, "simulated: {}", more="    map: standart\n")
    assert faults(path) == ["8:10: no map 'standart' in meters/; did you mean 'standard'?"]


def test_own_maps_come_first_and_their_faults_are_told_with_their_own_place(
    tmp_path: Path,
) -> None:
    own = tmp_path / "own" / "meters" / "mine.yaml"
    own.parent.mkdir(parents=True)
    good = (
        "title: Mine\nmodbus:\n  registers:\n    - {point: Frequency, at: 1, type: float32}\n"
        "bacnet: {objects: []}\n"
    )
    own.write_text(good)
    path = write(tmp_path, "simulated: {}", more="    map: mine\nmaps: own\n")
    with pytest.raises(ConfigError) as caught:
        made(path)
    assert str(caught.value) == (
        f"{own}:4:30: '1' is no address; write 30001, 40001, HR 1001, DI 1 or Coil 1"
    )
    own.write_text(good.replace("at: 1", "at: 40001"))
    assert [register.at for register in made(path)[0].map.registers] == ["40001"]


def test_all_meters_are_looked_at(tmp_path: Path) -> None:
    path = write(tmp_path, "tic: {port: a}", "tic: {port: b}")
    assert [fault.split(":")[0] for fault in faults(path)] == ["7", "11"]


def test_bacnet_objects_of_two_meters_must_not_collide(tmp_path: Path) -> None:
    path = write(tmp_path, "simulated: {}", "simulated: {}", more="bacnet: {device_id: 1}\n")
    assert faults(path) == [
        "8:5: meters 'one' and 'two' have the same BACnet object instances; "
        "give 'two' its own bacnet.instance_offset, such as 1000",
        "8:5: meter 'two' has BACnet object names that meter 'one' has already; "
        "give 'two' its own bacnet.name_prefix, such as 'two.'",
    ]
    assert made(path, "meters.1.bacnet={instance_offset: 1000, name_prefix: two.}")
    assert made(path, "bacnet=", "modbus.tcp={}")
    far = "meters.1.bacnet={instance_offset: 4194300, name_prefix: two.}"
    assert faults(path, far) == [
        f"--set {far}: instance_offset puts objects of 'two' beyond 4194302"
    ]
    near = "meters.1.bacnet={instance_offset: 1, name_prefix: two.}"
    (found,) = faults(path, near)
    assert found.startswith(f"--set {near}: meters 'one' and 'two' have the same BACnet object in")


def test_two_meters_on_one_device(tmp_path: Path) -> None:
    master, slave = os.openpty()
    try:
        device = os.ttyname(slave)
        link = tmp_path / "adapter"
        link.symlink_to(device)
        path = write(tmp_path, f"tic: {{port: {device}}}", f"tic: {{port: {link}}}")
        expected = f"11:21: {link} feeds meter 'one' already; name another port"
        assert faults(path) == [expected]
    finally:
        os.close(master)
        os.close(slave)


def test_what_is_no_terminal_is_no_device(tmp_path: Path) -> None:
    (found,) = faults(write(tmp_path, "tic: {port: /dev/null}"))
    assert found == "7:21: /dev/null is no serial device; name the adapter's port"


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("tic: {port: 'socket://h:4001'}", "tic: {port: 'rfc2217://H:4001'}"),
        ("tic: {port: 'rfc2217://h:4001'}", "dlms: {port: 'socket://h:4001'}"),
    ],
)
def test_two_meters_on_one_server(tmp_path: Path, first: str, second: str) -> None:
    (found,) = faults(write(tmp_path, first, second))
    assert re.search(r"^11:2\d: (socket|rfc2217)://h:4001 feeds meter 'one' already; name", found)


def test_a_shared_server_is_spoken_to_in_one_way(tmp_path: Path) -> None:
    entries = [f"mbus: {{port: '{each}://h:1', address: {n}, map: mbus-water}}"
               for n, each in ((1, "socket"), (2, "rfc2217"))]  # fmt: skip
    (found,) = faults(write(tmp_path, *entries))
    assert "rfc2217://h:1 is a mbus line at 2400 8E1 of another source already" in found


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (
            "pulse: {gpio: {line: 17}, weight: 1 Wh, initial: .nan}",
            "7:58: meters.0.sources.0.pulse.initial: input should be a valid number, not '.nan'",
        ),
        (
            "pulse: {gpio: {line: 17}, weight: 1 Wh, initial: 1.0e400}",
            "7:58: meters.0.sources.0.pulse.initial: input should be a finite number, not inf",
        ),
        (
            "mbus: {port: 'socket://h:1', address: 300, map: mbus-water}",
            "7:47: meters.0.sources.0.mbus.address: input should be less than or equal to 250, "
            "not 300",
        ),
        (
            'optical: {port: "socket://h:1", keys: "a\\0b"}',
            "7:47: meters.0.sources.0.optical.keys: string should match pattern",
        ),
        (
            'dlms: {port: "socket://h:1", keys: "a\\0b"}',
            "7:44: meters.0.sources.0.dlms.keys: string should match pattern",
        ),
        (
            "optical: {port: 'socket://h:1', baudrate: 9601}",
            "7:51: meters.0.sources.0.optical.baudrate: input should be 300, 600, 1200, 2400",
        ),
    ],
)
def test_a_setting_that_is_none_is_one_line(tmp_path: Path, source: str, told: str) -> None:
    (found,) = faults(write(tmp_path, source))
    assert found.startswith(told), found
