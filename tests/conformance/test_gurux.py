"""gurux-dlms, in an environment of its own, reads our DLMS meter: so ours is one."""

import asyncio
import json

import pytest

from submeter.sources.dlms import units
from tooling import client_environment, clients
from tooling.dlms_meter import DlmsMeter
from tooling.pty_meter import PtyMeter

pytestmark = client_environment.INSTALLING

GURUX = ("gurux-dlms==1.0.203", "pyserial==3.5")
REGISTERS = {
    "1.0.1.8.0.255": (4_408_736, 1, "Wh"),
    "1.0.2.8.0.255": (12, 1, "Wh"),
    "1.0.16.7.0.255": (2893, 1, "W"),
    "1.0.32.7.0.255": (234.5, 0.1, "V"),
    "1.0.31.7.0.255": (1.25, 0.01, "A"),
}


@pytest.mark.parametrize(
    ("password", "frame", "block"), [("", 128, 100_000), ("12345678", 64, 50), ("", 32, 100_000)]
)
async def test_gurux_reads_our_meter(password: str, frame: int, block: int) -> None:
    command = client_environment.python(*GURUX)
    meter = DlmsMeter(password=password.encode() or None, frame=frame, block=block)
    port = PtyMeter(lambda data: port.say(meter.answer(data)))
    with port:
        asked = json.dumps(list(REGISTERS))
        async with asyncio.timeout(60):
            found = await clients.run(command, "gurux.py", port.node, password, asked)
    for code, (value, scaler, unit) in REGISTERS.items():
        assert found[code] == [pytest.approx(value), pytest.approx(scaler), units.number(unit)]
    assert found["name"] == "LGZ12345678"
    assert found["clock"] == 1_709_630_130
    codes = {
        (each.code.translate(str.maketrans("-:*", "...")), each.class_id) for each in meter.entries
    }
    assert {(code, class_id) for code, class_id in found["objects"]} == codes
    assert "missing" in found
