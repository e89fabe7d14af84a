"""A contact at a line of a Linux GPIO chip."""

import os
from collections.abc import Sequence
from datetime import timedelta
from types import ModuleType
from typing import Any

from submeter import gpio_line
from submeter.errors import LinkError
from submeter.sources import waiting
from submeter.sources.pulse.counting import Edge
from submeter.sources.pulse.settings import GpioInput

_BUFFER = 1024  # edges that the kernel keeps: at 20 ms debounce those of 20 s
_BIASES = {"pull-up": "PULL_UP", "pull-down": "PULL_DOWN", "none": "DISABLED"}


class GpioContact:
    """The line, opened; raises LinkError with its condition if that cannot be.

    The kernel debounces, numbers the edges, and stamps them by CLOCK_MONOTONIC. `closed` is how the
    contact was when it was opened.
    """

    def __init__(self, settings: GpioInput) -> None:
        self._settings = settings
        gpiod = gpio_line.library()
        self._rising = gpiod.EdgeEvent.Type.RISING_EDGE
        self._request: Any = gpio_line.request(
            settings.chip, settings.line, self._line_settings, event_buffer_size=_BUFFER
        )
        try:
            value = self._request.get_value(settings.line)
        except OSError as error:
            self.close()
            raise gpio_line.lost(settings.chip, settings.line, error) from None
        self.closed = value == gpiod.line.Value.ACTIVE
        os.set_blocking(self._request.fd, False)

    async def edges(self) -> Sequence[Edge]:
        """Wait for edges and return them, in order; raises LinkError when the chip is gone.

        May be cancelled at any time without loss of edges.
        """
        while True:
            await waiting.readable(self._request.fd)
            try:
                events = self._request.read_edge_events()
            except BlockingIOError:
                continue
            except OSError as error:
                raise gpio_line.lost(self._settings.chip, self._settings.line, error) from None
            if not events:
                raise LinkError(f"{self._settings.chip} is gone: it is ready but has no edges")
            return [
                Edge(each.timestamp_ns, each.line_seqno, each.event_type == self._rising)
                for each in events
            ]

    def close(self) -> None:
        """Give the line back; may be called twice."""
        self._request.release()

    def _line_settings(self, gpiod: ModuleType) -> Any:
        line, wanted = gpiod.line, self._settings
        return gpiod.LineSettings(
            direction=line.Direction.INPUT,
            edge_detection=line.Edge.BOTH,
            bias=getattr(line.Bias, _BIASES[wanted.bias]),
            active_low=wanted.active_low,
            debounce_period=timedelta(milliseconds=wanted.debounce),
            event_clock=line.Clock.MONOTONIC,
        )
