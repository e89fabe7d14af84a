"""The errors that submeter raises: one root, few leaves."""

from enum import IntEnum, StrEnum


class SubmeterError(Exception):
    """Anything that a user or an installation can cause; its text is the whole message."""


class ConfigError(SubmeterError):
    """A configuration or map is wrong: nothing was started, exit status 2.

    The text has one line per fault: `file:line:column: what is wrong; what would be right`.
    """

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Condition(IntEnum):
    """How a source is. The numbers stand in the gateway's registers and never change."""

    STARTING = 0  # not heard yet
    ONLINE = 1
    SILENT = 2  # the port is open, and the instrument says nothing
    NO_DEVICE = 3  # the device node is missing, or the adapter was unplugged
    BUSY = 4  # another program uses the port
    NO_PERMISSION = 5
    UNREACHABLE = 6  # a network address that does not answer, or closed the connection
    NOISE = 7  # bytes, but nothing that makes sense: speed, format, wiring
    WRONG_KEY = 8  # ciphered, and the key does not open it
    NO_KEY = 9  # ciphered, and no key is configured
    REPLAYED = 10  # a counter that must grow did not: an old message, sent again
    WRONG_LAYOUT = 11  # valid messages in which the map finds nothing
    COLLISION = 12  # several instruments answer at one address
    OTHER_METER = 13  # another instrument than the configuration names
    REFUSED = 14  # the instrument answers with an error of its own
    SLEEPING = 15  # the instrument says that it has nothing to say (TIC without power)
    STUCK = 16  # a contact that does not open
    FAILED = 17  # a fault of this program
    WRONG_SETTINGS = 18  # the port does not take the speed or the format
    BAD_RECORDING = 19  # a recording that is damaged, empty or none
    NOT_INSTALLED = 20  # a library that this instrument needs is missing
    SATURATED = 21  # an input of a board is at its end: the truth is larger
    OVERRUN = 22  # a board has lost samples
    RESETTING = 23  # a board that comes to no rest
    OLD_FIRMWARE = 24  # a board that speaks another version of its lines
    NO_VOLTAGE = 25  # clamps carry current, and their board sees no voltage

    @property
    def words(self) -> str:
        """The condition for people."""
        return self.name.lower().replace("_", " ")


class LinkError(SubmeterError):
    """An instrument cannot be heard: its port is gone, cannot be opened, or nothing answers there.

    `condition` says which. A port that is not lost may stay open for other instruments on it.
    """

    def __init__(self, message: str, condition: Condition = Condition.NO_DEVICE) -> None:
        super().__init__(message)
        self.condition = condition

    @property
    def port_lost(self) -> bool:
        """Whether the port itself is gone, with every instrument on it."""
        return self.condition in _PORT


_PORT = {
    Condition.NO_DEVICE,
    Condition.BUSY,
    Condition.NO_PERMISSION,
    Condition.UNREACHABLE,
    Condition.WRONG_SETTINGS,
    Condition.BAD_RECORDING,
}


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
