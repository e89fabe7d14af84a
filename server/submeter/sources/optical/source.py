"""A meter behind an optical head as a source: asked every period, in text or in DLMS."""

import asyncio
import logging
import secrets
from collections.abc import AsyncIterator, Iterable
from typing import Literal, NamedTuple, NoReturn

from submeter.errors import Condition, LinkError
from submeter.meter.instant import Instant
from submeter.pointmap.source_map import SourceMap
from submeter.sources.dlms.said import Item, Reader
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.open_port import open_port
from submeter.sources.optical import local_time, text_items
from submeter.sources.optical.association import DeniedError
from submeter.sources.optical.confirmation import Confirmation
from submeter.sources.optical.dlms_dialogue import DlmsDialogue
from submeter.sources.optical.password import Password
from submeter.sources.optical.settings import OpticalSettings
from submeter.sources.optical.text_dialogue import SIGN_ON, TextDialogue
from submeter.sources.origin import Origin
from submeter.sources.port import Line, Port, Replay, Spec
from submeter.sources.source import Publish
from submeter.sources.translation.translator import Message, Translator

LONGEST_READING = 900.0
"""Seconds; a readout of 20 kB takes 700 at 300 baud."""
PENALTY, LONGEST_PENALTY = 900.0, 6 * 3600.0
"""Seconds to wait after the meter refused: one that is asked too often may lock its port."""
MISSES = 3
"""Readings in a row that came to nothing, after which the link is lost."""
RETRY = 30.0
"""Seconds until a reading that came to nothing is tried again; the period if that is shorter."""
READOUTS = 4
"""Readouts of a reading, until one bears the one before it out."""

_PASSING = (Condition.SILENT, Condition.NOISE)  # perhaps over at the next reading

_log = logging.getLogger(__name__)

Language = Literal["text", "hdlc"]


class _Heard(NamedTuple):
    """One reading: items, bytes, and the serial number if it does not stand among the items."""

    language: Language
    items: Iterable[Item]
    raw: bytes
    identity: str | None = None
    sound: bool = True


class _Told(NamedTuple):
    """What a reading says, and when it came: `elapsed` by the port's time."""

    language: Language
    message: Message
    elapsed: float
    at: Instant


