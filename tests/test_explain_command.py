"""`submeter explain`: what it prints with a running server, and without one."""

import asyncio
import re
from pathlib import Path

import pytest

from submeter import config, explain_command, local_socket, plan, served_places
from submeter.config import Loaded
from submeter.errors import ConfigError, NoAnswerError
from submeter.local_socket import Json, LocalSocket
from tooling.free_port import free_port
from tooling.program import eventually, run, running, write

TEXT = """
    site: Park
    store: {path: park.db}
    meters:
      - {name: one, unit_id: 3, sources: [simulated: {seed: 1}]}
      - name: two
        unit_id: 4
        sources: [simulated: {seed: 2}]
        bacnet: {instance_offset: 1000, name_prefix: two.}
      - name: sum
        unit_id: 5
        calculated: one + two
        bacnet: {instance_offset: 2000, name_prefix: sum.}
    modbus: {tcp: {host: 127.0.0.1, port: 1502}}
    bacnet: {address: 127.0.0.1/8, device_id: 77}
"""
ENERGY = "Active_Energy_Import"
TOLD = {
    "meter": "two",
    "point": ENERGY,
    "value": "12.500000 kWh",
    "quality": "measured",
    "age": 1.25,
    "source": "simulated",
    "why": "",
    "inputs": [],
    "voices": [],
    "origin": {
        "where": "maps/a.yaml:12",
        "labels": [["EAST", "000012500 Wh"]],
        "raw": b"\nEAST\t000012500\t!\r".hex(),
        "age": 1.25,
    },
}


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return config.load(write(tmp_path / "config.yaml", TEXT))


async def answered(loaded: Loaded, told: Json, meter: str = "two", point: str = ENERGY) -> str:
    """Return what is printed while a server answers `told`."""
    server = LocalSocket(local_socket.beside(loaded.store_path), lambda question: told)
    await server.start()
    try:
        return await asyncio.to_thread(explain_command.text, loaded, meter, point)
    finally:
        await server.stop()


async def test_with_a_running_server(loaded: Loaded) -> None:
    assert await answered(loaded, TOLD) == (
        "Active_Energy_Import of meter two: Active energy imported, cumulative (the point that is "
        "billed)\n"
        "value:   12.500000 kWh\n"
        "quality: measured\n"
        "age:     1.2 s\n"
        "source:  simulated\n"
        "map:     maps/a.yaml:12\n"
        "label:   EAST = 000012500 Wh\n"
        "Modbus, unit 4, map standard:\n"
        "  30001, float32 in kWh, function 4\n"
        "  30101, int64 in Wh, function 4\n"
        "  DI 1001, its validity bit, function 2\n"
        "BACnet:\n"
        "  device 77, accumulator 1001, two.Active_Energy_Import in kWh\n"
        "  device 77, analog-input 1101, two.Active_Energy_Import_Float in kWh\n"
        "  device 77, trend-log 1001, two.Active_Energy_Import_Trend\n"
        "frame that it came from: 18 bytes, 1.2 s ago\n"
        "  0000  0a 45 41 53 54 09 30 30 30 30 31 32 35 30 30 09  .EAST.000012500.\n"
        "  0010  21 0d                                            !."
    )


async def test_inputs_and_other_sources(loaded: Loaded) -> None:
    said = {"value": "3 kW", "quality": "measured", "age": 1.0}
    voices = [
        {"source": "linky", "condition": "silent", **said, "quality": "stale", "age": 81.0},
        {"source": "clamp", "condition": "online", **said},
    ]
    origin = {"where": "maps/a.yaml:9", "labels": [["P", "3 kW"]], "raw": "0a50", "length": 40}
    row = {"point": "Active_Power_Total", "source": "clamp", **said}
    inputs = [{**row, "origin": {**origin, "age": 1.0}}]
    told = {**TOLD, "why": "follows", "inputs": inputs, "voices": voices, "source": "clamp"}
    text = await answered(loaded, told)
    assert (
        "why:     follows\n"
        "  Active_Power_Total: 3 kW, measured, 1.0 s old, from clamp\n"
        "    map:     maps/a.yaml:9\n"
        "    label:   P = 3 kW\n"
        "    frame:   40 bytes: 0a 50 ...\n"
    ) in text
    assert "  linky, silent: 3 kW, stale, 81.0 s old\n *clamp, online: 3 kW, measured" in text


async def test_a_source_in_trouble(loaded: Loaded) -> None:
    said = {"value": "unknown", "quality": "stale", "age": None}
    told = {**TOLD, **said, "voices": [{"source": "simulated", "condition": "wrong key", **said}]}
    text = await answered(loaded, told)
    assert "age:     never heard\nsource:  simulated, wrong key\n" in text


