"""A DLMS meter over HDLC: association without or with a password, GET with blocks, segmentation.

Answers are made by `DlmsMeter.answer` from the bytes that it is sent, without I/O.
"""

from collections.abc import Mapping
from typing import NamedTuple

from submeter.sources.dlms import axdr, hdlc, obis, units
from submeter.sources.dlms.axdr import Data
from submeter.sources.dlms.hdlc import Frame

SNRM, UA, DISC, DM = 0x93, 0x73, 0x53, 0x1F
DATA, REGISTER, EXTENDED, DEMAND, CLOCK, ASSOCIATION, RELAY = 1, 3, 4, 5, 8, 15, 70
SERIAL = "LGZ0012345678"
TIME = bytes.fromhex("07e8030502" + "0a0f1e00" + "ffc4" + "00")  # 2024-03-05 10:15:30 UTC+1
CAPTURED = bytes.fromhex("07e8030401" + "120f0000" + "ffc4" + "00")

Key = tuple[int, str, int]


class Entry(NamedTuple):
    """An object of the meter: its class and code, and its attributes from number 2 on."""

    class_id: int
    code: str
    attributes: Mapping[int, Data]


def register(code: str, raw: int, scaler: int, unit: str | None) -> Entry:
    """Return a register of class 3."""
    return Entry(REGISTER, code, {2: Data(axdr.UINT32, raw), 3: scaler_unit(scaler, unit)})


def scaler_unit(scaler: int, unit: str | None) -> Data:
    """Return the attribute with power of ten and unit."""
    parts = [Data(axdr.INT8, scaler), Data(axdr.ENUM, units.number(unit))]
    return Data(axdr.STRUCTURE, parts)


def e650() -> list[Entry]:
    """Return the objects of a meter that has one of every class."""
    peak = {
        2: Data(axdr.UINT32, 2345),
        3: scaler_unit(0, "W"),
        4: Data(axdr.UINT8, 0),
        5: Data(axdr.OCTETS, CAPTURED),
    }
    sliding = {
        2: Data(axdr.UINT32, 100),
        3: Data(axdr.UINT32, 99),
        4: scaler_unit(1, "var"),
        6: Data(axdr.OCTETS, CAPTURED),
    }
    return [
        Entry(DATA, "0-0:96.1.0*255", {2: Data(axdr.OCTETS, SERIAL.encode())}),
        Entry(DATA, "0-0:42.0.0*255", {2: Data(axdr.OCTETS, b"LGZ12345678")}),
        Entry(CLOCK, "0-0:1.0.0*255", {2: Data(axdr.OCTETS, TIME)}),
        register("1-0:1.8.0*255", 4_408_736, 0, "Wh"),
        register("1-0:2.8.0*255", 12, 0, "Wh"),
        register("1-0:16.7.0*255", 2893, 0, "W"),
        register("1-0:32.7.0*255", 2345, -1, "V"),
        register("1-0:31.7.0*255", 125, -2, "A"),
        Entry(EXTENDED, "1-0:1.6.0*255", peak),
        Entry(DEMAND, "1-0:3.6.0*255", sliding),
        Entry(RELAY, "0-0:96.3.10*255", {2: Data(axdr.BOOLEAN, True)}),
    ]


