"""A meter that pushes DLMS, in every layout, framing and ciphering of the field.

`python dlms_pusher.py PORT` pushes as an E450 every five seconds.
"""

import argparse
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from submeter.sources.dlms import axdr, clock, hdlc, mbus_frames, obis, security, units
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.keys import Keys

KEYS = Keys(bytes(range(16)), bytes(range(100, 116)))
TITLE = b"LGZgsp\xb1w"
E450 = (b"\xce\xff", b"\x03", 0x13)
"""Destination, source and control of an E450's frames."""

LLC = b"\xe6\xe7\x00"
NOON = 1_710_000_000  # 2024-03-09T16:00:00Z
PUSH_SETUP = ("0-0:25.9.0*255", 40)


@dataclass
class Meter:
    """What the meter shows: raw numbers by code, each with scaler and unit, and its counter."""

    serial: str = "LGZ1030655933512"
    values: dict[str, tuple[int, int, str | None]] = field(
        default_factory=lambda: {
            "1-0:1.8.0*255": (4_408_736, 0, "Wh"),
            "1-0:2.8.0*255": (12_345, 0, "Wh"),
            "1-0:1.7.0*255": (2_893, 0, "W"),
            "1-0:2.7.0*255": (0, 0, "W"),
            "1-0:32.7.0*255": (231, 0, "V"),
            "1-0:31.7.0*255": (1259, -2, "A"),
            "1-0:13.7.0*255": (987, -3, None),
        }
    )
    counter: int = 1000
    utc: int = NOON

    def moment(self) -> bytes:
        """Return its clock, an hour before UTC, as Europe's winter has it."""
        return clock.encode(self.utc, -60)

    def sealed(self, apdu: bytes, keys: Keys = KEYS, control: int = 0x30) -> bytes:
        """Return `apdu` ciphered, with the next counter."""
        self.counter += 1
        return security.seal(TITLE, self.counter, apdu, keys, control)


def number(raw: int) -> Data:
    """Return a raw value as meters send it."""
    return Data(axdr.UINT32 if raw >= 0 else axdr.INT32, raw)


def listed(meter: Meter) -> bytes:
    """Return an object list and its values, the list being the first of them, without scalers."""
    entries = [_entry(PUSH_SETUP[1], PUSH_SETUP[0])]
    entries += [_entry(8, "0-0:1.0.0*255"), _entry(1, "0-0:96.1.0*255")]
    values = [Data(axdr.OCTETS, meter.moment()), Data(axdr.OCTETS, meter.serial.encode())]
    for code, (raw, _, _) in meter.values.items():
        entries.append(_entry(3, code))
        values.append(number(raw))
    return notification(Data(axdr.STRUCTURE, [Data(axdr.ARRAY, entries), *values]))


def _entry(kind: int, code: str, attribute: int = 2) -> Data:
    return Data(
        axdr.STRUCTURE,
        [
            Data(axdr.UINT16, kind),
            Data(axdr.OCTETS, obis.octets(code)),
            Data(axdr.INT8, attribute),
            Data(axdr.UINT16, 0),
        ],
    )


def paired(meter: Meter, *, scaled: bool = False, nested: bool = False) -> bytes:
    """Return the clock and pairs of code and value, with scaler and unit if `scaled`."""
    items = [Data(axdr.OCTETS, meter.moment())]
    for code, (raw, scaler, unit) in meter.values.items():
        pair = [Data(axdr.OCTETS, obis.octets(code)), number(raw)]
        if scaled:
            kind = Data(axdr.ENUM, units.number(unit))
            pair.append(Data(axdr.STRUCTURE, [Data(axdr.INT8, scaler), kind]))
        items += [Data(axdr.STRUCTURE, pair)] if nested else pair
    return notification(Data(axdr.ARRAY if nested else axdr.STRUCTURE, items))


