import re
import struct

from submeter.errors import Condition
from submeter.modbus.counts import Counts
from submeter.modbus.gateway import (
    AT_ONCE,
    LINES,
    MOST_SOURCES,
    SOURCE_LINES,
    STRIDE,
    Figures,
    Gateway,
    Line,
    SerialFigures,
    SourceFigures,
)
from submeter.modbus.tables import Registers
from tooling.program import CHECKOUT

COUNTS = Counts(*range(100, 100 + len(Counts._fields)))
SOURCE = SourceFigures("main/tic", True, 2.9, 70_000, 3, Condition.NOISE)


def figures(**changed: object) -> Figures:
    made = Figures("1.2.3", 3600.7, 12, COUNTS, 5, (SOURCE,))
    return made._replace(**changed)  # type: ignore[arg-type]


def block(gateway: Gateway, function: int = 4) -> Registers:
    found = gateway.unit.image.blocks[function]
    assert isinstance(found, Registers)
    return found


def words(gateway: Gateway, number: int, count: int) -> bytes:
    assert block(gateway).layout.readable(number - 1, count)
    assert block(gateway).refused(number - 1, count) == 0
    return block(gateway).read(number - 1, count)


def value(gateway: Gateway, name: str, source: int = 0) -> int:
    line = next(line for line in (*LINES, *SOURCE_LINES) if line.name == name)
    at = line.number + (STRIDE * source if line in SOURCE_LINES else 0)
    return int.from_bytes(words(gateway, at, line.words))


def text(gateway: Gateway, number: int, count: int) -> str:
    return words(gateway, number, count).rstrip(b"\0").decode()


def test_every_figure_has_its_register() -> None:
    gateway = Gateway(figures)
    assert text(gateway, 1, 16) == "1.2.3"
    shown = struct.unpack(">14I", words(gateway, 17, 28))
    assert shown == (3600, 12, *COUNTS, 5, 1)
    assert text(gateway, 101, 24) == "main/tic"
    names = ("Online", "Age", "Frames", "Errors", "Condition")
    assert [value(gateway, name) for name in names] == [1, 2, 70_000, 3, 7]


def test_functions_3_and_4_read_the_same() -> None:
    gateway = Gateway(figures)
    assert block(gateway, 3).read(0, 125) == block(gateway, 4).read(0, 125) != bytes(250)


def test_nothing_can_be_written() -> None:
    unit = Gateway(figures).unit
    assert unit.door is None
    assert unit.lock is None


def test_a_counter_stays_at_its_largest_value() -> None:
    source = SOURCE._replace(frames=1 << 40, age=1e12)
    gateway = Gateway(lambda: figures(uptime=1e12, saturated=1 << 33, sources=(source,)))
    assert value(gateway, "Uptime") == 0xFFFFFFFE
    assert value(gateway, "Saturated") == 0xFFFFFFFE
    assert value(gateway, "Frames") == 0xFFFFFFFE
    assert value(gateway, "Age") == 0xFFFFFFFE
    assert gateway.unit.image.saturated == 0


def test_a_source_that_was_never_heard() -> None:
    gateway = Gateway(lambda: figures(sources=(SOURCE._replace(online=False, age=None),)))
    assert value(gateway, "Online") == 0
    assert value(gateway, "Age") == 0xFFFFFFFF


def test_the_serial_line() -> None:
    now = [figures(serial=SerialFigures(7, True, 0))]
    gateway = Gateway(lambda: now[0])
    names = ("CRC_Errors", "Port_Open", "Port_Lost")
    assert [value(gateway, name) for name in names] == [7, 1, 0]
    now[0] = figures(serial=SerialFigures(9, False, 3))
    gateway.refresh()
    assert [value(gateway, name) for name in names] == [9, 0, 3]


def test_where_there_is_no_serial_line_its_registers_are_unknown() -> None:
    gateway = Gateway(figures)
    assert value(gateway, "CRC_Errors") == value(gateway, "Port_Lost") == 0xFFFFFFFF
    assert value(gateway, "Port_Open") == 0xFFFF


def test_a_refresh_shows_the_figures_of_now() -> None:
    now = [figures()]
    gateway = Gateway(lambda: now[0])
    now[0] = figures(uptime=3602.0, sources=(SOURCE._replace(online=False, age=4.0, errors=4),))
    assert value(gateway, "Uptime") == 3600
    gateway.refresh()
    assert value(gateway, "Uptime") == 3602
    assert [value(gateway, name) for name in ("Online", "Age", "Errors")] == [0, 4, 4]


def test_many_sources_are_refreshed_in_turn() -> None:
    count = 2 * AT_ONCE + 5
    now = [figures(sources=[SOURCE] * count)]
    gateway = Gateway(lambda: now[0])
    assert value(gateway, "Frames", count - 1) == 70_000
    now[0] = figures(sources=[SOURCE._replace(frames=9)] * count)
    for done in (AT_ONCE, 2 * AT_ONCE, count):
        gateway.refresh()
        fresh = [value(gateway, "Frames", n) == 9 for n in range(count)]
        assert fresh == [n < done for n in range(count)]
    assert value(gateway, "Sources") == count


def test_no_sources_and_too_many() -> None:
    none = Gateway(lambda: figures(sources=()))
    none.refresh()
    assert value(none, "Sources") == 0
    assert not block(none).layout.readable(200, 10)
    many = Gateway(lambda: figures(sources=[SOURCE] * (MOST_SOURCES + 1)))
    assert value(many, "Sources") == MOST_SOURCES
    assert value(many, "Frames", MOST_SOURCES - 1) == 70_000


def test_a_text_is_cut_and_part_of_it_is_no_answer() -> None:
    gateway = Gateway(lambda: figures(sources=(SOURCE._replace(name="é" + "x" * 80),)))
    assert text(gateway, 101, 24) == "?" + "x" * 47
    assert not block(gateway).layout.readable(100, 5)


def test_the_page_has_every_register() -> None:
    page = (CHECKOUT / "docs" / "gateway.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\w+) \| (\w+) \| (\d+) \| (.+) \|$", page, re.MULTILINE)
    told = [Line(int(n), name, kind, int(size), what) for n, name, kind, size, what in rows]
    assert told == [*LINES, *SOURCE_LINES]
    assert f"up to {MOST_SOURCES} sources" in page
    assert f"add {STRIDE} for each" in page
    assert f"each second {AT_ONCE} of them" in page


def test_the_page_has_every_condition() -> None:
    page = (CHECKOUT / "docs" / "gateway.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| ([a-z ]+) \|$", page, re.MULTILINE)
    assert [(int(code), words) for code, words in rows] == [(c.value, c.words) for c in Condition]
