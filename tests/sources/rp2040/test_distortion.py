"""How long a waveform is known, and whose it is."""

import pytest

from submeter.meter.instant import Instant
from submeter.sources.rp2040.distortion import distortions
from submeter.sources.rp2040.spectrum import Spectra, Spectrum
from submeter.sources.rp2040.wiring import Around, Wiring
from tooling.clamp_records import IdealBoard
from tooling.clamp_source import UID, Bench

WIRING = Wiring("L1", (Around(1, "L1"), Around(2, "L2")), 50)
ONE = Spectrum(3.0, tuple(1 / order for order in range(2, 26)))
FOUND = distortions(Spectra(50.0, ONE, (ONE, None, None)), WIRING, Instant(100.0, 5.0))


@pytest.mark.parametrize(("period", "seconds"), [(10, 30), (2, 15), (60, 180)])
def test_it_is_known_for_three_snapshots_and_for_15_s_at_least(
    period: float, seconds: float
) -> None:
    assert FOUND.known(100 + seconds, period) == FOUND
    after = FOUND.known(100.1 + seconds, period)
    assert after.values == {}
    assert after.failed == FOUND.failed | FOUND.values.keys()
    assert {"THD_Current_L2", "THD_Voltage_L1", "Current_Harmonic_2_L1"} <= after.failed


async def test_a_waveform_of_another_layout_is_none_of_this_meter() -> None:
    bench = Bench({"board": UID, "clamp": {"current": 50}}, IdealBoard())
    async with bench.running():
        bench.live(2)
        (ear,) = bench.boards[""].ears
        ear.spectra(Spectra(50.0, None, (ONE,) * 4), bench.at)
        bench.live(1)
        assert "THD_Current_L1" not in bench.updates[-1].values
