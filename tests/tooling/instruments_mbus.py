"""Meters on one M-Bus line: electricity, water, heat, and two that answer at one address."""

from submeter.sources.mbus.address import Secondary
from tooling import mbus_records as made
from tooling.mbus_bus import Slave

ELECTRICITY = Secondary("12345678", "ABB", 2, 2)
WATER = Secondary("20000001", "KAM", 1, 7)
HEAT = Secondary("30000001", "SIE", 1, 4)
ONE, TWO = Secondary("40000001", "ABB", 2, 2), Secondary("40000002", "ABB", 2, 2)


def slaves() -> list[Slave]:
    """Return the meters; the two last have the same address."""
    power = made.dib(made.INTEGERS[4]) + made.vib(0x2B) + made.integer(2893, 4)
    litres = made.dib(made.INTEGERS[4]) + made.vib(0x13) + made.integer(1_234_567, 4)
    flow = made.dib(made.INTEGERS[4]) + made.vib(0x3B) + made.integer(1250, 4)
    kilowatthours = made.dib(made.INTEGERS[4]) + made.vib(0x06) + made.integer(98_765, 4)
    return [
        Slave(5, ELECTRICITY, [made.energy(4_408_736) + power]),
        Slave(6, WATER, [litres, flow]),
        Slave(7, HEAT, [kilowatthours]),
        Slave(9, ONE, [made.energy(1)]),
        Slave(9, TWO, [made.energy(2_000_002)]),
    ]
