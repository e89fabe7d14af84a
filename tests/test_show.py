"""The live view, against the running program."""

import os
import pty
import re
import select
import signal
import subprocess
import termios
import time
from pathlib import Path

from submeter.pointmap import points
from submeter.poller import Line
from tooling.free_port import free_port
from tooling.program import CHECKOUT, COMMAND, run, run_into_full_disk, running, write
from tooling.unplugged import unplug

CONFIG = """
    site: test
    meters:
      - {{name: house, unit_id: 5, sources: [{{simulated: {{seed: 1}}}}]}}
      - {{name: shed, unit_id: 6, sources: [{{simulated: {{seed: 2}}}}]}}
    modbus: {{tcp: {{host: 127.0.0.1, port: {port}}}}}
"""


def test_one_meter_once(tmp_path: Path) -> None:
    config = write(tmp_path / "config.yaml", CONFIG.format(port=free_port()))
    with running(config, tmp_path / "log"):
        time.sleep(0.5)
        shown = run("show", str(config), "--meter", "house", "--once")
        everything = run("show", str(config), "--once", "--all")
        nobody = run("show", str(config), "--meter", "cellar", "--once")
    assert shown.returncode == 0
    assert "house (unit 5)" in shown.stdout
    assert "shed" not in shown.stdout
    row = next(line for line in shown.stdout.splitlines() if "Voltage_L1_N" in line)
    name, value, unit, quality, age = (cell.strip() for cell in row.strip("│").split("│"))
    assert (name, unit, quality, age) == ("Voltage_L1_N", "V", "valid", "< 10 s")
    assert 200 < float(value) < 260
    assert "Tamper_Alarm" not in shown.stdout
    known = sum(line.startswith("│") for line in shown.stdout.splitlines())
    (hidden,) = re.findall(r"(\d+) points are not known \(--all\)", shown.stdout)
    standard = [each for each in points.all_points().values() if each.group != "extension"]
    assert int(hidden) + known == len(standard), "the extension points are not missed"
    assert everything.stdout.count("Tamper_Alarm") == 2
    assert nobody.returncode == 2
    assert "no meter 'cellar'" in nobody.stderr
    assert "there are: house, shed" in nobody.stderr


