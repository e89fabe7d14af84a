"""Which meter it is: its serial number, and whether its registers are those of the map."""

from fnmatch import fnmatchcase

from submeter.errors import Condition, LinkError
from submeter.pointmap.register_codec import decode_text, raw_number
from submeter.sources.modbus_meter.backwards import Place, Plan
from submeter.sources.modbus_meter.blocks import Heard


def check(plan: Plan, heard: Heard) -> None:
    """Raise LinkError if a register reads what no meter of this map has there.

    One that cannot be read speaks neither for nor against it.
    """
    for place in plan.checks:
        found = _found(place, heard)
        if found is not None and not _accepted(found, place.register.accept):
            at = place.register.at
            message = f"{at} reads {found!r}, which is not the meter of this map; choose another"
            raise LinkError(message, Condition.WRONG_LAYOUT)


def serial(plan: Plan, heard: Heard) -> str | None:
    """Return the serial number; None if there is none, or it is all zeros or all ones."""
    if plan.identity is None:
        return None
    found = _found(plan.identity, heard)
    register = plan.identity.register
    if isinstance(found, int):
        ones = (1 << 16 * register.words) - 1
        return str(found) if found not in (0, ones, -1) else None
    return found if found and found.isprintable() and found.strip("0\ufffd") else None


def other(expected: str | None, serial: str | None) -> LinkError | None:
    """Return what is wrong if `expected` is not the serial number that the meter says."""
    if expected is None or (serial is not None and _bare(serial) == _bare(expected)):
        return None
    says = f"the meter's serial number is {serial}" if serial else "the meter says no serial number"
    return LinkError(f"{says}, and {expected} is expected", Condition.OTHER_METER)


def _found(place: Place, heard: Heard) -> int | str | None:
    piece = heard.pieces.get(place.span)
    if piece is None:
        return None
    if place.register.type == "string":
        return decode_text(piece.data, place.register).strip() or None
    number = raw_number(piece.data, place.register)
    return None if number is None else int(number)


def _accepted(found: int | str, accept: tuple[int | str, ...]) -> bool:
    if isinstance(found, int):
        return found in accept
    return any(fnmatchcase(found, str(pattern)) for pattern in accept)


def _bare(serial: str) -> str:
    """Return a serial number without what some write and others do not."""
    return serial.strip().lstrip("0").upper()
