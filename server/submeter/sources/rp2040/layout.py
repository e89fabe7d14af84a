"""Which points a meter with clamps has, and how far each can be trusted."""

from collections.abc import Collection, Iterator

from submeter.meter.reading import Quality
from submeter.sources.rp2040.energy_count import APPARENT, POINTS
from submeter.sources.rp2040.settings import Rp2040Settings
from submeter.sources.rp2040.wiring import Wiring, wirings

OVERRUNS, RESETS = "Board_Overruns", "Board_Resets"
DIPS, SWELLS = "Voltage_Dips", "Voltage_Swells"
COUNTS = frozenset({OVERRUNS, RESETS, DIPS, SWELLS})
NEUTRAL, FREQUENCY = "Current_Neutral", "Frequency"
POWERS = "Active_Power", "Reactive_Power", "Apparent_Power", "Power_Factor"
"""What there is of each phase and of all of them together, in the order of `ClampValues`."""

HARMONICS = range(2, 26)
"""Orders that are points of their own."""


def voltage(phase: str) -> str:
    """Return the point of the voltage of a phase."""
    return f"Voltage_{phase}_N"


def current(conductor: str) -> str:
    """Return the point of the current in a conductor."""
    return NEUTRAL if conductor == "N" else f"Current_{conductor}"


def distortion(kind: str, phase: str) -> tuple[str, ...]:
    """Return THD and harmonics of a phase; `kind` is Voltage or Current."""
    single = (f"{kind}_Harmonic_{order}_{phase}" for order in HARMONICS)
    return f"THD_{kind}_{phase}", *single


def expected(settings: Rp2040Settings) -> dict[str, Quality]:
    """Return the points that a meter with these settings has, with their usual quality."""
    wired = wirings(settings).values()
    found: dict[str, Quality] = {}
    for each in wired:
        found.update(_of_board(each))
        if settings.snapshot:
            found.update(dict.fromkeys(_distortions(each), Quality.MEASURED))
    found.update(_together(wired))
    return found


def indexes(settings: Rp2040Settings) -> tuple[str, ...]:
    """Return the indexes that are counted."""
    return POINTS if settings.voltage else (APPARENT,)


def _of_board(wiring: Wiring) -> Iterator[tuple[str, Quality]]:
    for each in wiring.clamps:
        yield current(each.conductor), Quality.MEASURED
    for each in wiring.phases:
        if wiring.voltage_at is None:
            yield f"Apparent_Power_{each.conductor}", Quality.ESTIMATED
            continue
        quality = Quality.ESTIMATED if each.behind else Quality.MEASURED
        for power in POWERS:
            yield f"{power}_{each.conductor}", quality
    if wiring.voltage_at:
        for point in (voltage(wiring.voltage_at), FREQUENCY, DIPS, SWELLS):
            yield point, Quality.MEASURED
    yield OVERRUNS, Quality.MEASURED
    yield RESETS, Quality.MEASURED


def _distortions(wiring: Wiring) -> Iterator[str]:
    if wiring.voltage_at:
        yield from distortion("Voltage", wiring.voltage_at)
    for each in wiring.phases:
        yield from distortion("Current", each.conductor)


def _together(wired: Collection[Wiring]) -> Iterator[tuple[str, Quality]]:
    """Yield the sums of all phases: not better than the least sure of them."""
    estimated = any(each.estimated for each in wired)
    quality = Quality.ESTIMATED if estimated else Quality.MEASURED
    if any(each.voltage_at is None for each in wired):
        yield "Apparent_Power_Total", quality
        yield APPARENT, quality
        return
    for power in POWERS:
        yield f"{power}_Total", quality
    for point in POINTS:
        yield point, quality
