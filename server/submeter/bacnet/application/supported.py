"""Protocol_Services_Supported: true because it is made of the services that are there."""

from collections.abc import Iterable

from submeter.bacnet import encoding

# ASHRAE 135, clause 21, BACnetServicesSupported: confirmed services have the bit of their own
# number, unless they were added after the unconfirmed ones had got theirs.
_CONFIRMED = {26: 35, 27: 37, 28: 38, 29: 39, 30: 41, 31: 42, 32: 44, 33: 45}
_FIRST_ADDED = 26
_UNCONFIRMED = {
    **{service: 26 + service for service in range(9)},
    9: 36,
    10: 40,
    11: 43,
    12: 46,
    13: 47,
    14: 48,
}
_BITS = 44  # as of protocol revision 19


def services_supported(confirmed: Iterable[int], unconfirmed: Iterable[int]) -> bytes:
    """Return the application-tagged BIT STRING of these service choices.

    Raises KeyError for a service that has no bit.
    """
    executed = {each if each < _FIRST_ADDED else _CONFIRMED[each] for each in confirmed}
    executed |= {_UNCONFIRMED[each] for each in unconfirmed}
    length = max([_BITS, *(bit + 1 for bit in executed)])
    return encoding.bits([bit in executed for bit in range(length)])