class DlmsMeter:
    """A meter with `entries`.

    `refused` gives data-access-results instead of attributes. `password` demands low level
    security. `frame` and `block` are the most bytes in a frame and in a block of an answer. Without
    `lists` it does not give its list of objects.
    """

    def __init__(
        self,
        entries: list[Entry] | None = None,
        *,
        password: bytes | None = None,
        refused: Mapping[Key, int] | None = None,
        frame: int = 128,
        block: int = 100_000,
        lists: bool = True,
    ) -> None:
        self.entries = e650() if entries is None else entries
        self.asked: list[Key] = []
        self.associations = 0
        self._password = password
        self._refused = dict(refused or {})
        self._frame = frame
        self._block = block
        self._lists = lists
        self._decoder = hdlc.Decoder()
        self._reset()
        self._associated = False

    def _reset(self) -> None:
        self._sent = self._received = 0
        self._request = b""
        self._segments: list[bytes] = []
        self._blocks: list[bytes] = []
        self._last = b""

    def answer(self, data: bytes) -> bytes:
        """Return what is sent back for `data`."""
        return b"".join(self._react(frame) for frame in self._decoder.feed(data))

    def _react(self, frame: Frame) -> bytes:
        to, by, control = frame.source, frame.destination, frame.control
        if control == SNRM:
            self._reset()
            self._associated = False
            size = min(self._frame, 248)
            sizes = bytes((5, 1, size, 6, 1, size, 7, 4, 0, 0, 0, 1, 8, 4, 0, 0, 0, 1))
            return hdlc.encode(Frame(to, by, UA, b"\x81\x80\x12" + sizes))
        if control == DISC:
            self._associated = False
            return hdlc.encode(Frame(to, by, UA))
        if control & 1 == 0:
            return self._numbered(frame)
        if control & 0x0F == 1:
            return self._next(frame, control >> 5)
        return b""

    def _numbered(self, frame: Frame) -> bytes:
        to, by = frame.source, frame.destination
        if frame.control >> 1 & 7 != self._received:
            return self._last  # it was lost on the way
        self._received = (self._received + 1) & 7
        self._request += frame.info
        if frame.segmented:
            self._last = hdlc.encode(Frame(to, by, self._received << 5 | 0x11))
            return self._last
        request, self._request = self._request, b""
        answer = b"\xe6\xe7\x00" + self._apdu(request[3:])
        size = self._frame
        self._segments = [answer[at : at + size] for at in range(0, len(answer), size)]
        return self._segment(frame)

    def _next(self, frame: Frame, wanted: int) -> bytes:
        if wanted == self._sent and self._segments:
            return self._segment(frame)
        return self._last

    def _segment(self, frame: Frame) -> bytes:
        info = self._segments.pop(0)
        control = self._received << 5 | 0x10 | self._sent << 1
        self._sent = (self._sent + 1) & 7
        more = bool(self._segments)
        self._last = hdlc.encode(Frame(frame.source, frame.destination, control, info, more))
        return self._last

    def _apdu(self, apdu: bytes) -> bytes:
        if apdu[:1] == b"\x60":
            return self._associate(apdu)
        if not self._associated:
            return b"\xd8\x01\x01"
        if apdu[:2] == b"\xc0\x01":
            return self._get(apdu)
        if apdu[:2] == b"\xc0\x02":
            return self._datablock(apdu[2], int.from_bytes(apdu[3:7], "big") + 1)
        return b"\xd8\x01\x02"

    def _associate(self, aarq: bytes) -> bytes:
        self.associations += 1
        reason = 0
        if self._password is not None:
            secret = bytes([0x80, len(self._password)]) + self._password
            low = bytes.fromhex("8b0760857405080201") in aarq
            reason = 0 if low and secret in aarq else 13 if low else 12
        self._associated = not reason
        user = bytes.fromhex("0800065f1f0400001010" + "04000007") if not reason else b""
        body = bytes.fromhex("a109060760857405080101")
        body += bytes([0xA2, 3, 2, 1, int(bool(reason)), 0xA3, 5, 0xA1, 3, 2, 1, reason])
        if user:
            body += bytes([0xBE, len(user) + 2, 4, len(user)]) + user
        return bytes([0x61, len(body)]) + body

    def _get(self, apdu: bytes) -> bytes:
        invoke = apdu[2]
        key = (int.from_bytes(apdu[3:5], "big"), obis.code(apdu[5:11]), apdu[11])
        self.asked.append(key)
        value = self._value(key)
        if isinstance(value, int):
            return bytes([0xC4, 1, invoke, 1, value])
        data = axdr.encode(value)
        if len(data) <= self._block:
            return bytes([0xC4, 1, invoke, 0]) + data
        self._blocks = [data[at : at + self._block] for at in range(0, len(data), self._block)]
        return self._datablock(invoke, 1)

    def _datablock(self, invoke: int, number: int) -> bytes:
        block = self._blocks[number - 1]
        last = number == len(self._blocks)
        head = bytes([0xC4, 2, invoke, last]) + number.to_bytes(4, "big")
        return head + b"\0" + axdr.with_length(block)

    def _value(self, key: Key) -> Data | int:
        """Return an attribute, or the number of the refusal."""
        if key in self._refused:
            return self._refused[key]
        if key == (ASSOCIATION, "0-0:40.0.0*255", 2) and self._lists:
            return self._list()
        for entry in self.entries:
            if entry.code == key[1]:
                return entry.attributes.get(key[2], 3) if entry.class_id == key[0] else 9
        return 4

    def _list(self) -> Data:
        rights = Data(axdr.STRUCTURE, [Data(axdr.ARRAY, []), Data(axdr.ARRAY, [])])
        rows = [
            Data(
                axdr.STRUCTURE,
                [
                    Data(axdr.UINT16, entry.class_id),
                    Data(axdr.UINT8, 0),
                    Data(axdr.OCTETS, obis.octets(entry.code)),
                    rights,
                ],
            )
            for entry in self.entries
        ]
        return Data(axdr.ARRAY, rows)
