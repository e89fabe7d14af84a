"""pyModbusTCP reads floats, then what must fail, then who answers: PORT UNIT SPANS.

SPANS is JSON: (function, address, count of floats) of each block; an address that has nothing.
"""

import json
import sys

from pyModbusTCP.client import ModbusClient  # type: ignore[import-not-found]
from pyModbusTCP.utils import decode_ieee, word_list_to_long  # type: ignore[import-not-found]

spans, nowhere = json.loads(sys.argv[3])
client = ModbusClient("127.0.0.1", int(sys.argv[1]), int(sys.argv[2]), timeout=5)
reads = {3: client.read_holding_registers, 4: client.read_input_registers}
floats = {
    f"{function}:{address + 2 * place}": decode_ieee(double)
    for function, address, count in spans
    for place, double in enumerate(word_list_to_long(reads[function](address, 2 * count)))
}
refused = client.read_holding_registers(nowhere, 1), client.last_except
identity = client.read_device_identification()
texts = [identity.vendor_name, identity.product_code, identity.major_minor_revision]
print(
    json.dumps(
        {
            "floats": floats,
            "refused": refused,
            "identity": [text.decode() for text in texts],
            "discrete": client.read_discrete_inputs(0, 23),
        }
    )
)
