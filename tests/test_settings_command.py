"""`submeter settings`: what it shows, what it asks of the server, and what it refuses."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from submeter import config, plan, settings_command
from submeter.errors import ConfigError, Refusal, StoreError, SubmeterError, WriteRefusedError
from submeter.meter.reading import LARGEST
from submeter.meter.settings import Number
from submeter.plan import PlannedMeter
from submeter.pointmap import points
from submeter.store import requests
from submeter.store.page import Page, SettingRow
from submeter.store.store import Store
from tooling.free_port import free_port
from tooling.program import eventually, run, running, write

ENERGY = "Active_Energy_Import"
TEXT = """
    site: test
    store: {path: x.db}
    meters:
      - name: main
        unit_id: 3
        sources: [{simulated: {seed: 1}}]
        settings: {CT_Primary_Rating: 200, Demand_Interval: 30}
        sealed: true
      - name: second
        unit_id: 4
        sources: [{simulated: {seed: 2}}]
        bacnet: {instance_offset: 1000, name_prefix: s.}
    modbus: {tcp: {host: 127.0.0.1, port: PORT}}
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write(tmp_path / "config.yaml", TEXT.replace("PORT", str(free_port())))


@pytest.fixture
def planned(file: Path) -> list[PlannedMeter]:
    return plan.make(config.load(file))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A path at which something is."""
    (tmp_path / "x.db").touch()
    return tmp_path / "x.db"


class Server:
    """Stands for the one that would answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []
        self.answer: requests.Answer | None = requests.Answer("it is done", True)

    def ask(self, *request: Any) -> requests.Answer | None:
        self.asked.append(request)
        return self.answer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    made = Server()
    monkeypatch.setattr(requests, "ask", made.ask)
    monkeypatch.setattr(settings_command, "_user", lambda: "anna")
    return made


def row(table: str, meter: str, point: str) -> str:
    (found,) = (line for line in table.splitlines() if line.split()[:2] == [meter, point])
    return " ".join(found.split()[2:])


def test_listing(planned: list[PlannedMeter]) -> None:
    values = {
        ("main", "Overload_Threshold"): 90.5,
        ("main", "CT_Primary_Rating"): 100,
        ("second", "Demand_Interval"): 5,
    }
    table = settings_command.listing(planned, values)
    assert " ".join(table.split()[:6]) == "meter point value unit from allowed"
    assert row(table, "main", "CT_Primary_Rating") == "200 A configuration, sealed 50 to 5000 A"
    assert row(table, "second", "CT_Primary_Rating") == "- A not in use 50 to 5000 A"
    assert row(table, "main", "Demand_Interval") == "30 min configuration 1 to 60 min"
    assert row(table, "second", "Demand_Interval") == "5 min stored 1 to 60 min"
    assert row(table, "main", "Overload_Threshold") == "90.5 % stored 80 to 120 %"
    assert row(table, "second", "Modbus_Address") == "4 configuration 1 to 247"
    assert row(table, "second", "Pulse_Constant").startswith("1000 Wh/pulse default")
    assert table.splitlines()[-1].startswith("main: CT_Primary_Rating is not used: the meter is ")
    one = settings_command.listing(planned, values, "second")
    assert len(one.splitlines()) == 11


def test_set(planned: list[PlannedMeter], store: Path, server: Server) -> None:
    said = settings_command.change(store, planned, {}, "main", "Demand_Interval", "10")
    assert said == "it is done"
    argument = {"point": "Demand_Interval", "value": 10}
    assert server.asked == [(store, "set", "main", argument, "anna", settings_command.PATIENCE)]


@pytest.mark.parametrize(
    ("meter", "point", "text", "expected"),
    [
        ("mian", "Demand_Interval", "10", "no meter is called 'mian'; did you mean 'main'?"),
        (
            "main",
            "Demand_Intervall",
            "10",
            "no setting is called 'Demand_Intervall'; did you mean 'Demand_Interval'",
        ),
        ("main", ENERGY, "10", f"no setting is called '{ENERGY}'; "),
        ("main", "Demand_Interval", "ten", "'ten' is no number; write it as 15 or 2.5"),
        ("main", "Demand_Interval", "nan", "'nan' is no number"),
        ("main", "Demand_Interval", "1e1", "'1e1' is no number"),
        ("main", "Demand_Interval", "1_0", "'1_0' is no number"),
        ("main", "Demand_Interval", "١", "'١' is no number"),
    ],
)
def test_names_and_numbers_that_are_none(
    planned: list[PlannedMeter],
    store: Path,
    server: Server,
    meter: str,
    point: str,
    text: str,
    expected: str,
) -> None:
    with pytest.raises(ConfigError) as caught:
        settings_command.change(store, planned, {}, meter, point, text)
    assert str(caught.value).startswith(expected)
    assert not server.asked


