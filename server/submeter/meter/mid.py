"""MID_Certification_Valid: whether the index may be called that of a certified instrument."""

import datetime

from submeter.meter.alarm_settings import MidCertificate
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading


def certification(
    certificate: MidCertificate | None, now: Instant, passed_through: bool, intact: bool
) -> Reading:
    """Return the reading of MID_Certification_Valid, which is never absent.

    It is 1 only with a certificate that has not expired at `now` (it holds to the end of its last
    day, UTC), with an index that is `passed_through` unmodified, and while nothing that is sealed
    was changed: `intact`.
    """
    valid = certificate is not None and passed_through and intact and _holds(certificate, now)
    return Reading(int(valid), Quality.DERIVED, now)


def _holds(certificate: MidCertificate, now: Instant) -> bool:
    today = datetime.datetime.fromtimestamp(now.utc, datetime.UTC).date()
    return today <= datetime.date.fromisoformat(certificate.expires)
