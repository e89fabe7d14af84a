"""Which records of several boards belong together."""

import pytest

from submeter.meter.instant import Instant
from submeter.sources.rp2040.measured import Measured
from submeter.sources.rp2040.share import Share
from submeter.sources.rp2040.three_boards import Round, Rounds
from submeter.sources.rp2040.wiring import Wiring


def share(name: str) -> Share:
    return Share(name, Wiring(None, (), 50), 1.0, Measured(1, 230, 50, (), saturated=False), ())


class Told:
    """Rounds that were told records by their names: `L1 3` is the third of L1."""

    def __init__(self, *boards: str) -> None:
        self._rounds = Rounds(boards or ("L1", "L2", "L3"))
        self.last: Round | None = None

    def __call__(self, name: str, second: float) -> str | None:
        phase = name.split(maxsplit=1)[0]
        self.last = self._rounds.take(phase, share(name), Instant(second, 0))
        if self.last is None:
            return None
        names = ", ".join(each.uid for each in self.last.shares.values())
        return f"{names}{'' if self.last.whole else ' ...'}"


def test_a_round_ends_with_the_last_board_in_whatever_order() -> None:
    tell = Told()
    assert tell("L2 1", 1.0) is tell("L1 1", 1.2) is None
    assert tell("L3 1", 1.7) == "L1 1, L2 1, L3 1"
    assert tell.last
    assert tell.last.at.mono == 1.7
    assert tell("L1 2", 2.0) is tell("L3 2", 2.2) is None
    assert tell("L2 2", 2.7) == "L1 2, L2 2, L3 2"


def test_a_lone_board_waits_for_nobody() -> None:
    tell = Told("")
    rounds = Rounds([""])
    assert [rounds.take("", share("x"), Instant(n, 0)) is not None for n in range(3)] == [True] * 3
    assert tell.last is None


def test_who_is_missing_is_not_replaced_by_what_it_said_before() -> None:
    tell = Told()
    for name in ("L1 1", "L2 1", "L3 1", "L1 2", "L2 2"):
        tell(name, 1.0)
    assert tell("L1 3", 2.0) == "L1 2, L2 2 ..."
    assert tell("L2 3", 2.1) is None
    assert tell("L1 4", 3.0) == "L1 3, L2 3 ..."


@pytest.mark.parametrize(("second", "ended"), [(2.9, None), (3.1, "L1 1 ...")])
def test_what_is_old_does_not_wait_for_what_is_new(second: float, ended: str | None) -> None:
    tell = Told()
    tell("L1 1", 1.0)
    assert tell("L2 9", second) == ended


def test_boards_whose_seconds_slip_past_one_another_miss_one_round() -> None:
    tell = Told()
    told = []
    for number in range(60):
        late = 0.97 + number * 0.002  # C falls behind, past the next A
        for phase, after in (("L1", 0.0), ("L2", 0.5), ("L3", late)):
            told.append((number + after, f"{phase} {number}"))
    ends = [tell(name, second) for second, name in sorted(told)]
    assert sum(each is not None and not each.endswith("...") for each in ends) >= 58
    assert sum(each is not None and each.endswith("...") for each in ends) <= 1
