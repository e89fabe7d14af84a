"""What `submeter check` tells of BACnet in each layout."""

from pathlib import Path

import pytest

from submeter import bacnet_report, check, config, plan
from submeter.errors import ConfigError
from tooling.program import loopback

ONE, TWO = loopback(31), loopback(32)
HEAD = """\
site: Park
store: {path: x.db}
meters:
  - {name: one, unit_id: 1, sources: [simulated: {}], bacnet: {device_id: 11}}
  - {name: two, unit_id: 2, sources: [simulated: {}], bacnet: {device_id: 12}}
"""
DEVICE = HEAD.replace("device_id: 11", "").replace(
    "device_id: 12", "instance_offset: 1000, name_prefix: b."
)
ADDRESSES = HEAD.replace("11}", f"11, address: {ONE}/8}}").replace("12}", f"12, address: {TWO}/8}}")


def loaded(folder: Path, text: str) -> config.Loaded:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return config.load(path)


def told(folder: Path, text: str) -> bacnet_report.Report:
    report = bacnet_report.report(loaded(folder, text))
    assert report
    return report


def notes(folder: Path, text: str) -> list[str]:
    report = told(folder, text)
    return list(report.notes(plan.make(report.loaded)))


def meters(report: bacnet_report.Report) -> list[str]:
    return [report.of_meter(each) for each in report.loaded.config.meters]


def test_one_device(tmp_path: Path) -> None:
    report = told(tmp_path, f"{DEVICE}bacnet: {{address: {ONE}/8, port: 4711, device_id: 3}}\n")
    assert list(report.listeners()) == [f"BACnet/IP on {ONE}/8 port 4711, device 3 'Park'"]
    assert meters(report) == [
        "BACnet instances +0, names '...'",
        "BACnet instances +1000, names 'b....'",
    ]


def test_a_virtual_network(tmp_path: Path) -> None:
    face = f"{{address: {ONE}/8, device_id: 3, layout: network, network_number: 2001}}"
    report = told(tmp_path, f"{HEAD}bacnet: {face}\n")
    assert list(report.listeners()) == [
        f"BACnet/IP on {ONE}/8 port 47808, router 3 'Park' to network 2001 with 2 devices"
    ]
    assert meters(report) == ["BACnet device 11 'Park one'", "BACnet device 12 'Park two'"]


def test_an_address_for_each(tmp_path: Path) -> None:
    report = told(tmp_path, f"{ADDRESSES}bacnet: {{layout: ip_per_meter}}\n")
    assert list(report.listeners()) == [
        f"BACnet/IP on {ONE}/8 port 47808, device 11 'Park one'",
        f"BACnet/IP on {TWO}/8 port 47808, device 12 'Park two'",
    ]
    assert meters(report) == ["BACnet device 11 'Park one'", "BACnet device 12 'Park two'"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("foreign: {bbmd: 192.0.2.1}", "; foreign device of 192.0.2.1, for 300 s each time"),
        ("bbmd: {peers: [192.0.2.1]}", "; BBMD with the peers 192.0.2.1, for 32 foreign devices"),
    ],
)
def test_other_subnets(tmp_path: Path, more: str, expected: str) -> None:
    face = f"bacnet: {{address: {ONE}/8, device_id: 3, device_name: X, {more}}}\n"
    (line,) = told(tmp_path, DEVICE + face).listeners()
    assert line == f"BACnet/IP on {ONE}/8 port 47808, device 3 'X'{expected}"


