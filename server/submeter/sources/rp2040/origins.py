"""What the last values of a board were made of, for people."""

from collections.abc import Iterable, Iterator

from submeter.meter.instant import Instant
from submeter.sources.origin import Origin
from submeter.sources.rp2040.board_ear import BoardEar, Heard
from submeter.sources.rp2040.layout import DIPS, SWELLS
from submeter.sources.rp2040.wiring import Wiring

_OF_CLAMP = "I", "I^2", "I x V(lag)", "I x V(lag + 1)", "I x V(lag + quarter)"


def origin(ears: Iterable[BoardEar], point: str) -> Origin | None:
    """Return what `point` was made of; None before the first record.

    That is the waveform, the last event, or the sums in codes: those of one phase if the point is
    of one, else of all.
    """
    ears = list(ears)
    if point in (DIPS, SWELLS):
        return _of_events(ears, point)
    if any(part in ("THD", "Harmonic") for part in point.split("_")):
        return _of_waveforms(ears, point)
    return _of_sums(ears, point)


def _of_waveforms(ears: Iterable[BoardEar], point: str) -> Origin | None:
    for ear in ears:
        found = ear.distortions
        if point in found.values or point in found.failed:
            mains = f"of {found.frequency:.3f} Hz" if found.frequency else "without mains"
            return Origin("", (*_board(ear), ("waveform", mains)), b"", found.at)
    return None


def _of_events(ears: Iterable[BoardEar], point: str) -> Origin | None:
    """Return what is known of the last event; `at` is that of a record where there was none."""
    labels: list[tuple[str, str]] = []
    swung, heard = [], []
    for ear in ears:
        labels += (*_board(ear), ("events", str(ear.counts[point])))
        if ear.heard:
            heard.append(ear.heard.at)
        if last := ear.swings.get(point):
            swing, at = last
            swung.append(at)
            labels.append((f"last {swing.kind}", f"{swing.codes:.1f} for {swing.seconds:.3f} s"))
    times = swung or heard
    return Origin("", tuple(labels), b"", max(times, key=_mono)) if times else None


def _board(ear: BoardEar) -> Iterator[tuple[str, str]]:
    if ear.heard:
        yield "board", f"{ear.heard.identity.uid} run {ear.heard.identity.boot}"


def _of_sums(ears: Iterable[BoardEar], point: str) -> Origin | None:
    heard = [(ear.wiring, ear.heard) for ear in ears if ear.heard]
    if not heard:
        return None
    own = [each for each in heard if _of_phase(each[0], point)]
    labels = [label for wiring, each in own or heard for label in _labels(wiring, each, point)]
    at = max((each.at for _, each in own or heard), key=_mono)
    return Origin("", tuple(labels), b"", at)


def _labels(wiring: Wiring, heard: Heard, point: str) -> Iterator[tuple[str, str]]:
    identity, record, window, _ = heard
    yield "board", f"{identity.uid} run {identity.boot} record {record.seq}"
    yield "frames", f"{window.frames} in {window.records} records"
    if wiring.voltage_at:
        yield "cycles", f"{window.cycles} in {window.length}/4096 frames"
        yield f"V {wiring.voltage_at}", str(window.sums[0])
        yield f"V^2 {wiring.voltage_at}", str(window.sums[1])
    first, width = (2, 5) if wiring.voltage_at else (0, 2)
    named = [each for each in wiring.clamps if _names(point, each.conductor)]
    for each in named or wiring.clamps:
        for place, name in enumerate(_OF_CLAMP[:width]):
            number = window.sums[first + width * (each.clamp - 1) + place]
            yield f"{name} {each.conductor}", str(number)


def _of_phase(wiring: Wiring, point: str) -> bool:
    own = {wiring.voltage_at, *(each.conductor for each in wiring.clamps)}
    return any(_names(point, each) for each in own if each)


def _names(point: str, conductor: str) -> bool:
    if conductor == "N":
        return point == "Current_Neutral"
    return conductor in point.split("_")


def _mono(at: Instant) -> float:
    return at.mono
