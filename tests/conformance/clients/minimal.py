"""minimalmodbus reads registers one by one: TTY UNIT BAUDRATE PARITY REGISTERS.

REGISTERS is JSON: (function, address, type) of each, the type as in our maps.
"""

import json
import sys

import minimalmodbus  # type: ignore[import-not-found]

node, unit, baudrate, parity = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
instrument = minimalmodbus.Instrument(node, unit)
instrument.serial.baudrate = baudrate
instrument.serial.parity = parity
instrument.serial.timeout = 2


def read(function: int, address: int, kind: str | None) -> float:
    value: float
    match kind:
        case "float32":
            value = instrument.read_float(address, function, 2)
        case "uint32":
            value = instrument.read_long(address, function, False)
        case "int64":
            value = instrument.read_long(address, function, True, number_of_registers=4)
        case _:
            value = instrument.read_bit(address, function)
    return value


asked = json.loads(sys.argv[5])
print(
    json.dumps(
        {
            f"{function}:{address}": read(function, address, kind)
            for function, address, kind in asked
        }
    )
)
