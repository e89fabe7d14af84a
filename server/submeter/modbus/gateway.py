"""The gateway's own unit: how the program is, in registers, for unit id 0 or 255.

The list of its registers is docs/gateway.md. Functions 3 and 4 read the same; numbers count from 1
and stand most significant word first.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from submeter.errors import Condition
from submeter.meter.point import Point
from submeter.meter.reading import Quality, Reading
from submeter.modbus.counts import Counts
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image
from submeter.modbus.unit import Unit
from submeter.pointmap.address import Table
from submeter.pointmap.meter_file import IdentityTexts, WhenStale
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register import Content, Quantity, Register, RegisterType, Term, Text

AT_ONCE = 64
"""Sources that a refresh looks at; of more, each has its turn a little later."""
FIRST_SOURCE = 101
"""The number of the first register of the first source."""
STRIDE = 40
"""Registers from one source to the next."""
MOST_SOURCES = 1635
"""Sources that a table has registers for; those beyond are not shown."""
VERSION_WORDS, NAME_WORDS = 16, 24

_UNKNOWN = {"uint16": 0xFFFF, "uint32": 0xFFFFFFFF}


class SourceFigures(NamedTuple):
    """How one source is: `name` as meter/source, `age` in seconds since its last valid frame.

    `condition` is a number of `Condition`.
    """

    name: str
    online: bool
    age: float | None
    frames: int
    errors: int
    condition: int = Condition.STARTING


class SerialFigures(NamedTuple):
    """How the serial line is: frames that could not be read, and how often its port was lost."""

    damaged: int
    is_open: bool
    lost: int


class Figures(NamedTuple):
    """How the program is; `connections` are the counts of all listeners together.

    `saturated` counts values that did not fit their registers. The sources are always the same, in
    the same order. `serial` is None where there is no serial line.
    """

    version: str
    uptime: float
    meters: int
    connections: Counts
    saturated: int
    sources: Sequence[SourceFigures]
    serial: SerialFigures | None = None


class Line(NamedTuple):
    """One line of the register list; `number` of a source's is that of the first source."""

    number: int
    name: str
    type: RegisterType
    words: int
    description: str


LINES = (
    Line(1, "Version", "string", VERSION_WORDS, "version of the program"),
    Line(17, "Uptime", "uint32", 2, "s since it started"),
    Line(19, "Meters", "uint32", 2, "meters of the configuration"),
    Line(21, "Open", "uint32", 2, "connections now"),
    Line(23, "Accepted", "uint32", 2, "connections that were let in"),
    Line(25, "Refused_Network", "uint32", 2, "refused: not in `allow`"),
    Line(27, "Refused_Full", "uint32", 2, "refused: `connections` were open"),
    Line(29, "Refused_Peer", "uint32", 2, "refused: `per_peer` of one address were open"),
    Line(31, "Idle_Closed", "uint32", 2, "closed: nothing asked for `idle` seconds"),
    Line(33, "TLS_Refused", "uint32", 2, "closed: handshake, certificate or role"),
    Line(35, "Requests", "uint32", 2, "requests that came"),
    Line(37, "Exceptions", "uint32", 2, "of these with an exception"),
    Line(39, "Broken", "uint32", 2, "closed: what came was not Modbus; serial: bad frames"),
    Line(41, "Saturated", "uint32", 2, "values that did not fit their registers"),
    Line(43, "Sources", "uint32", 2, "sources that follow"),
    Line(45, "CRC_Errors", "uint32", 2, "serial: frames with a bad CRC, or cut"),
    Line(47, "Port_Open", "uint16", 1, "serial: 1: the port is open, 0: it is lost"),
    Line(49, "Port_Lost", "uint32", 2, "serial: how often the port was lost"),
)
SOURCE_LINES = (
    Line(FIRST_SOURCE, "Name", "string", NAME_WORDS, "meter/source"),
    Line(FIRST_SOURCE + 24, "Online", "uint16", 1, "1: it is heard, 0: it is not"),
    Line(FIRST_SOURCE + 26, "Age", "uint32", 2, "s since its last valid frame; FFFFFFFF: never"),
    Line(FIRST_SOURCE + 28, "Frames", "uint32", 2, "valid frames"),
    Line(FIRST_SOURCE + 30, "Errors", "uint32", 2, "frames that were damaged or lost"),
    Line(FIRST_SOURCE + 32, "Condition", "uint16", 1, "how it is, see below"),
)


