"""A meter that speaks Modbus as a source: polled with its own period, by its meter map."""

import asyncio
import logging
from collections.abc import Mapping
from typing import NamedTuple, NoReturn

from submeter.errors import Condition, LinkError
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update, Value
from submeter.pointmap.meter_map import MeterMap
from submeter.sources.modbus_meter import backwards, nameplate, values
from submeter.sources.modbus_meter.backwards import Place
from submeter.sources.modbus_meter.blocks import Heard, Piece
from submeter.sources.modbus_meter.exchange import Exchange
from submeter.sources.modbus_meter.round import Round
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from submeter.sources.origin import Origin
from submeter.sources.shared_line import SharedLine
from submeter.sources.source import Publish

MISSES = 3  # polls in a row without an answer, after which the link is lost
ABSENT_AFTER = 3  # polls in which a point was never known
NAMEPLATE_SECONDS = 60.0  # after which the serial number is read again

_PASSING = {Condition.SILENT, Condition.NOISE, Condition.COLLISION}  # perhaps over at the next poll
_TROUBLE = {Condition.REFUSED, Condition.OTHER_METER, Condition.WRONG_LAYOUT}  # it is heard

_log = logging.getLogger(__name__)


def check(settings: ModbusMeterSettings, meter_map: MeterMap) -> None:
    """Raise ValueError with one line if `settings` cannot be done with this map."""
    plan = backwards.plan(meter_map)
    if not plan.places:
        raise ValueError(f"the map {meter_map.name} has no register of a measured point to read")
    if settings.meter is not None and plan.identity is None:
        message = f"the map {meter_map.name} has no serial number, so it cannot be compared"
        raise ValueError(f"{message}; remove 'meter'")


class _Made(NamedTuple):
    """What the last value of a point was made of."""

    place: Place
    piece: Piece
    at: Instant


