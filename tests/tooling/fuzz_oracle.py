"""Tells whether an answer can be right, whatever was asked; shares no code with the face."""

import functools
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from tooling.fuzz import READS, WRITES
from tooling.fuzz_reference import Reference, Tables
from tooling.serial_line import crc

_ALLOWED = (1, 2, 3, 4)
_SERIAL = (7, 8, 11, 12)
_LONGEST = 253


class Request(NamedTuple):
    """A request on TCP."""

    transaction: int
    unit: int
    pdu: bytes


class Oracle:
    """Judges the answers of the units of `references`, by their ids.

    Each check is told what was received in the order in which it was sent; what a read may show
    are the contents of its unit from those on that the answer before it showed.
    """

    def __init__(self, references: Mapping[int, Reference]) -> None:
        self._references = references
        self._from = dict.fromkeys(references, 0)
        self.accepted = 0
        self.answered = 0

    def settle(self, broadcasts: bool = False) -> None:
        """End a check: the contents of now are the ones from which the next one begins.

        Only writes that were accepted may have changed anything, or `broadcasts`.
        """
        changed = sum(len(each.versions) - 1 for each in self._references.values())
        assert not changed or self.accepted or broadcasts, "changed, but no write was accepted"
        for unit, reference in self._references.items():
            reference.forget()
            self._from[unit] = 0
        self.accepted = 0

    def stream(self, sent: bytes, received: bytes) -> bool:
        """Check the answers to a stream of Modbus TCP; return whether it is sound to its end."""
        requests, _, sound = frames(sent)
        for request in requests:
            if self.is_silent(request):
                continue
            size = int.from_bytes(received[4:6])
            head = struct.pack(">HHHB", request.transaction, 0, size, request.unit)
            assert received[:7] == head, f"{received[:9].hex()} to {request}"
            assert 3 <= size <= 1 + _LONGEST
            assert len(received) >= 6 + size, f"{received.hex()} is cut"
            self.judge(request.unit, request.pdu, received[7 : 6 + size])
            received = received[6 + size :]
        assert not received, f"{received.hex()} to nothing"
        return sound

    def rtu_stream(self, sent: bytes, received: bytes) -> None:
        """Check the answers to RTU frames in a stream, whatever lies between them, in order."""
        requests = _sealed_within(sent, self._references)
        at = 0
        for answer in split(received):
            at = self._asked(requests, at, answer)

    def _asked(self, requests: Sequence[bytes], at: int, answer: bytes) -> int:
        """Return the place behind the request, from `at` on, that `answer` can be to."""
        for number in range(at, len(requests)):
            if requests[number][0] != answer[0]:
                continue
            with suppress(AssertionError):
                self.judge(answer[0], requests[number][1:-2], answer[1:-2], serial=True)
                return number + 1
        raise AssertionError(f"{answer.hex()} to nothing that was asked")

    def line(self, sent: bytes, received: bytes) -> None:
        """Check what a serial line says after `sent`, of which only the end is answered."""
        if not received:
            return
        assert crc(received) == 0, f"{received.hex()} has a wrong checksum"
        end = len(sent)
        requests = [sent[p:] for p in range(end) if sent[p] in self._references]
        self._asked([each for each in requests if crc(each) == 0], 0, received)

    def judge(self, unit: int, pdu: bytes, answer: bytes, serial: bool = False) -> None:
        """Fail unless `answer` can be that of `unit` to `pdu`."""
        told = f"unit {unit}: {answer.hex()} to {pdu.hex()}"
        self.answered += 1
        assert 2 <= len(answer) <= _LONGEST, told
        function = pdu[0]
        if unit not in self._references:
            assert answer == bytes((function | 0x80, 0x0B)), told
        elif function in READS:
            reference = self._references[unit]
            assert self._some(unit, lambda t: reference.read(pdu, t) == answer), told
        elif answer[0] == function | 0x80:
            assert len(answer) == 2, told
            assert answer[1] in self._exceptions(function, serial), told
        elif function in WRITES:
            self._judge_write(unit, pdu, answer, told)
        else:
            assert _sound_report(pdu, answer, serial), told

    def _judge_write(self, unit: int, pdu: bytes, answer: bytes, told: str) -> None:
        reference, function = self._references[unit], pdu[0]
        assert len(pdu) >= 5, told
        self.accepted += 1
        if function == 23:
            read = b"\x03" + pdu[1:5]
            assert answer[0] == function, told
            self._judge_shown(unit, int.from_bytes(pdu[5:7]), pdu[10:], told)
            assert self._some(unit, lambda t: reference.read(read, t) == b"\x03" + answer[1:]), told
            return
        assert answer == (pdu[:5] if function in (15, 16) else pdu), told
        address = int.from_bytes(pdu[1:3])
        if function in (6, 16):
            self._judge_shown(unit, address, pdu[3:] if function == 6 else pdu[6:], told)
        elif function == 22:
            place = 2 * address
            old = reference.versions[self._from[unit]].content[3][place : place + 2]
            keep, put = pdu[3:5], pdu[5:7]
            masked = [o & k | p & ~k for o, k, p in zip(old, keep, put, strict=True)]
            self._judge_shown(unit, address, bytes(masked), told)

    def _judge_shown(self, unit: int, address: int, data: bytes, told: str) -> None:
        """Fail unless the registers from `address` on show what was written."""
        reference = self._references[unit]
        assert self._some(unit, lambda t: reference.shows(address, data, t)), told

    def _some(self, unit: int, right: Callable[[Tables], bool]) -> bool:
        """Tell whether `right` is true of some content that the unit may have by now."""
        versions = self._references[unit].versions
        for number in range(self._from[unit], len(versions)):
            if right(versions[number]):
                self._from[unit] = number
                return True
        return False

    def is_silent(self, request: Request) -> bool:
        """Tell whether `request` is not to be answered: its unit's map wants it so."""
        reference = self._references.get(request.unit)
        if reference is None or request.pdu[0] not in READS:
            return False
        return reference.read(request.pdu, reference.versions[-1]) is None

    def _exceptions(self, function: int, serial: bool) -> tuple[int, ...]:
        if function in WRITES:
            return (*_ALLOWED, 0x0B)  # 0B: what 23 is to read has no source
        if function in (17, 43):
            return (1, 2, 3)
        return (1, 3) if serial and function in _SERIAL else (1,)


