"""pysunspec2 scans a SunSpec device and reads all of its models: PORT UNIT."""

import json
import sys

from sunspec2.modbus.client import (  # type: ignore[import-not-found]
    SunSpecModbusClientDeviceTCP,
)

port, unit = int(sys.argv[1]), int(sys.argv[2])
device = SunSpecModbusClientDeviceTCP(slave_id=unit, ipaddr="127.0.0.1", ipport=port, timeout=5)
device.scan()
models = [model for model in device.model_list if model.points]
print(
    json.dumps(
        {
            "models": [model.model_id for model in device.model_list],
            "base": device.base_addr,
            "errors": [model.error_info for model in device.model_list if model.error_info],
            "values": {
                str(model.model_id): {name: point.cvalue for name, point in model.points.items()}
                for model in models
            },
        }
    )
)
device.close()
