"""energy-counters reads an iEM3155 in blocks that begin on undefined registers: PORT UNIT."""

import json
import sys

from energy_counters.common import (  # type: ignore[import-not-found]
    CounterConfiguration,
    ModbusTCPConfiguration,
)
from energy_counters.schneider.iem3155 import (  # type: ignore[import-not-found]
    IEM3155DataCollector,
)

collector = IEM3155DataCollector(
    CounterConfiguration(1, int(sys.argv[2]), "counter", "company"),
    ModbusTCPConfiguration("127.0.0.1", int(sys.argv[1]), 5.0),
)
assert collector.connect()
print(json.dumps(collector.collect_data()))
collector.disconnect()
