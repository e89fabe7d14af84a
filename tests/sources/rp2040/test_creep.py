from submeter.sources.rp2040.creep import quiet
from tooling.clamp_chain import measured, of_board, window
from tooling.clamp_records import IdealBoard, Load


def test_below_the_threshold_nothing_flows_at_all() -> None:
    board = IdealBoard(loads=(Load(0.09, 200.0), Load(0.15), Load(5.0)))
    small, large, _ = measured(window(board), of_board(board)).clamps
    none = quiet(small._replace(saturated=True), 0.1)
    assert small.active != 0
    assert (none.current, none.active, none.reactive, none.apparent) == (0, 0, 0, 0)
    assert (none.factor, none.energies, none.apparent_energy) == (None, (0, 0, 0, 0), 0)
    assert none.saturated
    assert quiet(large, 0.1) is large
    assert quiet(large, large.current) is large


def test_nothing_flows_whether_there_is_a_voltage_or_not() -> None:
    board = IdealBoard(volts=0.0, loads=(Load(0.06), Load(5.0), Load(0.0)))
    small, large, _ = measured(window(board), of_board(board)).clamps
    none = quiet(small, 0.1)
    assert (none.current, none.active, none.apparent, none.energies) == (0, 0, 0, (0,) * 4)
    assert quiet(large, 0.1).active is None


def test_without_voltage_what_is_not_known_stays_so() -> None:
    board = IdealBoard(layout="4i", loads=(Load(0.05),) * 4)
    none = quiet(measured(window(board), of_board(board)).clamps[0], 0.1)
    assert none.current == 0
    assert (none.active, none.apparent, none.energies) == (None, None, ())
    assert none.apparent_energy is None