class ModbusSource:
    """One meter on `line`, read for ever; see `Source`. `check` says whether the map will do."""

    def __init__(
        self, name: str, line: SharedLine, settings: ModbusMeterSettings, meter_map: MeterMap
    ) -> None:
        self.name = name
        self.max_age = settings.max_age
        self.largest_power = settings.largest_power
        self.trouble: Condition | None = None
        self.identity: str | None = None
        self._line = line
        self._settings = settings
        self._map = meter_map
        self._plan = backwards.plan(meter_map)
        self.expected: Mapping[str, Quality] = dict.fromkeys(self._plan.places, Quality.MEASURED)
        self.dials = self._plan.dials()
        self._exchange = Exchange(line, settings)
        self._values = self._plan.values()
        self._nameplate = self._plan.nameplate()
        self._read_again = 0.0  # loop time at which the nameplate is due
        self._told_silent = False
        self._unknown = dict.fromkeys(self._plan.places, 0)  # polls
        self._made: dict[str, _Made] = {}

    @property
    def dropped(self) -> int:
        """Requests that were answered with something else than an answer."""
        return self._exchange.dropped

    def origin(self, point: str) -> Origin | None:
        """Return the register that the last value of `point` stood in, and the answer's bytes."""
        made = self._made.get(point)
        if made is None:
            return None
        text = _as_sent(made.place, made.piece)
        register = made.place.register
        return Origin(register.place, ((register.at, text),), made.piece.frame, made.at)

    def describe(self) -> str:
        """Return the line, the unit and the map."""
        way = f"tcp {self._settings.tcp}" if self._settings.tcp else str(self._line.spec)
        return f"modbus {way} unit {self._settings.unit} ({self._map.name})"

    async def run(self, publish: Publish) -> NoReturn:
        """Poll the meter and publish what it says; raises LinkError when it cannot be read."""
        self._values.restart()
        self._nameplate.restart()
        self._read_again = 0.0
        self._told_silent = False
        loop = asyncio.get_running_loop()
        due, misses = loop.time(), MISSES - 1  # the first poll has to be answered
        with self._line.joined():
            while True:
                try:
                    await self._poll(publish)
                    misses = 0
                except LinkError as error:
                    self._read_again = 0.0  # it may be another meter that answers next
                    misses += 1
                    self.trouble = error.condition if error.condition in _TROUBLE else None
                    if misses >= MISSES or error.condition not in _PASSING:
                        raise
                due = max(due + self._settings.period, loop.time())
                await pause(due - loop.time())

    async def _poll(self, publish: Publish) -> None:
        ask = Round(self._exchange)
        who = Heard()
        if asyncio.get_running_loop().time() >= self._read_again:
            who = await self._identify(ask)
        heard = await self._values.read(ask)
        if ask.silence and (not ask.answered or not (heard.pieces or heard.refusal)):
            raise ask.silence
        self._learn(who, heard, ask.silence)
        if who.silent:
            self._read_again = 0.0
        if not heard.pieces:
            raise LinkError(f"{self.describe()} says {heard.refusal}", Condition.REFUSED)
        self.trouble = None
        self._publish(heard, publish)

    async def _identify(self, ask: Round) -> Heard:
        """Read who it is; raises LinkError if it is not the meter that is expected."""
        heard = await self._nameplate.read(ask)
        nameplate.check(self._plan, heard)
        said = nameplate.serial(self._plan, heard)
        serial = said or self.identity
        if self._settings.meter is not None and said is None and ask.silence:
            raise ask.silence
        if problem := nameplate.other(self._settings.meter, serial):
            raise problem
        if self.identity is not None and serial != self.identity:
            _log.info("event=meter_replaced source=%s meter=%s", self.name, serial)
            self._values.restart()
            self._unknown = dict.fromkeys(self._plan.places, 0)
        self.identity = serial
        self._read_again = asyncio.get_running_loop().time() + NAMEPLATE_SECONDS
        return heard

    def _learn(self, who: Heard, heard: Heard, silence: LinkError | None) -> None:
        """Take note of what the meter does not answer while it answers others."""
        given_up = self._nameplate.learn(who) + self._values.learn(heard)
        if given_up and not self._told_silent:
            self._told_silent = True
            message = 'event=registers_silent source=%s function=%d address=%d reason="%s"'
            _log.warning(message, self.name, given_up[0].function, given_up[0].start, silence)

    def _publish(self, heard: Heard, publish: Publish) -> None:
        found, at = values.known(self._plan, heard), Instant.now()
        for name in found.values:
            place = self._plan.places[name]
            self._made[name] = _Made(place, heard.pieces[place.span], at)
        readings = {name: Value(number) for name, number in found.values.items()}
        absent = self._absent(heard, found)
        publish(Update(readings, absent, found.failed, self.identity), at)

    def _absent(self, heard: Heard, found: values.Known) -> frozenset[str]:
        """Return the points that this meter has never known in several polls.

        A refusal that passes says nothing of them.
        """
        for name, place in self._plan.places.items():
            if name in found.values:
                self._unknown.pop(name, None)
            elif name in self._unknown and (
                place.span in heard.pieces or place.span in heard.lacks
            ):
                self._unknown[name] += 1
        return frozenset(name for name, polls in self._unknown.items() if polls >= ABSENT_AFTER)


def _as_sent(place: Place, piece: Piece) -> str:
    """Return what stood there for people: the registers in hexadecimal, and in which unit."""
    register = place.register
    if register.type is None:
        return str(piece.data[0])
    words = piece.data.hex(" ", 2).upper()
    factor = f"10^{register.scaled_by}" if register.scaled_by else f"{float(register.scale):g}"
    unit = [register.unit] if register.unit else []
    return " ".join([words, *(["x", factor] if factor != "1" else []), *unit])


async def pause(seconds: float) -> None:
    """Wait for the next poll."""
    await asyncio.sleep(seconds)
