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


INTERNAL = Fault(0, 25)  # device, operational-problem
INVALID_CONFIGURATION = Fault(0, 46)  # device, invalid-configuration-data
UNKNOWN_OBJECT = Fault(1, 31)
NO_COV_OF_OBJECT = Fault(1, 45)  # object, optional-functionality-not-supported
NO_ALARM = Fault(1, 74)  # object, no-alarm-configured
UNKNOWN_PROPERTY = Fault(2, 32)
WRITE_ACCESS_DENIED = Fault(2, 40)
VALUE_OUT_OF_RANGE = Fault(2, 37)
INVALID_DATA_TYPE = Fault(2, 9)
INVALID_ARRAY_INDEX = Fault(2, 42)
NO_COV_OF_PROPERTY = Fault(2, 44)  # property, not-cov-property
NOT_AN_ARRAY = Fault(2, 50)
CHARACTER_SET = Fault(2, 41)  # property, character-set-not-supported
NOT_INITIALIZED = Fault(2, 72)
NO_SPACE = Fault(3, 19)  # resources, no-space-to-add-list-element
PASSWORD_FAILURE = Fault(4, 26)  # security
INVALID_EVENT_STATE = Fault(5, 73)  # services
INVALID_TIME_STAMP = Fault(5, 14)  # services
NOT_A_LIST = Fault(5, 22)  # services, property-is-not-a-list
NOT_SUPPORTED = Fault(5, 45)  # services, optional-functionality-not-supported
