"""The one translation of a reading's quality into reliability and status flags."""

from typing import NamedTuple

from bacpypes3.basetypes import Reliability, StatusFlags

from submeter.bacnet.image import encode
from submeter.meter.reading import Quality


class Trust(NamedTuple):
    """The images of the properties Reliability and Status_Flags."""

    reliability: bytes
    status_flags: bytes


def _trust(reliability: str) -> Trust:
    fault = int(reliability != "noFaultDetected")
    return Trust(encode(Reliability(reliability)), encode(StatusFlags([0, fault, 0, 0])))


_GOOD = _trust("noFaultDetected")
UNRELIABLE = _trust("unreliableOther")
_TRUST = {
    Quality.MEASURED: _GOOD,
    Quality.DERIVED: _GOOD,
    Quality.ESTIMATED: _GOOD,
    Quality.STALE: _trust("communicationFailure"),
    Quality.FAILED: UNRELIABLE,
    Quality.ABSENT: _trust("noSensor"),
}


def trust(quality: Quality) -> Trust:
    """Return how far BACnet clients may trust a reading of this quality."""
    return _TRUST[quality]
