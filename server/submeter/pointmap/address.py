"""Modbus addresses as manuals write them: from 1 inside each table, or in hexadecimal from 0."""

import re
from enum import StrEnum
from typing import NamedTuple

ADDRESSES = 65536
"""Addresses in a table (Modbus Application Protocol V1.1b3, 4.4)."""


class Table(StrEnum):
    """The four tables of the Modbus data model (Modbus Application Protocol V1.1b3, 4.3)."""

    COIL = "coil"
    DISCRETE = "discrete input"
    INPUT = "input register"
    HOLDING = "holding register"

    @property
    def bits(self) -> bool:
        """Whether the table holds single bits rather than 16-bit registers."""
        return self in (Table.COIL, Table.DISCRETE)

    @property
    def function(self) -> int:
        """The function code that reads the table."""
        return _FUNCTIONS[self]


_FUNCTIONS = {Table.COIL: 1, Table.DISCRETE: 2, Table.HOLDING: 3, Table.INPUT: 4}
_PREFIXES = {"coil": Table.COIL, "di": Table.DISCRETE, "ir": Table.INPUT, "hr": Table.HOLDING}
_WORDS = re.compile(r"^(coil|di|ir|hr)\s*([0-9]{1,5})$", re.IGNORECASE)
_WIRE = re.compile(r"^(coil|di|ir|hr)\s*0x([0-9a-f]{1,8})$", re.IGNORECASE)
_NUMBER = re.compile(r"^([34])([0-9]{4,5})$")
_LAST = re.compile(r"(0x)?([0-9a-f]+)$", re.IGNORECASE)


class Address(NamedTuple):
    """A table and the address on the wire, 0 to 65535."""

    table: Table
    wire: int


def parse(text: str) -> Address:
    """Return the address that `text` names: 30001, 40001, 400001, IR 1, HR 1001, DI 1 or Coil 1.

    The number counts from 1 inside its table; one in hexadecimal, as HR 0x5000, is the address on
    the wire. Raises ValueError.
    """
    if match := _WIRE.match(text.strip()):
        return Address(_PREFIXES[match[1].lower()], _on_the_wire(text, int(match[2], 16)))
    if match := _WORDS.match(text.strip()):
        table, number = _PREFIXES[match[1].lower()], int(match[2])
    elif match := _NUMBER.match(text.strip()):
        table = Table.INPUT if match[1] == "3" else Table.HOLDING
        number = int(match[2])
    else:
        raise ValueError(f"'{text}' is no address; write 30001, 40001, HR 1001, DI 1 or Coil 1")
    if not 1 <= number <= ADDRESSES:
        raise ValueError(f"address '{text}' is out of range; numbers go from 1 to {ADDRESSES}")
    return Address(table, number - 1)


def later(text: str, steps: int) -> str:
    """Return the address `steps` after `text`, in the same form; raises ValueError beyond the end.

    That of 30001 has five digits: what would need a sixth is beyond its end.
    """
    table, wire = parse(text)
    text = text.strip()
    match = _LAST.search(text)
    digits = match[2] if match else ""
    base, form = (16, "X") if match and match[1] else (10, "d")
    number = format(int(digits, base) + steps, f"0{len(digits)}{form}")
    found = f"{text.removesuffix(digits)}{number}"
    if wire + steps >= ADDRESSES or parse(found) != (table, wire + steps):
        raise ValueError(f"'{text}' and {steps} more is beyond the end of its addresses")
    return found


def _on_the_wire(text: str, number: int) -> int:
    if number >= ADDRESSES:
        raise ValueError(f"address '{text}' is out of range; on the wire they end at 0xFFFF")
    return number