def placed(values: Sequence[int | str], moment: bytes = b"") -> bytes:
    """Return values without codes."""
    items = [
        Data(axdr.OCTETS, each.encode()) if isinstance(each, str) else number(each)
        for each in values
    ]
    return notification(Data(axdr.STRUCTURE, items), moment)


def notification(body: Data, moment: bytes = b"", *, tagged: bool = False) -> bytes:
    """Return a Data-Notification; `tagged` puts the tag of an octet string before its time."""
    tag = bytes([axdr.OCTETS]) if tagged else b""
    return b"\x0f\x00\x00\x00\x01" + tag + axdr.with_length(moment) + axdr.encode(body)


def in_frames(
    apdu: bytes, size: int = 1900, address: tuple[bytes, bytes, int] = E450, llc: bytes = LLC
) -> bytes:
    """Return `apdu` in HDLC frames of `size` octets, all but the last marked as segments."""
    data = llc + apdu
    pieces = [data[n : n + size] for n in range(0, len(data), size)]
    return b"".join(
        hdlc.encode(hdlc.Frame(*address, piece, segmented=n < len(pieces) - 1))
        for n, piece in enumerate(pieces)
    )


def blocks(apdu: bytes, size: int = 119) -> Iterator[bytes]:
    """Yield the blocks of a general-block-transfer."""
    pieces = [apdu[n : n + size] for n in range(0, len(apdu), size)]
    for n, piece in enumerate(pieces, 1):
        control = 0xC0 if n == len(pieces) else 0x40
        yield bytes([0xE0, control]) + n.to_bytes(2, "big") + b"\0\0" + axdr.with_length(piece)


def in_blocks(apdu: bytes, size: int = 119) -> bytes:
    """Return `apdu` as an E450 sends it: a block a frame, LLC in the first only."""
    return b"".join(
        in_frames(block, llc=LLC if n == 0 else b"") for n, block in enumerate(blocks(apdu, size))
    )


def in_mbus(apdu: bytes, size: int = 245) -> bytes:
    """Return `apdu` in M-Bus long frames with `size` octets of it each."""
    pieces = [apdu[n : n + size] for n in range(0, len(apdu), size)]
    return b"".join(
        mbus_frames.encode(mbus_frames.Part(n % 16, n == len(pieces) - 1, piece))
        for n, piece in enumerate(pieces)
    )


def every_form(meter: Meter) -> Mapping[str, bytes]:
    """Return a push of `meter` in each layout and framing, ciphered ones with KEYS."""
    return {
        "list": in_frames(listed(meter)),
        "list in segments": in_frames(listed(meter), 100),
        "list in blocks": in_blocks(listed(meter)),
        "pairs": in_frames(paired(meter)),
        "pairs with units": in_frames(paired(meter, scaled=True, nested=True)),
        "pairs in M-Bus": in_mbus(paired(meter, scaled=True)),
        "pairs in long M-Bus": in_mbus(paired(meter, scaled=True), 252),
        "sealed in blocks": in_blocks(meter.sealed(paired(meter))),
        "sealed in segments": in_frames(meter.sealed(listed(meter)), 60),
        "sealed in M-Bus": in_mbus(meter.sealed(paired(meter, scaled=True)), 100),
    }


def main() -> None:
    """Push to a port for ever."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("port")
    parser.add_argument("--period", type=float, default=5.0, help="seconds between pushes")
    parser.add_argument("--plain", action="store_true", help="not ciphered")
    chosen = parser.parse_args()
    meter = Meter()
    descriptor = os.open(chosen.port, os.O_RDWR | os.O_NOCTTY)
    while True:
        meter.utc = int(time.time())
        apdu = listed(meter)
        os.write(descriptor, in_blocks(apdu if chosen.plain else meter.sealed(apdu)))
        raw, scaler, unit = meter.values["1-0:1.8.0*255"]
        meter.values["1-0:1.8.0*255"] = (raw + 1, scaler, unit)
        time.sleep(chosen.period)


if __name__ == "__main__":
    main()
