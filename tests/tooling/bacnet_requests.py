"""Valid requests of every service, as the datagrams that carry them."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from bacnet.client import frame, oid, read, read_multiple, write
from submeter.bacnet import encoding
from tooling.bacnet_site import DEVICE_ID, STANDARD, number

ALL, REQUIRED, OPTIONAL = 8, 105, 80
PRESENT_VALUE, OBJECT_LIST, LOG_BUFFER, ACTIVE_SUBSCRIPTIONS = 85, 76, 131, 152
DEVICE, TREND_LOG, ANALOG_INPUT, ANALOG_OUTPUT, BINARY_INPUT, BINARY_OUTPUT = 8, 20, 0, 1, 3, 4
TAMPER_ALARM = BINARY_INPUT, 6
DEMAND_INTERVAL = ANALOG_OUTPUT, 3
EVERYBODY = b"\x01\x20\xff\xff\x00\xff"
FROM_AFAR = b"\x01\x0c\x07\xd2\x01\x05"  # from network 2002, station 5, a reply expected


class Request(NamedTuple):
    """`name` is for messages; `answered` tells whether something is to come back."""

    name: str
    datagram: bytes
    answered: bool = True


def confirmed(service: int, body: bytes, invoke: int = 1) -> bytes:
    """Return the APDU of a confirmed request of a client that takes segments."""
    return bytes((0x02, 0x75, invoke, service)) + body


def unconfirmed(service: int, body: bytes) -> bytes:
    """Return the APDU of an unconfirmed request."""
    return bytes((0x10, service)) + body


def every() -> list[Request]:
    """Return all of them, those of `services` with invoke ids that follow each other."""
    asked = [
        Request(name, frame(confirmed(service, body, place % 256)))
        for place, (name, service, body) in enumerate(services())
    ]
    return [*asked, *others()]


def others() -> list[Request]:
    """Return those that are no confirmed requests."""
    told = [Request(name, frame(apdu, npci=b"\x01\x00"), heard) for name, apdu, heard in _told()]
    return [*told, *_on_the_network(), *_on_the_link()]


def services() -> Iterator[tuple[str, int, bytes]]:
    """Yield name, number and parameters of confirmed requests."""
    yield from _reads()
    yield from _writes()
    yield from _subscriptions()
    yield from _ranges()
    yield from _alarms()
    yield from _control()


def _reads() -> Iterator[tuple[str, int, bytes]]:
    for entry in STANDARD.objects:
        yield f"read {entry.name}", 12, read(*number(entry), PRESENT_VALUE)
    yield "read the size of the object list", 12, read(DEVICE, DEVICE_ID, OBJECT_LIST, 0)
    yield "read the object list", 12, read(DEVICE, 4194303, OBJECT_LIST)
    yield "read what is no array", 12, read(ANALOG_INPUT, 1, PRESENT_VALUE, 1)
    yield "read what is not there", 12, read(ANALOG_INPUT, 4000, PRESENT_VALUE)
    for name, group in (("all", ALL), ("required", REQUIRED), ("optional", OPTIONAL)):
        for own in ((DEVICE, DEVICE_ID), (ANALOG_INPUT, 1), DEMAND_INTERVAL):
            yield f"read {name} of {own}", 14, read_multiple((*own, [group]))
    many = [(*number(entry), [PRESENT_VALUE, 111, 77, 28]) for entry in STANDARD.objects]
    yield "read four of everything", 14, read_multiple(*many)


def _writes() -> Iterator[tuple[str, int, bytes]]:
    values = {
        "30": encoding.real(30.0),
        "a number without end": encoding.real(float("inf")),
        "no number": encoding.real(float("nan")),
        "null": encoding.NULL,
        "a text": encoding.text("30"),
        "a whole number": encoding.unsigned(30),
    }
    for name, value in values.items():
        yield f"write {name}", 15, write(*DEMAND_INTERVAL, PRESENT_VALUE, value)
    yield "write an input", 15, write(ANALOG_INPUT, 1, PRESENT_VALUE, encoding.real(1.0))
    yield "write a count", 15, write(23, 1, PRESENT_VALUE, encoding.unsigned(1))
    yield "rename", 15, write(DEVICE, DEVICE_ID, 77, encoding.text("mine"), None)
    yield "choose a state", 15, write(19, 2, PRESENT_VALUE, encoding.unsigned(2), None)
    yield "command", 15, write(BINARY_OUTPUT, 2, PRESENT_VALUE, encoding.enumerated(1))
    twice = _specification(*DEMAND_INTERVAL, encoding.real(20.0))
    yield "write two", 16, twice + _specification(ANALOG_OUTPUT, 7, encoding.real(110.0))
    yield "write two and one is refused", 16, twice + _specification(0, 1, encoding.real(1.0))


def _specification(kind: int, instance: int, value: bytes) -> bytes:
    """Return one of a WritePropertyMultiple-Request, with priority 8 (135, 15.10)."""
    one = encoding.context_unsigned(0, PRESENT_VALUE) + encoding.enclosed(2, value)
    priority = encoding.context_unsigned(3, 8)
    return encoding.context(0, oid(kind, instance)) + encoding.enclosed(1, one + priority)


def subscribe(
    process: int, own: tuple[int, int], confirmed: bool | None, lifetime: int | None
) -> bytes:
    """Return the parameters of SubscribeCOV; without both of the last ones it cancels."""
    body = encoding.context_unsigned(0, process) + encoding.context(1, oid(*own))
    if confirmed is not None:
        body += encoding.context(2, bytes((confirmed,)))
    return body if lifetime is None else body + encoding.context_unsigned(3, lifetime)


def _subscriptions() -> Iterator[tuple[str, int, bytes]]:
    for own in ((ANALOG_INPUT, 1), DEMAND_INTERVAL, TAMPER_ALARM, (44, 1), (23, 1)):
        yield f"subscribe {own}", 5, subscribe(7, own, False, 60)
    yield "subscribe, confirmed", 5, subscribe(8, (ANALOG_INPUT, 2), True, 60)
    yield (
        "subscribe to a property",
        28,
        (
            subscribe(9, (ANALOG_INPUT, 1), False, 60)
            + encoding.enclosed(4, encoding.context_unsigned(0, PRESENT_VALUE))
            + encoding.context(5, struct.pack(">f", 2.5))
        ),
    )
    yield "read the subscriptions", 12, read(DEVICE, DEVICE_ID, ACTIVE_SUBSCRIPTIONS)
    yield "cancel", 5, subscribe(7, (ANALOG_INPUT, 1), None, None)
    yield "cancel what is not", 5, subscribe(99, (ANALOG_INPUT, 1), None, None)


def _ranges() -> Iterator[tuple[str, int, bytes]]:
    log = encoding.context(0, oid(TREND_LOG, 1)) + encoding.context_unsigned(1, LOG_BUFFER)
    position = encoding.unsigned(1) + encoding.signed(10)
    sequence = encoding.unsigned(150) + encoding.signed(-10)
    moment = encoding.date(2026, 2, 1, 7) + encoding.time(0, 0, 0) + encoding.signed(10)
    yield "read a log", 26, log
    yield "read a log by position", 26, log + encoding.enclosed(3, position)
    yield "read a log by number", 26, log + encoding.enclosed(6, sequence)
    yield "read a log by time", 26, log + encoding.enclosed(7, moment)
    device = encoding.context(0, oid(DEVICE, DEVICE_ID))
    listed = device + encoding.context_unsigned(1, OBJECT_LIST)
    yield "read a part of a list", 26, listed + encoding.enclosed(3, position)


def _alarms() -> Iterator[tuple[str, int, bytes]]:
    yield "summarise the alarms", 3, b""
    yield "tell the events", 29, b""
    yield "tell the events after one", 29, encoding.context(0, oid(*TAMPER_ALARM))
    moment = encoding.date(2026, 2, 1, 7) + encoding.time(0, 0, 0)
    stamp = encoding.enclosed(2, moment)
    yield (
        "acknowledge",
        0,
        (
            encoding.context_unsigned(0, 1)
            + encoding.context(1, oid(*TAMPER_ALARM))
            + encoding.context_unsigned(2, 2)
            + encoding.enclosed(3, stamp)
            + encoding.context(4, b"\x00somebody")
            + encoding.enclosed(5, stamp)
        ),
    )


def _control() -> Iterator[tuple[str, int, bytes]]:
    wrong = encoding.context(2, b"\x00wrong")
    yield "be silent", 17, encoding.context_unsigned(1, 1) + wrong
    yield "restart", 20, encoding.context_unsigned(0, 1) + encoding.context(1, b"\x00wrong")
    yield "read a file", 6, b"\xc4" + oid(10, 1) + encoding.enclosed(0, b"\x31\x00\x21\x64")
    yield "a service of the future", 99, b"\x09\x01"


def _told() -> Iterator[tuple[str, bytes, bool]]:
    yield "who is", unconfirmed(8, b""), True
    yield "who is in a range", who_is(DEVICE_ID), True
    yield "who is elsewhere", who_is(DEVICE_ID + 1), False
    yield "who has by name", unconfirmed(7, encoding.context(3, b"\x00Frequency")), True
    yield "who has by number", unconfirmed(7, encoding.context(2, oid(ANALOG_INPUT, 1))), True
    yield "who has, nobody", unconfirmed(7, encoding.context(3, b"\x00Nothing")), False
    moment = encoding.date(2026, 2, 1, 7) + encoding.time(0, 0, 0)
    yield "it is now", unconfirmed(6, moment), False
    yield "it is now in UTC", unconfirmed(9, moment), False
    yield "i am", unconfirmed(0, b"\xc4\x02\x00\x00\x63\x22\x05\xc4\x91\x00\x21\x0f"), False
    notified = b"\x09\x07\x1c\x02\x00\x00\x63\x2c\x00\x00\x00\x01\x39\x00\x4e\x4f"
    yield "a value has changed", unconfirmed(2, notified), False


def who_is(low: int) -> bytes:
    """Return the APDU that asks for devices from `low` on.

    The same question of the same client is not answered twice within a moment.
    """
    return unconfirmed(8, encoding.context_unsigned(0, low) + b"\x1b\x3f\xff\xff")


def _on_the_network() -> Iterator[Request]:
    yield Request("who is, on all networks", frame(who_is(1), npci=EVERYBODY))
    asked = confirmed(12, read(ANALOG_INPUT, 1, PRESENT_VALUE))
    yield Request("a read from afar", frame(asked, npci=FROM_AFAR))
    for name, message in (
        ("who is router", b"\x00"),
        ("who is router to 2001", b"\x00\x07\xd1"),
        ("i am router", b"\x01\x07\xd1"),
        ("initialize the routing table", b"\x06\x00"),
        ("what is the network number", b"\x12"),
        ("the network number is", b"\x13\x00\x05\x00"),
    ):
        yield Request(name, frame(message, npci=b"\x01\x80"), answered=False)


def _on_the_link() -> Iterator[Request]:
    who, other = b"\x01\x00" + who_is(2), b"\x01\x00" + who_is(3)
    yield Request("who is, broadcast", _bvll(0x0B, who))
    yield Request("who is, forwarded", _bvll(0x04, b"\x7f\x00\x00\x09\xba\xc0" + who), False)
    yield Request("register", _bvll(0x05, b"\x00\x3c"))
    yield Request("distribute", _bvll(0x09, other))
    yield Request("read the broadcast table", _bvll(0x02, b""))
    yield Request("read the foreign table", _bvll(0x06, b""))
    yield Request(
        "write the broadcast table", _bvll(0x01, b"\x7f\x00\x00\x09\xba\xc0" + b"\xff" * 4)
    )
    yield Request("delete a foreign device", _bvll(0x08, b"\x7f\x00\x00\x09\xba\xc0"))
    yield Request("a result", _bvll(0x00, b"\x00\x00"), False)


def _bvll(function: int, content: bytes) -> bytes:
    return bytes((0x81, function)) + struct.pack(">H", 4 + len(content)) + content
