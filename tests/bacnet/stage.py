"""A device of a few objects, its application, and a carrier that keeps what is sent."""

import struct
from dataclasses import dataclass, field
from typing import Any

from bacpypes3 import object as schemas
from bacpypes3.apdu import APDU, APCISequence
from bacpypes3.pdu import PDU

from submeter.bacnet import encoding
from submeter.bacnet.application.application import Application
from submeter.bacnet.fault import NOT_INITIALIZED
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.peer import GLOBAL, Peer

DEVICE_ID = 4000
PEER = Peer(("192.0.2.9", 47808))
GOOD, COMMUNICATION_FAILURE = 0, 12
FLAGS, FAULTY = encoding.bits([0, 0, 0, 0]), encoding.bits([0, 1, 0, 0])


@dataclass
class Sent:
    """An APDU, and who it was sent to; None for all."""

    apdu: bytes
    to: Peer | None
    network: int | None = None

    @property
    def decoded(self) -> Any:
        """What bacpypes3 makes of it."""
        return APCISequence.decode(APDU.decode(PDU(self.apdu)))


@dataclass
class Carrier:
    """Keeps what the device sends."""

    sent: list[Sent] = field(default_factory=list)

    def send(
        self, apdu: bytes, to: Peer, *, reply_expected: bool = False, priority: int = 0
    ) -> None:
        self.sent.append(Sent(apdu, to))

    def broadcast(self, apdu: bytes, network: int = GLOBAL, *, priority: int = 0) -> None:
        self.sent.append(Sent(apdu, None, network))

    def take(self) -> list[Sent]:
        """Return what was sent since the last call."""
        sent, self.sent = self.sent, []
        return sent


def point(schema: Any, instance: int, name: str, value: Image, **more: Image) -> ServedObject:
    """Return an object with a present value, status flags and reliability."""
    entry = ServedObject(schema, instance, name, {22: more["increment"]} if more else None)
    entry.live |= {
        85: value,
        111: FLAGS,
        36: encoding.enumerated(0),
        103: encoding.enumerated(GOOD),
        28: encoding.text(f"{name} of the house"),
    }
    return entry


def power() -> ServedObject:
    """Return an Analog Input with an increment of 0.1."""
    image = encoding.real(0.1)
    return point(schemas.AnalogInputObject, 1, "Power", encoding.real(1.0), increment=image)


def states() -> list[ServedObject]:
    """Return the objects beside the Device and the power."""
    moment = encoding.date(2026, 11, 21, 6) + encoding.time(12, 0, 0)
    double = encoding.double(1e6), encoding.double(1.0)
    texts = point(schemas.MultiStateValueObject, 1, "Direction", encoding.unsigned(1))
    texts.live[110] = (encoding.text("Import"), encoding.text("Export"))
    return [
        point(schemas.AnalogInputObject, 2, "Unsteady", encoding.real(5.0)),
        point(schemas.BinaryInputObject, 1, "Alarm", encoding.enumerated(0)),
        point(schemas.BinaryInputObject, 2, "Unknown", NOT_INITIALIZED),
        point(schemas.DateTimeValueObject, 1, "Peak", moment),
        point(schemas.LargeAnalogValueObject, 1, "Index", double[0], increment=double[1]),
        point(schemas.AccumulatorObject, 1, "Energy", encoding.unsigned(7)),
        texts,
    ]


@dataclass
class Stage:
    """An application and its objects by name."""

    carrier: Carrier
    application: Application
    objects: dict[str, ServedObject]

    def set(self, name: str, value: Image) -> None:
        """Give an object another present value and tell its listeners."""
        self.objects[name].live[85] = value
        self.objects[name].changed()

    def trust(self, name: str, reliability: int, flags: bytes = FLAGS) -> None:
        """Give an object another reliability and status flags."""
        self.objects[name].live[103] = encoding.enumerated(reliability)
        self.objects[name].live[111] = flags
        self.objects[name].changed()


def stage() -> Stage:
    """Return a device that serves nothing yet."""
    device = ServedObject(schemas.DeviceObject, DEVICE_ID, "Submeter")
    device.live[56] = encoding.unsigned(1)
    table = ObjectTable([device, power(), *states()])
    carrier = Carrier()
    return Stage(carrier, Application(table, carrier), {entry.name: entry for entry in table})


def real_of(body: bytes) -> float:
    """Return the number of a REAL's image."""
    return float(struct.unpack(">f", body[1:])[0])
