"""What the configuration may say of a pulse input."""

from typing import Any

import pytest
from pydantic import ValidationError

from submeter.sources.pulse.settings import PulseSettings

GPIO = {"chip": "/dev/gpiochip0", "line": 17}


def made(**keys: Any) -> PulseSettings:
    return PulseSettings.model_validate({"gpio": GPIO, "weight": "1 Wh", **keys})


def test_the_usual_contact_needs_no_more_than_line_and_weight() -> None:
    settings = made()
    assert settings.gpio
    assert (settings.gpio.active_low, settings.gpio.bias, settings.gpio.debounce) == (
        True,
        "pull-up",
        20,
    )
    assert settings.power_point == "Active_Power_Total"
    assert settings.stuck_seconds == 60
    assert settings.most == pytest.approx(3600 * 25)


@pytest.mark.parametrize(
    ("point", "weight", "power"),
    [
        ("Reactive_Energy_Import", "1 varh", "Reactive_Power_Total"),
        ("Volume", "10 L", "Volume_Flow"),
        ("Heat_Energy", "1 kWh", "Heat_Power"),
        ("Active_Energy_Import_T1", "1 Wh", None),
    ],
)
def test_each_index_has_its_power_or_none(point: str, weight: str, power: str | None) -> None:
    assert made(point=point, weight=weight).power_point == power


def test_a_volume_may_rest_on_its_magnet() -> None:
    water = {"point": "Volume", "weight": "1 L"}
    assert made(**water).stuck_seconds is None
    assert made(**water, stuck=30).stuck_seconds == 30
    assert made(stuck=0).stuck_seconds is None


def test_the_face_is_taken_by_its_digits() -> None:
    assert made(initial=1234.567).face == 1_234_567_000
    assert made(initial=0.1).face == 100_000
    assert made(initial=5).face == 5_000_000


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"weight": "1 L"}, "is in kWh, and the weight '1 L' is not"),
        ({"weight": "some"}, "'some' is no weight of a pulse"),
        ({"point": "Frequency"}, "'Frequency' is no index"),
        ({"point": "Nothing"}, "'Nothing' is no index"),
        ({"power": "Volume_Flow"}, "'Volume_Flow' is no power in kW"),
        ({"gpio": None}, "one of 'gpio' and 'board'"),
        ({"board": {"port": "/dev/ttyACM0", "input": 1}}, "one of 'gpio' and 'board'"),
        ({"initial": -1}, "'initial' is from 0"),
        ({"initial": float("nan")}, "'initial' is from 0|finite"),
        ({"idle": 0}, "greater than or equal to 1"),
        ({"gpio": {**GPIO, "bias": "up"}}, "pull-up"),
        ({"lines": 1}, "Extra inputs"),
    ],
)
def test_what_cannot_be_is_told(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        made(**keys)