@pytest.mark.parametrize(
    ("point", "text", "reason"),
    [
        ("Demand_Interval", "61", Refusal.OUT_OF_RANGE),
        ("Demand_Interval", "2.5", Refusal.OUT_OF_RANGE),
        ("CT_Primary_Rating", "100", Refusal.SEALED),
    ],
)
def test_values_that_do_not_fit_are_not_asked_for(
    planned: list[PlannedMeter],
    store: Path,
    server: Server,
    point: str,
    text: str,
    reason: Refusal,
) -> None:
    with pytest.raises(WriteRefusedError) as caught:
        settings_command.change(store, planned, {}, "main", point, text)
    assert caught.value.reason is reason
    assert not server.asked


def test_reset(planned: list[PlannedMeter], store: Path, server: Server) -> None:
    settings_command.reset(store, planned, {}, "main", "Demand_Interval")
    settings_command.reset(store, planned, {}, "main", None)
    assert [request[1:4] for request in server.asked] == [
        ("reset", "main", {"point": "Demand_Interval"}),
        ("reset", "main", {"point": None}),
    ]
    with pytest.raises(ConfigError, match="no setting is called 'x'"):
        settings_command.reset(store, planned, {}, "main", "x")


def test_what_is_stored_of_a_setting_that_is_gone_can_be_reset(
    planned: list[PlannedMeter], store: Path, server: Server
) -> None:
    values = {("main", "Gone_Setting"): 5}
    assert "main: Gone_Setting is not used" in settings_command.listing(planned, values)
    settings_command.reset(store, planned, values, "main", "Gone_Setting")
    assert server.asked[-1][3] == {"point": "Gone_Setting"}
    with pytest.raises(ConfigError, match="no setting is called 'Gone_Setting'"):
        settings_command.reset(store, planned, values, "second", "Gone_Setting")


def test_an_address_is_that_of_one_meter(
    planned: list[PlannedMeter], store: Path, server: Server
) -> None:
    address = "Modbus_Address"
    about: dict[tuple[str, str], Number] = {("main", address): 5, ("second", address): 3}
    assert row(settings_command.listing(planned, about), "main", address).startswith("5 stored")
    with pytest.raises(WriteRefusedError, match="3 is that of meter 'second'; take another"):
        settings_command.reset(store, planned, about, "main", address)
    with pytest.raises(WriteRefusedError, match="5 is that of meter 'main'; take another"):
        settings_command.change(store, planned, about, "second", address, "5")
    table = settings_command.listing(planned, {("main", address): 4})
    assert row(table, "main", address).startswith("3 configuration")
    assert table.splitlines()[-1] == (
        "main: Modbus_Address is not used: 4 is that of meter 'second'"
    )
    assert not server.asked


def test_command(planned: list[PlannedMeter], store: Path, server: Server) -> None:
    assert settings_command.command(store, planned, "main", "Sync_Clock") == "it is done"
    assert server.asked[-1][1:4] == ("command", "main", {"point": "Sync_Clock"})
    for meter, point, expected in (
        ("mian", "Sync_Clock", "no meter is called 'mian'"),
        ("main", "Sync_Clok", "no command is called 'Sync_Clok'; did you mean 'Sync_Clock'?"),
        ("main", "Demand_Interval", "no command is called 'Demand_Interval'; "),
    ):
        with pytest.raises(ConfigError, match=re.escape(expected)):
            settings_command.command(store, planned, meter, point)
    assert len(server.asked) == 1


def test_a_calculated_meter_is_not_swapped(file: Path, store: Path, server: Server) -> None:
    net = "  - {name: net, unit_id: 9, calculated: main - second}\n"
    file.write_text(file.read_text().replace("modbus:", f"{net}modbus:"))
    planned = plan.make(config.load(file))
    with pytest.raises(ConfigError, match=r"'net' has no instrument of its own; .*main - second"):
        settings_command.swap(store, planned, "net", point=ENERGY, source=None, old="1", new="0")
    assert not server.asked


def test_swap(planned: list[PlannedMeter], store: Path, server: Server) -> None:
    def swap(**more: str | None) -> str:
        wish: dict[str, Any] = {"point": ENERGY, "source": None, "old": None, "new": None, **more}
        return settings_command.swap(store, planned, "main", **wish)

    swap(old="48211.337", new="0", source="simulated")
    assert server.asked[-1][1:4] == (
        "swap",
        "main",
        {"point": ENERGY, "source": "simulated", "old": 48_211_337_000, "new": 0},
    )
    swap()
    assert server.asked[-1][3] == {"point": ENERGY, "source": None, "old": None, "new": None}
    for more, expected in (
        ({"point": "Voltage_L1_N"}, "no energy index is called 'Voltage_L1_N'"),
        ({"source": "tic"}, "no source is called 'tic'; known here: simulated"),
        ({"old": "-1"}, "'-1' is no reading"),
    ):
        with pytest.raises(ConfigError, match=expected):
            swap(**more)
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("12345.678", 12_345_678_000),
        ("0.000001", 1),
        ("999999999.999999", LARGEST - 1),
        ("007.10", 7_100_000),
    ],
)
def test_readings_are_exact(text: str, number: int) -> None:
    assert settings_command.millionths(text) == number


