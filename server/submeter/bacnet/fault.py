"""Why a property is refused: BACnet error classes and codes (ASHRAE 135, 18.3)."""

from typing import NamedTuple


class Fault(NamedTuple):
    """An error class and an error code, both below 256."""

    error_class: int
    code: int

    @property
    def image(self) -> bytes:
        """The two application-tagged enumerations of the production `Error`."""
        return bytes((0x91, self.error_class, 0x91, self.code))


UNKNOWN_OBJECT = Fault(1, 31)
UNKNOWN_PROPERTY = Fault(2, 32)
WRITE_ACCESS_DENIED = Fault(2, 40)
INVALID_ARRAY_INDEX = Fault(2, 42)
NOT_AN_ARRAY = Fault(2, 50)
NOT_INITIALIZED = Fault(2, 72)