@pytest.mark.parametrize(
    "spoiled", [{"voices": 5}, {"age": "x"}, {"inputs": [{}]}, {"origin": {"labels": [1]}}]
)
async def test_what_says_something_else(loaded: Loaded, spoiled: Json) -> None:
    with pytest.raises(NoAnswerError, match="says something else; is it another version"):
        await answered(loaded, {**TOLD, **spoiled})
    with pytest.raises(NoAnswerError, match="says something else"):
        await answered(loaded, {})


async def test_a_server_with_another_configuration(loaded: Loaded) -> None:
    with pytest.raises(NoAnswerError, match="the running server answers: no meter"):
        await answered(loaded, {"error": "no meter is called 'two'"})


def test_without_a_server(loaded: Loaded) -> None:
    text = explain_command.text(loaded, "one", "Frequency")
    assert "no server runs with this store: no value is known here" in text
    assert "expected quality: measured" in text
    assert "source:  simulated: simulated" in text
    assert "  40061, float32 in Hz, function 3\n  DI 1025, its validity bit, function 2" in text
    assert "  device 77, analog-input 21, Frequency in Hz" in text


def test_of_a_calculated_meter(loaded: Loaded) -> None:
    text = explain_command.text(loaded, "sum", "Active_Power_Total")
    assert "source:  calculated: calculated: one + two" in text


def test_printed(loaded: Loaded, capsys: pytest.CaptureFixture[str]) -> None:
    explain_command.run(loaded, "one", "Frequency")
    assert capsys.readouterr().out == explain_command.text(loaded, "one", "Frequency") + "\n"


@pytest.mark.parametrize(
    ("meter", "point", "text"),
    [
        ("tow", ENERGY, "no meter is called 'tow'; did you mean 'two'?"),
        ("one", "Frequenzy", "no point is called 'Frequenzy'; did you mean 'Frequency'?"),
    ],
)
def test_names_that_are_none(loaded: Loaded, meter: str, point: str, text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        explain_command.text(loaded, meter, point)
    assert str(caught.value) == text


@pytest.mark.parametrize(
    "source",
    [
        "tic: {port: /dev/no-such}",
        "modbus: {port: /dev/no-such, unit: 1, map: pzem-004t}",
        "pulse: {gpio: {chip: /dev/no-such, line: 3}, weight: 1 Wh}",
        "rp2040: {port: /dev/no-such, clamp: {current: 100}}",
        "dlms: {port: 'replay:no-such'}",
    ],
)
def test_no_port_has_to_be_there(tmp_path: Path, source: str) -> None:
    text = TEXT.replace("simulated: {seed: 1}", source, 1)
    loaded = config.load(write(tmp_path / "config.yaml", text))
    assert "no server runs with this store" in explain_command.text(loaded, "two", "Frequency")
    with pytest.raises(ConfigError, match="no-such"):
        plan.make(loaded)


def test_a_face_that_is_not_configured(tmp_path: Path) -> None:
    text = TEXT.split("\n    bacnet:")[0] + "\n"
    loaded = config.load(write(tmp_path / "config.yaml", text))
    found = explain_command.text(loaded, "one", ENERGY)
    assert "Modbus" in found
    assert "BACnet" not in found


def test_a_point_that_the_map_does_not_have(tmp_path: Path) -> None:
    own_map = TEXT.replace("unit_id: 3,", "unit_id: 3, map: carlo-gavazzi-em340,")
    text = own_map.split("\n    bacnet:")[0] + "\n"
    loaded = config.load(write(tmp_path / "config.yaml", text))
    assert explain_command.text(loaded, "one", "Sync_Clock").endswith("\nserved nowhere")


def test_flags_and_devices_of_their_own(tmp_path: Path) -> None:
    text = (
        TEXT.replace("name: one, unit_id: 3,", "name: one, unit_id: 3, bacnet: {device_id: 101},")
        .replace("{instance_offset: 1000, name_prefix: two.}", "{device_id: 102}")
        .replace("{instance_offset: 2000, name_prefix: sum.}", "{device_id: 103}")
        .replace("device_id: 77", "device_id: 77, layout: network, network_number: 9")
    )
    loaded = config.load(write(tmp_path / "config.yaml", text))
    each = plan.make(loaded)[1]
    found = list(served_places.objects(loaded, each, "Frequency"))
    assert found == ["device 102, analog-input 21, Frequency in Hz"]


def test_through_the_program(tmp_path: Path) -> None:
    text = TEXT.split("\n    bacnet:")[0].replace("1502", str(free_port())) + "\n"
    path = write(tmp_path / "config.yaml", text)
    with running(path, tmp_path / "log"):
        assert (tmp_path / "park.db.sock").is_socket()
        question = ("explain", str(path), "sum", "Active_Power_Total")
        eventually(lambda: bool(re.search(r"\nvalue:   [0-9.]+ kW\n", run(*question).stdout)))
        assert "why:     calculated: one + two" in run(*question).stdout
    assert "no server runs" in run("explain", str(path), "one", "Frequency").stdout
