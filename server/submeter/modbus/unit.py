"""One unit id as pollers meet it: its registers, its identity, and the door for its writes."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from submeter.meter.access import Who
from submeter.meter.writing import Door, Lock
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image


class Peer(NamedTuple):
    """Who asks, and whether the role in its certificate lets it write; without TLS it may."""

    who: Who
    may_write: bool = True


@dataclass(slots=True)
class Unit:
    """A meter, or the gateway, behind one unit id.

    `functions` are the only ones it has, None for all that we know. Without `door` nothing can be
    written.
    """

    image: Image
    identification: Identification
    functions: frozenset[int] | None = None
    door: Door | None = None
    lock: Lock | None = None


class Pending(NamedTuple):
    """An answer that waits for `work`, which may run in another thread; nothing else may overtake.

    `finish` turns the result of `work` into the PDU of the answer.
    """

    work: Callable[[], bool]
    finish: Callable[[bool], bytes]


Answer = bytes | None | Pending
"""The PDU of an answer, None for silence, or one that is worked on."""
