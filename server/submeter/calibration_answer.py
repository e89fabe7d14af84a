"""What the running program tells of a meter with clamps, and of a reference to compare it with."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from submeter import yamlfile
from submeter.latest import Latest, Said
from submeter.meter.instant import Instant
from submeter.sources.rp2040.correction import BoardCorrection
from submeter.sources.rp2040.raw import RawBoard

if TYPE_CHECKING:
    from submeter.restore import ServedMeter

Json = dict[str, Any]
Meters = Mapping[str, "ServedMeter"]

_BEGUN = time.monotonic()
"""Tells this run of the program from the one before."""


@runtime_checkable
class Clamps(Protocol):
    """A source that measures with clamps."""

    def raw(self) -> tuple[RawBoard, ...]:
        """Return what each of its boards has measured since the start, by the ratings alone."""

    def correction(self, uid: str) -> BoardCorrection:
        """Return what is corrected of the board `uid`."""


def answer(
    question: Mapping[str, Any],
    meters: Meters,
    latest: Latest,
    now: Instant,
) -> Json | None:
    """Return the answer to a question from the local socket, ready for JSON; None to another one.

    The question is {"ask": "calibration", "meter": name, "with": [], "reference": null}. `with` may
    name meters whose clamps are told of the same moment, and may be left out. Instead of null the
    reference can be a meter, whose first source without clamps it is then, or `meter/source`.
    Energies are in Ws, indexes in millionths of their unit, times in s of the clock of
    `Instant.mono`. A question that makes no sense is answered with {"error": text}.
    """
    if question.get("ask") != "calibration":
        return None
    match {"with": [], **question}:
        case {
            "meter": str(meter),
            "with": [*others],
            "reference": None | str() as reference,
        } if all(isinstance(each, str) for each in others):
            pass
        case _:
            return {"error": "a calibration is asked of a 'meter', with a 'reference' or null"}
    try:
        told = _clamps([_named(name, meters) for name in (meter, *others)], meters)
        if reference is not None:
            told["reference"] = _reference(reference, meters, latest)
    except LookupError as error:
        return {"error": str(error.args[0])}
    return {"at": now.mono, "utc": now.utc, "begun": _BEGUN, **told}


def _named(name: str, meters: Meters) -> "ServedMeter":
    if name not in meters:
        # JSON can say characters that no text has.
        shown = name.encode(errors="backslashreplace").decode()
        raise LookupError(f"no meter is called '{shown}'; {yamlfile.suggest(name, list(meters))}")
    return meters[name]


def _source(each: "ServedMeter") -> Clamps | None:
    return next((one for one in each.plan.sources.values() if isinstance(one, Clamps)), None)


def _clamps(asked: Sequence["ServedMeter"], meters: Meters) -> Json:
    boards: list[Json] = []
    for each in asked:
        name, source = each.plan.entry.name, _source(each)
        if source is None:
            raise LookupError(f"meter '{name}' has no clamps: no source 'rp2040'")
        for board in source.raw():
            boards.append({"meter": name, **_board(board, source.correction(board.uid))})
    own = {board["uid"] for board in boards}
    sealed = [
        name
        for name, other in meters.items()
        if other.plan.entry.sealed and own & _boards(_source(other))
    ]
    return {"meter": asked[0].plan.entry.name, "sealed": sealed, "boards": boards}


def _boards(source: Clamps | None) -> set[str]:
    return {board.uid for board in source.raw()} if source else set()


def _board(board: RawBoard, correction: BoardCorrection) -> Json:
    return {
        "uid": board.uid,
        "at": board.at.mono,
        "seconds": board.seconds,
        "voltage_square": board.voltage_square,
        "saturated": board.saturated,
        "clamps": [
            {
                "number": clamp.number,
                "conductor": clamp.conductor,
                "active": clamp.energy.real,
                "reactive": clamp.energy.imag,
                "square": clamp.square,
                "amperes": clamp.amperes,
            }
            for clamp in board.clamps
        ],
        "correction": {
            **correction._asdict(),
            "clamps": [clamp._asdict() for clamp in correction.clamps],
        },
    }


def _reference(name: str, meters: Meters, latest: Latest) -> Json:
    meter, _, wanted = name.partition("/")
    each = _named(meter, meters)
    sources = {n: one for n, one in each.plan.sources.items() if not isinstance(one, Clamps)}
    if not sources:
        raise LookupError(f"meter '{meter}' has no instrument but clamps: it is no reference")
    source = wanted or next(iter(sources))
    if source not in sources:
        hint = yamlfile.suggest(source, list(sources))
        shown = source.encode(errors="backslashreplace").decode()
        raise LookupError(f"meter '{meter}' has no source '{shown}' to compare with; {hint}")
    said = latest.of(meter, source)
    dials = sources[source].dials
    values = {
        point: _said(each, dials[point].step if point in dials else None)
        for point, each in said.items()
    }
    return {"meter": meter, "source": source, "values": values}


def _said(said: Said, step: int | None) -> Json:
    told: Json = {"number": said.number, "quality": said.quality.value, "at": said.at.mono}
    if step is not None:
        told["step"] = step
    if said.changed and said.before:
        told |= {"changed": said.changed.mono, "before": said.before.mono, "former": said.former}
    return told
