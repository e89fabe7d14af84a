"""A TIC output as a source: port, decoder and translation, whatever the mode."""

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from typing import NoReturn

from submeter.errors import Condition, LinkError
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update
from submeter.pointmap.source_map import SourceMap
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.index_guard import IndexGuard
from submeter.sources.open_port import open_port
from submeter.sources.origin import Origin
from submeter.sources.port import Line, Port, Replay, Spec
from submeter.sources.source import Publish
from submeter.sources.tic import baud_search
from submeter.sources.tic.baud_search import BaudSearch
from submeter.sources.tic.decoder import Decoder, Frame, Mode
from submeter.sources.tic.noise import Noise
from submeter.sources.tic.said import Reader
from submeter.sources.tic.settings import TicSettings
from submeter.sources.translation.translator import Translator

# Characters of 10 bits at 1200 and 9600 baud (Enedis-NOI-CPT_54E, 5.3).
_BYTES_PER_SECOND = {Mode.HISTORIQUE: 120.0, Mode.STANDARD: 960.0}

# A line whose mode or meter changes with each frame is damaged, and must not fill the log.
_INTRODUCTIONS = 10
_FRAMES_TO_NEXT = 1000  # after which one more introduction is granted

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
        self.max_age = max(source_map.max_age for source_map in maps.values())
        # These outlive a connection: an index goes on where it was.
        self.largest_power = max(each.largest_power for each in maps.values())
        # A recording starts over, and its index with it.
        self._growing = GrowingIndex() if isinstance(spec, Replay) else None
        self._guard = IndexGuard(self.largest_power)
        self._lap = f" replay {secrets.token_hex(4)}" if self._growing else ""
        self._noise = Noise()
        self._ear = _Ear(self.name, self._maps, self._translator)

    @property
    def trouble(self) -> Condition | None:
        """Nothing is looked for yet."""
        return None

    @property
    def identity(self) -> str | None:
        """The meter's address."""
        return self._ear.identity

    def origin(self, point: str) -> Origin | None:
        """Return the groups that the last value of `point` was made of."""
        return self._ear.origin(point)

    def describe(self) -> str:
        """Return the port and the maps."""
        maps = ", ".join(source_map.name for source_map in self._maps.values())
        return f"tic {self._spec} ({maps})"

    async def run(self, publish: Publish) -> NoReturn:
        """Open the port and publish every frame that says something; raises LinkError."""
        auto = self._settings.baudrate == "auto"
        baudrate = baud_search.BAUDRATES[0] if auto else int(self._settings.baudrate)
        line = Line(baudrate, "7E1", masked=self._settings.format == "8N1")
        port = await open_port(self._spec, line, pace)
        try:
            await self._listen(port, BaudSearch(port, auto), publish)
        finally:
            port.close()

    async def _listen(self, port: Port, search: BaudSearch, publish: Publish) -> NoReturn:
        decoder = Decoder()
        ear = self._ear = _Ear(self.name, self._maps, self._translator)
        before = self.dropped
        self._noise.restart()
        while True:
            data = await _next(port, search.patience(decoder.good))
            for frame in decoder.feed(data):
                update = ear.understand(frame, port.elapsed())
                if update:
                    publish(update, Instant.now())
            await search.heard(decoder.good)
            dropped = decoder.bad + ear.refused
            self.dropped = before + dropped
            self._tell_noise(decoder.good, dropped)

    def _tell_noise(self, good: int, dropped: int) -> None:
        if self._noise.changed(good, dropped):
            event = "line_noisy" if self._noise.noisy else "line_quiet"
            _log.warning("event=%s source=%s dropped=%d", event, self.name, dropped)

    def _translator(self, source_map: SourceMap) -> Translator:
        return Translator(source_map, self.expected, self._guard, self._growing, self._lap)


async def _next(port: Port, patience: float) -> bytes:
    try:
        async with asyncio.timeout(patience):
            return await port.read()
    except TimeoutError:
        if patience < baud_search.SILENCE:
            return b""
        raise LinkError(f"nothing arrives; not a byte for {patience:.0f} s") from None


def _either(one: Dial, other: Dial) -> Dial:
    """Return the dial of a register that may be the one or the other."""
    return Dial(max(one.step, other.step), tuple(sorted({*one.spans, *other.spans})))


def pace(data: bytes) -> float:
    """Return the bytes per second at which a recording of `data` was sent."""
    return _BYTES_PER_SECOND[Mode.STANDARD if b"\t" in data else Mode.HISTORIQUE]


class _Ear:
    """Keeps a translator for the mode that is heard, and says once which meter it is."""

    def __init__(
        self,
        name: str,
        maps: Mapping[Mode, SourceMap],
        translator: Callable[[SourceMap], Translator],
    ) -> None:
        self.refused = 0  # groups whose data broke their label's form
        self._name = name
        self._maps = maps
        self._make = translator
        self._mode: Mode | None = None
        self._translator: Translator | None = None
        self._reader: Reader | None = None
        self._introduced: tuple[Mode, str] | None = None
        self._grants = float(_INTRODUCTIONS)

    @property
    def identity(self) -> str | None:
        return self._translator.heard.identity if self._translator else None

    def origin(self, point: str) -> Origin | None:
        return self._translator.origin(point) if self._translator else None

    def understand(self, frame: Frame, elapsed: float) -> Update | None:
        if self._translator is None or self._reader is None or frame.mode is not self._mode:
            self._mode = frame.mode
            self._translator = self._make(self._maps[frame.mode])
            self._reader = Reader(self._maps[frame.mode])
        message = self._reader.message(frame)
        self.refused += self._reader.refused
        update = self._translator.translate(message, elapsed)
        if identity := self._translator.heard.identity:
            self._introduce(frame.mode, identity)
        return update

    def _introduce(self, mode: Mode, identity: str) -> None:
        self._grants = min(_INTRODUCTIONS, self._grants + 1 / _FRAMES_TO_NEXT)
        if (mode, identity) != self._introduced and self._grants >= 1:
            self._introduced = (mode, identity)
            self._grants -= 1
            message = "event=tic_meter source=%s mode=%s meter=%s"
            _log.info(message, self._name, mode, identity)
