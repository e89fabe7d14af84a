"""What the configuration may say of alarms, of the rating and of a certificate."""

from typing import Any

import pytest
from pydantic import ValidationError

from submeter.meter.alarm_settings import AlarmSettings, MidCertificate, Rating


def test_everything_has_a_default() -> None:
    settings = AlarmSettings()
    assert settings.phase_loss.below == 50
    assert settings.current_unbalance.min_load == 10
    assert Rating().voltage == 230
    assert Rating().current is Rating().power is None


def test_whole_numbers_are_numbers() -> None:
    assert AlarmSettings.model_validate({"phase_loss": {"below": 60}}).phase_loss.below == 60


@pytest.mark.parametrize(
    "wrong",
    [
        {"phase_loss": {"below": 0}},
        {"phase_loss": {"hysteresis": 0}},
        {"phase_loss": {"on_delay": -1}},
        {"overload": {"hysteresis": "5"}},
        {"overload": {"threshold": 100}},
        {"voltage_unbalance": {"hysteresis": 1}},
        {"current_unbalance": {"above": 5}},
        {"current_unbalance": {"min_load": 101}},
        {"energy_direction": {"deadband": 0}},
        {"phase_sequence": {"tolerance": 60}},
        {"tamper": {}},
    ],
)
def test_what_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AlarmSettings.model_validate(wrong)


@pytest.mark.parametrize("wrong", [{"current": 0}, {"voltage": 12}, {"power": -3}])
def test_ratings_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rating.model_validate(wrong)


def test_a_certificate_has_a_number_and_a_day() -> None:
    certificate = MidCertificate(number="DE-23-MI003-1", expires="2033-02-28")
    assert certificate.expires == "2033-02-28"


@pytest.mark.parametrize("expires", ["2033-02-29", "28.02.2033", "20330228", "2033-2-28", ""])
def test_days_that_cannot_be(expires: str) -> None:
    with pytest.raises(ValidationError):
        MidCertificate(number="1", expires=expires)
    with pytest.raises(ValidationError):
        MidCertificate(number="", expires="2033-02-28")
