"""Each kind of trouble is told once, until it stays away for a while."""

import pytest

from submeter.errors import Condition
from submeter.sources.dlms.complaints import MANY, QUIET, Complaints


class Clock:
    now = 5.0

    def __call__(self) -> float:
        return self.now


def test_troubles_in_turn_are_told_once_each(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    complaints = Complaints("one", clock)
    for _ in range(300):
        complaints.good()
        clock.now += QUIET - 1
        complaints.tell(Condition.WRONG_KEY, "the key opens nothing")
        complaints.tell(Condition.REPLAYED, "sent before")
    assert caplog.messages == [
        'event=dlms_trouble source=one reason="the key opens nothing"',
        'event=dlms_trouble source=one reason="sent before"',
    ]


@pytest.mark.parametrize(
    ("seconds", "good", "told"), [(QUIET, MANY, 2), (QUIET - 1, MANY, 1), (3600, MANY - 1, 1)]
)
def test_a_trouble_that_stayed_away_is_told_again(
    caplog: pytest.LogCaptureFixture, seconds: float, good: int, told: int
) -> None:
    clock = Clock()
    complaints = Complaints("one", clock)
    complaints.tell(Condition.NO_KEY, "it ciphers")
    clock.now += seconds
    for _ in range(good):
        complaints.good()
    complaints.tell(Condition.NO_KEY, "it ciphers")
    assert len(caplog.messages) == told