class Gateway:
    """The unit of the gateway; `figures` are asked for at once and then by each `refresh`."""

    def __init__(self, figures: Callable[[], Figures]) -> None:
        self._figures = figures
        first = figures()
        self._count = min(len(first.sources), MOST_SOURCES)
        self._next = 0
        image = Image(_map(first, self._count))
        identification = Identification(
            product_code="gateway", model="gateway", revision=first.version
        )
        self.unit = Unit(image, identification)
        image.apply(dict(_totals(first, self._count)))
        for number, source in enumerate(first.sources[: self._count]):
            image.apply(dict(_of_source(number, source)))

    def refresh(self) -> None:
        """Show the figures of now; to be called once a second."""
        figures = self._figures()
        readings = dict(_totals(figures, self._count))
        for _ in range(min(AT_ONCE, self._count)):
            readings.update(_of_source(self._next, figures.sources[self._next]))
            self._next = (self._next + 1) % self._count
        self.unit.image.apply(readings)


def _totals(figures: Figures, sources: int) -> Iterator[tuple[str, Reading]]:
    counts, serial = figures.connections, figures.serial
    numbers: dict[str, int | None] = {
        "Uptime": int(figures.uptime),
        "Meters": figures.meters,
        **{name.title().replace("Tls", "TLS"): n for name, n in counts._asdict().items()},
        "Saturated": figures.saturated,
        "Sources": sources,
        "CRC_Errors": None if serial is None else serial.damaged,
        "Port_Open": None if serial is None else int(serial.is_open),
        "Port_Lost": None if serial is None else serial.lost,
    }
    for line in LINES:
        if line.name in numbers:
            yield line.name, _reading(numbers[line.name], line)


def _of_source(number: int, figures: SourceFigures) -> Iterator[tuple[str, Reading]]:
    numbers = {
        "Online": int(figures.online),
        "Age": None if figures.age is None else int(figures.age),
        "Frames": figures.frames,
        "Errors": figures.errors,
        "Condition": figures.condition,
    }
    for line in SOURCE_LINES:
        if line.name in numbers:
            yield f"{line.name} {number}", _reading(numbers[line.name], line)


def _reading(number: int | None, line: Line) -> Reading:
    """Return `number`, or the largest that its register can hold: a counter never wraps."""
    if number is None:
        return Reading(None, Quality.STALE)
    return Reading(max(0, min(number, _UNKNOWN[line.type] - 1)), Quality.MEASURED)


def _map(figures: Figures, sources: int) -> MeterMap:
    registers = [_register(line, line.name, line.number, figures.version) for line in LINES]
    for number, source in enumerate(figures.sources[:sources]):
        for line in SOURCE_LINES:
            at = line.number + STRIDE * number
            registers.append(_register(line, f"{line.name} {number}", at, source.name))
    return MeterMap(
        name="gateway",
        title="The gateway itself",
        document=None,
        holes="zero",
        clipped="refuse",
        shared=True,
        when_stale=WhenStale(),
        validity=None,
        bits={},
        functions=None,
        status=(),
        identity=IdentityTexts(),
        constants={},
        points=(),
        registers=tuple(registers),
        objects=(),
    )


def _register(line: Line, name: str, number: int, text: str) -> Register:
    content: Content = Text(text)
    if line.type != "string":
        content = Quantity("point", (Term(_point(name, line)),))
    return Register(
        at=f"HR {number}",
        table=Table.HOLDING,
        wire=number - 1,
        words=line.words,
        type=line.type,
        content=content,
        invalid=_UNKNOWN.get(line.type, 0),
    )


def _point(name: str, line: Line) -> Point:
    return Point(
        name=name,
        group="diagnostic",
        description=line.description,
        description_fr=line.description,
        kind="analog",
        haystack=[],
        brick="Sensor",
    )
