"""A rating that is written is that of another clamp: what the old one was corrected by is void."""

import logging

import pytest

from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection
from submeter.sources.rp2040.scale import of_code
from tooling.clamp_records import IdealBoard
from tooling.clamp_source import UID, Bench

IMPORT = "Active_Energy_Import"
MWH = 2300 / 3.6  # of 10 A at 230 V in a second
SPAN = 4096 + 36


def amperes(primary: float) -> float:
    return of_code(primary, SPAN)


def rated(stamp: float | None) -> Bench:
    """Return a meter with 50 A clamps; the first was calibrated where a code was `stamp` A."""
    one = Bench({"board": UID}, IdealBoard())
    clamp = ClampCorrection(gain=1.1, phase=180, noise=2.0, leak_active=23.0, amperes=stamp)
    one.corrections.now = BoardCorrection(0.5, 0, (clamp, *NONE.clamps[1:]))
    one.source.rate(50, None)
    return one


async def test_a_new_rating_voids_and_the_old_one_counts_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = rated(amperes(50))
    shown = []
    with caplog.at_level(logging.INFO):
        async with one.running():
            one.live(2)
            for primary in (50, 100, 50):
                one.source.rate(primary, None)
                one.live(2)
                shown.append([one.value(each) for each in ("Current_L1", "Active_Power_L1")])
                assert one.value("Voltage_L1_N") == pytest.approx(115, rel=1e-3)
    leak = 0.023 * (115 / 230) ** 2
    assert shown[0] == pytest.approx([11, -2.3 * 0.55 - leak], rel=1e-3)
    assert shown[1] == pytest.approx([20, 4.6 * 0.5], rel=1e-3)
    assert shown[2] == pytest.approx(shown[0])
    told = [each.getMessage().split(" reason=")[0] for each in caplog.records]
    assert told == [
        f"event=calibration_void board={UID} clamp=1",
        f"event=calibration_valid board={UID} clamp=1",
    ]


async def test_indexes_go_on_by_other_increments() -> None:
    clamp = ClampCorrection(gain=1.1, amperes=amperes(50))
    one = rated(None)
    one.corrections.now = BoardCorrection(clamps=(clamp, *NONE.clamps[1:]))
    counted = []
    async with one.running():
        one.live(2)
        for primary in (50, 100, 50):
            one.source.rate(primary, None)
            for _ in range(2):
                before = one.value(IMPORT)
                one.live()
                counted.append((one.value(IMPORT) - before) / MWH)
    assert counted == pytest.approx([1.1, 1.1, 2, 2, 1.1, 1.1], rel=1e-3)


async def test_what_was_calibrated_before_ratings_were_noted_counts_at_any() -> None:
    one = rated(None)
    async with one.running():
        one.live(2)
        one.source.rate(100, None)
        one.live(1)
        assert one.value("Current_L1") == pytest.approx(22, rel=1e-3)


async def test_a_clamp_of_another_meter_at_the_board_is_left_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = rated(amperes(50))
    clamps = NONE.clamps[0], ClampCorrection(gain=1.2, amperes=1.0), *NONE.clamps[2:]
    one.corrections.now = BoardCorrection(clamps=clamps)
    with caplog.at_level(logging.INFO):
        async with one.running():
            one.live(3)
    assert not caplog.records


async def test_a_gap_counts_by_the_rating_and_the_calibration_of_before() -> None:
    one = rated(amperes(50))
    clamp = ClampCorrection(gain=1.1, amperes=amperes(50))
    one.corrections.now = BoardCorrection(clamps=(clamp, *NONE.clamps[1:]))
    async with one.running():
        one.live(3)
        one.live(58, lost=True)
        one.source.rate(100, None)
        before = one.value(IMPORT)
        one.live(1)
        assert (one.value(IMPORT) - before) / MWH == pytest.approx(59 * 1.1, rel=1e-3)
        one.live(1)
        assert (one.value(IMPORT) - before) / MWH == pytest.approx(59 * 1.1 + 2, rel=1e-3)
