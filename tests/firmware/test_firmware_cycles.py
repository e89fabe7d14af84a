"""Cycles are cut, and nothing is lost between them: against a slow model, frame by frame."""

import math
import random
from array import array
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tooling.firmware_ring import MASK, MIDDLE, Frame, Pieces, drained, settings_of


def wave(
    seconds: float, parts: list[tuple[float, float, float]], seed: int = 1, rest: int = 2040
) -> list[Frame]:
    """Return frames; parts are (until s, amplitude, Hz), the currents follow with a lag."""
    dice, phase, frames = random.Random(seed), 0.0, []
    for k in range(int(6000 * seconds)):
        amplitude, hertz = next((part[1:] for part in parts if k < 6000 * part[0]), parts[-1][1:])
        phase += 2 * math.pi * hertz / 6000
        sizes = ((1.0, 0.0), (0.4, 0.3), (0.02, 1.0), (0.6, 2.5))
        frames.append(
            tuple(
                round(rest + size * amplitude * math.sin(phase - late) + dice.gauss(0, 1.2))
                for size, late in sizes
            )
        )
    return frames


class Truth(NamedTuple):
    frames: int
    cycles: int
    length: int
    sums: list[int]
    pieces: Pieces


def model(frames: list[Frame], said: dict[str, Any]) -> Truth:
    """Do as docs/firmware.md says, with one frame after the other."""
    pieces: list[tuple[list[int], int]] = []  # frames of each, and its length as a cycle
    level, armed, begun, crossed = 16 * MIDDLE, False, False, None
    piece: list[int] = []
    voltage = said["order"][0]
    for k in range(151, len(frames)):
        code, held = 16 * frames[k][voltage], crossed is not None and len(piece) < 75
        ends, length, high = False, 0, not held and armed and code >= level + 16 * 64
        if high:
            armed = False
            ends = any(16 * frames[k - j][voltage] < level - 16 * 64 for j in range(1, 31))
        if high and not ends:  # no mains rises so slowly
            crossed = None
        elif high:
            low = next(j for j in range(k, 0, -1) if 16 * frames[j - 1][voltage] < level) - 1
            before, after = 16 * frames[low][voltage], 16 * frames[low + 1][voltage]
            place = 4096 * low + min(4096, (level - before) * 4096 // (after - before))
            if crossed is not None and len(piece) <= 150:
                length = place - crossed
            crossed = place
        elif not held and code < level - 16 * 64:
            armed = True
        whole = crossed is not None
        if not ends and len(piece) == 400:
            ends, crossed = True, None
        if ends:
            if piece and (begun or crossed is None):  # what is before the first crossing is dropped
                pieces.append((piece, length))
                if length or (len(piece) == 400 and not whole):
                    mean = 16 * sum(frames[each][voltage] for each in piece) // len(piece)
                    level += (mean - level) >> 3
            piece, begun = [], True
        piece.append(k)
    return _summed(frames, pieces, said)


def _summed(
    frames: list[Frame], pieces: list[tuple[list[int], int]], said: dict[str, Any]
) -> Truth:
    v, *clamps = said["order"]
    sums = [0] * 17
    told: Pieces = []

    def code(k: int, channel: int) -> int:
        return frames[k][channel] - MIDDLE

    for piece, length in pieces:
        square = sum(code(k, v) ** 2 for k in piece)
        told.append((len(piece), length, 65536 * square // (length or 4096 * len(piece))))
        sums[0] += sum(code(k, v) for k in piece)
        sums[1] += square
        for number, clamp in enumerate(clamps):
            first, lag = 2 + 5 * number, said["lags"][number]
            sums[first] += sum(code(k, clamp) for k in piece)
            sums[first + 1] += sum(code(k, clamp) ** 2 for k in piece)
            for place, delay in enumerate((lag, lag + 1, lag + said["quarter"])):
                sums[first + 2 + place] += sum(code(k, clamp) * code(k - delay, v) for k in piece)
    lengths = [length for _, length in pieces if length]
    return Truth(sum(len(p) for p, _ in pieces), len(lengths), sum(lengths), sums, told)


CASES: dict[str, tuple[list[tuple[float, float, float]], dict[str, Any]]] = {
    "mains": ([(9.0, 1300.0, 50.03)], {}),
    "60 Hz, lags, order": (
        [(9.0, 1500.0, 60.0)],
        {"quarter": 25, "lags": [0, 33, 67], "order": [3, 1, 0, 2]},
    ),
    "nothing": ([(9.0, 0.0, 50.0)], {}),
    "lost and back": ([(0.4, 1300.0, 50.0), (0.7, 0.0, 50.0), (9.0, 1300.0, 50.0)], {}),
    "breaks down": (
        [(0.4, 1300.0, 50.0), (0.413, 1300.0, 50.0), (0.456, 0.0, 0.0), (9.0, 1300.0, 50.0)],
        {},
    ),
    "a gap": ([(0.4, 1300.0, 50.0), (0.45, 0.0, 50.0), (9.0, 900.0, 49.0)], {}),
    "slow": ([(0.3, 1300.0, 50.0), (0.8, 1300.0, 20.0), (9.0, 1300.0, 12.0)], {}),
    "lags of 120": ([(9.0, 2000.0, 45.0)], {"lags": [120, 120, 120]}),
}


def test_sums_and_cycles_are_those_of_the_model() -> None:
    for name, (parts, changes) in CASES.items():
        said = settings_of(**changes)
        frames = wave(1.1, parts)
        truth = model(frames, said)
        summed, pieces = drained(frames, [24, 25, 1, 300], said)
        assert (summed.frames, summed.cycles, summed.length) == truth[:3], name
        assert summed.totals() == truth.sums, name
        assert pieces == truth.pieces, name


@settings(max_examples=12, deadline=None)
@given(st.lists(st.integers(1, 900), min_size=1, max_size=8), st.sampled_from(sorted(CASES)))
def test_how_the_ring_is_drained_makes_no_difference(sizes: list[int], name: str) -> None:
    parts, changes = CASES[name]
    frames, said = wave(0.5, parts), settings_of(**changes)
    one, pieces = drained(frames, [24], said)
    other, others = drained(frames, sizes, said)
    assert (one.frames, one.cycles, one.length) == (other.frames, other.cycles, other.length)
    assert one.totals() == other.totals()
    assert one.extremes() == other.extremes()
    assert pieces == others


def test_the_frequency_is_exact() -> None:
    for hertz in (45.0, 49.987, 50.0, 60.013, 65.0):
        _, pieces = drained(wave(3.0, [(9.0, 1300.0, hertz)]), [24], settings_of())
        lengths = [length for _, length, _ in pieces if length][int(hertz / 2) :]
        assert abs(6000 * 4096 * len(lengths) / sum(lengths) - hertz) < 0.001


@pytest.mark.parametrize("hertz", [50.0, 65.0])
def test_a_voltage_that_breaks_down_makes_no_cycles(hertz: float) -> None:
    """Its fall, in the negative half, is no rise through the middle, nor is its return."""
    for broken in (0.313, 0.317):
        for gap in (0.008, 0.02, 0.05, 0.077):
            for rest in (2035, 2040, 2045):  # below and above the middle that it had
                frames = wave(0.6, [(9.0, 1300.0, hertz)])
                begin, end = int(6000 * broken), int(6000 * (broken + gap))
                frames[begin:end] = wave(gap + 0.01, [(9.0, 0.0, 50.0)], rest=rest)[: end - begin]
                _, pieces = drained(frames, [24], settings_of())
                lengths = [length / 4096 for _, length, _ in pieces if length]
                assert len(lengths) >= int(0.55 * hertz) - 7
                assert all(abs(each - 6000 / hertz) < 1 for each in lengths), (broken, gap, rest)


def test_what_two_cycles_do_not_tell_is_held_back() -> None:
    """Two rises within an eightieth of a second are one: the voltage had a notch."""
    frames = wave(0.5, [(9.0, 1300.0, 50.0)])
    for first in range(600, 2400, 120):  # from -1 % to 60 % of the cycle
        for k in (50, 51, 52):
            frames[first + k] = (1900, *frames[first + k][1:])
    _, pieces = drained(frames, [24], settings_of())
    assert {frames for frames, length, _ in pieces if length} <= {119, 120, 121}
    for hertz, whole in ((76.0, True), (88.0, False)):
        _, pieces = drained(wave(0.5, [(9.0, 1300.0, hertz)]), [24], settings_of())
        lengths = {round(length / 4096) for _, length, _ in pieces if length}
        assert lengths == ({79} if whole else {136}), hertz


def test_extremes_are_those_of_cycles_and_begin_anew() -> None:
    frames = wave(1.0, [(0.5, 1300.0, 50.0), (9.0, 1000.0, 50.0)])
    summed, _ = drained(frames, [24], settings_of())
    least, most = summed.extremes()
    assert abs(least / (16 * 1000**2 / 2 + 16 * 26**2) - 1) < 0.005
    assert abs(most / (16 * 1300**2 / 2 + 16 * 26**2) - 1) < 0.005
    assert summed.extremes() == [0, 0]


def test_no_cycle_goes_over_a_break() -> None:
    frames = wave(0.5, [(9.0, 1300.0, 50.0)])
    summed, _ = drained(frames, [24], settings_of())
    count, frames_before, length = summed.cycles, summed.frames, summed.length
    summed.begin()
    ring = array("H", [0] * (MASK + 1))
    for k, frame in enumerate(frames):
        for channel in range(4):
            ring[4 * k + channel] = frame[channel]
    summed.take(ring, 0, len(frames), MASK)
    assert summed.cycles == 2 * count
    assert abs(summed.frames - 2 * frames_before) <= 1
    assert abs(summed.length - 2 * length) < 4096  # the middle is known better by now


def test_four_clamps_are_cut_by_the_strongest() -> None:
    said = settings_of(layout="4i", order=[1, 2, 3, 0])
    frames = wave(3.5, [(9.0, 1300.0, 50.0)])
    summed, pieces = drained(frames, [24], said)
    assert said["order"][summed._first // 2] == 0
    late = pieces[len(pieces) // 2 :]
    assert all(length for _, length, _ in late)
    assert all(square is None for _, _, square in late)
    assert abs(sum(length for _, length, _ in late) / len(late) / 4096 - 120) < 0.01
    codes = [frame[0] - MIDDLE for frame in frames[151 : 151 + summed.frames]]
    assert abs(summed.totals()[7] / sum(code * code for code in codes) - 1) < 0.01


def test_four_clamps_without_current_give_no_cycles() -> None:
    said = settings_of(layout="4i")
    summed, pieces = drained(wave(2.5, [(9.0, 0.0, 50.0)]), [24], said)
    assert summed.cycles == 0
    assert {frames for frames, _, _ in pieces} == {400}
