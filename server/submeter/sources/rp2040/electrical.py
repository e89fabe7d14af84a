"""From what a board counted over a window to volts, amperes, watts and their energies."""

import cmath
import math
from collections.abc import Collection, Sequence

from submeter.sources.rp2040.correction import BoardCorrection
from submeter.sources.rp2040.energy_count import quadrant
from submeter.sources.rp2040.identity import Identity
from submeter.sources.rp2040.measured import ClampValues, Measured
from submeter.sources.rp2040.power import Products, Turn, of_fundamental, of_products
from submeter.sources.rp2040.raw import RawClampGrowth, RawGrowth
from submeter.sources.rp2040.record import Window
from submeter.sources.rp2040.scale import Scale, of_code

TYPICAL_NOISE = 1.5
"""Mean square in codes^2 of a converter at rest whose own nobody measured: 1.2 codes, and the 1/12
of rounding. Five boards had 0.97 to 1.36 codes."""

_LEAK_AT = 230.0  # V
_SHORTEST, _LONGEST = 75, 200  # frames of a cycle that a board takes for one
SHORT = 3  # records, within which U x I of the means is the mean of U x I


def measure(
    window: Window,
    identity: Identity,
    correction: BoardCorrection,
    scale: Scale,
    rate: float,
    nominal_frequency: int,
    phases: Sequence[int],
) -> Measured:
    """Return what `window` says, corrected; raises ValueError if nothing was sampled in it.

    `rate` is how many frames a second there are in truth. `phases[k]` is by how many thirds of a
    period the conductor of clamp k + 1 follows the phase whose voltage is measured: power is then
    that with the voltage of its own phase, were that one alike. Where no voltage was seen all along
    the powers of a clamp are None, and its energies 0.
    """
    if window.frames <= 0:
        raise ValueError("nothing was sampled")
    if identity.layout == "4i":
        return _four(window, identity, correction, scale, rate)
    volts = correction.voltage * of_code(scale.voltage, identity.span)
    voltage = volts * _rms(window, 0, correction.voltage_noise)
    blind = bool(window.saturated[identity.order[0]])
    turns = _turns(window, identity, nominal_frequency, phases)
    seconds = window.frames / rate
    clamps = []
    for k, clamp in enumerate(correction.clamps[:3]):
        amperes = of_code(scale.current, identity.span)
        energies = _energies(
            window,
            k,
            turns[k],
            volts * amperes * clamp.gain * cmath.rect(1.0, math.radians(clamp.phase)) / rate,
            complex(clamp.leak_active, clamp.leak_reactive) * (voltage / _LEAK_AT) ** 2 * seconds,
        )
        current = amperes * clamp.gain * _rms(window, 2 + 5 * k, clamp.noise)
        over = blind or bool(window.saturated[identity.order[k + 1]])
        if not (window.mains or window.cycles):
            clamps.append(_unknown(current, over))
            continue
        clamps.append(_clamp(window, energies, voltage, seconds, current, over))
    return Measured(seconds, voltage, _frequency(window, rate), tuple(clamps), blind)


def raw(
    window: Window,
    identity: Identity,
    scale: Scale,
    rate: float,
    nominal_frequency: int,
    phases: Sequence[int],
    clamps: Collection[int] = (1, 2, 3, 4),
) -> RawGrowth:
    """Return what `window` says by the ratings alone; parameters and error as of `measure`.

    Of the inputs at their end only those of `clamps`, by number, count, and that of the voltage.
    """
    if window.frames <= 0:
        raise ValueError("nothing was sampled")
    seconds = window.frames / rate
    amperes = of_code(scale.current, identity.span)
    inputs = _inputs(identity, clamps)
    over = seconds if any(window.saturated[channel] for channel in inputs) else 0.0
    if identity.layout == "4i":
        squares = [_variance(window, 2 * k) * seconds for k in range(4)]
        four = tuple(RawClampGrowth(0j, each, amperes) for each in squares)
        return RawGrowth(seconds, None, None, over, four)
    volts = of_code(scale.voltage, identity.span)
    turns = _turns(window, identity, nominal_frequency, phases)
    three = tuple(
        RawClampGrowth(
            sum(_energies(window, k, turns[k], complex(volts * amperes / rate), 0j)),
            _variance(window, 2 + 5 * k) * seconds,
            amperes,
        )
        for k in range(3)
    )
    return RawGrowth(seconds, volts**2 * _variance(window, 0) * seconds, volts, over, three)


def _inputs(identity: Identity, clamps: Collection[int]) -> list[int]:
    """Return the channels of `clamps`, by number, and of the voltage."""
    if identity.layout == "4i":
        return [identity.order[number - 1] for number in clamps]
    return [identity.order[0], *(identity.order[number] for number in clamps if number < 4)]


