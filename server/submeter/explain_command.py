"""The command `submeter explain`: where a point comes from, and where it goes to."""

from collections.abc import Iterator, Mapping
from typing import Any

from submeter import local_socket, plan, served_places, yamlfile
from submeter.config import Loaded
from submeter.errors import Condition, ConfigError, NoAnswerError
from submeter.meter.point import Point
from submeter.meter.reading import Quality
from submeter.plan import PlannedMeter
from submeter.pointmap import points
from submeter.value_text import bytes_text

Told = Mapping[str, Any]

_WELL = ("", Condition.ONLINE.words)


def run(loaded: Loaded, meter: str, point: str) -> None:
    """Print all there is to know of `point` of `meter`: with a running server, its value too.

    Raises ConfigError for names that are none, NoAnswerError if a server runs and does not answer.
    """
    print(text(loaded, meter, point))


def text(loaded: Loaded, meter: str, point: str) -> str:
    """Return what `run` prints."""
    planned = {each.entry.name: each for each in plan.make(loaded, plugged=False)}
    _expect(meter, "meter", list(planned))
    _expect(point, "point", list(points.all_points()))
    question = {"ask": "explain", "meter": meter, "point": point}
    told = local_socket.ask(local_socket.beside(loaded.store_path), question)
    if told is not None and "error" in told:
        # The server was started with another configuration.
        raise NoAnswerError(f"the running server answers: {told['error']}")
    each, known = planned[meter], points.all_points()[point]
    lines = [f"{point} of meter {meter}: {known.description}"]
    if told is None:
        lines.append("no server runs with this store: no value is known here")
        return "\n".join([*lines, *_planned(each, known), *_served(loaded, each, point)])
    value, frame = _understood(told)
    return "\n".join([*lines, *value, *_served(loaded, each, point), *frame])


def _understood(told: Told) -> tuple[list[str], list[str]]:
    """Return the lines on the value, and on its frame; raises NoAnswerError."""
    try:
        origin = told.get("origin")
        return list(_live(told)), list(_frame(origin)) if origin else []
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError):
        message = "what listens beside the store says something else; is it another version?"
        raise NoAnswerError(message) from None


def _expect(name: str, what: str, known: list[str]) -> None:
    if name not in known:
        raise ConfigError(f"no {what} is called '{name}'; {yamlfile.suggest(name, known)}")


def _live(told: Told) -> Iterator[str]:
    yield f"value:   {told['value']}"
    yield f"quality: {told['quality']}"
    yield f"age:     {_age(told['age'])}"
    if told["source"]:
        yield f"source:  {told['source']}{_trouble(told)}"
    if told["why"]:
        yield f"why:     {told['why']}"
    for each in told["inputs"]:
        yield from _input(each)
    if len(told["voices"]) > 1 or told["quality"] == Quality.ABSENT:
        yield from _voices(told)
    if origin := told.get("origin"):
        yield from _origin(origin)


def _input(each: Told) -> Iterator[str]:
    source = f", from {each['source']}" if each.get("source") else ""
    yield f"  {each['point']}: {_said(each)}{source}"
    if origin := each.get("origin"):
        yield from (f"    {line}" for line in _origin(origin))
        raw = bytes.fromhex(origin["raw"])
        rest = " ..." if len(raw) < origin["length"] else ""
        if raw:
            yield f"    frame:   {origin['length']} bytes: {raw.hex(' ')}{rest}"


def _trouble(told: Told) -> str:
    """Return how the source is that speaks, if not well."""
    for each in told["voices"]:
        if each["source"] == told["source"] and each["condition"] not in _WELL:
            return f", {each['condition']}"
    return ""


def _voices(told: Told) -> Iterator[str]:
    if told["voices"]:
        yield "sources that could speak, the preferred one first:"
    for each in told["voices"]:
        state = f", {each['condition']}" if each["condition"] else ""
        mark = "*" if each["source"] == told["source"] else " "
        yield f" {mark}{each['source']}{state}: {_said(each)}"


def _origin(origin: Told) -> Iterator[str]:
    if origin["where"]:
        yield f"map:     {origin['where']}"
    for label, content in origin["labels"]:
        yield f"label:   {label} = {content}"


def _frame(origin: Told) -> Iterator[str]:
    raw = bytes.fromhex(origin["raw"])
    if raw:
        yield f"frame that it came from: {len(raw)} bytes, {_age(origin['age'])} ago"
        yield from (f"  {line}" for line in bytes_text(raw))


def _said(each: Told) -> str:
    age = "" if each["age"] is None else f", {_age(each['age'])} old"
    return f"{each['value']}, {each['quality']}{age}"


def _age(seconds: float | None) -> str:
    return "never heard" if seconds is None else f"{seconds:.1f} s"


def _planned(each: PlannedMeter, point: Point) -> Iterator[str]:
    """Say what the configuration alone tells of the point."""
    usual = each.expected().get(point.name, Quality.ABSENT)
    yield f"expected quality: {usual.value}"
    feeds = [feed for feed in each.feeds if point.name in feed.expected]
    for feed in feeds:
        source = each.sources.get(feed.name)
        described = source.describe() if source else f"calculated: {each.entry.calculated}"
        yield f"source:  {feed.name}: {described}"
    if not feeds and usual is Quality.ABSENT:
        yield "why:     no source of this meter gives it, and it follows from none"


def _served(loaded: Loaded, each: PlannedMeter, point: str) -> Iterator[str]:
    registers = list(served_places.registers(loaded, each, point))
    objects = list(served_places.objects(loaded, each, point))
    if registers:
        yield f"Modbus, unit {each.entry.unit_id}, map {each.entry.map}:"
        yield from (f"  {line}" for line in registers)
    if objects:
        yield "BACnet:"
        yield from (f"  {line}" for line in objects)
    if not (registers or objects):
        yield "served nowhere"