class OpticalSource:
    """One meter, asked for ever; see `Source`."""

    def __init__(
        self,
        name: str,
        spec: Spec,
        settings: OpticalSettings,
        source_map: SourceMap,
        password: Password | None,
    ) -> None:
        self.name = name
        self.trouble: Condition | None = None
        self.identity: str | None = None
        self.expected = source_map.expected()
        self.dials = source_map.dials()
        self.largest_power = source_map.largest_power
        self.max_age = settings.max_age(source_map.max_age)
        self._spec = spec
        self._settings = settings
        self._map = source_map
        self._zone = local_time.zone(settings.timezone)
        self._reader = Reader(source_map, self._zone)
        self._dlms = DlmsDialogue(settings, source_map, password, self._zone)
        self._damaged = 0  # readouts
        self._language: Language | None = None
        self._translator: Translator | None = None
        self._direct = settings.mode == "hdlc"
        self._password = password
        self._confirmation = Confirmation(source_map)
        self._last: _Told | None = None  # the last readout that was believed
        # A recording starts over, and its index with it; nobody can be asked a second time.
        self._growing = GrowingIndex() if isinstance(spec, Replay) else None
        self._lap = f" replay {secrets.token_hex(4)}" if self._growing else ""
        self._text_only = False
        self._penalty = PENALTY
        self._denied_until = 0.0

    @property
    def dropped(self) -> int:
        """Readouts and frames dropped as damaged."""
        return self._damaged + self._dlms.bad

    def origin(self, point: str) -> Origin | None:
        """Return the data sets or objects that the last value of `point` was made of."""
        return self._translator.origin(point) if self._translator else None

    def describe(self) -> str:
        """Return the port and the map."""
        return f"optical {self._spec} ({self._map.name})"

    async def run(self, publish: Publish) -> NoReturn:
        """Open the port and publish each reading; raises LinkError."""
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._denied_until - loop.time()))
        self._dlms.forget()
        port = await open_port(self._spec, SIGN_ON)
        misses = MISSES - 1  # the first reading has to come to something
        try:
            while True:
                due = loop.time() + self._settings.period
                try:
                    await self._once(port, publish)
                    misses = 0
                except LinkError as error:
                    misses += 1
                    if misses >= MISSES or error.condition not in _PASSING:
                        raise
                    due = min(due, loop.time() + RETRY)
                await asyncio.sleep(max(0.0, due - loop.time()))
        except DeniedError:
            self._denied_until = loop.time() + self._penalty
            self._penalty = min(2 * self._penalty, LONGEST_PENALTY)
            raise
        finally:
            port.close()

    async def _once(self, port: Port, publish: Publish) -> None:
        """Read the meter until it can be believed, and publish what it says."""
        async for each in self._believed(port):
            self._penalty = PENALTY
            self._understand(each, publish)

    async def _believed(self, port: Port) -> AsyncIterator[_Told]:
        """Yield a reading in DLMS, or a readout and one right after it that bears it out.

        A readout that follows from the last one believed is yielded at once: what was said before
        may go stale while a slow head reads twice. The second one confirms its indexes.
        """
        before = await self._told(port)
        if before.language == "hdlc" or self._growing:
            yield before
            return
        if not self._confirmation.needed(before.message):
            yield before
            return
        early = self._last is not None and self._follows(self._last, before)
        if early:
            yield before
        for _ in range(READOUTS - 1):
            after = await self._told(port)
            if after.language == "hdlc":
                yield after
                return
            if self._follows(before, after):
                self._last = after
                if not early:
                    yield before
                yield after
                return
            self._damaged += 1
            before, early = after, False
        raise LinkError("no readout bears out the one before it", Condition.NOISE)

    def _follows(self, before: _Told, after: _Told) -> bool:
        seconds = after.at.mono - before.at.mono
        return self._confirmation.given(before.message, after.message, seconds)

    async def _told(self, port: Port) -> _Told:
        """Return what the meter says now."""
        heard = await self._read(port)
        said = self._reader.said(heard.items)
        told = said.get(self._map.identity or "")
        identity = told.text.strip() if told else heard.identity
        # The meter was asked for everything, or said all that it has: the rest is not there.
        message = Message(said, heard.raw, sound=heard.sound, instrument=identity, whole=True)
        return _Told(heard.language, message, port.elapsed(), Instant.now())

    async def _read(self, port: Port) -> _Heard:
        """Read the meter once, in the language that it is to speak."""
        try:
            async with asyncio.timeout(LONGEST_READING):
                if self._settings.mode != "auto":
                    return await (self._hdlc(port) if self._direct else self._signed_on(port))
                return await self._either(port)
        except TimeoutError:
            raise LinkError("a reading comes to no end", Condition.NOISE) from None

    async def _either(self, port: Port) -> _Heard:
        """Try first what answered last; some meters speak DLMS and know no sign-on."""
        ways = [self._hdlc, self._signed_on] if self._direct else [self._signed_on, self._hdlc]
        try:
            return await ways[0](port)
        except LinkError as error:
            if error.port_lost or error.condition is Condition.REFUSED:
                raise
            first = error
        try:
            heard = await ways[1](port)
        except LinkError as error:
            raise first if error.condition is Condition.SILENT else error from None
        self._direct = not self._direct
        return heard

    async def _signed_on(self, port: Port) -> _Heard:
        dialogue = TextDialogue(port, self._settings)
        try:
            meter = await dialogue.sign_on()
            if meter.hdlc and self._settings.mode == "auto" and not self._text_only:
                try:
                    return await self._ask(port, await dialogue.acknowledge(meter, hdlc=True))
                except LinkError as error:
                    # Many have a readout for everybody, and DLMS for those who know a password.
                    if error.port_lost or self._password or self._language == "hdlc":
                        raise
                    self._text_only = True
                meter = await dialogue.sign_on()
            readout = await dialogue.read_out(meter)
        finally:
            self._damaged += dialogue.bad
        return _Heard("text", text_items.items(readout, self._zone), readout.raw)

    async def _hdlc(self, port: Port) -> _Heard:
        await port.retune(Line(self._settings.baudrate, "8N1"))
        return await self._ask(port, self._settings.baudrate)

    async def _ask(self, port: Port, baudrate: int) -> _Heard:
        items = await self._dlms.read(port, baudrate)
        dlms = self._dlms
        return _Heard("hdlc", items, dlms.raw, dlms.memory.identity, dlms.sound)

    def _understand(self, told: _Told, publish: Publish) -> None:
        """Publish what a reading says, unless it is of another meter or says nothing."""
        identity = told.message.instrument
        translator = self._introduce(identity, told.language)
        if self._settings.meter not in (None, identity):
            self.trouble = Condition.OTHER_METER
            return
        misfits = translator.misfits
        update = None
        if told.message.said:
            update = translator.translate(told.message, told.elapsed, told.at)
        fits = update and (translator.misfits == misfits or update.values)
        self.trouble = None if fits else Condition.WRONG_LAYOUT
        if update and fits:
            publish(update, told.at)

    def _introduce(self, identity: str | None, language: Language) -> Translator:
        """Begin anew with another meter or another language, and say so."""
        known = self._translator
        if known and (identity, language) == (self.identity, self._language):
            return known
        self._translator = Translator(self._map, growing=self._growing, lap=self._lap)
        self.identity, self._language = identity, language
        message = "event=optical_meter source=%s language=%s meter=%s"
        _log.info(message, self.name, language, identity)
        return self._translator
