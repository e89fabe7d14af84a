"""When the certificate of the instrument counts for the index that is served."""

import datetime

import pytest

from submeter.meter.alarm_settings import MidCertificate
from submeter.meter.instant import Instant
from submeter.meter.mid import certification
from submeter.meter.reading import Quality

CERTIFICATE = MidCertificate(number="DE-23-MI003-1", expires="2033-02-28")


def day(text: str) -> Instant:
    return Instant(5.0, datetime.datetime.fromisoformat(text).timestamp())


TODAY = day("2030-01-01T12:00:00+00:00")


def test_valid() -> None:
    reading = certification(CERTIFICATE, TODAY, passed_through=True, intact=True)
    assert reading == (1, Quality.DERIVED, TODAY)


@pytest.mark.parametrize(
    ("certificate", "passed_through", "intact"),
    [(None, True, True), (CERTIFICATE, False, True), (CERTIFICATE, True, False)],
)
def test_invalid_never_absent(
    certificate: MidCertificate | None, passed_through: bool, intact: bool
) -> None:
    reading = certification(certificate, TODAY, passed_through, intact)
    assert reading == (0, Quality.DERIVED, TODAY)


def test_it_holds_to_the_end_of_its_last_day() -> None:
    last = day("2033-02-28T23:59:59+00:00")
    assert certification(CERTIFICATE, last, True, True).value == 1
    assert certification(CERTIFICATE, day("2033-03-01T00:00:00+00:00"), True, True).value == 0
