"""Values of a meter map that stand in each other's way."""

from collections.abc import Sequence

from submeter import yamlfile
from submeter.pointmap import register_content
from submeter.pointmap.address import ADDRESSES, Address, Table
from submeter.pointmap.lookup import Lookup
from submeter.pointmap.register import Register

_VALIDITY: yamlfile.Loc = ("modbus", "validity")


def find(
    registers: Sequence[tuple[yamlfile.Loc, Register]],
    validity: Address | None,
    shared: bool,
    lookup: Lookup,
) -> None:
    """Tell `lookup` of every value that lies over another one, and of validity bits that do.

    With `shared` holding and input registers are one table. A value that only a read of its own
    `count` sees may lie over others, but not start as another one of the same count.
    """
    taken: dict[tuple[Table, int], str] = {}
    alone: dict[tuple[Table, int, int], str] = {}
    for loc, register in registers:
        table = Table.HOLDING if shared and register.table is Table.INPUT else register.table
        called = f"{register_content.title(register.content)} at {register.at}"
        if register.count is not None:
            key = (table, register.wire, register.count)
            if other := alone.get(key):
                message = f"{called} overlaps {other}, which has the same 'count'; move one"
                lookup.fault((*loc, "at"), message)
            alone[key] = called
            continue
        cells = [(table, register.wire + n) for n in range(register.words)]
        others = [taken[cell] for cell in cells if cell in taken]
        if others:
            lookup.fault((*loc, "at"), f"{called} overlaps {others[0]}; move one")
        taken.update(dict.fromkeys(cells, called))
    if validity:
        _validity(taken, validity, lookup)


def _validity(taken: dict[tuple[Table, int], str], validity: Address, lookup: Lookup) -> None:
    bits = len(lookup.points)
    if validity.wire + bits > ADDRESSES:
        lookup.fault(_VALIDITY, f"the validity bits end beyond {ADDRESSES}; lower the address")
    for number in range(bits):
        if other := taken.get((validity.table, validity.wire + number)):
            lookup.fault(_VALIDITY, f"the validity bits overlap {other}; move one")
            return