def _four(
    window: Window, identity: Identity, correction: BoardCorrection, scale: Scale, rate: float
) -> Measured:
    amperes = of_code(scale.current, identity.span)
    clamps = [
        ClampValues(
            amperes * clamp.gain * _rms(window, 2 * k, clamp.noise),
            *(None, None, None, None),
            energies=(),
            saturated=bool(window.saturated[identity.order[k]]),
        )
        for k, clamp in enumerate(correction.clamps[:4])
    ]
    seconds = window.frames / rate
    return Measured(seconds, None, _frequency(window, rate), tuple(clamps), saturated=False)


def _unknown(current: float, over: bool) -> ClampValues:
    """Return the values of a clamp whose board sees no voltage, which may be there all the same."""
    return ClampValues(
        current,
        *(None, None, None, None),
        energies=(0j, 0j, 0j, 0j),
        saturated=over,
        apparent_energy=0.0,
    )


def _clamp(
    window: Window,
    energies: tuple[complex, ...],
    voltage: float,
    seconds: float,
    current: float,
    over: bool,
) -> ClampValues:
    """Return the values of a clamp.

    Noise may let U x I be less than P, which it never is: then P is both.
    Over many records U x I would take a load that came and went for a steady one, which has more
    apparent energy: then it is what the four energies are at least.
    """
    power = sum(energies) / seconds
    apparent = max(voltage * current, abs(power.real)) if current else 0.0
    steady = window.records <= SHORT
    return ClampValues(
        current=current,
        active=power.real,
        reactive=power.imag,
        apparent=apparent,
        factor=power.real / apparent if apparent else None,
        energies=energies,
        saturated=over,
        apparent_energy=apparent * seconds if steady else sum(map(abs, energies)),
    )


def _energies(
    window: Window, k: int, turn: Turn, unit: complex, leak: complex
) -> tuple[complex, complex, complex, complex]:
    """Return the energies of the quadrants, `unit` times the sums of a clamp, without `leak`.

    The sums by quadrant are of two products, the whole is known better from three: the difference
    is shared out by size. What the board took for one quadrant may be another one in truth.
    """
    sums = [window.quadrants[8 * k + place] for place in range(8)]
    parts = [of_fundamental(a, q, turn) * unit for a, q in zip(sums[::2], sums[1::2], strict=True)]
    products = _products(window, k)
    better = of_products(products, turn) - of_fundamental(products.lag, products.quarter, turn)
    more = better * window.frames * unit - leak
    size = sum(map(abs, parts))
    shares = [abs(part) / size if size else 0.0 for part in parts]
    found = [0j] * 4
    for part, share in zip(parts, shares, strict=True):
        energy = part + more * share
        found[quadrant(energy)] += energy
    return found[0], found[1], found[2], found[3]


def _products(window: Window, k: int) -> Products:
    first = 2 + 5 * k
    offset = window.sums[0] * window.sums[first] / window.frames
    lag, following, quarter = (
        (each - offset) / window.frames for each in window.sums[first + 2 : first + 5]
    )
    return Products(lag, following, quarter)


def _turns(
    window: Window, identity: Identity, nominal: int, phases: Sequence[int]
) -> tuple[Turn, ...]:
    """Return the angles of each clamp, by the frequency in frames: the true rate is no matter."""
    frame = 2 * math.pi / (_cycle(window) or identity.rate / nominal)
    first, *others = identity.order
    return tuple(
        Turn(
            frame * (lag + (channel - first) / 4) - 2 * math.pi * third / 3,
            frame,
            frame * identity.quarter,
        )
        for lag, channel, third in zip(identity.lags, others, phases, strict=True)
    )


def _frequency(window: Window, rate: float) -> float | None:
    cycle = _cycle(window)
    return rate / cycle if window.mains and cycle else None


def _cycle(window: Window) -> float | None:
    """Return the frames of a cycle, None without any that can be one of the mains."""
    if not window.cycles:
        return None
    frames = window.length / 4096 / window.cycles
    return frames if _SHORTEST <= frames <= _LONGEST else None


def _variance(window: Window, place: int) -> float:
    total, squares = window.sums[place], window.sums[place + 1]
    return max(0.0, (squares - total * total / window.frames) / window.frames)


def _rms(window: Window, place: int, noise: float) -> float:
    """Return the root mean square in codes, without its mean and the square `noise`."""
    return math.sqrt(max(0.0, _variance(window, place) - (noise or TYPICAL_NOISE)))
