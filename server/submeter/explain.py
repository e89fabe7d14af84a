"""What the running program knows of one point: its value, and everything that it follows from."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from submeter import yamlfile
from submeter.meter.derived import RULES, Rule
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.point import Point
from submeter.meter.reading import Quality, Reading
from submeter.pointmap import points
from submeter.sources.origin import Origin
from submeter.sources.source import Health, Source
from submeter.value_text import value_text

if TYPE_CHECKING:
    from submeter.restore import ServedMeter

Json = dict[str, Any]
Meters = Mapping[str, "ServedMeter"]
Healths = Mapping[Source, Health]

_SHORT = 32  # bytes of the frame of each input


def answer(
    question: Mapping[str, Any], meters: Meters, health: Healths, now: Instant | None = None
) -> Json:
    """Return the answer to a question from the local socket, ready for JSON.

    The questions are {"ask": "explain", "meter": name, "point": name} and {"ask": "sources"}. One
    that makes no sense is answered with {"error": text}.
    """
    now = now or Instant.now()
    match question:
        case {"ask": "sources"}:
            return {"sources": _sources(meters, health, now)}
        case {"ask": "explain", "meter": str(meter), "point": str(point)}:
            every = points.all_points()
            if meter not in meters:
                return _unknown("meter", meter, list(meters))
            if point not in every:
                return _unknown("point", point, list(every))
            return _explained(meters[meter], every[point], health, now)
        case _:
            return {"error": "asked can be 'explain', of a 'meter' and a 'point', and 'sources'"}


def _unknown(what: str, name: str, known: list[str]) -> Json:
    # JSON can say characters that no text has.
    name = name.encode(errors="backslashreplace").decode()
    return {"error": f"no {what} is called '{name}'; {yamlfile.suggest(name, known)}"}


def _sources(meters: Meters, health: Healths, now: Instant) -> list[Json]:
    return [
        {"meter": each.meter.name, "source": name, **_source(source, health[source], now)}
        for each in meters.values()
        for name, source in each.plan.sources.items()
    ]


def _source(source: Source, state: Health, now: Instant) -> Json:
    condition = state.condition(source.trouble, now)
    return {
        "condition": condition.words,
        "code": int(condition),
        "reason": state.why(now),
        "age": _age(state.last, now),
        "frames": state.frames,
        "errors": source.dropped + state.failures,
        "identity": source.identity,
        "description": source.describe(),
    }


def _explained(each: "ServedMeter", point: Point, health: Healths, now: Instant) -> Json:
    meter = each.meter
    reading = meter.readings.get(point.name, _ABSENT)
    speaker = meter.feeds.speakers.get(point.name)
    told: Json = {
        "meter": meter.name,
        "point": point.name,
        **_shown(point, reading, now),
        "source": speaker,
        "voices": _voices(each, point, health, now),
    }
    if origin := _origin(each, speaker, point.name):
        told["origin"] = _written(origin, now)
    told["why"] = _why(each, point, reading, speaker)
    told["inputs"] = _inputs(each, point, now)
    return told


def _origin(each: "ServedMeter", speaker: str | None, point: str) -> Origin | None:
    source = each.plan.sources.get(speaker or "")
    return source.origin(point) if source else None


def _written(origin: Origin, now: Instant, most: int | None = None) -> Json:
    """Return `origin` for JSON, with `most` bytes of its frame at most."""
    return {
        "where": origin.where,
        "labels": [list(label) for label in origin.labels],
        "raw": origin.raw[:most].hex(),
        "length": len(origin.raw),
        "age": _age(origin.at, now),
    }


def _shown(point: Point, reading: Reading, now: Instant) -> Json:
    text = value_text(point, reading.value)
    return {"value": text, "quality": reading.quality.value, "age": _age(reading.at, now)}


def _age(at: Instant | None, now: Instant) -> float | None:
    return round(max(0.0, now.mono - at.mono), 3) if at else None


def _voices(each: "ServedMeter", point: Point, health: Healths, now: Instant) -> list[Json]:
    """Return what each source that can give the point says of it, the preferred one first."""
    told = []
    for name, reading in each.meter.feeds.voices(point.name, now):
        source = each.plan.sources.get(name)
        state = health[source].condition(source.trouble, now).words if source else ""
        told.append({"source": name, "condition": state, **_shown(point, reading, now)})
    return told


def _why(each: "ServedMeter", point: Point, reading: Reading, speaker: str | None) -> str:
    """Return in words where the point comes from, or why it is absent."""
    meter, name = each.meter, point.name
    if point.group == "configuration":
        origin = meter.settings.origin(name)
        return f"a setting; its value: {origin}" if origin else "the configuration gives no value"
    if point.group == "command":
        return "a command; it is on while it is being done"
    if rule := meter.derivation.rule(name):
        return f"follows from {_listed(rule.inputs)} ({_formula(rule)})"
    if reading.quality is Quality.ABSENT:
        return _lacking(meter, name)
    if speaker is None:
        return "worked out by the meter itself"
    if each.plan.calculated:
        return f"calculated: {each.plan.entry.calculated}"
    if powers := meter.energy.powers(speaker, name):
        return f"counted from {_listed(powers)} of {speaker}, which has no such register"
    return f"{speaker} has not given it yet" if reading.value is None else ""


def _lacking(meter: Meter, name: str) -> str:
    if name in meter.feeds.given:
        return "every source that could give it says that its instrument does not have it"
    texts = ["no source of this meter gives it"]
    if points.all_points()[name].group == "extension":
        return f"{texts[0]}, and so the meter does not show it"
    for rule in (each for each in RULES if each.point == name):
        missing = [i for i in rule.inputs if _quality(meter, i) is Quality.ABSENT]
        if missing:
            inputs = _listed(rule.inputs)
            texts.append(f"it could follow from {inputs}, but {_listed(missing)} is absent too")
    return "; ".join(texts)


def _inputs(each: "ServedMeter", point: Point, now: Instant) -> list[Json]:
    """Return what the rule takes that gives the point now, or the powers that are counted."""
    meter, every = each.meter, points.all_points()
    rule = meter.derivation.rule(point.name)
    counting = meter.feeds.speakers.get(point.name) or ""
    told = []
    for name in rule.inputs if rule else meter.energy.powers(counting, point.name):
        speaker = meter.feeds.speakers.get(name) if rule else counting
        reading = meter.readings.get(name, _ABSENT)
        row: Json = {"point": name, "source": speaker, **_shown(every[name], reading, now)}
        if origin := _origin(each, speaker, name):
            row["origin"] = _written(origin, now, _SHORT)
        told.append(row)
    return told


def _quality(meter: Meter, name: str) -> Quality:
    return meter.readings.get(name, _ABSENT).quality


def _formula(rule: Rule) -> str:
    return rule.formula.__name__.replace("_", " ")


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(names)


_ABSENT = Reading(None, Quality.ABSENT)