def test_without_bacnet(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plain = loaded(tmp_path, f"{DEVICE}modbus: {{tcp: {{host: 127.0.0.1, port: 1502}}}}\n")
    assert bacnet_report.report(plain) is None
    check.show(plain, plan.make(plain))
    shown = capsys.readouterr().out
    assert "BACnet" not in shown
    assert "meter one: unit id 1, map standard\n" in shown


def test_the_report_has_it_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = loaded(tmp_path, f"{ADDRESSES}bacnet: {{layout: ip_per_meter, announce: true}}\n")
    check.show(given, plan.make(given))
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == "note: bacnet.announce means nothing with layout ip_per_meter"
    assert "meter two: unit id 2, map standard, BACnet device 12 'Park two'" in lines
    assert lines[-3:-1] == [
        f"BACnet/IP on {ONE}/8 port 47808, device 11 'Park one'",
        f"BACnet/IP on {TWO}/8 port 47808, device 12 'Park two'",
    ]


@pytest.mark.parametrize(
    ("head", "face", "expected"),
    [
        (DEVICE, "device_id: 3", []),
        (HEAD, "device_id: 3, layout: network, network_number: 5, announce: false", []),
        (DEVICE, "device_id: 3, announce: false", ["bacnet.announce means nothing with layout d"]),
        (
            ADDRESSES,
            "layout: ip_per_meter, address: 127.0.0.1, device_name: X",
            [
                "bacnet.address means nothing with layout ip_per_meter",
                "bacnet.device_name means nothing with layout ip_per_meter",
            ],
        ),
        (
            DEVICE,
            "device_id: 3, alarms: {acknowledge: [alarm]}",
            ["bacnet.alarms: transitions are to be acknowledged, but there are no recipients"],
        ),
        (
            DEVICE,
            "device_id: 3, alarms: {events: [], recipients: [{device: 9}]}",
            ["bacnet.alarms: there are recipients, but no events that they are told of"],
        ),
    ],
)
def test_what_is_odd(tmp_path: Path, head: str, face: str, expected: list[str]) -> None:
    given = face if "address" in face or "ip_per" in face else f"address: {ONE}/8, {face}"
    found = notes(tmp_path, f"{head}bacnet: {{{given}}}\n")
    assert len(found) == len(expected)
    assert all(one.startswith(other) for one, other in zip(found, expected, strict=True))


def test_trends_that_a_meter_cannot_have(tmp_path: Path) -> None:
    (tmp_path / "own" / "meters").mkdir(parents=True)
    (tmp_path / "own" / "meters" / "own.yaml").write_text(
        "title: Own\nmodbus: {registers: []}\nbacnet:\n  objects:\n"
        "    - {point: Frequency, object: analog-input, instance: 1}\n"
    )
    face = f"address: {ONE}/8, device_id: 3"
    text = f"maps: own\n{DEVICE}bacnet: {{{face}, trends: {{points: [Frequency, Current_L1]}}}}\n"
    assert notes(tmp_path, text) == []
    text = text.replace("unit_id: 2", "unit_id: 2, map: own")
    assert notes(tmp_path, text) == [
        "meter two: no trend log of Current_L1: map 'own' has no such object"
    ]
    by_default = text.replace(", trends: {points: [Frequency, Current_L1]}", "")
    assert notes(tmp_path, by_default) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"{DEVICE}bacnet: {{address: 198.51.100.7/24, device_id: 3}}\n",
            "6:19: bacnet.address 198.51.100.7/24 is not on this machine; there are: ",
        ),
        (
            f"{ADDRESSES.replace(f'{TWO}/8', '198.51.100.7')}bacnet: {{layout: ip_per_meter}}\n",
            "5:88: bacnet.address 198.51.100.7 is not on this machine; there are: ",
        ),
        (
            f"{ADDRESSES.replace(f'{ONE}/8', 'lo').replace(f'{TWO}/8', '127.0.0.1/8')}"
            "bacnet: {layout: ip_per_meter}\n",
            "5:88: 127.0.0.1/8 is 127.0.0.1, that of meter 'one'; give 'two' another",
        ),
    ],
)
def test_an_address_that_is_wrong(tmp_path: Path, text: str, expected: str) -> None:
    given = loaded(tmp_path, text)
    plan.make(given)  # which looks at no interface
    with pytest.raises(ConfigError) as raised:
        bacnet_report.report(given)
    assert str(raised.value).removeprefix(f"{tmp_path}/config.yaml:").startswith(expected)
