"""What the simulated board says is what its scenes promise, and what the host would make of it."""

import cmath
import math

import pytest

from tooling.virtual_board import VirtualBoard, only

SPAN = 4096 + 36
VOLTS = 3.3 / SPAN * 230 / 0.75
AMPERES = 3.3 / SPAN * 100


@pytest.fixture(scope="module")
def steady() -> tuple[dict[str, list[int]], dict[str, list[int]]]:
    first, *_, last = only(VirtualBoard().go(5.1), "S")
    return first, last


def test_steady_is_steady(steady: tuple[dict[str, list[int]], dict[str, list[int]]]) -> None:
    first, last = ({**each} for each in steady)
    n = int(last["n"]) - int(first["n"])  # type: ignore[call-overload]
    sums = [b - a for a, b in zip(first["s"], last["s"], strict=True)]
    mean = sums[0] / n
    assert math.sqrt(sums[1] / n - mean**2 - 1.5) * VOLTS == pytest.approx(230, rel=3e-4)
    truth = [(20.0, 4600.0, 0.0), (10.0, 1150.0, 1991.86), (5.0, -1150.0, 0.0)]
    for clamp, (current, active, reactive) in enumerate(truth):
        of_clamp = sums[2 + 5 * clamp : 7 + 5 * clamp]
        square = of_clamp[1] / n - (of_clamp[0] / n) ** 2 - 1.5
        assert math.sqrt(square) * AMPERES == pytest.approx(current, rel=2e-3)
        p, q = ((of_clamp[k] - of_clamp[0] * mean) / n * VOLTS * AMPERES for k in (2, 4))
        skew = 2 * math.pi * 50 / 6000 * (clamp + 1) / 4  # the clamp is sampled after the voltage
        turned = complex(p, q) * cmath.exp(1j * skew)
        assert turned.real == pytest.approx(active, abs=4)
        assert turned.imag == pytest.approx(reactive, abs=4)


def test_every_scene_runs_and_is_alive() -> None:
    for profile in ("household", "pv", "currents"):
        board = VirtualBoard(profile)
        records = only(board.go(3.1, turn=50_000), "S")
        assert [each["q"] for each in records] == [1, 2, 3]
        assert records[-1]["c"] > 120, profile
        assert records[-1]["a"] == 1
        assert records[-1]["x"] == [0, 0, 0, 0]
        scene = board.hal.sampler._wave.scene
        seen = set()
        for second in range(4, 1200):
            scene.advance(second)
            seen.add(str(scene._taken))
        assert len(seen) >= (2 if profile == "currents" else 5), profile


def test_the_same_seed_plays_the_same() -> None:
    one, other = (VirtualBoard("household").go(2.1, turn=20_000) for _ in range(2))
    assert one == other
