"""What the configuration may say of the demand."""

from typing import Any

import pytest
from pydantic import ValidationError

from submeter.meter.demand_settings import DemandSettings


def test_defaults() -> None:
    assert DemandSettings().window == "sliding"
    assert DemandSettings().subinterval == 1


@pytest.mark.parametrize(
    "wrong", [{"window": "rolling"}, {"subinterval": 7}, {"subinterval": 0}, {"interval": 15}]
)
def test_what_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        DemandSettings(**wrong)
