"""The report of `submeter check`: what a configuration would serve."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from submeter import bacnet_report
from submeter.bacnet_report import Report
from submeter.config import Loaded
from submeter.meter.reading import Quality
from submeter.plan import PlannedMeter
from submeter.pointmap.register import Quantity, UnlockCode


def show(loaded: Loaded, meters: list[PlannedMeter]) -> None:
    """Print meters, points with source and expected quality, and listeners."""
    bacnet = bacnet_report.report(loaded)
    notes = list(bacnet.notes(meters)) if bacnet else []
    if loaded.config.modbus.listens:
        from submeter import modbus_faces

        modbus_faces.prove(loaded)
        notes += modbus_faces.warnings(loaded)
    console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    for line in loaded.unused():
        console.print(f"note: {line}")
    for line in (*notes, *_locked_for_ever(loaded, meters)):
        console.print(f"note: {line}")
    for each in meters:
        console.print(_meter(each, bacnet))
        if names := _unmarked(each):
            console.print(
                f"note: meter {each.entry.name}: a poller reads a number for {', '.join(names)}, "
                f"never known: {each.map.title} has no mark for that"
            )
    console.print("listeners:")
    for line in _listeners(loaded, bacnet):
        console.print(f"  {line}")
    console.print(f"{loaded.document.name}: good, {len(meters)} meters")


def _locked_for_ever(loaded: Loaded, meters: list[PlannedMeter]) -> Iterator[str]:
    """Find meters whose settings have registers, but whose unlock code has none."""
    if loaded.config.access.code is None or not loaded.config.modbus.listens:
        return
    for each in meters:
        writable = [register for register in each.map.registers if register.writable]
        if writable and not any(isinstance(each.content, UnlockCode) for each in writable):
            yield (
                f"meter '{each.entry.name}': map '{each.entry.map}' has settings to write but no "
                "register for the unlock code; add one with 'unlock: true', or write by a meter "
                "that has one: a lease is for all meters"
            )


def _meter(each: PlannedMeter, bacnet: Report | None) -> Table:
    entry = each.entry
    place = f", {bacnet.of_meter(entry)}" if bacnet else ""
    table = Table(
        title=f"meter {entry.name}: unit id {entry.unit_id}, map {entry.map}{place}\n"
        f"{_origins(each)}",
        title_justify="left",
    )
    for heading in ("point", "unit", "source", "expected quality"):
        table.add_column(heading)
    expected = each.expected()
    for point in each.map.points:
        quality = expected[point.name]
        origin = ", ".join(feed.name for feed in each.feeds if point.name in feed.expected)
        if not origin and quality.good:
            origin = "the meter itself"
        table.add_row(point.name, point.unit or "", origin, quality.value)
    return table


def _unmarked(each: PlannedMeter) -> list[str]:
    """Return the points that are never known, and that the map cannot show as unknown."""
    if (each.entry.when_stale or each.map.when_stale).absent not in ("invalid", "last"):
        return []
    expected = each.expected()
    names: list[str] = []
    for register in each.map.registers:
        if register.unmarked and isinstance(register.content, Quantity):
            absent = [p.name for p in register.points if expected[p.name] is Quality.ABSENT]
            own = [term.point.name for term in register.content.terms]
            names += [name for name in absent if name in own] or absent
    return list(dict.fromkeys(names))


def _origins(each: PlannedMeter) -> str:
    if each.calculated:
        return f"calculated: {each.entry.calculated}"
    return "\n".join(
        f"source {name}: {source.describe()}, stale after {source.max_age:g} s"
        for name, source in each.sources.items()
    )


def _listeners(loaded: Loaded, bacnet: Report | None) -> list[str]:
    config = loaded.config
    lines = []
    modbus = config.modbus
    if tcp := modbus.tcp:
        lines.append(f"Modbus TCP on {tcp.host} port {tcp.port}")
    if tls := modbus.tls:
        roles = ", ".join(f"{role} may {right}" for role, right in tls.roles.items())
        lines.append(f"Modbus TCP in TLS on {tls.host} port {tls.port}; {roles}")
    if rtu := modbus.rtu:
        lines.append(f"Modbus RTU on {rtu.port}, {rtu.baudrate} bit/s {rtu.character_format}")
    if over_tcp := modbus.rtu_tcp:
        lines.append(f"Modbus RTU over TCP on {over_tcp.host} port {over_tcp.port}")
    if bacnet:
        lines += bacnet.listeners()
    return lines
