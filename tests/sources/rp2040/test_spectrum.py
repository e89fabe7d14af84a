import numpy as np
import pytest

from submeter.sources.rp2040.identity import Identity
from submeter.sources.rp2040.snapshot import Waveform
from submeter.sources.rp2040.spectrum import Spectra, analyse
from tooling.clamp_chain import identity
from tooling.clamp_sums import linear
from tooling.clamp_waves import Signal, Waves

VOLTAGE = Signal(230, 0, {5: (0.03, 17), 7: (0.02, 57)})  # THD 3.606 %
CURRENT = {3: (0.2, 29), 5: (0.1, 57)}  # THD 22.36 %


def waveform(waves: Waves, who: Identity, frames: int = 1400) -> Waveform:
    codes = linear(waves.take(frames), who.steps)
    return Waveform(0, frames, codes.astype("<u2").tobytes())


def spectra(
    currents: tuple[float, float, float] = (40.0, 8.0, 1.0), hertz: float = 50.0, seed: int = 1
) -> Spectra:
    loads = [Signal(each, lag, CURRENT) for each, lag in zip(currents, (0, 60, -40), strict=True)]
    who = identity()
    return analyse(waveform(Waves(VOLTAGE, loads, hertz=hertz, seed=seed), who), who)


@pytest.mark.parametrize("hertz", [45.0, 47.3, 49.9, 50.0, 55.0, 60.02, 65.0])
def test_distortion_is_right_at_any_frequency_and_level(hertz: float) -> None:
    found = spectra(hertz=hertz)
    assert found.frequency == pytest.approx(hertz, abs=0.002)
    assert found.voltage is not None
    assert found.voltage.thd == pytest.approx(3.606, abs=0.05)
    assert found.voltage.harmonics[3] == pytest.approx(3, abs=0.03)
    assert found.voltage.harmonics[5] == pytest.approx(2, abs=0.03)
    for clamp, allowed in zip(found.clamps, (0.1, 0.15, 0.5), strict=True):
        assert clamp is not None  # the last one has a peak of 35 codes
        assert clamp.thd == pytest.approx(22.36, abs=allowed)
        assert clamp.harmonics[1] == pytest.approx(20, abs=allowed)
        assert len(clamp.harmonics) == 24


def test_a_small_current_is_right_on_average() -> None:
    thd = []
    for seed in range(12):
        found = spectra((0.85, 5.0, 5.0), seed=seed).clamps[0]  # a peak of 30 codes
        assert found is not None
        thd.append(found.thd)
    assert np.mean(thd) == pytest.approx(22.36, abs=0.15)


def test_noise_is_no_distortion() -> None:
    waves = Waves(Signal(230), [Signal(3.0)] * 3, steps=False)
    found = [analyse(waveform(waves, identity()), identity()) for _ in range(6)]
    # 1.2 codes on a peak of 106: 0.4 % if it were taken for harmonics.
    squares = [each.clamps[0].thd ** 2 for each in found if each.clamps[0]]
    assert np.mean(squares) < 0.2**2


def test_nothing_is_said_of_what_is_too_small_or_not_there() -> None:
    found = spectra((0.4, 0.0, 5.0))
    assert [each is None for each in found.clamps] == [True, True, False]
    who = identity()
    dead = analyse(waveform(Waves(Signal(0), [Signal(9, 0, CURRENT)] * 3), who), who)
    assert dead == Spectra(None, None, (None, None, None))


def test_nothing_is_said_of_what_is_cut_off() -> None:
    found = spectra((75.0, 40.0, 40.0))
    assert found.clamps[0] is None
    assert found.clamps[1] is not None


def test_channels_are_found_by_the_order() -> None:
    who = identity(order=(3, 1, 0, 2))
    waves = Waves(
        VOLTAGE, [Signal(9), Signal(9, 0, CURRENT), Signal(9, 0, {9: (0.1, 0)})], order=who.order
    )
    found = analyse(waveform(waves, who), who)
    assert found.voltage is not None
    assert found.voltage.thd == pytest.approx(3.606, abs=0.05)
    assert [round(each.thd) for each in found.clamps if each] == [0, 22, 10]


def test_four_clamps_go_by_the_strongest_one() -> None:
    who = identity(order=(1, 0, 2, 3))._replace(layout="4i")
    # Channel 1, which is clamp 1 here, carries nothing.
    waves = Waves(Signal(20), [Signal(0), Signal(20, 0, CURRENT), Signal(5)])
    found = analyse(waveform(waves, who), who)
    assert found.voltage is None
    assert found.frequency == pytest.approx(50, abs=0.01)
    assert found.clamps[0] is None
    assert found.clamps[2] is not None
    assert found.clamps[2].thd == pytest.approx(22.36, abs=0.2)


@pytest.mark.parametrize("hertz", [20.0, 36.0, 75.0, 90.0])
def test_what_is_no_mains_has_no_spectrum(hertz: float) -> None:
    assert spectra(hertz=hertz) == Spectra(None, None, (None, None, None))


@pytest.mark.parametrize("frames", [1, 2, 200, 500])
def test_a_short_waveform_says_nothing(frames: int) -> None:
    who = identity()
    assert analyse(waveform(Waves(VOLTAGE, [Signal(9)] * 3), who, frames), who).voltage is None


@pytest.mark.parametrize("kind", ["flat", "noise", "extremes"])
def test_garbage_has_no_spectrum(kind: str) -> None:
    random = np.random.default_rng(3)
    codes = {
        "flat": np.full((1400, 4), 2066),
        "noise": random.integers(0, 60, (1400, 4)) + 2000,
        "extremes": random.choice([0, 4131], (1400, 4)),
    }[kind]
    found = analyse(Waveform(0, 1400, codes.astype("<u2").tobytes()), identity())
    assert found.voltage is None
    assert found.clamps == (None, None, None)
