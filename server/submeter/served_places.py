"""Where one point of a planned meter is served: its registers and its BACnet objects."""

from collections.abc import Iterator

from submeter.bacnet import names
from submeter.config import Loaded
from submeter.plan import PlannedMeter
from submeter.pointmap.address import Table
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register import Register

_WRITTEN = {Table.COIL: "Coil", Table.DISCRETE: "DI", Table.INPUT: "IR", Table.HOLDING: "HR"}


def registers(loaded: Loaded, each: PlannedMeter, point: str) -> Iterator[str]:
    """Yield a line for each register with `point`, and one for its validity bit.

    Nothing if the configuration has no Modbus face.
    """
    if not loaded.config.modbus.listens:
        return
    for register in each.map.registers:
        if point in (had.name for had in register.points):
            yield _register(each.map, register)
    first = each.map.validity
    if first and point in (had.name for had in each.map.points):
        number = first.wire + each.map.bits[point] + 1
        functions = _functions(each.map, first.table)
        yield f"{_WRITTEN[first.table]} {number}, its validity bit, {functions}"


def objects(loaded: Loaded, each: PlannedMeter, point: str) -> Iterator[str]:
    """Yield a line for each BACnet object of `point`; nothing without a BACnet face."""
    settings = loaded.config.bacnet
    if settings is None:
        return
    shared = settings.layout == "device"
    place = each.entry.bacnet
    offset, prefix = (place.instance_offset, place.name_prefix) if shared else (0, "")
    device = (settings.device_id if shared else place.device_id) or 0
    shown = [entry for entry in each.map.objects if entry.point.name == point]
    for entry in shown:
        unit = f" in {entry.unit}" if entry.unit else ""
        instance = offset + entry.instance
        yield f"device {device}, {entry.object} {instance}, {prefix}{entry.name}{unit}"
    if shown and point in settings.trends.points:
        log = offset + names.trend_instances()[point]
        yield f"device {device}, trend-log {log}, {prefix}{names.trend(point)}"


def _register(mapped: MeterMap, register: Register) -> str:
    unit = f" in {register.unit}" if register.unit else ""
    kind = register.type or "bit"
    part = "" if register.point else ", among other points"
    return f"{register.at}, {kind}{unit}, {_functions(mapped, register.table)}{part}"


def _functions(mapped: MeterMap, table: Table) -> str:
    codes = " or ".join(str(code) for code in mapped.readers(table))
    return f"function {codes}" if codes else "no function reads it"
