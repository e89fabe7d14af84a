"""The state of a line has a hysteresis."""

from submeter.sources.tic.noise import Noise


def course(*shares: float) -> list[tuple[bool, bool]]:
    """Return whether the state changed, and the state, after 1000 groups of each share."""
    noise, good, bad = Noise(), 0, 0
    seen = []
    for share in shares:
        bad += round(1000 * share)
        good += 1000 - round(1000 * share)
        seen.append((noise.changed(good, bad), noise.noisy))
    return seen


def test_each_change_is_told_once() -> None:
    assert course(0, 0.06, 0.3, 0.06, 0, 0) == [
        (False, False),
        (True, True),
        (False, True),
        (False, True),
        (True, False),
        (False, False),
    ]


def test_between_the_limits_the_state_stays() -> None:
    assert [state for _, state in course(0.04, 0.05, 0.06, 0.03, 0.02, 0.01, 0.03)] == [
        False,
        False,
        True,
        True,
        True,
        False,
        False,
    ]


def test_few_groups_say_nothing() -> None:
    noise = Noise()
    assert not noise.changed(0, 199)
    assert noise.changed(0, 200)
    assert noise.noisy
    assert not noise.changed(100, 200)
    assert noise.changed(200, 200)
    assert not noise.noisy
