"""Known voltages, currents and angles, exact records of them, and what is measured then."""

import cmath
import itertools
import math

import pytest

from submeter.sources.rp2040 import electrical
from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection
from submeter.sources.rp2040.measured import ClampValues
from submeter.sources.rp2040.record import between
from submeter.sources.rp2040.scale import of_code
from tooling.clamp_chain import measured, of_board, taken, window
from tooling.clamp_records import SCALE, IdealBoard, Load

LOADS = (Load(10.0), Load(5.0, 60.0), Load(8.0, -36.87))


@pytest.fixture(autouse=True)
def _without_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(electrical, "TYPICAL_NOISE", 0.0)


def power(volts: float, load: Load) -> complex:
    return volts * load.amperes * cmath.rect(1, math.radians(load.lag))


def complex_power(values: ClampValues) -> complex:
    assert values.active is not None
    assert values.reactive is not None
    return complex(values.active, values.reactive)


@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 0, 1, 2), (1, 3, 0, 2)])
@pytest.mark.parametrize("hertz", [45.0, 49.9, 50.0, 60.0, 65.0])
def test_measures_what_is_there_whatever_the_order_of_channels(
    order: tuple[int, ...], hertz: float
) -> None:
    board = IdealBoard(hertz=hertz, order=order, loads=LOADS, quarter=25 if hertz > 55 else 30)
    found = measured(window(board), of_board(board))
    assert found.voltage == pytest.approx(230, rel=1e-6)
    assert found.frequency == pytest.approx(hertz, abs=1e-5)
    for values, load in zip(found.clamps, LOADS, strict=True):
        truth = power(230, load)
        assert values.current == pytest.approx(load.amperes, rel=1e-6)
        assert complex_power(values) == pytest.approx(truth, abs=1e-5 * abs(truth))
        assert values.apparent == pytest.approx(abs(truth), rel=1e-6)
        assert values.factor == pytest.approx(truth.real / abs(truth), abs=1e-5)
        assert not values.saturated


