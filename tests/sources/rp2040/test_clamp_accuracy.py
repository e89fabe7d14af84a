"""What waveforms, the converter, and the sums of a board come to, against what was there.

Harmonics, a mains that wanders and inputs that drift are always there; `make bench` prints more.
"""

import pytest

from submeter.sources.rp2040.measured import Measured
from tooling.clamp_chain import heard, identity, measured
from tooling.clamp_waves import Signal, Waves, power

VOLTAGE = Signal(230, 0, {5: (0.03, 17), 7: (0.02, 57)})
SHARES = (1.0, 0.04, 0.01)  # of the range
FACTORS = (0.0, 60.0, -36.87)  # degrees


def load(share: float, lag: float) -> Signal:
    """Return a current whose crest goes with its phase."""
    return Signal(50 * share, lag, {3: (0.2, 29 - 3 * lag), 5: (0.1, 57 - 5 * lag)})


def run(
    hertz: float, lag: float, seconds: int = 10, seed: int = 1
) -> tuple[Measured, list[Signal]]:
    loads = [load(share, lag) for share in SHARES]
    waves = Waves(VOLTAGE, loads, hertz=hertz, wander=0.002, drift=30, seed=seed)
    who = identity(25 if hertz > 55 else 30)
    return measured(heard(waves, who, seconds), who), loads


@pytest.mark.parametrize("lag", FACTORS)
@pytest.mark.parametrize("hertz", [45.0, 49.9, 50.0, 55.0, 60.0, 65.0])
def test_power_voltage_and_current(hertz: float, lag: float) -> None:
    found, loads = run(hertz, lag)
    assert found.voltage == pytest.approx(VOLTAGE.total, rel=2e-4)
    # Noise alone leaves 0.04 % at 1 % of the range in 10 s, twice that with a power factor of 0.5.
    for values, signal, most in zip(found.clamps, loads, (1e-3, 1e-3, 5e-3), strict=True):
        truth = power(VOLTAGE, signal)
        assert values.active == pytest.approx(truth.real, rel=most)
        assert values.reactive == pytest.approx(truth.imag, abs=5e-3 * abs(truth))
        assert values.current == pytest.approx(signal.total, rel=most)
        assert values.apparent == pytest.approx(VOLTAGE.total * signal.total, rel=most)
        factor = truth.real / VOLTAGE.total / signal.total
        assert values.factor == pytest.approx(factor, abs=most)


@pytest.mark.parametrize("hertz", [45.0, 49.98, 50.0, 60.0, 65.0])
def test_frequency_over_two_seconds(hertz: float) -> None:
    for seed in range(5):
        waves = Waves(VOLTAGE, [Signal(10)] * 3, hertz=hertz, seed=seed)
        found = measured(heard(waves, identity(), 2), identity())
        assert found.frequency == pytest.approx(hertz, abs=1e-3)


def test_a_clamp_around_nothing_shows_next_to_nothing() -> None:
    waves = Waves(VOLTAGE, [Signal(0.0)] * 3, drift=30)
    for values in measured(heard(waves, identity(), 10), identity()).clamps:
        assert values.active == pytest.approx(0, abs=0.4)  # W, of 11 500
        assert values.current < 0.02
