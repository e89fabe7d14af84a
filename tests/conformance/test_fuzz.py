"""Random and damaged frames, thousands in a second: no crash, no leak, no wrong answer.

Every answer is judged by an oracle that knows the readings and the map, not the face. The frames go
to what answers them, without sockets or devices: `test_fuzz_sockets` has those.
"""

import gc
import logging
import sys

import pytest

from submeter.meter.access import Who
from submeter.modbus.connection import RECEIVED, Answers
from submeter.modbus.diagnostics import Line
from submeter.modbus.rtu.stream import Streams
from submeter.modbus.station import Station
from submeter.modbus.unit import Peer
from tooling.fuzz import FRAMES, SEED, Maker
from tooling.fuzz_oracle import split
from tooling.fuzz_site import OPEN, OTHER_MAP, Site
from tooling.made_up_line import PATIENCE, MadeUpLine, made_up_line
from tooling.resources import resident
from tooling.serial_line import ask, crc, sealed

ON_TCP, ON_A_LINE, IN_A_STREAM = (FRAMES * part // 100 for part in (50, 30, 15))
WARM = 5  # one part in so many is sent before memory is looked at
MOST_BLOCKS = 10_000  # of memory that Python has given out, more than before
LARGEST_GROWTH = 50_000_000  # bytes; the references leave gaps behind
MOST_LINES = 20  # of the log
MOST_AUDITED = 1001
PEER = Peer(Who("modbus.tcp", "127.0.0.9"))
POLLS = {unit: ask(unit, 3, 0x28, 2) for unit in (OPEN, OTHER_MAP)}
LISTEN, RESTART = b"\x08\x00\x04\x00\x00", b"\x08\x00\x01\x00\x00"

pytestmark = pytest.mark.timeout(90 + FRAMES // 500)


class Bounds:
    """Fails when memory, the log or what was audited has grown beyond measure."""

    def __init__(self, site: Site, caplog: pytest.LogCaptureFixture) -> None:
        self._site = site
        self._caplog = caplog
        self._before: tuple[int, int] | tuple[()] = ()
        caplog.set_level(logging.INFO, "submeter")

    def warm(self) -> None:
        """Begin to watch what is kept."""
        if not self._before:
            gc.collect()
            self._before = sys.getallocatedblocks(), resident()

    def check(self) -> None:
        """Look at everything."""
        gc.collect()
        assert self._before
        blocks, memory = self._before
        assert sys.getallocatedblocks() - blocks < MOST_BLOCKS
        assert resident() - memory < LARGEST_GROWTH
        assert len(self._caplog.records) <= MOST_LINES, self._caplog.text[:2000]
        assert len(self._site.audit.take()) <= MOST_AUDITED
        assert not self._site.moved


def test_on_tcp(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    bounds, maker = Bounds(site, caplog), site.maker(SEED)
    station = Station(site.units)
    sent = 0
    while sent < ON_TCP:
        frames = [maker.tcp() for _ in range(maker.dice.choice((1, 1, 2, 5, 20)))]
        sent += len(frames)
        stream = b"".join(frames)
        try:
            client = Connected(station)
            received = b"".join(map(client.send, maker.pieces(stream, 4)))
            assert site.oracle.stream(stream, received) is client.sound
            site.oracle.settle()
            assert not site.moved
        except BaseException as error:
            error.add_note(f"seed {SEED}, frame {sent}: {stream.hex()}")
            raise
        if sent > ON_TCP // WARM:
            bounds.warm()
    bounds.check()
    assert site.oracle.answered > ON_TCP // 2
    assert station.requests >= site.oracle.answered


class Connected:
    """Gives what it is sent to `answering` as a connection does: what is not complete waits."""

    def __init__(self, answering: Answers) -> None:
        self.sound = True
        self._answering = answering
        self._buffer = bytearray(RECEIVED)
        self._end = 0

    def send(self, data: bytes) -> bytes:
        """Return the answers that there are by now."""
        received = b""
        while data and self.sound:
            room = RECEIVED - self._end
            self._buffer[self._end : self._end + len(data[:room])] = data[:room]
            self._end += len(data[:room])
            data = data[room:]
            received += self._answers()
        return received

    def _answers(self) -> bytes:
        received, used = b"", 1
        while used and self.sound:
            answers, used, self.sound, pending = self._answering.answers(
                self._buffer, self._end, PEER
            )
            received += answers
            self._buffer[: self._end - used] = self._buffer[used : self._end]
            self._end -= used
            if pending:
                received += pending.finish(pending.work())
        return received


def test_on_a_line(caplog: pytest.LogCaptureFixture) -> None:
    site = Site(locked=False)  # to check an unlock code takes real time
    bounds, maker = Bounds(site, caplog), site.maker(SEED)
    with made_up_line(site.units) as line:
        master = Master(site, maker, line)
        for number in range(ON_A_LINE):
            frame = maker.rtu()
            try:
                master.exchange(frame)
                assert not site.moved
                assert not line.lost
            except BaseException as error:
                error.add_note(f"seed {SEED}, frame {number}: {frame.hex()}")
                raise
            if number > ON_A_LINE // WARM:
                bounds.warm()
    bounds.check()
    assert site.oracle.answered > ON_A_LINE // 2


class Master:
    """The other end of a line, and the bus monitor beside it."""

    def __init__(self, site: Site, maker: Maker, line: MadeUpLine) -> None:
        self._oracle = site.oracle
        self._dice = maker.dice
        self._maker = maker
        self._line = line
        self._quiet: set[int] = set()  # units that may have been told to listen only

    def exchange(self, frame: bytes) -> None:
        """Let the line carry `frame`, in pieces with silences between or without, then poll."""
        heard = b""
        for piece in self._maker.pieces(frame, 3):
            if heard and self._dice.random() < 0.5:
                self._listen(heard)
            self._line.deliver(piece)
            heard += piece
        said = self._listen(heard)
        self._quiet |= {unit for unit in POLLS if bytes((unit,)) + LISTEN in heard}
        if said and self._dice.random() < 0.1:
            self._line.deliver(said)
            assert not self._line.silence(), f"an answer to the echo {said.hex()}"
            heard = b""
        if not said or self._dice.random() < 0.5:  # a master waits longer for what does not come
            assert not self._line.wait(PATIENCE)
            heard = b""
        self._poll(heard)
        self._oracle.settle(broadcasts=True)

    def _listen(self, heard: bytes) -> bytes:
        said = self._line.silence()
        self._oracle.line(heard, said)
        return said

    def _poll(self, before: bytes) -> None:
        """Ask what must be answered after a pause, whatever was on the line before."""
        unit = self._dice.choice(list(POLLS))
        said = self._ask(POLLS[unit])
        if not said and before:  # this may have been the middle of a frame of others
            said = self._ask(POLLS[unit])
        if not said and unit in self._quiet:
            self._quiet.remove(unit)
            assert not self._ask(sealed(bytes((unit,)) + RESTART)), "it only listened"
            said = self._ask(POLLS[unit])
        try:
            assert said, "a good poll was not answered"
            self._oracle.line(POLLS[unit], said)
        except AssertionError:
            if not _joins(before):
                raise
            self._oracle.line(POLLS[unit], self._ask(POLLS[unit]))

    def _ask(self, request: bytes) -> bytes:
        self._line.put(request)
        said = self._line.silence()
        assert not self._line.wait(PATIENCE)
        return said


def test_rtu_frames_in_a_stream(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    bounds, maker = Bounds(site, caplog), site.maker(SEED)
    now, late = [0.0], 0
    streams = Streams(Line(dict(site.units)), lambda: now[0])
    for number in range(IN_A_STREAM):
        frame = maker.rtu()
        try:
            client = Connected(streams.for_client())
            received = b"".join(map(client.send, maker.pieces(frame, 3)))
            site.oracle.rtu_stream(frame, received)
            now[0] += PATIENCE
            unit = maker.dice.choice(list(POLLS))
            quiet = LISTEN in frame
            for each in POLLS if quiet else ():
                Connected(streams.for_client()).send(sealed(bytes((each,)) + RESTART))
            if client.sound and not quiet:
                answer = client.send(POLLS[unit])
                if not _ends_with(answer, unit):  # it went for the rest of what had begun
                    late += 1
                    now[0] += PATIENCE
                    answer += client.send(POLLS[unit])
                assert _ends_with(answer, unit), "a good poll was not answered"
                site.oracle.line(POLLS[unit], split(answer)[-1])
                site.oracle.rtu_stream(frame + 2 * POLLS[unit], answer)
            site.oracle.settle(broadcasts=True)
            assert not site.moved
        except BaseException as error:
            error.add_note(f"seed {SEED}, frame {number}: {frame.hex()}")
            raise
        if number > IN_A_STREAM // WARM:
            bounds.warm()
    bounds.check()
    assert site.oracle.answered > IN_A_STREAM // 2
    assert late < IN_A_STREAM // 200


def _joins(before: bytes) -> bool:
    """Tell whether `before` and a good frame after it are one good frame: the sum cannot tell."""
    return any(crc(before[place:]) == 0xFFFF for place in range(len(before)))


def _ends_with(received: bytes, unit: int) -> bool:
    """Tell whether the last answer in `received` is one of `unit` to a poll."""
    return bool(received) and split(received)[-1][:2] == POLLS[unit][:2]