@pytest.mark.parametrize(
    "text", ["", "1,5", "1.", ".5", "1e3", "1_0", " 1", "1\n", "0.0000001", "1" * 10, "nan", "٣"]
)
def test_what_is_no_reading(text: str) -> None:
    with pytest.raises(ConfigError, match="is no reading; write kWh or m3 with a point"):
        settings_command.millionths(text)


def test_answers(planned: list[PlannedMeter], store: Path, server: Server) -> None:
    server.answer = None
    assert "nothing has changed yet; the request is kept" in settings_command.reset(
        store, planned, {}, "main", None
    )
    server.answer = requests.Answer("old is below the last reading", False)
    with pytest.raises(SubmeterError, match=r"^old is below the last reading$"):
        settings_command.reset(store, planned, {}, "main", None)


def test_without_a_store(planned: list[PlannedMeter], tmp_path: Path, server: Server) -> None:
    nowhere = tmp_path / "nowhere" / "x.db"
    assert settings_command.stored(nowhere) == {}
    with pytest.raises(StoreError, match=r"no store at .* yet; 'submeter run' makes it"):
        settings_command.reset(nowhere, planned, {}, "main", None)
    assert not server.asked
    assert not nowhere.parent.exists()


async def test_with_a_real_store_and_no_server(planned: list[PlannedMeter], tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    every = list(points.all_points().values())
    made = Store.open(path, every)
    await made.commit(Page(settings=[SettingRow("main", "Demand_Interval", 5)]))
    await made.close()
    assert settings_command.stored(path) == {("main", "Demand_Interval"): 5}
    said = settings_command.change(path, planned, {}, "main", "Demand_Interval", "10")
    assert said.startswith("no server answered")
    again = Store.open(path, every)
    (request,) = await again.requests()
    await again.close()
    assert (request.action, request.meter) == ("set", "main")
    assert request.argument == {"point": "Demand_Interval", "value": 10}


def test_a_store_that_is_none(planned: list[PlannedMeter], tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(b"rubbish" * 1000)
    with pytest.raises(StoreError, match=str(path)):
        settings_command.stored(path)
    with pytest.raises(StoreError, match=str(path)):
        settings_command.reset(path, planned, {}, "main", None)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Run a server, and give its configuration."""
    folder = tmp_path_factory.mktemp("served")
    file = write(folder / "config.yaml", TEXT.replace("PORT", str(free_port())))
    with running(file, folder / "log"):
        yield file


def settings(*arguments: str) -> subprocess.CompletedProcess[str]:
    ended = run("settings", *arguments)
    assert "Traceback" not in ended.stderr
    return ended


def test_a_running_server_obeys(served: Path) -> None:
    ended = settings("set", str(served), "second", "Demand_Interval", "10")
    assert ended.returncode == 0, ended.stderr
    assert "Demand_Interval" in ended.stdout
    table = settings("list", str(served), "--meter", "second").stdout
    assert row(table, "second", "Demand_Interval").startswith("10 min stored")
    assert settings("reset", str(served), "second", "Demand_Interval").returncode == 0

    def is_default() -> bool:
        listed = settings("list", str(served)).stdout
        return row(listed, "second", "Demand_Interval").startswith("15 min default")

    eventually(is_default)


def test_a_running_server_does_what_it_is_commanded(served: Path) -> None:
    ended = settings("command", str(served), "second", "Reset_Demand_Peak")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == "second: Reset_Demand_Peak was given\n"


def test_exit_statuses(served: Path) -> None:
    sealed = settings("set", str(served), "main", "CT_Primary_Rating", "100")
    assert (sealed.returncode, sealed.stderr) == (1, "CT_Primary_Rating is sealed\n")
    for arguments in (
        ("list", str(served), "--meter", "nobody"),
        ("set", str(served), "main", "Demand_Interval", "x"),
        ("reset", str(served), "main"),
        ("reset", str(served), "main", "Demand_Interval", "--all"),
        ("swap", str(served), "main", "--old", "12,5"),
        ("command", str(served), "main", "Demand_Interval"),
    ):
        ended = settings(*arguments)
        assert ended.returncode == 2, ended
        assert len(ended.stderr.splitlines()) == 1


def test_every_help_has_an_example() -> None:
    for command in ("list", "set", "reset", "command", "swap", "passwd"):
        assert f"Example: submeter settings {command}" in settings(command, "--help").stdout
