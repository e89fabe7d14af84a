"""A TIC output as a source: port, decoder and translation, whatever the mode."""

import asyncio
import json
import logging
import secrets
from collections.abc import Mapping
from typing import NoReturn

from submeter.errors import Condition, LinkError
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality
from submeter.pointmap.source_map import SourceMap
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.index_guard import IndexGuard
from submeter.sources.open_port import open_port
from submeter.sources.origin import Origin
from submeter.sources.port import Line, Port, Replay, Spec
from submeter.sources.source import Publish
from submeter.sources.tic import baud_search
from submeter.sources.tic.baud_search import BaudSearch
from submeter.sources.tic.decoder import Decoder, Mode
from submeter.sources.tic.ear import Ear
from submeter.sources.tic.noise import Noise
from submeter.sources.tic.settings import TicSettings
from submeter.sources.translation.ledger import Ledger
from submeter.sources.translation.translator import Translator

# Characters of 10 bits at 1200 and 9600 baud (Enedis-NOI-CPT_54E, 5.3).
_SLOW, _FAST = 120.0, 960.0

_log = logging.getLogger(__name__)


class TicSource:
    """One TIC output, read for ever; see `Source`."""

    def __init__(
        self, name: str, spec: Spec, settings: TicSettings, maps: Mapping[Mode, SourceMap]
    ) -> None:
        self.name = name
        self.dropped = 0
        self._spec = spec
        self._settings = settings
        self._maps = maps
        self.expected: dict[str, Quality] = {}
        self.dials: dict[str, Dial] = {}
        for source_map in maps.values():
            self.expected |= source_map.expected() | self.expected
            for point, dial in source_map.dials().items():
                self.dials[point] = _either(dial, self.dials.get(point, dial))
        # That of the slowest; each update says what is right for its own mode.
        self.max_age = max(source_map.max_age for source_map in maps.values())
        self.largest_power = max(each.largest_power for each in maps.values())
        auto = settings.baudrate == "auto"
        baudrate = baud_search.BAUDRATES[0] if auto else int(settings.baudrate)
        # These outlive a connection: an index goes on where it was.
        self._line = Line(baudrate, "7E1", masked=settings.format == "8N1")
        # A recording starts over, and its index with it.
        self._growing = GrowingIndex() if isinstance(spec, Replay) else None
        self._guards = {mode: IndexGuard(each.largest_power) for mode, each in maps.items()}
        self._ledger = Ledger(kept=self._growing is None)
        self._lap = f" replay {secrets.token_hex(4)}" if self._growing else ""
        self._noise = Noise()
        self._deaf = False
        self._ear = self._new_ear()

    @property
    def trouble(self) -> Condition | None:
        """OTHER_METER, SLEEPING, or NOISE: damaged groups beyond the usual, or nothing but that."""
        if self._deaf:
            return Condition.NOISE
        return self._ear.trouble or (Condition.NOISE if self._noise.noisy else None)

    @property
    def identity(self) -> str | None:
        """The meter's address."""
        return self._ear.identity

    def origin(self, point: str) -> Origin | None:
        """Return the groups that the last value of `point` was made of, and their frame."""
        return self._ear.origin(point)

    def describe(self) -> str:
        """Return the port and the maps."""
        maps = ", ".join(source_map.name for source_map in self._maps.values())
        return f"tic {self._spec} ({maps})"

    def saved(self) -> str:
        """Return the ledger, from which a PME-PMI meter's indexes follow."""
        return json.dumps({"ledger": self._ledger.saved()}, sort_keys=True)

    def restore(self, text: str) -> None:
        """Go on with the ledger that `saved` returned; raises ValueError if it is damaged."""
        document = json.loads(text)
        if not isinstance(document, dict) or document.keys() != {"ledger"}:
            raise ValueError("what a TIC source remembers is a ledger")
        self._ledger.restore(document["ledger"])

    async def run(self, publish: Publish) -> NoReturn:
        """Open the port and publish every frame that says something; raises LinkError."""
        self._deaf = False
        port = await open_port(self._spec, self._line, pace)
        try:
            auto = self._settings.baudrate == "auto"
            await self._listen(port, BaudSearch(port, self._line, auto), publish)
        finally:
            port.close()

    async def _listen(self, port: Port, search: BaudSearch, publish: Publish) -> NoReturn:
        decoder = Decoder()
        ear = self._ear = self._new_ear()
        before = self.dropped
        self._noise.restart()
        while True:
            data = await _next(port, search.patience(decoder.good))
            for frame in decoder.feed(data):
                self._line = search.line
                update = ear.understand(frame, port.elapsed())
                if update:
                    publish(update, Instant.now())
            await search.heard(decoder.good, received=bool(data))
            self._deaf = search.deaf
            dropped = decoder.bad + ear.refused
            self.dropped = before + dropped
            self._tell_noise(decoder.good, dropped)

    def _tell_noise(self, good: int, dropped: int) -> None:
        if self._noise.changed(good, dropped):
            event = "line_noisy" if self._noise.noisy else "line_quiet"
            _log.warning("event=%s source=%s dropped=%d", event, self.name, dropped)

    def _new_ear(self) -> Ear:
        return Ear(self.name, self._maps, self._translator, self._settings.meter)

    def _translator(self, mode: Mode) -> Translator:
        guard = self._guards[mode]
        source_map, growing = self._maps[mode], self._growing
        return Translator(
            source_map, self.expected, guard, growing, self._lap, self._ledger, doubted=True
        )


async def _next(port: Port, patience: float) -> bytes:
    try:
        async with asyncio.timeout(patience):
            return await port.read()
    except TimeoutError:
        if patience < baud_search.SILENCE:
            return b""
        message = f"nothing arrives; not a byte for {patience:.0f} s"
        raise LinkError(message, Condition.SILENT) from None


def _either(one: Dial, other: Dial) -> Dial:
    """Return the dial of a register that may be the one or the other."""
    return Dial(max(one.step, other.step), tuple(sorted({*one.spans, *other.spans})))


def pace(data: bytes) -> float:
    """Return the bytes per second at which a recording of `data` was sent."""
    return _FAST if b"\t" in data else _SLOW
