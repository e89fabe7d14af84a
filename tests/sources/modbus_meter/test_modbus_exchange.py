"""Retries, time-outs and what is told of a line on which nothing good is heard."""

import asyncio
from collections.abc import Callable

import pytest

from submeter.errors import Condition, LinkError
from submeter.pointmap.spans import Span
from submeter.sources.modbus_meter import exchange
from submeter.sources.modbus_meter.client import Data, Refused
from submeter.sources.modbus_meter.exchange import Exchange
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from tooling.modbus_slave import Reply, ScriptedLine, Slave
from tooling.serial_line import sealed

SPAN = Span(3, 0, 2)


def slave(unit: int = 1) -> Slave:
    return Slave({(3, n): n + 1 for n in range(20)}, unit)


def asking(
    reply: Reply, tcp: bool = False, retries: int = 1, baudrate: int = 115200
) -> tuple[Exchange, ScriptedLine]:
    where = {"tcp": "192.0.2.7"} if tcp else {"port": "/dev/ttyUSB0"}
    given = {"map": "standard", "timeout": 0.05, "retries": retries, **where}
    line = ScriptedLine(reply, baudrate)
    return Exchange(line, ModbusMeterSettings.model_validate(given)), line


async def refusal(reply: Reply, tcp: bool = False) -> tuple[Condition, str]:
    asked, _ = asking(reply, tcp)
    with pytest.raises(LinkError) as caught:
        await asked.ask(SPAN)
    return caught.value.condition, str(caught.value)


async def data(asked: Exchange, span: Span = SPAN) -> str:
    answer = await asked.ask(span)
    assert isinstance(answer, Data)
    return answer.data.hex()


@pytest.mark.parametrize("tcp", [False, True])
async def test_a_meter_is_asked_once(tcp: bool) -> None:
    there = slave()
    asked, line = asking(there.tcp if tcp else there.rtu, tcp)
    assert await data(asked) == "00010002"
    assert len(line.port.written) == 1
    assert asked.dropped == 0


async def test_every_request_on_tcp_has_its_own_transaction() -> None:
    there = slave()
    (one, first), (other, second) = asking(there.tcp, True), asking(there.tcp, True)
    for each in (one, other, one):
        await each.ask(SPAN)
    numbers = [frame[:2] for frame in (*first.port.written, *second.port.written)]
    assert len(set(numbers)) == 3


async def test_a_late_answer_on_tcp_is_not_taken_for_the_next_one() -> None:
    there = slave()
    held: list[bytes] = []

    def reply(frame: bytes) -> bytes:
        held.append(there.tcp(frame))
        return b"" if len(held) == 1 else held[-2] + held[-1]

    asked, _ = asking(reply, tcp=True)
    assert await data(asked) == "00010002"
    assert await data(asked, Span(3, 8, 2)) == "0009000a"


async def test_what_stands_on_the_line_before_a_request_is_dropped() -> None:
    there = slave()
    asked, line = asking(there.rtu)
    line.port.arrive(sealed(bytes.fromhex("01 03 04 FFFF FFFF")))
    assert await data(asked) == "00010002"


async def test_a_damaged_answer_is_asked_for_again() -> None:
    there = slave()
    asked, line = asking(there.rtu)
    line.port.reply = lambda frame: there.rtu(frame)[: -1 if len(line.port.written) == 1 else None]
    assert await data(asked) == "00010002"
    assert asked.dropped == 1
    assert len(line.port.written) == 2


async def test_a_busy_meter_is_asked_again_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "BUSY_PAUSE", 0.0)
    there = slave()
    there.refuses[0] = 6
    asked, line = asking(there.rtu, retries=2)
    assert await asked.ask(SPAN) == Refused(6)
    assert len(line.port.written) == 3


def garbled(frame: bytes) -> bytes:
    return slave().rtu(frame)[:-1] + b"\xee"


@pytest.mark.parametrize(
    ("reply", "condition", "words"),
    [
        (lambda frame: b"", Condition.SILENT, "does not answer"),
        (garbled, Condition.COLLISION, "wrong checksums"),
        (lambda frame: slave(2).rtu(b"\2" + frame[1:]) or b"\0\xfe", Condition.NOISE, "baudrate"),
        (lambda frame: slave().rtu(frame)[:-2], Condition.NOISE, "no answer"),
        (lambda frame: b"\x55" * 5000, Condition.NOISE, "no answer"),
        (lambda frame: frame, Condition.NOISE, "no answer"),
    ],
)
async def test_what_is_wrong_is_told(reply: Reply, condition: Condition, words: str) -> None:
    found, text = await refusal(reply)
    assert found is condition
    assert words in text
    assert "unit 1 at /dev/ttyUSB0" in text


async def test_a_line_that_is_never_silent_is_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "NEVER_SILENT", 0.1)
    asked, line = asking(slave().rtu, baudrate=1200)

    async def babble() -> bytes:
        await asyncio.sleep(0)
        return b"\x01\x03\x04"

    monkeypatch.setattr(line.port, "read", babble)
    with pytest.raises(LinkError, match="never silent") as caught:
        await asked.ask(SPAN)
    assert caught.value.condition is Condition.NOISE
    assert not line.port.written


async def test_strange_answers_on_tcp_are_noise() -> None:
    change: Callable[[bytes], bytes] = lambda frame: b"\xff\xff" + slave().tcp(frame)[2:]  # noqa: E731
    assert (await refusal(change, tcp=True))[0] is Condition.NOISE
