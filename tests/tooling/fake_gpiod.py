"""A library gpiod of version 2 without a kernel: its lines are moved by the test."""

import errno
import os
from collections.abc import Callable
from enum import Enum
from types import ModuleType, SimpleNamespace
from typing import Any

Value = Enum("Value", ["INACTIVE", "ACTIVE"])
Type = Enum("Type", ["RISING_EDGE", "FALLING_EDGE"])


class FakeRequest:
    """A line that was requested: its edges wait in a pipe, as those of the kernel do."""

    def __init__(self, config: dict[int, Any], rest: dict[str, Any]) -> None:
        ((self.offset, self.settings),) = config.items()
        self.rest = rest
        self.value = Value.INACTIVE
        self.driven: list[Value] = []
        self.sent = 0
        self.gone = False
        self.released = False
        self.fd, self._feeder = os.pipe()
        self._events: list[Any] = []

    def edge(self, closed: bool, at: int, lost: int = 0) -> None:
        """Let the line change, after `lost` edges that the kernel had no room for."""
        self.value = Value.ACTIVE if closed else Value.INACTIVE
        self.sent += 1 + lost
        kind = Type.RISING_EDGE if closed else Type.FALLING_EDGE
        event = SimpleNamespace(event_type=kind, timestamp_ns=at, line_seqno=self.sent)
        self._events.append(event)
        os.write(self._feeder, b".")

    def unplug(self) -> None:
        self.gone = True
        os.write(self._feeder, b".")

    def get_value(self, offset: int) -> Value:
        assert offset == self.offset
        return self.value

    def set_value(self, offset: int, value: Value) -> None:
        assert offset == self.offset
        if self.gone:
            raise OSError(errno.ENODEV, "No such device")
        self.value = value
        self.driven.append(value)

    def read_edge_events(self) -> list[Any]:
        os.read(self.fd, 65536)
        if self.gone:
            raise OSError(errno.ENODEV, "No such device")
        events, self._events = self._events, []
        return events

    def release(self) -> None:
        if not self.released:
            os.close(self.fd)
            os.close(self._feeder)
        self.released = True


class FakeGpiod(ModuleType):
    """The module; `requests` are those made, `failure` is what the next one raises.

    `chips` are the nodes that are chips.
    """

    def __init__(self) -> None:
        super().__init__("gpiod")
        self.requests: list[FakeRequest] = []
        self.failure: Exception | None = None
        self.closed_at_first = False
        self.chips: set[str] = set()
        self.EdgeEvent = SimpleNamespace(Type=Type)
        names: Callable[..., SimpleNamespace] = lambda *each: SimpleNamespace(  # noqa: E731
            **{name: name for name in each}
        )
        self.line = SimpleNamespace(
            Value=Value,
            Direction=names("INPUT", "OUTPUT"),
            Edge=names("BOTH"),
            Bias=names("PULL_UP", "PULL_DOWN", "DISABLED"),
            Clock=names("MONOTONIC"),
        )

    def is_gpiochip_device(self, path: str) -> bool:
        return path in self.chips

    def LineSettings(self, **settings: Any) -> SimpleNamespace:
        return SimpleNamespace(**settings)

    def request_lines(self, path: str, config: dict[int, Any], **rest: Any) -> FakeRequest:
        if self.failure:
            raise self.failure
        made = FakeRequest(config, {"path": path, **rest})
        if self.closed_at_first:
            made.value = Value.ACTIVE
        self.requests.append(made)
        return made

    def close(self) -> None:
        """Close what the program left open."""
        for each in self.requests:
            each.release()
