"""The Modbus RTU face: a serial port that is kept open, and the units on its line."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial

from submeter.errors import LinkError, ListenError
from submeter.meter.access import Who
from submeter.modbus.counts import Counts
from submeter.modbus.diagnostics import Line
from submeter.modbus.rtu.echo import Echo
from submeter.modbus.rtu.line_port import LinePort
from submeter.modbus.rtu.open_line import OpenLine
from submeter.modbus.settings import RtuSettings
from submeter.modbus.unit import Peer, Unit

_log = logging.getLogger(__name__)

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 60.0
"""Seconds between two attempts to open a lost port; they double from the first to the longest."""


class ModbusRtuFace:
    """Answers Modbus RTU for `units`, by their ids 1 to 247, on the port of `settings`.

    `line` has the units, which may change while the face runs, and what is counted. A port that is
    lost is opened again under the same name; `lost` counts how often.
    """

    def __init__(
        self,
        settings: RtuSettings,
        units: Mapping[int, Unit],
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self.line = Line(units, settings.port)
        self.lost = 0
        self._settings = settings
        self._baudrate: int = settings.baudrate
        self._form = settings.character_format
        self._peer = Peer(Who("modbus.rtu", settings.port))
        self._first_pause = self._pause = first_pause
        self._since = 0.0
        self._open: OpenLine | None = None
        self._reopening: asyncio.Task[None] | None = None

    @property
    def where(self) -> str:
        """The device node."""
        return self._settings.port

    @property
    def is_open(self) -> bool:
        """Whether the port is open now."""
        return self._open is not None

    @property
    def counts(self) -> Counts:
        """What is counted as of other listeners; broken are frames that could not be read."""
        line = self.line
        return Counts(requests=line.requests, exceptions=line.exceptions, broken=line.damaged)

    async def start(self) -> None:
        """Open the port; requests are answered when this returns. Raises ListenError."""
        try:
            self._attach()
        except LinkError as error:
            raise ListenError(f"modbus.rtu: {error}") from None
        self._tell("listening")

    async def stop(self) -> None:
        """Close the port."""
        if self._reopening:
            self._reopening.cancel()
            await asyncio.gather(self._reopening, return_exceptions=True)
            self._reopening = None
        self._detach()
        _log.info("event=stopped face=modbus.rtu where=%s", self.where)

    def change_format(self, baudrate: int, form: str) -> None:
        """Go on at `baudrate`, with characters such as 8E1, once the present answer has left.

        A port that is not open is opened so.
        """

        def change() -> None:
            if (baudrate, form) == (self._baudrate, self._form):
                return
            self._baudrate, self._form = baudrate, form
            self._tell("rtu_format")
            try:
                if self._open:
                    self._open.change_format(baudrate, form)
            except LinkError as error:
                self._lost(error)

        self._after_answer(change)

    def set_units(self, units: Mapping[int, Unit]) -> None:
        """Answer for `units` and nobody else, once the present answer has left."""
        self._after_answer(partial(self.line.replace, dict(units)))

    def _after_answer(self, action: Callable[[], None]) -> None:
        if self._open:
            self._open.sender.when_left(action)
        else:
            action()

    def _tell(self, event: str) -> None:
        _log.info(
            "event=%s face=modbus.rtu where=%s baudrate=%d format=%s",
            event,
            self.where,
            self._baudrate,
            self._form,
        )

    def _attach(self) -> None:
        """Open the port; raises LinkError."""
        settings = self._settings
        port = LinePort(
            settings.port, self._baudrate, self._form, settings.rs485, settings.low_latency
        )
        echo = Echo(settings.echo, self.where)
        self._open = OpenLine(port, self._baudrate, self.line, self._peer, echo, self._lost)
        self._since = asyncio.get_running_loop().time()

    def _detach(self) -> None:
        line, self._open = self._open, None
        if line:
            line.close()

    def _lost(self, error: LinkError) -> None:
        if not self._open:
            return
        self.lost += 1
        self._detach()
        loop = asyncio.get_running_loop()
        if loop.time() - self._since >= LONGEST_PAUSE:
            self._pause = self._first_pause
        _log.warning('event=link_down face=modbus.rtu reason="%s"', error)
        self._reopening = loop.create_task(self._reopen())

    async def _reopen(self) -> None:
        while not self._open:
            await asyncio.sleep(self._pause)
            self._pause = min(2 * self._pause, LONGEST_PAUSE)
            try:
                self._attach()
            except LinkError:
                continue
        self._tell("link_up")
