"""A TIC output as a source: port, decoder and translation, whatever the mode."""

import asyncio
import logging
from collections.abc import Mapping
from typing import NoReturn

from submeter.errors import LinkError
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality
from submeter.pointmap.source_map import SourceMap
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.port import Port, Spec, open_port
from submeter.sources.serial_port import SerialPort
from submeter.sources.source import Publish
from submeter.sources.tic.decoder import Decoder, Frame, Mode
from submeter.sources.tic.noise import Noise
from submeter.sources.tic.settings import TicSettings
from submeter.sources.tic.translate import Translator

# Characters of 10 bits at 1200 and 9600 baud (Enedis-NOI-CPT_54E, 5.3).
_BYTES_PER_SECOND = {Mode.HISTORIQUE: 120.0, Mode.STANDARD: 960.0}
_BAUDRATES = (9600, 1200)
SILENCE = 60.0  # s without a byte or a valid group: nobody is there, open the port again
DEAF = 5.0  # s without a valid group at one baud rate

_log = logging.getLogger(__name__)


class TicSource:
    """One TIC output, read for ever; see `Source`."""

    def __init__(
        self, name: str, spec: Spec, settings: TicSettings, maps: Mapping[Mode, SourceMap]
    ) -> None:
        self.name = name
        self._spec = spec
        self._settings = settings
        self._maps = maps
        self.expected: dict[str, Quality] = {}
        for source_map in maps.values():
            self.expected |= source_map.expected() | self.expected
        self.max_age = max(source_map.max_age for source_map in maps.values())
        self._growing = GrowingIndex()

    def describe(self) -> str:
        """Return the port and the maps."""
        maps = ", ".join(source_map.name for source_map in self._maps.values())
        return f"tic {self._spec} ({maps})"

    async def run(self, publish: Publish) -> NoReturn:
        """Open the port and publish every frame that says something; raises LinkError."""
        auto = self._settings.baudrate == "auto"
        baudrate = _BAUDRATES[0] if auto else int(self._settings.baudrate)
        port = await open_port(self._spec, baudrate, self._settings.format, pace)
        try:
            await self._listen(port, _Search(port, auto), publish)
        finally:
            port.close()

    async def _listen(self, port: Port, search: "_Search", publish: Publish) -> NoReturn:
        decoder, noise, ear = Decoder(), Noise(), _Ear(self.name, self._maps, self.expected)
        while True:
            data = await _next(port, search.patience(decoder.good))
            search.heard(decoder.good)
            for frame in decoder.feed(data):
                translator = ear.translator(frame, self._growing if port.replayed else None)
                update = translator.translate(frame, port.elapsed())
                ear.introduce(translator)
                if update:
                    publish(update, Instant.now())
            dropped = decoder.bad + ear.refused
            if noise.changed(decoder.good, dropped):
                event = "line_noisy" if noise.noisy else "line_quiet"
                _log.warning("event=%s source=%s dropped=%d", event, self.name, dropped)


async def _next(port: Port, patience: float) -> bytes:
    try:
        async with asyncio.timeout(patience):
            return await port.read()
    except TimeoutError:
        if patience < SILENCE:
            return b""
        raise LinkError(f"nothing arrives; not a byte for {patience:.0f} s") from None


def pace(data: bytes) -> float:
    """Return the bytes per second at which a recording of `data` was sent."""
    return _BYTES_PER_SECOND[Mode.STANDARD if b"\t" in data else Mode.HISTORIQUE]


class _Ear:
    """Keeps a translator for the mode that is heard, and says once which meter it is."""

    def __init__(
        self, name: str, maps: Mapping[Mode, SourceMap], promised: Mapping[str, Quality]
    ) -> None:
        self._name = name
        self._maps = maps
        self._promised = promised
        self._mode: Mode | None = None
        self._translator: Translator | None = None
        self._introduced: str | None = None

    @property
    def refused(self) -> int:
        """Groups whose data broke their label's form."""
        return self._translator.refused if self._translator else 0

    def translator(self, frame: Frame, growing: GrowingIndex | None) -> Translator:
        if self._translator is None or frame.mode is not self._mode:
            self._mode, self._introduced = frame.mode, None
            self._translator = Translator(self._maps[frame.mode], self._promised, growing)
        return self._translator

    def introduce(self, translator: Translator) -> None:
        if translator.identity and translator.identity != self._introduced:
            self._introduced = translator.identity
            _log.info(
                "event=tic_meter source=%s mode=%s meter=%s",
                self._name,
                self._mode,
                self._introduced,
            )


class _Search:
    """Changes the baud rate of a device node while nothing that is TIC is heard."""

    def __init__(self, port: Port, auto: bool) -> None:
        self._port = port
        self._auto = auto and isinstance(port, SerialPort)
        self._since = self._last_valid = port.elapsed()
        self._good = 0
        self._turn = 0

    def patience(self, good: int) -> float:
        """Return how many seconds to wait for bytes."""
        return DEAF if self._auto and not good else SILENCE

    def heard(self, good: int) -> None:
        """Take the total of valid groups so far, and try the next baud rate if it stands still.

        Raises LinkError once it has stood still for long.
        """
        now = self._port.elapsed()
        if good != self._good:
            self._good, self._since, self._last_valid = good, now, now
        elif now - self._last_valid > SILENCE:
            raise LinkError(f"no valid TIC for {SILENCE:.0f} s; check wiring, baudrate and format")
        elif self._auto and now - self._since > DEAF and isinstance(self._port, SerialPort):
            self._turn += 1
            self._since = now
            self._port.retune(_BAUDRATES[self._turn % len(_BAUDRATES)])
