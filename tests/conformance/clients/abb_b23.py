"""energymeter reads an ABB B23 by its whole register set: TTY UNIT BAUDRATE."""

import json
import sys

from energymeter import ABBMeter  # type: ignore[import-not-found]

node, unit, baudrate = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
meter = ABBMeter(node, baudrate=baudrate, slaveaddress=unit, timeout=2, model="B23")
print(json.dumps(meter.read()))
