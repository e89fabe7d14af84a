from submeter.meter.instant import Instant
from submeter.store.clock_trust import ASK_EVERY, STEADY, ClockTrust


def at(second: float, step: float = 0.0) -> Instant:
    return Instant(50.0 + second, 1_790_000_000.0 + second + step)


class Service:
    """A time service with a say."""

    def __init__(self, says: bool | None) -> None:
        self.says = says
        self.asked = 0

    def is_right(self) -> bool | None:
        self.asked += 1
        return self.says


def test_a_service_that_vouches_for_the_clock_is_believed() -> None:
    service = Service(True)
    trust = ClockTrust(service.is_right)
    assert not trust.sure(at(0)), "it was never looked at"
    assert trust.take(at(0)) is None
    assert trust.sure(at(0))


def test_without_one_an_hour_without_a_step_is_enough() -> None:
    for says in (None, False):
        service = Service(says)
        trust = ClockTrust(service.is_right)
        trust.take(at(0))
        assert not trust.sure(at(STEADY - 1))
        assert trust.sure(at(STEADY))
        assert trust.take(at(STEADY + 1, 100.0)) == 100.0
        assert not trust.sure(at(STEADY + 1, 100.0))
        assert not trust.sure(at(2 * STEADY, 100.0))
        assert trust.sure(at(2 * STEADY + 1, 100.0))


def test_a_step_is_asked_about_at_once() -> None:
    service = Service(True)
    trust = ClockTrust(service.is_right)
    trust.take(at(0))
    assert trust.sure(at(1))
    service.says = False
    trust.take(at(2, 3600.0))
    assert not trust.sure(at(2, 3600.0))


def test_it_is_asked_once_a_minute_and_never_after_the_hour() -> None:
    service = Service(False)
    trust = ClockTrust(service.is_right)
    for second in range(int(2 * STEADY)):
        trust.take(at(second))
        trust.sure(at(second))
        trust.sure(at(second))
    assert service.asked == STEADY / ASK_EVERY
