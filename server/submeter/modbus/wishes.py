"""From a request that writes to the points that it means, and their values."""

from collections.abc import Sequence

from submeter.errors import Refusal
from submeter.meter.door import Wish
from submeter.modbus.image import Image
from submeter.modbus.refused import NotWritten
from submeter.modbus.write_request import Masks, WriteRequest
from submeter.pointmap.address import Table
from submeter.pointmap.register import Register, UnlockCode
from submeter.pointmap.register_codec import decode

_HOLDING = 3  # the function that reads what can be written
_HIDDEN = "code"  # in the audit log for what might be an unlock code
_PREFIXES = {Table.COIL: "Coil", Table.HOLDING: "HR"}


def place(table: Table, wire: int) -> str:
    """Return how the audit log calls an address where nothing is: by that on the wire."""
    return f"{_PREFIXES[table]} 0x{wire:04X}"


def covered(image: Image, request: WriteRequest) -> list[Register]:
    """Return the values that `request` touches, in the order of their addresses.

    Raises NotWritten: UNKNOWN where there is nothing, READ_ONLY where no write reaches.
    """
    found: list[Register] = []
    wire = request.address
    while wire < request.end:
        register = image.register_at(request.table, wire)
        if register is None:
            at = place(request.table, wire)
            raise NotWritten(Refusal.UNKNOWN, at, f"function {request.function}")
        if not register.writable:
            raise NotWritten(Refusal.READ_ONLY, _name(register), _shown(request, register))
        found.append(register)
        wire = register.wire + register.words
    return found


def require_whole(request: WriteRequest, registers: Sequence[Register]) -> None:
    """Raise NotWritten, OUT_OF_RANGE, if `request` has only part of one of `registers`."""
    for each in registers:
        if each.wire < request.address or each.wire + each.words > request.end:
            raise NotWritten(Refusal.OUT_OF_RANGE, _name(each), _shown(request, each))


def wishes(image: Image, request: WriteRequest, registers: Sequence[Register]) -> list[Wish]:
    """Return what the door is to be asked for, each point once.

    Raises NotWritten: OUT_OF_RANGE for what is no value, and for two values of one point;
    UNSUPPORTED for a mask over a value that is not known.
    """
    found: dict[str, int | float] = {}
    for register in registers:
        name = _name(register)
        number = _number(image, request, register)
        if number is None or found.get(name, number) != number:
            raise NotWritten(Refusal.OUT_OF_RANGE, name, _shown(request, register))
        found[name] = number
    return list(found.items())


def _number(image: Image, request: WriteRequest, register: Register) -> int | float | None:
    if request.masks:
        return decode(_masked(image, request.masks, register), register)
    data = request.part(register.wire, register.words)
    if register.type:
        return None if register.type == "string" else decode(data, register)
    states = list(register.point.states) if register.point else []
    return states[data[0]] if len(states) == 2 else data[0]


def _masked(image: Image, masks: Masks, register: Register) -> bytes:
    old = image.blocks[_HOLDING].read(register.wire, 1)
    if decode(old, register) is None:
        raise NotWritten(Refusal.UNSUPPORTED, _name(register), "mask of a value not known")
    return masks.of(int.from_bytes(old)).to_bytes(2)


def _name(register: Register) -> str:
    return register.point.name if register.point else register.at


def _shown(request: WriteRequest, register: Register) -> str:
    if isinstance(register.content, UnlockCode):
        return _HIDDEN
    if request.masks:
        return f"mask {request.masks.keep:04x} {request.masks.put:04x}"
    return request.part(register.wire, register.words).hex()
