"""GPIO lines and inputs of boards are checked before anything starts; no hardware is needed."""

import errno
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from submeter import busy_ports, config, plan
from submeter.errors import ConfigError
from submeter.meter.reading import Quality
from tooling.fake_gpiod import FakeGpiod

HEAD = "site: Park\nmodbus: {tcp: {}}\nmeters:\n"
METER = """\
  - name: {name}
    unit_id: {unit}
    {more}
    sources:
      - {source}
"""
PULSE = "pulse: {{gpio: {{chip: {}, line: {}}}, weight: 1 Wh}}"
BOARD = "pulse: {{board: {{port: 'socket://127.0.0.1:9', input: {}}}, weight: 1 Wh}}"


@pytest.fixture
def gpiod(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGpiod]:
    fake = FakeGpiod()
    fake.chips = {"/dev/gpiochip0", "/dev/gpiochip4"}
    monkeypatch.setitem(sys.modules, "gpiod", fake)
    yield fake
    fake.close()


def written(folder: Path, *meters: tuple[str, str]) -> Path:
    path = folder / "config.yaml"
    blocks = [
        METER.format(name=f"m{unit}", unit=unit, source=source, more=more or "map: standard")
        for unit, (source, more) in enumerate(meters, 1)
    ]
    path.write_text(HEAD + "".join(blocks), encoding="utf-8")
    return path


def faults(path: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        plan.make(config.load(path))
    return [fault.removeprefix(f"{path}:") for fault in caught.value.faults]


def pulse(line: int, chip: str = "/dev/gpiochip0") -> str:
    return PULSE.format(chip, line)


def test_lines_of_their_own_are_accepted_and_the_output_has_a_state(
    gpiod: FakeGpiod, tmp_path: Path
) -> None:
    path = written(
        tmp_path, (pulse(17), "pulse_output: {line: 22}"), (pulse(17, "/dev/gpiochip4"), "")
    )
    one, two = plan.make(config.load(path))
    assert gpiod.requests == [], "what is checked is not touched"
    assert one.expected()["Pulse_Output_Active"] is Quality.MEASURED
    assert two.expected()["Pulse_Output_Active"] is Quality.ABSENT


@pytest.mark.parametrize(
    ("second", "told"),
    [
        ((pulse(17), ""), "13:52: line 17 of /dev/gpiochip0 feeds meter 'm1' already"),
        (
            ("simulated: {}", "pulse_output: {line: 17}"),
            "11:26: line 17 of /dev/gpiochip0 feeds meter 'm1' already",
        ),
        (
            (pulse(22), ""),
            "13:52: line 22 of /dev/gpiochip0 is the pulse output of meter 'm1' already",
        ),
    ],
)
def test_a_line_is_used_once(
    gpiod: FakeGpiod, tmp_path: Path, second: tuple[str, str], told: str
) -> None:
    path = written(tmp_path, (pulse(17), "pulse_output: {line: 22}"), second)
    assert faults(path) == [f"{told}; name another"]


def test_two_names_of_a_chip_are_one_chip(gpiod: FakeGpiod, tmp_path: Path) -> None:
    chip, link = tmp_path / "chip", tmp_path / "link"
    chip.touch()
    link.symlink_to(chip)
    gpiod.chips = {str(chip), str(link)}
    path = written(tmp_path, (pulse(3, str(chip)), ""), (pulse(3, str(link)), ""))
    assert "feeds meter 'm1' already" in faults(path)[0]


def test_an_input_of_a_board_feeds_one_meter(gpiod: FakeGpiod, tmp_path: Path) -> None:
    path = written(tmp_path, (BOARD.format(1), ""), (BOARD.format(2), ""), (BOARD.format(1), ""))
    told = "input 1 of socket://127.0.0.1:9 feeds meter 'm1' already; name another"
    assert faults(path) == [f"18:62: {told}"]


def test_a_chip_that_is_not_there_stops_the_start(gpiod: FakeGpiod, tmp_path: Path) -> None:
    path = written(tmp_path, (pulse(1, "/dev/gpiochip9"), ""), (pulse(1, "/dev/null"), ""))
    assert faults(path) == [
        "8:30: cannot use /dev/gpiochip9: there is no such chip; gpiodetect lists them",
        "13:30: cannot use /dev/null: it is no GPIO chip",
    ]
    path = written(tmp_path, ("simulated: {}", "pulse_output: {chip: /dev/gpiochip9, line: 1}"))
    assert faults(path)[0].startswith("6:26: cannot use /dev/gpiochip9: there is no such chip")


def test_a_chip_that_is_not_named_has_a_place_too(gpiod: FakeGpiod, tmp_path: Path) -> None:
    gpiod.chips = set()
    path = written(tmp_path, ("pulse: {gpio: {line: 1}, weight: 1 Wh}", ""))
    assert faults(path)[0].startswith("8:23: cannot use /dev/gpiochip0: ")


def test_a_missing_library_stops_the_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", None)
    (found,) = faults(written(tmp_path, (pulse(1), "")))
    assert found == "8:30: the library gpiod is missing; pip install 'gpiod>=2'"


def test_lines_that_are_free_are_let_go_again(gpiod: FakeGpiod, tmp_path: Path) -> None:
    path = written(tmp_path, (pulse(17), "pulse_output: {line: 22}"))
    busy_ports.prove(config.load(path))
    assert [(each.offset, each.released) for each in gpiod.requests] == [(17, True), (22, True)]
    assert all(vars(each.settings) == {} for each in gpiod.requests), "they are left as they are"


def test_busy_lines_stop_the_start(gpiod: FakeGpiod, tmp_path: Path) -> None:
    path = written(tmp_path, (pulse(17), "pulse_output: {line: 22}"))
    gpiod.failure = OSError(errno.EBUSY, "busy")
    with pytest.raises(ConfigError) as caught:
        busy_ports.prove(config.load(path))
    assert [fault.removeprefix(f"{path}:") for fault in caught.value.faults] == [
        "8:52: cannot use line 17 of /dev/gpiochip0: another program uses it",
        "6:26: cannot use line 22 of /dev/gpiochip0: another program uses it",
    ]
