"""A meter that pushes DLMS as a source: port, frames, messages and translation."""

import asyncio
import json
import secrets
from typing import NoReturn

from submeter.errors import Condition, LinkError
from submeter.meter.instant import Instant
from submeter.pointmap.source_map import SourceMap
from submeter.sources.dlms import line_search
from submeter.sources.dlms.counters import Counters
from submeter.sources.dlms.keys import Keys
from submeter.sources.dlms.line_search import LineSearch
from submeter.sources.dlms.pushes import Pushes
from submeter.sources.dlms.settings import DlmsSettings
from submeter.sources.dlms.transport import Apdu, Transport
from submeter.sources.dlms.weak_guard import WeakGuard
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.open_port import open_port
from submeter.sources.origin import Origin
from submeter.sources.port import Line, Port, Replay, Spec
from submeter.sources.source import Publish
from submeter.sources.translation.ledger import Ledger
from submeter.sources.translation.translator import Translator

SILENCE = 60.0
"""Seconds without a byte after which a meter is silent, unless its map allows for more."""

REST = 1.9
"""Seconds without a byte after which the rest of a message does not come any more."""

_BYTES_PER_SECOND = 218.0  # 2400 8E1, characters of 11 bits


class DlmsSource:
    """The push of one meter, read for ever; see `Source` and `Remembering`."""

    def __init__(
        self,
        name: str,
        spec: Spec,
        settings: DlmsSettings,
        source_map: SourceMap,
        keys: Keys | None,
    ) -> None:
        self.name = name
        self.dropped = 0
        self.expected = source_map.expected()
        self.dials = source_map.dials()
        self.largest_power = source_map.largest_power
        self.max_age = source_map.max_age
        self._spec = spec
        self._settings = settings
        self._map = source_map
        self._lost = 0  # by connections that are over
        self._counters = Counters()
        # A recording starts over, and its index and counters with it.
        replayed = isinstance(spec, Replay)
        self._ledger = Ledger(kept=not replayed)
        guard = WeakGuard(source_map.largest_power)
        self._translator = Translator(
            source_map,
            guard=guard,
            growing=GrowingIndex() if replayed else None,
            lap=f" replay {secrets.token_hex(4)}" if replayed else "",
            ledger=self._ledger,
        )
        self._pushes = Pushes(
            name,
            source_map,
            self._translator,
            guard,
            keys,
            self._counters,
            meter=settings.meter,
            zone=settings.zone,
            check_counter=settings.check_counter and not replayed,
        )

    @property
    def trouble(self) -> Condition | None:
        """What is wrong with the messages that come."""
        return self._pushes.trouble

    @property
    def identity(self) -> str | None:
        """The serial number that the meter says, else its system title."""
        return self._pushes.identity

    def origin(self, point: str) -> Origin | None:
        """Return the objects that the last value of `point` was made of."""
        return self._translator.origin(point)

    def describe(self) -> str:
        """Return the port and the map."""
        return f"dlms {self._spec} ({self._map.name})"

    def saved(self) -> str:
        """Return the invocation counters and the ledger, as JSON."""
        return json.dumps({"counters": self._counters.saved(), "ledger": self._ledger.saved()})

    def restore(self, text: str) -> None:
        """Go on from what `saved` returned; raises ValueError if it is damaged."""
        saved = json.loads(text)
        if not isinstance(saved, dict) or saved.keys() != {"counters", "ledger"}:
            raise ValueError("no counters and ledger of a DLMS source")
        self._counters.restore(saved["counters"])
        self._ledger.restore(saved["ledger"])

    async def run(self, publish: Publish) -> NoReturn:
        """Open the port and publish every message that says something; raises LinkError."""
        baudrate = self._settings.baudrate
        auto = baudrate == "auto"
        line = line_search.LINES[0]
        if baudrate != "auto":
            line = Line(baudrate, self._settings.format)
        port = await open_port(self._spec, line, pace)
        try:
            await self._listen(port, LineSearch(port, auto), publish)
        finally:
            port.close()
            self._lost = self.dropped - self._pushes.refused

    async def _listen(self, port: Port, search: LineSearch, publish: Publish) -> NoReturn:
        transport = Transport()
        clock = asyncio.get_running_loop().time
        heard, patience = clock(), max(SILENCE, self.max_age)
        while True:
            data = await _next(port)
            if data:
                heard = clock()
                known = transport.frames
                self._take(transport.feed(data), port.elapsed(), publish)
                search.took(len(data), good=transport.frames > known)
                self.dropped = self._lost + transport.dropped + self._pushes.refused
            elif clock() - heard > patience:
                raise LinkError(f"not a byte for {patience:.0f} s", Condition.SILENT)
            elif clock() - heard > REST:
                transport.give_up()
            if await search.tried(paused=not data):
                self._lost += transport.dropped
                transport = Transport()

    def _take(self, messages: list[Apdu], elapsed: float, publish: Publish) -> None:
        for apdu in messages:
            update = self._pushes.understand(apdu, elapsed)
            if update:
                publish(update, Instant.now())


async def _next(port: Port) -> bytes:
    """Return the next bytes, none if a pause begins."""
    try:
        async with asyncio.timeout(line_search.PAUSE):
            return await port.read()
    except TimeoutError:
        return b""


def pace(data: bytes) -> float:
    """Return the bytes per second at which a recording of `data` was sent."""
    return _BYTES_PER_SECOND
