"""Dips, swells, and mains that comes and goes."""

from typing import Any

from tooling.firmware import load

Told = tuple[str, int, dict[str, int]]
CYCLE, NORMAL = 120 * 4096, 16_000_000


class Mains:
    """Pieces of the voltage, and what is told of them."""

    def __init__(self) -> None:
        self.told: list[Told] = []
        self.events = load("core.events").Events(6000, self._tell)

    def _tell(self, kind: str, frames: int, values: Any) -> None:
        self.told.append((kind, frames, dict(values)))

    def cycles(self, count: int, share: float = 1.0) -> list[Told]:
        for _ in range(count):
            self.events.piece(120, CYCLE, int(NORMAL * share * share))
        return self._new()

    def silence(self, pieces: int = 1, frames: int = 400) -> list[Told]:
        for _ in range(pieces):
            self.events.piece(frames, 0, 30)
        return self._new()

    def _new(self) -> list[Told]:
        told, self.told = self.told, []
        return told


def test_a_dip_is_told_once_it_is_over() -> None:
    mains = Mains()
    assert mains.cycles(200) == []
    assert mains.cycles(3, 0.85) + mains.cycles(2, 0.7) + mains.cycles(1, 0.915) == []
    assert mains.cycles(1, 0.95) == [
        ("dip", 7 * 120, {"v": int(NORMAL * 0.7 * 0.7), "r": NORMAL, "d": 6 * CYCLE})
    ]
    assert mains.cycles(100) == []


def test_a_swell_too() -> None:
    mains = Mains()
    mains.cycles(200)
    assert mains.cycles(4, 1.2) + mains.cycles(2, 1.09) == []
    [(kind, ago, values)] = mains.cycles(1, 1.07)
    assert (kind, ago, values["d"]) == ("swell", 7 * 120, 6 * CYCLE)


def test_what_stays_near_is_none_nor_is_slow_drift() -> None:
    mains = Mains()
    assert mains.cycles(200) + mains.cycles(50, 0.91) + mains.cycles(200, 1.0) == []
    for step in range(100):
        assert mains.cycles(20, 1 - 0.003 * step) == []


def test_a_level_that_stays_becomes_the_reference() -> None:
    mains = Mains()
    mains.cycles(200)
    told = mains.cycles(60 * 50 + 10, 0.8)
    assert [each[0] for each in told] == ["dip"]
    assert told[0][2]["d"] == 60 * 6000 * 4096
    mains.cycles(100, 0.8)
    assert mains.cycles(2, 0.6) + mains.cycles(1, 0.8) != []


def test_mains_that_is_lost_is_no_dip() -> None:
    mains = Mains()
    mains.cycles(200)
    assert mains.events.mains
    assert mains.silence() == []
    assert mains.silence() == [("lost", 800, {})]
    assert not mains.events.mains
    assert mains.silence(20) + mains.cycles(1) == []
    assert mains.cycles(1) == [("back", 0, {})]
    assert mains.events.mains
    assert mains.cycles(100) == []


def test_a_short_gap_is_a_dip() -> None:
    mains = Mains()
    mains.cycles(200)
    assert mains.silence(1, 360) == []
    [(kind, ago, values)] = mains.cycles(1)
    assert (kind, ago, values["d"]) == ("dip", 480, 360 * 4096)


def test_of_clamps_alone_nothing_is_told() -> None:
    mains = Mains()
    for _ in range(3):
        for _ in range(60):
            mains.events.piece(120, CYCLE, None)
        assert mains.events.mains
        for _ in range(3):
            mains.events.piece(400, 0, None)
        assert not mains.events.mains
    assert mains.told == []


def test_a_voltage_is_compared_once_fifty_cycles_are_known() -> None:
    for known, kinds in ((50, []), (51, ["dip"])):  # the first one is not yet mains
        mains = Mains()
        told = mains.cycles(known) + mains.cycles(1, 0.8) + mains.cycles(1)
        assert [each[0] for each in told] == kinds


def test_it_is_compared_with_the_last_seconds() -> None:
    mains = Mains()
    mains.cycles(2000)
    mains.cycles(400, 0.95)  # three times the memory of 128
    assert mains.cycles(3, 0.87) + mains.cycles(1, 0.95) == []
    mains = Mains()
    mains.cycles(2000)
    mains.cycles(30, 0.95)
    assert mains.cycles(3, 0.87) + mains.cycles(1, 0.95) != []


def test_two_silences_with_a_cycle_between_are_no_lost_mains() -> None:
    mains = Mains()
    mains.cycles(20)
    assert mains.silence() + mains.cycles(1) + mains.silence() == []
    assert mains.events.mains
    assert mains.silence(1, 200) == [("lost", 600, {})]
