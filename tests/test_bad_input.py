"""What a tired technician gets: one clear line that says where and what would be right."""

import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest

from tooling.free_port import free_port
from tooling.program import CHECKOUT, COMMAND, run, run_into_full_disk, write

GOOD = """
    site: test
    meters:
      - name: one
        unit_id: 1
        sources:
          - simulated: {seed: 1}
    modbus: {tcp: {host: 127.0.0.1, port: 15021}}
"""


def refused(config: Path, *more: str, command: str = "check") -> str:
    """Return the one line that `submeter check` says of `config`."""
    ended = run(command, str(config), *more)
    assert ended.returncode == 2, ended
    assert not ended.stdout
    assert "Traceback" not in ended.stderr
    return ended.stderr.strip().replace(f"{config}:", "")


def edited(folder: Path, old: str, new: str) -> Path:
    assert old in GOOD
    return write(folder / "config.yaml", GOOD.replace(old, new))


def test_good_is_good(tmp_path: Path) -> None:
    ended = run("check", str(write(tmp_path / "config.yaml", GOOD)))
    assert ended.returncode == 0
    assert "config.yaml: good, 1 meters" in ended.stdout


def test_tab(tmp_path: Path) -> None:
    config = edited(tmp_path, "        unit_id: 1", "\tunit_id: 1")
    assert refused(config) == "4:1: a tab stands here; YAML takes spaces only"


def test_unknown_key(tmp_path: Path) -> None:
    config = edited(tmp_path, "unit_id", "unitid")
    lines = refused(config).splitlines()
    assert "4:5: unknown key 'meters.0.unitid'; did you mean 'unit_id'?" in lines
    assert "3:5: key 'meters.0.unit_id' is missing; add it" in lines


def test_duplicate_key(tmp_path: Path) -> None:
    config = edited(tmp_path, "unit_id: 1", "unit_id: 1\n        unit_id: 2")
    assert refused(config) == "5:5: key 'unit_id' stands twice, first in line 4; remove one"


def test_unit_id_used_twice(tmp_path: Path) -> None:
    second = "      - {name: two, unit_id: 1, sources: [{simulated: {seed: 2}}]}\n    modbus"
    config = edited(tmp_path, "    modbus", second)
    assert refused(config) == "7:26: unit_id 1 is meter 'one' already; give 'two' another"


def test_missing_capture_file(tmp_path: Path) -> None:
    config = edited(tmp_path, "simulated: {seed: 1}", 'tic: {port: "replay:nowhere.tic"}')
    path = tmp_path / "nowhere.tic"
    expected = f"6:21: cannot read the recording {path}: No such file or directory"
    assert refused(config) == refused(config, command="run") == expected


def test_missing_device(tmp_path: Path) -> None:
    config = edited(tmp_path, "simulated: {seed: 1}", "tic: {port: /dev/ttyUSB77}")
    expected = "6:21: there is no /dev/ttyUSB77; plug the adapter in or name another port"
    assert refused(config) == expected


def test_port_that_is_none(tmp_path: Path) -> None:
    config = edited(tmp_path, "simulated: {seed: 1}", "tic: {port: COM3}")
    expected = (
        "6:21: 'COM3' is no port; write /dev/serial/by-id/..., socket://host:port, rfc2217://"
    )
    assert refused(config).startswith(expected)


def test_unknown_map(tmp_path: Path) -> None:
    config = edited(tmp_path, "unit_id: 1", "unit_id: 1\n        map: standart")
    assert refused(config) == "5:10: no map 'standart' in meters/; did you mean 'standard'?"


def test_map_with_an_unknown_point(tmp_path: Path) -> None:
    (tmp_path / "meters").mkdir()
    own = write(
        tmp_path / "meters" / "mine.yaml",
        """
        title: mine
        modbus:
          registers:
            - {point: Active_Power_Totel, at: 40001, type: float32}
        bacnet: {objects: []}
        """,
    )
    config = write(
        tmp_path / "config.yaml",
        GOOD.replace("unit_id: 1", "unit_id: 1\n        map: mine") + f"    maps: {tmp_path}\n",
    )
    line = refused(config).replace(f"{own}:", "")
    assert line == "4:15: unknown point 'Active_Power_Totel'; did you mean 'Active_Power_Total'?"


def test_set_names_itself(tmp_path: Path) -> None:
    config = write(tmp_path / "config.yaml", GOOD)
    line = refused(config, "--set", "modbus.tcp.port=banana")
    assert line.startswith("--set modbus.tcp.port=banana: modbus.tcp.port: ")
    assert "not 'banana'" in line
    line = refused(config, "--set", "modbus.tpc.port=1")
    assert "--set modbus.tpc.port=1: unknown key 'modbus.tpc'; did you mean 'tcp'?" in line


def test_missing_configuration(tmp_path: Path) -> None:
    assert refused(tmp_path / "no.yaml") == "1:1: cannot read the file: No such file or directory"


def test_unused_parts_are_noted(tmp_path: Path) -> None:
    more = "    store: {path: x.db}\n    http: {host: 127.0.0.1, port: 8080}\n"
    config = write(tmp_path / "config.yaml", GOOD + more)
    ended = run("check", str(config))
    assert ended.returncode == 0
    notes = [line for line in ended.stdout.splitlines() if line.startswith("note:")]
    assert notes == ["note: 'http' is accepted but not used yet"]
    assert not (tmp_path / "x.db").exists(), "a check makes no store"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (
            "initial_index: {Frequency: 5}",
            "5:21: 'Frequency' cannot stand here; known here: Active_Energy_Import, "
            "Active_Energy_Export, Reactive_Energy_Import, Reactive_Energy_Export, ",
        ),
        ("settings: {Demand_Interval: 61}", "5:33: Demand_Interval is 1 to 60 min, not 61"),
        (
            "priority: {Frequency: [linky]}",
            "5:28: no source of this meter is called 'linky'; known here: simulated",
        ),
        (
            "mid: {number: X, expires: 2034}",
            "5:31: meters.0.mid.expires: input should be a valid string, not 2034",
        ),
        (
            "rating: {powr: 36}",
            "5:14: unknown key 'meters.0.rating.powr'; did you mean 'power'?",
        ),
    ],
)
def test_what_a_meter_has_beside_its_source(tmp_path: Path, line: str, expected: str) -> None:
    config = edited(tmp_path, "unit_id: 1", f"unit_id: 1\n        {line}")
    assert refused(config).startswith(expected)


