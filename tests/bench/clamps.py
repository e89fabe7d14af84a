"""How exact clamps are, from known waveforms through the whole chain, and what they cost the host.

Waveforms with harmonics, inputs that drift and a mains that wanders, the converter of the RP2040
(12 bits, noise, the steps of erratum RP2040-E11), the sums of a board (a test proves them equal to
those of the firmware), its lines, and the host's decoder, follower and sums.
"""

import importlib
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from statistics import mean
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from submeter.sources.board.lines import LineDecoder
from submeter.sources.rp2040 import record
from submeter.sources.rp2040.energy_count import EnergyCount
from submeter.sources.rp2040.follower import Follower
from submeter.sources.rp2040.identity import Identity
from submeter.sources.rp2040.measured import Measured
from submeter.sources.rp2040.snapshot import Snapshots
from submeter.sources.rp2040.spectrum import Spectra, analyse
from tooling.board import line
from tooling.clamp_chain import RATE, identity, measured, snapshot
from tooling.clamp_sums import BoardSums
from tooling.clamp_waves import Signal, Waves, power

RANGE = 50.0  # A, 1.0 V at the input
LEVELS = (100, 40, 10, 4, 2, 1)  # % of it
FACTORS = {"1": 0.0, "0.5 ind": 60.0, "0.8 cap": -36.87}  # lag in degrees
HERTZ = (45.0, 50.0, 55.0, 60.0, 65.0)
QUICK_HERTZ = (50.0, 65.0)
SECONDS = 10
VOLTAGE = Signal(230, 0, {5: (0.03, 17), 7: (0.02, 57)})
_WANDER, _DRIFT = 0.002, 30.0  # Hz, and codes in an hour


class Errors(NamedTuple):
    """Of a clamp: in %, of Q in % of S, of the power factor in 1/1000."""

    current: float
    active: float
    reactive: float
    factor: float
    energy: float


class Found(NamedTuple):
    """Of a run: V in %, worst of 2 s in mHz, each clamp."""

    voltage: float
    frequency: float
    clamps: tuple[Errors, ...]


def run(quick: bool = False) -> None:
    """Print what the errors are, then a day of energy, then what it costs."""
    print(
        f"Clamps: error over {SECONDS} s, f worst of 2 s; 100 % are 1 V (rms) at the input;"
        "\n  U with 3 % h5 and 2 % h7, I with 20 % h3 and 10 % h5, inputs drift"
    )
    print("    Hz      PF        U %   f mHz   P %: " + "".join(f"{n:6d} %" for n in LEVELS))
    hertz = QUICK_HERTZ if quick else HERTZ
    worst: list[Errors] = [Errors(0, 0, 0, 0, 0)] * len(LEVELS)
    frequency = 0.0
    for each in hertz:
        for name, lag in FACTORS.items():
            found = _row(each, name, lag)
            worst = [_worse(a, b) for a, b in zip(worst, found.clamps, strict=True)]
            frequency = max(frequency, found.frequency)
    _summary(worst, frequency)
    _distortion(hertz)
    for name in ("clamp_day", "clamp_cost", "clamp_autocal"):
        if find_spec(f"{__package__}.{name}"):
            importlib.import_module(f"{__package__}.{name}").run(quick=quick)


def load(percent: float, lag: float) -> Signal:
    """Return a current of a share of the range, its crest the same with any lag."""
    return Signal(RANGE * percent / 100, lag, {3: (0.2, 29 - 3 * lag), 5: (0.1, 57 - 5 * lag)})


def _row(hertz: float, name: str, lag: float) -> Found:
    """Print the errors at one frequency and power factor; three levels are a board each."""
    parts = [_run(hertz, LEVELS[first : first + 3], lag, first) for first in (0, 3)]
    clamps = tuple(each for part in parts for each in part.clamps)
    found = Found(parts[0].voltage, max(part.frequency for part in parts), clamps)
    print(
        f"  {hertz:4.0f}  {name:8}  {found.voltage:+6.3f}  {found.frequency:6.2f}        "
        + "".join(f"{each.active:+8.3f}" for each in clamps),
        flush=True,
    )
    return found