@pytest.mark.parametrize("lag", [10.0, 100.0, 190.0, 280.0])
def test_energy_is_power_times_time_in_the_quadrant_of_the_power(lag: float) -> None:
    board = IdealBoard(loads=(Load(10.0, lag), Load(0.0), Load(0.0)))
    found = measured(window(board, 5), of_board(board))
    energies = found.clamps[0].energies
    quadrant = int(lag // 90)
    assert found.seconds == pytest.approx(5.0)
    assert energies[quadrant] == pytest.approx(power(230, Load(10.0, lag)) * 5, rel=1e-5)
    assert [each for place, each in enumerate(energies) if place != quadrant] == [0, 0, 0]
    assert found.clamps[0].factor == pytest.approx(math.cos(math.radians(lag)), abs=1e-5)


def test_a_quadrant_of_the_board_is_another_one_once_turned() -> None:
    # Channel 3 is sampled 2.25 degrees late: the board takes a lag of 1 degree for -1.25.
    board = IdealBoard(loads=(Load(0.0), Load(0.0), Load(10.0, 1.0)))
    what = window(board)
    assert what.quadrants[16] == 0
    assert what.quadrants[22] > 0
    energies = measured(what, of_board(board)).clamps[2].energies
    assert energies[0] == pytest.approx(power(230, Load(10.0, 1.0)), rel=1e-5)
    assert energies[3] == 0


def test_a_window_over_a_gap_keeps_what_went_each_way() -> None:
    board = IdealBoard(loads=(Load(10.0, 30.0), Load(0.0), Load(0.0)))
    before = taken(board, board.second())
    for lag in [30.0] * 3 + [200.0] * 7:
        board.loads[0] = Load(10.0, lag)
        content = board.second()
    found = measured(between(before, taken(board, content)), of_board(board))
    energies = found.clamps[0].energies
    assert energies[0] == pytest.approx(3 * power(230, Load(10.0, 30.0)), rel=1e-4)
    assert energies[2] == pytest.approx(7 * power(230, Load(10.0, 200.0)), rel=1e-4)
    assert energies[1] == energies[3] == 0


def test_apparent_energy_over_a_gap_is_no_more_than_there_was() -> None:
    board = IdealBoard(loads=(Load(20.0), Load(0.0), Load(0.0)))
    before = taken(board, board.second())
    for amperes in [20.0] * 2 + [0.0] * 8:
        board.loads[0] = Load(amperes)
        content = board.second()
    found = measured(between(before, taken(board, content)), of_board(board))
    assert found.clamps[0].apparent_energy == pytest.approx(2 * 230 * 20, rel=1e-4)
    assert measured(window(board, 2), of_board(board)).clamps[0].apparent_energy == 0


@pytest.mark.parametrize(("nominal", "lags"), [(50, (0, 40, 80)), (60, (0, 33, 67))])
@pytest.mark.parametrize("off", [-0.5, 0.0, 0.5])
def test_estimates_the_other_phases(nominal: int, lags: tuple[int, ...], off: float) -> None:
    # The current of L2 follows that of L1 by a third of a period, that of L3 by two.
    own = (Load(10.0, 20.0), Load(10.0, 20.0), Load(10.0, -40.0))
    loads = [Load(load.amperes, load.lag + 120 * k) for k, load in enumerate(own)]
    board = IdealBoard(
        hertz=nominal + off, lags=lags, loads=loads, quarter=30 if nominal == 50 else 25
    )
    found = measured(window(board), of_board(board), phases=(0, 1, 2), nominal=nominal)
    for values, load in zip(found.clamps, own, strict=True):
        assert complex_power(values) == pytest.approx(power(230, load), rel=1e-4)


def test_is_corrected_by_what_was_calibrated() -> None:
    loads = (Load(10.0, 185.0), Load(5.0, 0.0), Load(8.0, 30.0))
    clamps = (
        ClampCorrection(gain=1.02, phase=-180.0),
        ClampCorrection(leak_active=3.0, leak_reactive=-2.0),
        ClampCorrection(noise=40.0),
        ClampCorrection(),
    )
    correction = BoardCorrection(voltage=0.97, voltage_noise=25.0, clamps=clamps)
    board = IdealBoard(loads=loads)
    found = measured(window(board), of_board(board), correction)
    codes = 230 / of_code(SCALE.voltage, 4132)
    volts = 230 * 0.97 * math.sqrt(1 - 25 / codes**2)
    assert found.voltage == pytest.approx(volts, rel=1e-6)
    first, second, third = found.clamps
    assert complex_power(first) == pytest.approx(0.97 * 1.02 * power(230, Load(10, 5.0)), rel=1e-4)
    assert first.current == pytest.approx(10.2, rel=1e-6)
    leak = complex(3, -2) * (volts / 230) ** 2
    assert complex_power(second) == pytest.approx(0.97 * power(230, loads[1]) - leak, rel=1e-4)
    assert sum(second.energies) == pytest.approx(complex_power(second), rel=1e-6)
    codes = 8 / of_code(SCALE.current, 4132)
    assert third.current == pytest.approx(8 * math.sqrt(1 - 40 / codes**2), rel=1e-6)
    assert complex_power(third) == pytest.approx(0.97 * power(230, loads[2]), rel=1e-4)


def test_a_leak_grows_with_the_square_of_the_voltage() -> None:
    clamps = (ClampCorrection(leak_active=8.0),) * 4
    board = IdealBoard(volts=115.0, loads=LOADS)
    found = measured(window(board), of_board(board), BoardCorrection(clamps=clamps))
    assert found.clamps[0].active == pytest.approx(1150 - 2, rel=1e-5)


def test_a_leak_is_taken_out_of_the_energy_of_a_clamp_without_load() -> None:
    board = IdealBoard(loads=(Load(0.0), Load(0.0), Load(0.02, 10.0)))
    seen = measured(window(board, 4), of_board(board)).clamps[2]
    assert seen.active is not None
    assert seen.reactive is not None
    clamps = [ClampCorrection()] * 2 + [
        ClampCorrection(leak_active=seen.active, leak_reactive=seen.reactive)
    ]
    correction = BoardCorrection(clamps=(*clamps, ClampCorrection()))
    energies = measured(window(board, 4), of_board(board), correction).clamps[2].energies
    assert sum(map(abs, energies)) < 0.01


def test_noise_is_taken_out_even_if_nobody_measured_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(electrical, "TYPICAL_NOISE", 1.5)
    codes = math.sqrt(1.5)
    board = IdealBoard(loads=(Load(codes * of_code(SCALE.current, 4132)), Load(0.0), Load(5.0)))
    found = measured(window(board), of_board(board))
    assert found.clamps[0].current == pytest.approx(0, abs=0.01)
    assert found.clamps[1].current == 0
    assert found.clamps[2].current == pytest.approx(5, rel=1e-4)


def test_apparent_power_is_no_less_than_active(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(electrical, "TYPICAL_NOISE", 1.5)
    board = IdealBoard(loads=(Load(0.2), Load(0.2, 180.0), Load(0.2, 90.0)))
    first, second, third = measured(window(board), of_board(board)).clamps
    assert first.active == first.apparent == pytest.approx(46, rel=1e-4)
    assert (first.factor, second.factor) == (1, -1)
    assert third.apparent == pytest.approx(46, rel=0.06)
    board = IdealBoard(loads=(Load(0.03),) * 3)  # below the noise
    first = measured(window(board), of_board(board)).clamps[0]
    assert first.active == pytest.approx(6.9, rel=1e-3)
    assert (first.current, first.apparent, first.factor) == (0, 0, None)


def test_the_phase_of_a_correction_turns_forwards() -> None:
    board = IdealBoard(loads=LOADS)
    correction = BoardCorrection(clamps=(ClampCorrection(phase=3.0),) * 4)
    for values, load in zip(
        measured(window(board), of_board(board), correction).clamps, LOADS, strict=True
    ):
        truth = power(230, Load(load.amperes, load.lag + 3))
        assert complex_power(values) == pytest.approx(truth, rel=1e-5)


def test_what_inputs_rest_at_is_no_power() -> None:
    """A hundredth of the range of the clamps, at inputs that rest a hundred codes off."""
    loads = (Load(0.5), Load(0.5, 60.0), Load(0.5, 200.0))
    board = IdealBoard(loads=loads, rest=(100.0, -100.0, 100.0, 60.0))
    found = measured(window(board), of_board(board))
    assert found.voltage == pytest.approx(230, rel=1e-5)
    for values, load in zip(found.clamps, loads, strict=True):
        truth = power(230, load)
        assert values.current == pytest.approx(0.5, rel=1e-4)
        assert complex_power(values) == pytest.approx(truth, abs=1e-4 * abs(truth))


def test_without_any_voltage_current_is_known_and_power_is_not() -> None:
    board = IdealBoard(volts=0.0, loads=LOADS)
    found = measured(window(board), of_board(board))
    assert found.frequency is None
    assert found.voltage == pytest.approx(0, abs=0.01)
    for values, load in zip(found.clamps, LOADS, strict=True):
        assert (values.active, values.reactive, values.apparent, values.factor) == (None,) * 4
        assert (values.energies, values.apparent_energy) == ((0, 0, 0, 0), 0)
        assert values.current == pytest.approx(load.amperes, rel=1e-5)


def test_what_was_there_before_the_voltage_went_is_measured() -> None:
    board = IdealBoard(loads=LOADS)
    found = measured(window(board, 3)._replace(mains=False), of_board(board))
    assert found.frequency is None
    assert found.clamps[0].active == pytest.approx(2300, rel=1e-5)
    assert sum(found.clamps[0].energies) == pytest.approx(3 * 2300, rel=1e-5)


def test_frequency_is_none_while_the_mains_is_lost() -> None:
    board = IdealBoard()
    what = window(board)
    assert measured(what, of_board(board)).frequency == pytest.approx(50)
    assert measured(what._replace(mains=False), of_board(board)).frequency is None


def test_no_power_factor_without_apparent_power() -> None:
    board = IdealBoard(loads=(Load(0.0),) * 3)
    first = measured(window(board), of_board(board)).clamps[0]
    assert (first.apparent, first.factor) == (0, None)
    assert first.active == pytest.approx(0, abs=1e-3)


def test_four_clamps_give_currents_alone() -> None:
    loads = (Load(1.0), Load(2.0), Load(3.0), Load(4.0))
    board = IdealBoard(layout="4i", order=(3, 2, 1, 0), loads=loads)
    before = taken(board, board.second())
    board.saturated[1] += 1
    what = between(before, taken(board, board.second()))
    found = measured(what, of_board(board))
    assert found.voltage is None
    assert found.frequency == pytest.approx(50)
    assert [each.current for each in found.clamps] == pytest.approx([1, 2, 3, 4], rel=1e-5)
    assert [each.saturated for each in found.clamps] == [False, False, True, False]
    for each in found.clamps:
        assert (each.active, each.reactive, each.apparent, each.factor) == (None,) * 4
        assert (each.energies, each.apparent_energy) == ((), None)


def test_four_clamps_are_corrected() -> None:
    board = IdealBoard(layout="4i", loads=(Load(1.0), Load(2.0), Load(3.0), Load(4.0)))
    gains = (1.05, 0.9, 1.0, 1.2)
    correction = BoardCorrection(voltage=2.0, clamps=tuple(map(ClampCorrection, gains)))
    found = measured(window(board), of_board(board), correction)
    currents = [each.current for each in found.clamps]
    assert currents == pytest.approx([1.05, 1.8, 3.0, 4.8], rel=1e-4)


def test_an_input_at_its_end_marks_its_clamp_and_the_voltage_marks_all() -> None:
    board = IdealBoard(order=(3, 0, 1, 2))
    before = taken(board, board.second())
    board.saturated[1] += 7
    middle = taken(board, board.second())
    board.saturated[3] += 1
    after = taken(board, board.second())
    one = measured(between(before, middle), of_board(board))
    every = measured(between(middle, after), of_board(board))
    assert [each.saturated for each in one.clamps] == [False, True, False]
    assert not one.saturated
    assert [each.saturated for each in every.clamps] == [True] * 3
    assert every.saturated


def test_the_true_rate_scales_frequency_and_time() -> None:
    board = IdealBoard()
    found = measured(window(board, 10), of_board(board), rate=6000.6)
    assert found.frequency == pytest.approx(50.005, abs=1e-6)
    assert found.seconds == pytest.approx(10 / 1.0001)
    assert found.clamps[0].active == pytest.approx(2300, rel=1e-5)


def test_what_was_not_sampled_is_not_measured() -> None:
    board = IdealBoard()
    what = window(board)._replace(frames=0)
    for ask in (
        lambda: measured(what, of_board(board)),
        lambda: electrical.raw(what, of_board(board), SCALE, 6000.0, 50, (0, 0, 0)),
    ):
        with pytest.raises(ValueError, match="nothing was sampled"):
            ask()


@pytest.mark.parametrize("length", [0, 10, 10**12])
def test_cycles_that_cannot_be_are_none(length: int) -> None:
    board = IdealBoard(loads=LOADS)
    found = measured(window(board)._replace(length=length), of_board(board))
    assert found.frequency is None
    assert found.clamps[1].active == pytest.approx(575, rel=1e-4)


def test_raw_is_by_the_ratings_alone() -> None:
    board = IdealBoard(order=(3, 0, 1, 2), loads=LOADS)
    grown = electrical.raw(window(board, 4), of_board(board), SCALE, 6000.0, 50, (0, 0, 0))
    assert grown.seconds == pytest.approx(4)
    assert grown.voltage_square == pytest.approx(4 * 230**2, rel=1e-6)
    assert grown.volts == of_code(SCALE.voltage, 4132)
    assert grown.saturated == 0
    for clamp, load in zip(grown.clamps, LOADS, strict=True):
        assert clamp.energy == pytest.approx(4 * power(230, load), rel=1e-4)
        assert clamp.amperes**2 * clamp.square == pytest.approx(4 * load.amperes**2, rel=1e-5)
    board.saturated[2] += 1
    before = taken(board, board.second())
    board.saturated[2] += 1
    what = between(before, taken(board, board.second()))
    for clamps, seconds in (((1, 2, 3, 4), 1), ((3,), 1), ((1, 2), 0), ((), 0)):
        grown = electrical.raw(what, of_board(board), SCALE, 6000.0, 50, (0, 0, 0), clamps)
        assert grown.saturated == pytest.approx(seconds), clamps
    first = what._replace(saturated=(0, 0, 0, 1))  # the voltage
    grown = electrical.raw(first, of_board(board), SCALE, 6000.0, 50, (0, 0, 0), (2,))
    assert grown.saturated == pytest.approx(1)
    four = IdealBoard(layout="4i", loads=(Load(1.0),) * 4)
    grown = electrical.raw(window(four), of_board(four), SCALE, 6000.0, 50, (0, 0, 0))
    assert (grown.voltage_square, grown.volts, len(grown.clamps)) == (None, None, 4)
    assert grown.clamps[0].amperes ** 2 * grown.clamps[0].square == pytest.approx(1, rel=1e-4)


def test_uncorrected_is_the_same_as_raw() -> None:
    for order in itertools.permutations(range(4)):
        board = IdealBoard(order=order, loads=LOADS)
        what = window(board, 2)
        seen = measured(what, of_board(board), NONE)
        grown = electrical.raw(what, of_board(board), SCALE, 6000.0, 50, (0, 0, 0))
        for values, clamp in zip(seen.clamps, grown.clamps, strict=True):
            assert sum(values.energies) == pytest.approx(clamp.energy)