def frames(stream: bytes) -> tuple[list[Request], int, bool]:
    """Return the requests in a stream of Modbus TCP, where they end, and whether it is sound."""
    requests: list[Request] = []
    at = 0
    while len(stream) - at >= 6:
        transaction, protocol, length = struct.unpack_from(">HHH", stream, at)
        if protocol or not 2 <= length <= 254:
            return requests, at, False
        if len(stream) - at < 6 + length:
            break
        pdu = stream[at + 7 : at + 6 + length]
        requests.append(Request(transaction, stream[at + 6], pdu))
        at += 6 + length
    return requests, at, True


def split(received: bytes) -> list[bytes]:
    """Return the RTU frames that `received` consists of; a checksum may be right by chance."""

    @functools.cache
    def rest(at: int) -> tuple[bytes, ...] | None:
        if at == len(received):
            return ()
        for end in _ends(received, at):
            following = rest(end)
            if following is not None:
                return (received[at:end], *following)
        return None

    found = rest(0)
    assert found is not None, f"{received.hex()} has a wrong checksum"
    return list(found)


def _sealed_within(sent: bytes, units: Mapping[int, object]) -> list[bytes]:
    """Return every sealed frame to one of `units` anywhere in `sent`, in order of their begin."""
    found = []
    for place, unit in enumerate(sent):
        if unit in units:
            found += [sent[place:end] for end in _ends(sent, place)]
    return found


def _ends(sent: bytes, place: int) -> Iterator[int]:
    """Yield where a sealed frame that begins at `place` can end."""
    state = 0xFFFF
    for end in range(place, min(len(sent), place + 256)):
        state = crc(sent[end : end + 1], state)
        if state == 0 and end - place >= 3:
            yield end + 1


def _sound_report(pdu: bytes, answer: bytes, serial: bool) -> bool:
    """Tell whether `answer`, no exception, has the form that its function gives it."""
    match answer[0]:
        case 17:
            return pdu == b"\x11" and answer[1] == len(answer) - 2
        case 43:
            return answer[:3] == pdu[:3] and _sound_identity(answer)
        case 7:
            return serial and pdu == b"\x07" and len(answer) == 2
        case 8:
            counts = len(answer) == 5 and answer[:3] == pdu[:3] and 2 <= answer[2] <= 18
            return serial and (answer == pdu or counts)
        case 11:
            return serial and pdu == b"\x0b" and len(answer) == 5
        case 12:
            return serial and pdu == b"\x0c" and answer[1] == len(answer) - 2 <= 6 + 64
        case _:
            return False


def _sound_identity(answer: bytes) -> bool:
    """Tell whether the objects of function 43/14 fill `answer` exactly."""
    if len(answer) < 7:
        return False
    more, following, count = answer[4:7]
    at = 7
    for _ in range(count):
        if at + 2 > len(answer):
            return False
        at += 2 + answer[at + 1]
    return at == len(answer) and (more, bool(following)) in ((0, False), (0xFF, True))
