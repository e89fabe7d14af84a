"""sdm-modbus reads an SDM630 by all of its input registers: PORT UNIT."""

import json
import sys

from sdm_modbus import SDM630  # type: ignore[import-not-found]

SETTINGS = ("demand_period", "meter_id", "baud", "serial_number")

meter = SDM630(host="127.0.0.1", port=int(sys.argv[1]), unit=int(sys.argv[2]), timeout=5)
meter.connect()
print(json.dumps(meter.read_all() | {name: meter.read(name) for name in SETTINGS}))
meter.disconnect()
