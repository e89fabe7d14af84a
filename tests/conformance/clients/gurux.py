"""gurux-dlms reads a meter over HDLC: TTY PASSWORD REGISTERS, prints JSON.

REGISTERS is JSON: OBIS codes as A.B.C.D.E.F. PASSWORD may be empty.
"""

import json
import sys
from typing import Any

import serial
from gurux_dlms import GXByteBuffer, GXReplyData  # type: ignore[import-not-found]
from gurux_dlms.enums import Authentication, ObjectType  # type: ignore[import-not-found]
from gurux_dlms.GXDLMSClient import GXDLMSClient  # type: ignore[import-not-found]
from gurux_dlms.objects import (  # type: ignore[import-not-found]
    GXDLMSClock,
    GXDLMSData,
    GXDLMSRegister,
)

node, password, registers = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
line = serial.Serial(node, 9600, timeout=2)
level = Authentication.LOW if password else Authentication.NONE
client = GXDLMSClient(True, 16, 1, level, password or None)


def spoken(request: bytes, reply: GXReplyData) -> None:
    """Send one frame and take in the answer to it."""
    line.write(bytes(request))
    heard = GXByteBuffer()
    while not client.getData(heard, reply, None):
        octets = line.read(1) + line.read(line.in_waiting)
        if not octets:
            raise TimeoutError("the meter does not answer")
        heard.set(octets)


def asked(requests: Any) -> GXReplyData:
    """Send the frames of one request and return the whole answer."""
    reply = GXReplyData()
    for request in requests if isinstance(requests, list) else [requests]:
        reply.clear()
        spoken(request, reply)
        while reply.isMoreData():
            spoken(client.receiverReady(reply), reply)
    if reply.error:
        raise ValueError(f"the meter refuses: {reply.error}")
    return reply


def read(item: object, attribute: int) -> object:
    return client.updateValue(item, attribute, asked(client.read(item, attribute)[0]).value)


client.parseUAResponse(asked(client.snrmRequest()).data)
client.parseAareResponse(asked(client.aarqRequest()).data)
found: dict[str, object] = {}
for code in registers:
    register = GXDLMSRegister(code)
    read(register, 3)
    read(register, 2)
    found[code] = [float(register.value), float(register.scaler), int(register.unit)]
name = read(GXDLMSData("0.0.42.0.0.255"), 2)
found["name"] = bytes(name).decode() if isinstance(name, bytes | bytearray) else str(name)
clock = GXDLMSClock("0.0.1.0.0.255")
read(clock, 2)
found["clock"] = int(clock.time.value.timestamp())
objects = client.parseObjects(asked(client.getObjectsRequest()).data, True)
found["objects"] = sorted(
    [str(each.logicalName), int(ObjectType(each.objectType))] for each in objects
)
try:
    read(GXDLMSRegister("1.0.99.7.0.255"), 2)
except Exception as error:  # its errors have no root of their own
    found["missing"] = str(error)
asked(client.disconnectRequest())
print(json.dumps(found))