def test_a_calculation_of_a_meter_that_is_not_there(tmp_path: Path) -> None:
    second = "      - {name: two, unit_id: 2, calculated: one - thre}\n    modbus"
    assert refused(edited(tmp_path, "    modbus", second)) == (
        "7:41: meter 'two' is calculated from 'thre', which is no meter"
    )


@pytest.mark.parametrize("place", ["/proc/x.db", "config.yaml/x.db"])
def test_a_store_that_cannot_be_made(tmp_path: Path, place: str) -> None:
    config = write(tmp_path / "config.yaml", GOOD.replace("15021", str(free_port())))
    ended = run("run", str(config), "--set", f"store.path={place}")
    assert ended.returncode == 1
    assert "ready" not in ended.stdout
    (line,) = [line for line in ended.stderr.splitlines() if "level=" not in line]
    assert place in line
    assert "Traceback" not in ended.stderr


def test_a_store_of_a_newer_program(tmp_path: Path) -> None:
    config = write(tmp_path / "config.yaml", GOOD.replace("15021", str(free_port())))
    with sqlite3.connect(tmp_path / "x.db") as connection:
        connection.execute("PRAGMA user_version = 999")
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    ended = run("run", str(config), "--set", "store.path=x.db")
    assert ended.returncode == 1
    (line,) = [line for line in ended.stderr.splitlines() if "level=" not in line]
    assert "x.db" in line
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("arguments", [["run"], ["nonsense"], ["check", "--nonsense", "x"]])
def test_usage(arguments: list[str]) -> None:
    ended = run(*arguments)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("command", ["run", "check", "map", "schema", "show"])
def test_help_has_an_example(command: str) -> None:
    ended = run(command, "--help")
    assert ended.returncode == 0
    assert "Example: submeter" in ended.stdout


def test_show_without_a_server(tmp_path: Path) -> None:
    port = free_port()
    config = write(tmp_path / "config.yaml", GOOD.replace("15021", str(port)))
    ended = run("show", str(config), "--once")
    assert ended.returncode == 1
    expected = f"no answer from 127.0.0.1 port {port}; is 'submeter run' running there?"
    assert ended.stderr.strip() == expected


def test_port_502_without_the_right_to_bind(tmp_path: Path) -> None:
    floor = int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    if floor <= 502:
        pytest.skip("every user may bind port 502 here")
    before: list[str] = []
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("setpriv, which takes the right away from root, is not installed")
        before = ["setpriv", "--bounding-set", "-net_bind_service"]
    config = write(tmp_path / "config.yaml", GOOD.replace("15021", "502"))
    ended = subprocess.run(
        [*before, *COMMAND, "run", str(config)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert ended.returncode == 1
    assert "modbus.tcp: port 502" in ended.stderr
    assert "needs the right to bind" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_an_address_that_check_can_see_is_not_here(tmp_path: Path) -> None:
    config = write(
        tmp_path / "config.yaml", GOOD + "    bacnet: {address: eth99, device_id: 4000}\n"
    )
    line = refused(config)
    assert line.startswith("8:19: bacnet.address 'eth99' is no interface or IPv4 address")


def test_what_has_no_end_is_not_read(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert refused(fifo) == "1:1: cannot read the file: it is no regular file"
    assert refused(Path("/dev/zero")) == "1:1: cannot read the file: it is no regular file"
    config = edited(tmp_path, "simulated: {seed: 1}", f'tic: {{port: "replay:{fifo}"}}')
    assert refused(config) == f"6:21: cannot read the recording {fifo}: it is no regular file"


def test_a_folder_that_may_not_be_entered(tmp_path: Path) -> None:
    long = "x" * 300
    config = edited(tmp_path, "simulated: {seed: 1}", f"tic: {{port: /dev/{long}}}")
    assert refused(config) == f"6:21: cannot open /dev/{long}: File name too long"
    ended = run("map", long)
    assert ended.returncode == 2
    assert "is no name of a map" in ended.stderr


@pytest.mark.parametrize("command", ["check", "map", "schema"])
def test_a_full_disk(tmp_path: Path, command: str) -> None:
    what = {"check": str(write(tmp_path / "config.yaml", GOOD)), "map": "standard"}
    ended = run_into_full_disk(command, what.get(command, "config"))
    assert ended.returncode == 1
    assert ended.stderr.strip() == "cannot write: No space left on device"


def test_a_thousand_mistakes_are_told_fast_and_not_all(tmp_path: Path) -> None:
    config = write(tmp_path / "config.yaml", "".join(f"k{n}: 1\n" for n in range(1000)))
    lines = refused(config).splitlines()
    assert len(lines) == 51
    assert lines[-1].endswith("and 952 more faults")


def test_a_fault_is_one_line_whatever_stands_in_the_file(tmp_path: Path) -> None:
    config = write(tmp_path / "config.yaml", GOOD + '    "a\\nb": 1\n')
    assert refused(config).startswith("8:1: unknown key 'a\\nb'")
