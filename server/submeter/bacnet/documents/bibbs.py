"""Interoperability building blocks: what a device may claim, from the services that it executes."""

from collections.abc import Collection, Iterator
from typing import NamedTuple


class Bibb(NamedTuple):
    """One block of ASHRAE 135, annex K, and what its B side needs.

    `confirmed` and `unconfirmed` are services to be executed, `needs` a type of object. `key` is
    the one of the configuration without which the services are not served.
    """

    name: str
    title: str
    confirmed: tuple[int, ...] = ()
    unconfirmed: tuple[int, ...] = ()
    needs: int | None = None
    key: str = ""


CONTROL = "DM-DCC-B"

_NOTIFICATION_CLASS = 15
_PASSWORD, _TIME = "bacnet.password", "bacnet.time_synchronization"
_BIBBS = (
    Bibb("DS-RP-B", "Data Sharing - ReadProperty - B", (12,)),
    Bibb("DS-RPM-B", "Data Sharing - ReadPropertyMultiple - B", (14,)),
    Bibb("DS-WP-B", "Data Sharing - WriteProperty - B", (15,)),
    Bibb("DS-WPM-B", "Data Sharing - WritePropertyMultiple - B", (16,)),
    Bibb("DS-COV-B", "Data Sharing - COV - B", (5,)),
    Bibb("DS-COVP-B", "Data Sharing - COVP - B", (28,)),
    Bibb("AE-N-I-B", "Alarm and Event - Notification Internal - B", needs=_NOTIFICATION_CLASS),
    Bibb("AE-ACK-B", "Alarm and Event - ACK - B", (0,)),
    Bibb("AE-ASUM-B", "Alarm and Event - Alarm Summary - B", (3,)),
    Bibb("AE-INFO-B", "Alarm and Event - Information - B", (29,)),
    Bibb("DM-DDB-B", "Device Management - Dynamic Device Binding - B", (), (8,)),
    Bibb("DM-DOB-B", "Device Management - Dynamic Object Binding - B", (), (7,)),
    Bibb(CONTROL, "Device Management - DeviceCommunicationControl - B", (17,), key=_PASSWORD),
    Bibb("DM-RD-B", "Device Management - ReinitializeDevice - B", (20,), key=_PASSWORD),
    Bibb("DM-TS-B", "Device Management - TimeSynchronization - B", (), (6,), key=_TIME),
    Bibb("DM-UTC-B", "Device Management - UTCTimeSynchronization - B", (), (9,), key=_TIME),
)
# 135-2016, annex L: what each profile asks for, the greater one first.
_PROFILES = (
    (
        "B-ASC",
        "BACnet Application Specific Controller",
        {"DS-RP-B", "DS-WP-B", "DM-DDB-B", "DM-DOB-B", CONTROL},
    ),
    ("B-SS", "BACnet Smart Sensor", {"DS-RP-B", "DM-DDB-B", "DM-DOB-B"}),
)


def claimed(
    confirmed: Collection[int], unconfirmed: Collection[int], types: Collection[int]
) -> Iterator[Bibb]:
    """Yield the blocks of a device with these services and types of objects."""
    for bibb in _BIBBS:
        served = set(bibb.confirmed) <= set(confirmed) and set(bibb.unconfirmed) <= set(unconfirmed)
        if served and (bibb.needs is None or bibb.needs in types):
            yield bibb


def conditional() -> dict[str, list[str]]:
    """Return the names of the blocks that need a key of the configuration, by the key."""
    found: dict[str, list[str]] = {}
    for bibb in _BIBBS:
        if bibb.key:
            found.setdefault(bibb.key, []).append(bibb.name)
    return found


def profile(names: Collection[str]) -> tuple[str, str]:
    """Return abbreviation and name of the greatest profile whose blocks are all in `names`."""
    for short, title, needed in _PROFILES:
        if needed <= set(names):
            return short, title
    return "none", "no standardized profile"
