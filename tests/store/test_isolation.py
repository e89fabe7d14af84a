import logging
from typing import Any

import pytest

from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.pointmap import points
from submeter.store.isolation import Isolation
from tooling import meters

NOW = Instant(1.0, 1_790_000_000.0)


@pytest.fixture
def meter() -> Meter:
    return meters.meter("one", points.all_points().values(), ["Frequency"], 60.0)


def wrong(text: str = "wrong") -> int:
    raise ZeroDivisionError(text)


def right() -> int:
    return 7


def reason(meter: Meter) -> Any:
    return meter.readings["Meter_Error_Reason"].value


def test_a_fault_is_told_once_until_it_is_over(
    meter: Meter, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    isolation = Isolation()
    assert isolation.attempt("a", meter, NOW, right) == 7
    for number in range(3):
        assert isolation.attempt("a", meter, NOW, wrong, f"wrong {number}") is None
        assert reason(meter) == 4
        assert not isolation.is_whole(meter)
    assert caplog.text.count("event=meter_failed meter=one step=a") == 1
    assert "wrong 0" in caplog.text
    assert isolation.attempt("a", meter, NOW, right) == 7
    assert isolation.is_whole(meter)
    assert reason(meter) == 0
    assert caplog.text.count("event=meter_mended meter=one step=a") == 1
    isolation.attempt("a", meter, NOW, wrong)
    assert caplog.text.count("event=meter_failed") == 2


def test_it_is_over_when_every_step_is(meter: Meter) -> None:
    isolation = Isolation()
    isolation.attempt("a", meter, NOW, wrong)
    isolation.attempt("b", meter, NOW, wrong)
    isolation.attempt("c", meter, NOW, right)
    isolation.attempt("a", meter, NOW, right)
    assert reason(meter) == 4
    isolation.attempt("b", meter, NOW, right)
    assert reason(meter) == 0


def test_a_meter_that_cannot_even_be_told(meter: Meter, monkeypatch: pytest.MonkeyPatch) -> None:
    isolation = Isolation()
    monkeypatch.setattr(meter, "trouble", lambda *_: wrong())
    assert isolation.attempt("a", meter, NOW, wrong) is None
    assert isolation.attempt("a", meter, NOW, right) == 7
    assert isolation.is_whole(meter)
