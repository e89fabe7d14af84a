"""The errors that submeter raises: one root, few leaves."""

from enum import StrEnum


class SubmeterError(Exception):
    """Anything that a user or an installation can cause; its text is the whole message."""


class ConfigError(SubmeterError):
    """A configuration or map is wrong: nothing was started, exit status 2.

    The text has one line per fault: `file:line:column: what is wrong; what would be right`.
    """

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class LinkError(SubmeterError):
    """An instrument's port is gone or cannot be opened: close it and try again later."""


class ListenError(SubmeterError):
    """A face cannot listen where it was told to: the start stops, exit status 1."""


class NoAnswerError(SubmeterError):
    """A server that was asked does not answer, or not as its map says."""


class FrameError(SubmeterError):
    """Received bytes break their protocol: drop them, count them, carry on."""


class StoreError(SubmeterError):
    """The store cannot be read or written; the text says why and what to do about it."""


class Refusal(StrEnum):
    """Why a write is refused; each face has one documented translation of it."""

    UNKNOWN = "unknown"  # no such point, or absent in this meter
    READ_ONLY = "read-only"  # not a configuration or command point
    NOT_ALLOWED = "not-allowed"  # writing is not opened for this peer
    LOCKED = "locked"  # the unlock code is needed first
    SEALED = "sealed"
    OUT_OF_RANGE = "out-of-range"
    UNSUPPORTED = "unsupported"  # the machine or the instrument cannot do it


class WriteRefusedError(SubmeterError):
    """A write that was not done; `reason` is for machines, the text for people."""

    def __init__(self, reason: Refusal, message: str) -> None:
        super().__init__(message)
        self.reason = reason
