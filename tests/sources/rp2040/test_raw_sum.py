"""What a calibration is told of a board: sums since the start, by one rating."""

from submeter.meter.instant import Instant
from submeter.sources.rp2040.raw import RawClampGrowth, RawGrowth
from submeter.sources.rp2040.raw_sum import RawSum
from submeter.sources.rp2040.wiring import Around, Wiring

WIRING = Wiring("L1", (Around(2, "L1"), Around(1, "N")), 50)
AT = Instant(1.0, 2.0)


def growth(amperes: float = 0.5, volts: float = 0.25) -> RawGrowth:
    clamps = tuple(RawClampGrowth(number + 1j, 10.0 * number, amperes) for number in (1, 2, 3))
    return RawGrowth(1.5, 100.0, volts, 0.5, clamps)


def test_everything_adds_up() -> None:
    told = RawSum(WIRING)
    for _ in range(3):
        told.add("e660", growth(), AT)
    found = told.board
    assert found
    assert (found.uid, found.at, found.volts) == ("e660", AT, 0.25)
    assert (found.seconds, found.voltage_square, found.saturated) == (4.5, 300.0, 1.5)
    assert found.clamps == ((2, "L1", 6 + 3j, 60.0, 0.5), (1, "N", 3 + 3j, 30.0, 0.5))


def test_another_board_or_rating_begins_anew() -> None:
    told, seconds = RawSum(WIRING), []
    for uid, amperes, volts in (
        ("e660", 0.5, 0.25), ("e660", 0.5, 0.25), ("e660", 1.0, 0.25), ("e660", 1.0, 0.3),
        ("e661", 1.0, 0.3),
    ):  # fmt: skip
        told.add(uid, growth(amperes, volts), AT)
        assert told.board
        assert told.board.clamps[0].amperes == amperes
        seconds.append((told.board.seconds, told.board.clamps[0].square, told.board.saturated))
    assert seconds == [(1.5, 20, 0.5), (3.0, 40, 1.0), *[(1.5, 20, 0.5)] * 3]


def test_four_clamps_have_no_voltage() -> None:
    told = RawSum(Wiring(None, (Around(1, "L1"),), 50))
    for _ in range(2):
        told.add("e660", growth()._replace(voltage_square=None, volts=None), AT)
    assert told.board
    assert (told.board.voltage_square, told.board.seconds) == (None, 3.0)
