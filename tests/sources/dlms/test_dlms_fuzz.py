"""Damaged pushes: nothing raises, nothing wrong comes out, and the next good one is read."""

import binascii
from collections.abc import Callable, Sequence
from random import Random

from submeter.errors import FrameError
from submeter.pointmap import source_map
from submeter.pointmap.obis_object import ObisObject
from submeter.pointmap.source_map import SourceMap
from submeter.sources.dlms import notification, obis, security
from submeter.sources.dlms.said import Reader
from submeter.sources.dlms.transport import Apdu, Transport
from submeter.sources.translation.datum import Said
from tooling import dlms_pusher, dlms_walk
from tooling.dlms_pusher import KEYS, Meter
from tooling.mutations import FRAMES, SEED, damaged, pieces

HELD = 100_000  # octets


def right_hdlc(raw: bytes) -> bool:
    """Tell by another reckoning whether `raw` is frames with right lengths and sequences."""
    while raw:
        size = int.from_bytes(raw[1:3], "big") & 0x7FF
        frame, raw = raw[: size + 2], raw[size + 2 :]
        if len(frame) != size + 2 or frame[0] != 0x7E or frame[-1] != 0x7E:
            return False
        # A sequence that is right leaves this remainder (RFC 1662, appendix C).
        register = 0xFFFF
        for octet in frame[1:-1]:
            register ^= octet
            for _ in range(8):
                register = register >> 1 ^ (0x8408 if register & 1 else 0)
        if register != 0xF0B8:
            return False
    return True


def right_mbus(raw: bytes) -> bool:
    while raw:
        size = raw[1] if raw[1] > 4 else raw[1] + 256
        frame, raw = raw[: size + 6], raw[size + 6 :]
        if len(frame) != size + 6 or frame[1] != frame[2] or frame[0] != 0x68 != frame[-1]:
            return False
        if (sum(frame[4:-2]) - frame[-2]) % 256 or frame[-1] != 0x16:
            return False
    return True


def held(transport: Transport) -> int:
    """Return the octets that a transport keeps."""
    decoder = transport._hdlc or transport._mbus
    assert decoder is not None
    parts, blocks = transport._parts, transport._blocks
    return len(decoder._scanner._bytes) + sum(len(each._raw) for each in (parts, blocks))


def survive(
    good: Sequence[bytes], next_good: bytes, right: Callable[[bytes], bool], count: int
) -> list[Apdu]:
    """Feed damage and then a good push, over and over; return what came out that is not sound."""
    transport = Transport()
    (known,) = transport.feed(next_good)
    sound = {apdu.data for each in good for apdu in Transport().feed(each)} | {known.data}
    odd = []
    random = Random(SEED)
    for stream in damaged(good, count, SEED + count):
        found = []
        for piece in pieces(stream, random) if random.random() < 0.05 else [stream]:
            found += transport.feed(piece)
        last = transport.feed(next_good)
        assert last, binascii.hexlify(stream)
        assert last[-1] == known
        odd += [apdu for apdu in (*found, *last) if apdu.data not in sound]
        assert held(transport) < HELD
    assert all(right(apdu.raw) for apdu in odd)
    return odd


def test_hdlc_in_every_form() -> None:
    meter = Meter()
    forms = dlms_pusher.every_form(meter)
    good = [stream for name, stream in forms.items() if "M-Bus" not in name]
    odd = survive(good, good[0], right_hdlc, FRAMES)
    refused(odd)


def test_mbus_in_every_form() -> None:
    meter = Meter()
    forms = dlms_pusher.every_form(meter)
    good = [stream for name, stream in forms.items() if "M-Bus" in name]
    odd = survive(good, good[0], right_mbus, FRAMES)
    refused(odd)


def refused(odd: Sequence[Apdu]) -> None:
    """Demand that nothing is believed which keys prove wrong, and that nothing else raises."""
    reader = Reader(source_map.load("obis-standard"))
    for apdu in odd:
        try:
            if security.ciphered(apdu.data):
                opened = security.open_(security.read(apdu.data), KEYS)
                raise AssertionError(f"{opened} is not what was sent")
            reader.said(notification.read(apdu.data).items)
        except FrameError:
            continue


def test_damaged_messages_are_read_or_refused() -> None:
    """Behind the checks of the line, where damage is not seen any more."""
    meter = Meter()
    good = [dlms_pusher.listed(meter), dlms_pusher.paired(meter, scaled=True)]
    good += [meter.sealed(dlms_pusher.listed(meter)), dlms_pusher.placed([1, 2, "text"])]
    loaded = source_map.load("obis-standard")
    reader, checked = Reader(loaded), 0
    for data in damaged(good, FRAMES):
        if not data or data in good:
            continue
        try:
            if security.ciphered(data):
                opened = security.open_(security.read(data), KEYS)
                raise AssertionError(f"{opened} is not what was sent")
            found = reader.said(notification.read(data).items)
        except FrameError:
            continue
        checked += stands_there(data, found, loaded)
    assert checked > FRAMES // 4


def stands_there(data: bytes, found: Said, loaded: SourceMap) -> int:
    """Demand that each number of `found` stands in the message for its code; return how many do.

    That a number was damaged no one can see here any more; that it was made of something else, or
    scaled by what belongs to another, would show.
    """
    told = {name: datum for name, datum in found.items() if datum.number is not None}
    plain = {name: datum for name, datum in told.items() if datum.unit != "UTC s"}
    if not plain:
        return 0
    try:
        numbers = dlms_walk.numbers(data)
    except dlms_walk.CompactError:
        return 0
    for name, datum in plain.items():
        label = loaded.labels[name]
        assert isinstance(label, ObisObject)
        patterns = [obis.Pattern(code) for code in label.codes]
        assert any(
            number == datum.number and any(each.matches(obis.code(code)) for each in patterns)
            for code, number, _ in numbers
        ), (name, datum, binascii.hexlify(data))
    return len(plain)
