"""Two of our slaves on a line with three others and a master: nobody else's business is answered.

Every exchange is one of others, of nine kinds, and one of ours after it. SUBMETER_EXCHANGES says
how many there are in all; the line has its real pace, so each takes some 0.1 s.
"""

import math
import os
import random
import struct
from collections.abc import Callable

import pytest

from modbus.rtu.lines import aside, served
from tooling.serial_line import SerialLine, ask, sealed, words, write_many

EXCHANGES = int(os.environ.get("SUBMETER_EXCHANGES", "162"))
OTHERS = (1, 2, 9)
ABSENT = 77
PIECES = (1, 32)
RATES = (9600, 19200, 38400)

Exchange = tuple[bytes, bytes]
Kind = Callable[[random.Random, int], Exchange]


def read(function: int, count: int) -> Kind:
    def exchange(dice: random.Random, unit: int) -> Exchange:
        numbers = [dice.randrange(65536) for _ in range(count)]
        return ask(unit, function, dice.randrange(100), count), words(unit, function, numbers)

    return exchange


def write_one(dice: random.Random, unit: int) -> Exchange:
    request = ask(unit, 6, dice.randrange(100), dice.randrange(65536))
    return request, request


def write_two(dice: random.Random, unit: int) -> Exchange:
    request = write_many(unit, 7, [dice.randrange(65536), dice.randrange(65536)])
    return request, ask(unit, 16, 7, 2)


def refused(dice: random.Random, unit: int) -> Exchange:
    return ask(unit, 3, 999, 2), sealed(bytes((unit, 0x83, 2)))


def identity(dice: random.Random, unit: int) -> Exchange:
    head = struct.pack(">BBBBBBBBBB", unit, 0x2B, 0x0E, 1, 1, 0, 0, 1, 0, 4)
    return sealed(bytes((unit, 0x2B, 0x0E, 1, 0))), sealed(head + b"ABCD")


def vendor(dice: random.Random, unit: int) -> Exchange:
    return sealed(bytes((unit, 0x50, 1, 2, 3))), sealed(bytes((unit, 0x50)) + dice.randbytes(20))


def absent(dice: random.Random, unit: int) -> Exchange:
    return ask(ABSENT, 3, 0, 2), b""


KINDS: dict[str, Kind] = {
    "FC3, 1 register": read(3, 1),
    "FC3, 10 registers": read(3, 10),
    "FC4, 60 registers": read(4, 60),
    "FC6": write_one,
    "FC16": write_two,
    "exception": refused,
    "FC43": identity,
    "vendor function": vendor,
    "absent slave": absent,
}
ROUNDS = math.ceil(EXCHANGES / (len(KINDS) * len(PIECES) * len(RATES)))


class Master:
    """Polls everybody; `stray` are the bytes that nobody asked us for, by the kind of exchange."""

    def __init__(self, line: SerialLine, piece: int) -> None:
        self.line = line
        self.piece = piece
        self.dice = random.Random(line.baudrate + piece)
        self.stray: list[tuple[str, bytes]] = []
        self.unanswered: list[str] = []

    def run(self) -> None:
        for name, kind in KINDS.items():
            for _ in range(ROUNDS):
                self.of_others(name, kind)
                self.of_ours(name)

    def of_others(self, name: str, kind: Kind) -> None:
        request, answer = kind(self.dice, self.dice.choice(OTHERS))
        self.put(name, request, 0.008)
        self.put(name, answer, 0.006 if answer else 0.05)

    def put(self, name: str, frame: bytes, pause: float) -> None:
        self.line.put(frame, self.piece)
        if stray := self.line.drain(pause):
            self.stray.append((name, stray))

    def of_ours(self, name: str) -> None:
        unit, plus = self.dice.choice([(5, 0), (6, 1000)])
        address = self.dice.randrange(100)
        self.line.put(ask(unit, 3, address, 2), self.piece)
        answer, _ = self.line.get()
        answer += self.line.drain(0.006)
        if answer != words(unit, 3, [address + plus, address + plus + 1]):
            self.unanswered.append(f"{name}: {answer.hex()}")


@pytest.mark.timeout(90 + EXCHANGES)
@pytest.mark.parametrize("piece", PIECES, ids=["byte by byte", "in blocks of 32"])
@pytest.mark.parametrize("baudrate", RATES)
async def test_a_line_with_other_slaves(baudrate: int, piece: int) -> None:
    line = SerialLine(baudrate)
    master = Master(line, piece)
    async with served(line):
        await aside(master.run)
    assert not master.stray
    assert not master.unanswered


@pytest.mark.parametrize("baudrate", RATES)
async def test_everything_in_one_piece(baudrate: int) -> None:
    """An adapter that holds back what it hears shows the exchange of others with our request."""
    line = SerialLine(baudrate)
    dice = random.Random(1)

    def run() -> None:
        for kind in KINDS.values():
            for _ in range(3):
                request, answer = kind(dice, dice.choice(OTHERS))
                os.write(line.master, request + answer + ask(5, 4, 8, 1))
                assert line.get()[0] == words(5, 4, [8])
                os.write(line.master, request + answer + ask(5, 4, 8, 1) + request)
                assert line.drain(0.03) == b""
                os.write(line.master, answer)
                assert line.drain(0.03) == b""

    async with served(line):
        await aside(run)