def test_live_view_refreshes_until_interrupted(tmp_path: Path) -> None:
    config = write(tmp_path / "config.yaml", CONFIG.format(port=free_port()))
    with running(config, tmp_path / "log"):
        view = subprocess.Popen(
            [*COMMAND, "show", str(config), "--meter", "house", "--every", "0.2"],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert view.stdout
        shown = 0
        while shown < 2:
            shown += "Voltage_L1_N" in view.stdout.readline()
        view.send_signal(signal.SIGINT)
        _, errors = view.communicate(timeout=10)
    assert view.returncode == 0, errors
    assert "Traceback" not in errors


def test_view_ends_in_one_line_when_the_server_goes(tmp_path: Path) -> None:
    port = free_port()
    config = write(tmp_path / "config.yaml", CONFIG.format(port=port))
    with running(config, tmp_path / "log") as program:
        view = subprocess.Popen(
            [*COMMAND, "show", str(config), "--every", "0.2"],
            cwd=CHECKOUT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert view.stdout
        view.stdout.readline()
        program.stop()
        _, errors = view.communicate(timeout=20)
    assert view.returncode == 1
    assert f"no answer from 127.0.0.1 port {port}" in errors
    assert "Traceback" not in errors


def test_a_map_that_refuses_holes_is_read_around_them(tmp_path: Path) -> None:
    (tmp_path / "meters").mkdir()
    shipped = (CHECKOUT / "pointmaps/meters/standard.yaml").read_text()
    own = shipped.replace("holes: zero", "holes: refuse")
    (tmp_path / "meters" / "standard.yaml").write_text(own)
    config = write(
        tmp_path / "config.yaml", CONFIG.format(port=free_port()) + f"    maps: {tmp_path}\n"
    )
    with running(config, tmp_path / "log"):
        shown = run("show", str(config), "--once", "--all")
    assert shown.returncode == 0, shown.stderr
    assert shown.stdout.count("Voltage_L1_N") == 2


def test_a_full_disk_is_not_taken_for_a_dead_server(tmp_path: Path) -> None:
    config = write(tmp_path / "config.yaml", CONFIG.format(port=free_port()))
    with running(config, tmp_path / "log"):
        ended = run_into_full_disk("show", str(config), "--once")
    assert ended.returncode == 1
    assert ended.stderr.strip() == "cannot write: No space left on device"


def test_age_is_a_bound() -> None:
    line = Line()
    assert line.age(0, 20, False) == "-"
    line.take("230", 100)
    assert line.age(100, 20, False) == "< 20 s"
    line.take("230", 105)
    assert line.age(105, 20, False) == "< 20 s"
    line.take("231", 110)
    assert line.age(110, 20, False) == "< 5 s", "it changed after the poll before"
    assert line.age(112, 20, False) == "< 7 s"
    assert line.age(112, 20, True) == "< 20 s", "one of its inputs may be older"
    assert line.age(150, 20, False) == "< 20 s"
    line.take(None, 130)
    assert (line.valid, line.value) == (False, "")
    assert line.age(130, 20, False) == "> 20 s"


def test_a_map_without_validity_bits_tells_by_its_invalid_patterns(tmp_path: Path) -> None:
    (tmp_path / "meters").mkdir()
    shipped = (CHECKOUT / "pointmaps/meters/standard.yaml").read_text()
    own = shipped.replace("  validity: DI 1001\n", "").replace("0x7FC00000", "0xC7C34F80")
    (tmp_path / "meters" / "standard.yaml").write_text(own)
    text = CONFIG.format(port=free_port()) + f"    maps: {tmp_path}\n"
    config = write(tmp_path / "config.yaml", text)
    with running(config, tmp_path / "log"):
        time.sleep(0.5)
        shown = run("show", str(config), "--meter", "house", "--once", "--all").stdout
    rows = [
        [cell.strip() for cell in row.split("│")[1:-1]]
        for row in shown.splitlines()
        if row.startswith("│")
    ]
    found = {name: (value, quality) for name, value, _, quality, _ in rows}
    assert found["Demand_Peak_Current"] == ("", "unknown")
    assert found["Demand_Peak_Timestamp"] == ("", "unknown")
    assert found["Frequency"][1] == "valid"


def test_a_small_terminal_says_what_does_not_fit(tmp_path: Path) -> None:
    config = write(tmp_path / "config.yaml", CONFIG.format(port=free_port()))
    master, slave = pty.openpty()
    termios.tcsetwinsize(slave, (24, 100))
    with running(config, tmp_path / "log"):
        view = subprocess.Popen(
            [*COMMAND, "show", str(config)],
            cwd=CHECKOUT,
            stdout=slave,
            stderr=slave,
            env=os.environ | {"TERM": "xterm"},
        )
        shown = b""
        try:
            while shown.count(b"do not fit here") < 2:
                assert select.select([master], [], [], 10)[0], shown
                shown += os.read(master, 65536)
            view.send_signal(signal.SIGINT)
            assert view.wait(10) == 0
        finally:
            view.kill()
            view.wait()
    os.close(slave)
    os.close(master)
    assert b"house (unit 5)" in shown
    assert b"shed (unit 6)" in shown


def test_each_source_has_a_line_below_its_meter(tmp_path: Path) -> None:
    """With the reason from the local socket; from elsewhere the gateway's registers say how."""
    master, slave = pty.openpty()
    text = CONFIG.format(port=free_port())
    node = os.ttyname(slave)
    text = text.replace("{simulated: {seed: 2}}", f"{{tic: {{port: {node}}}}}")
    text = text.replace("modbus: {tcp", "modbus: {unit_255: gateway, tcp")
    config = write(tmp_path / "config.yaml", text)
    with running(config, tmp_path / "log") as program:
        unplug(master, slave)
        program.wait_for_log("event=link_down source=shed")
        time.sleep(1.2)  # the registers are refreshed once a second
        shown = run("show", str(config), "--once")
        remote = run("show", str(config), "--once", "--meter", "shed", "--host", "127.0.0.1")
        quiet = run("show", str(config), "--once", "--meter", "house")
    assert re.search(
        r"\nhouse/simulated: online; last frame \d s ago, \d+ frames?, 0 errors\n", shown.stdout
    )
    assert re.search(
        rf"\nshed/tic: no device \(.*{node}.*\); no frame yet, 0 frames, ", shown.stdout
    )
    assert shown.stdout.index("house/simulated") < shown.stdout.index("shed (unit 6)")
    assert "shed/tic: no device; no frame yet, 0 frames, " in remote.stdout
    assert "shed/tic" not in quiet.stdout