def _run(hertz: float, levels: Sequence[int], lag: float, half: int) -> Found:
    loads = [load(level, lag) for level in levels]
    seed = 1000 * round(hertz) + 10 * round(lag % 360) + half
    waves = Waves(VOLTAGE, loads, hertz=hertz, wander=_WANDER, drift=_DRIFT, seed=seed)
    heard = list(_seconds(waves, identity(25 if hertz > 55 else 30)))
    pairs = zip(heard[::2], heard[1::2], strict=True)
    frequency = max(abs(a.apart + b.apart) / 2 for a, b in pairs)
    voltage = mean(each.measured.voltage or 0 for each in heard)
    return Found(
        100 * (voltage / VOLTAGE.total - 1),
        1000 * frequency,
        tuple(
            _errors(signal, [each.measured for each in heard], k) for k, signal in enumerate(loads)
        ),
    )


class _Second(NamedTuple):
    """What was measured, and by how many Hz the frequency was wrong."""

    measured: Measured
    apart: float


def _seconds(waves: Waves, who: Identity) -> Iterator[_Second]:
    """Yield what the host makes of the lines of SECONDS seconds."""
    sums, decoder, follower = BoardSums(who), LineDecoder(), Follower()
    for second in range(SECONDS + 1):
        begin = waves.frames
        data = line("S", sums.record(waves.take(RATE)))
        for said in decoder.feed(data):
            window = follower.take(record.read(said.content, who), float(second))
            if window:
                found = measured(window, who)
                apart = (found.frequency or 0) - waves.mean_hertz(begin, waves.frames)
                yield _Second(found, apart)


def _errors(signal: Signal, heard: Sequence[Measured], k: int) -> Errors:
    """Return the errors of a clamp over all that was heard."""
    truth, volts = power(VOLTAGE, signal), VOLTAGE.total
    clamps = [each.clamps[k] for each in heard]
    count, seconds = EnergyCount(), sum(each.seconds for each in heard)
    for clamp in clamps:
        count.take(clamp.energies, clamp.apparent_energy)
    counted = count.saved()["Active_Energy_Import"] / 1e6  # Ws
    return Errors(
        100 * (mean(each.current for each in clamps) / signal.total - 1),
        100 * (mean(each.active or 0 for each in clamps) / truth.real - 1),
        100 * (mean(each.reactive or 0 for each in clamps) - truth.imag) / abs(truth),
        1000 * (mean(each.factor or 0 for each in clamps) - truth.real / volts / signal.total),
        100 * (counted / truth.real / seconds - 1),
    )


def _worse(a: Errors, b: Errors) -> Errors:
    return Errors(*(max(abs(x), abs(y)) for x, y in zip(a, b, strict=True)))


def _summary(worst: Sequence[Errors], frequency: float) -> None:
    rows = {"I %": 0, "P %": 1, "Q % of S": 2, "PF, in 1/1000": 3, "energy %": 4}
    print("  the worst of these           " + "".join(f"{n:6d} %" for n in LEVELS))
    for name, place in rows.items():
        print(f"    {name:24}   " + "".join(f"{each[place]:8.3f}" for each in worst))
    high = max(each.active for each, level in zip(worst, LEVELS, strict=True) if level >= 4)
    low = worst[-1].active
    kept = high <= 0.1 and low <= 0.5 and frequency <= 1
    print(
        f"  P {high:.3f} % from 4 % up (aim 0.1), {low:.3f} % at 1 % (aim 0.5), f "
        f"{frequency:.2f} mHz (aim 1): {'kept' if kept else 'MISSED'}"
    )


def _distortion(hertz: Sequence[float]) -> None:
    """Print the worst error of THD in points, from snapshots."""
    print(f"  THD in %, worst error of U ({VOLTAGE.thd:.2f}) and I ({load(1, 0).thd:.2f})")
    errors: list[list[float]] = [[] for _ in LEVELS]
    voltage = []
    for each in hertz:
        for first in (0, 3):
            levels = LEVELS[first : first + 3]
            found = _spectra(each, levels)
            voltage.append(abs(found.voltage.thd - VOLTAGE.thd) if found.voltage else 100.0)
            for k, clamp in enumerate(found.clamps):
                if clamp:
                    errors[first + k].append(abs(clamp.thd - load(1, 0).thd))
    shown = "".join(f"{max(each):8.3f}" if each else "    none" for each in errors)
    print(f"    U {max(voltage):.3f}        I       {shown}")


def _spectra(hertz: float, levels: Sequence[int]) -> Spectra:
    who = identity(25 if hertz > 55 else 30)
    waves = Waves(VOLTAGE, [load(level, 60) for level in levels], hertz=hertz, seed=int(hertz))
    decoder, snapshots = LineDecoder(), Snapshots()
    for data in snapshot(waves, who):
        for said in decoder.feed(data):
            whole = snapshots.take(said.content, who)
            if whole:
                return analyse(whole, who)
    sys.exit("the lines of a snapshot are none")
