"""What services give back, and what they raise."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple

from submeter.bacnet.fault import Fault
from submeter.bacnet.peer import Peer
from submeter.errors import FrameError


class Reason(IntEnum):
    """Reject reasons (ASHRAE 135, 18.9)."""

    OTHER = 0
    BUFFER_OVERFLOW = 1
    INCONSISTENT_PARAMETERS = 2
    INVALID_DATA_TYPE = 3
    INVALID_TAG = 4
    MISSING_PARAMETER = 5
    OUT_OF_RANGE = 6
    TOO_MANY_ARGUMENTS = 7
    UNDEFINED_ENUMERATION = 8
    UNRECOGNIZED_SERVICE = 9


class AbortReason(IntEnum):
    """Abort reasons (135, 18.10)."""

    OTHER = 0
    BUFFER_OVERFLOW = 1
    INVALID_APDU_IN_THIS_STATE = 2
    PREEMPTED = 3
    SEGMENTATION_NOT_SUPPORTED = 4
    SECURITY_ERROR = 5
    INSUFFICIENT_SECURITY = 6
    WINDOW_SIZE_OUT_OF_RANGE = 7
    APPLICATION_EXCEEDED_REPLY_TIME = 8
    OUT_OF_RESOURCES = 9
    TSM_TIMEOUT = 10
    APDU_TOO_LONG = 11


class Rejected(FrameError):
    """A confirmed request breaks its syntax: answer it with a Reject of this reason."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(f"rejected: {reason.name}")
        self.reason = reason


class Aborted(FrameError):
    """A confirmed request cannot be answered: end its transaction with an Abort."""

    def __init__(self, reason: AbortReason) -> None:
        super().__init__(f"aborted: {reason.name}")
        self.reason = reason


class RefusedError(FrameError):
    """A confirmed request is refused: answer it with an Error of this class and code."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"refused: class {fault.error_class} code {fault.code}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class Ack:
    """The service parameters of a Complex-ACK."""

    body: bytes


@dataclass(frozen=True, slots=True)
class SimpleAck:
    """A Simple-ACK, which has no parameters."""


@dataclass(frozen=True, slots=True)
class ErrorAnswer:
    """The parameters of an Error, where they are more than a class and a code."""

    body: bytes


class Pending(NamedTuple):
    """An answer that waits for `work`, which is run in another thread.

    `finish` is called in the event loop with the result of `work`, and may raise as services do.
    An exception of `work` itself is a fault of ours: the transaction is aborted and it is logged.
    """

    work: Callable[[], Any]
    finish: Callable[[Any], "Answer"]


class Fitted(NamedTuple):
    """An answer that is as long as its client can take.

    `make` is called at once, with the octets of service parameters that there is room for, and may
    raise as services do. If the client can ask for what is left off, `in_parts`, the room is about
    that of one APDU; else all that can be sent in segments. `make` raises Aborted(BUFFER_OVERFLOW)
    when it finds that this is too little; an answer that is longer all the same is not sent either.
    """

    make: Callable[[int], "Answer"]
    in_parts: bool = True


DONE = SimpleAck()
Answer = Ack | SimpleAck | ErrorAnswer | Pending | Fitted

Confirmed = Callable[[bytes, Peer], Answer]
"""A confirmed service: parameters and who asks; raises Rejected, Aborted or RefusedError."""
Unconfirmed = Callable[[bytes, Peer, bool], None]
"""An unconfirmed one: parameters, who asks, was it broadcast; FrameError drops it."""
