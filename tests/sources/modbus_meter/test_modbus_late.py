"""Answers that come after their time are never taken for those to other requests."""

import asyncio
import itertools
from collections.abc import Callable
from random import Random

import pytest

from submeter.errors import Condition, LinkError
from submeter.pointmap.spans import Span
from submeter.sources.modbus_meter.client import Data
from submeter.sources.modbus_meter.exchange import Exchange
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from tooling.modbus_slave import Latent, ScriptedLine, Slave

TIMEOUT = 0.05
SPANS = [Span(3, start, 2) for start in (0, 40, 80, 120)]  # their answers look alike
WRONG = "wrong"


def there() -> Slave:
    return Slave({(3, n): n + 1 for n in range(130)})


def asking(line: ScriptedLine, retries: int, timeout: float = TIMEOUT) -> Exchange:
    given = {"map": "standard", "port": "/dev/ttyUSB0", "timeout": timeout, "retries": retries}
    return Exchange(line, ModbusMeterSettings.model_validate(given))


def late(latency: Callable[[], float], slave: Slave | None = None) -> ScriptedLine:
    line = ScriptedLine(lambda frame: b"")
    Latent(line.port, (slave or there()).rtu, latency)
    return line


async def result(asked: Exchange, span: Span) -> str:
    """Return `ok`, `wrong` or what the error says."""
    try:
        answer = await asked.ask(span)
    except LinkError as error:
        return str(error) if error.condition is Condition.SILENT else repr(error)
    wanted = b"".join((span.start + n + 1).to_bytes(2) for n in range(span.length))
    return "ok" if isinstance(answer, Data) and answer.data == wanted else WRONG


async def results(asked: Exchange, pause: float = 0.0) -> list[str]:
    found = []
    for span in SPANS:
        found.append(await result(asked, span))
        await asyncio.sleep(pause)
    return found


async def test_a_meter_that_is_always_late_is_silent() -> None:
    """Whatever the latency is, from little more than the time-out to many times that."""

    async def one(times: float, retries: int, pause: float) -> None:
        found = await results(asking(late(lambda: times * TIMEOUT), retries), pause)
        assert not {"ok", WRONG} & set(found)
        assert all(text.startswith("unit 1 at /dev/ttyUSB0") for text in found)
        assert all("raise 'timeout'" in text for text in found)
        if times < 2:
            assert {"answers later than in 0.05 s" in text for text in found} == {True}

    every = [1.2, 1.6, 2.1, 2.6, 3.2, 4.1, 5.3, 6.4, 9.7]
    await asyncio.gather(*itertools.starmap(one, itertools.product(every, [0, 2], [0.0, 0.07])))


async def test_a_longer_time_out_is_the_remedy() -> None:
    line = late(lambda: 1.6 * TIMEOUT)
    assert set(await results(asking(line, 0))) != {"ok"}
    assert await results(asking(line, 0, 4 * TIMEOUT)) == ["ok"] * 4


async def test_a_meter_that_is_late_now_and_then_is_never_wrong() -> None:
    async def one(seed: int, retries: int) -> list[str]:
        draw = Random(seed)
        latency = lambda: TIMEOUT * draw.choice([0.1, 0.1, 0.1, 0.6, 1.4, 2.3, 3.5])  # noqa: E731
        asked = asking(late(latency), retries)
        return await results(asked) + await results(asked)

    every = await asyncio.gather(*itertools.starmap(one, itertools.product(range(12), [0, 2])))
    found = list(itertools.chain(*every))
    assert WRONG not in found
    assert found.count("ok") > len(found) / 4


@pytest.mark.parametrize("retries", [0, 2])
async def test_what_comes_after_the_last_try_is_not_the_answer_to_the_next_request(
    retries: int,
) -> None:
    delays = iter([2.5 * TIMEOUT] * (retries + 1))
    asked = asking(late(lambda: next(delays, 0.0)), retries)
    assert WRONG not in await results(asked)
    assert await result(asked, SPANS[0]) == "ok"


async def test_two_that_ask_one_unit_know_of_each_other() -> None:
    """One gives up in the middle of its turn: its answer comes when the other one asks."""
    line = late(lambda: 0.7 * TIMEOUT)
    first, second = asking(line, 0), asking(line, 0)
    task = asyncio.create_task(first.ask(SPANS[0]))
    await asyncio.sleep(0.3 * TIMEOUT)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await result(second, SPANS[1]) != WRONG
    assert await result(second, SPANS[2]) == "ok"


async def test_after_an_outage_all_answers_come_at_once() -> None:
    """A network keeps what was sent meanwhile: requests of many polls are answered in a row."""
    slave, held = there(), list[bytes]()

    def keep(frame: bytes) -> bytes:
        held.append(frame)
        return b""

    line = ScriptedLine(keep)
    asked = asking(line, 1)
    found = [await result(asked, SPANS[n % 4]) for n in range(6)]
    assert all("does not answer" in text for text in found)
    Latent(line.port, slave.rtu, lambda: 0.0)
    for n, frame in enumerate(held):
        delay = (n + 1) * TIMEOUT / 2
        asyncio.get_running_loop().call_later(delay, line.port.arrive, slave.rtu(frame))
    assert WRONG not in await results(asked) + await results(asked)
    assert await results(asked) == ["ok"] * 4


@pytest.mark.parametrize("asunder", [False, True])
async def test_an_older_answer_and_the_right_one_may_come_together(asunder: bool) -> None:
    slave, held = there(), list[bytes]()
    line = ScriptedLine(lambda frame: b"")

    def reply(frame: bytes) -> bytes:
        held.append(slave.rtu(frame))
        if len(held) == 2:
            line.port.arrive(held[0] + (b"" if asunder else held[1]))
        return b"" if len(held) == 1 or (len(held) == 2 and not asunder) else held[-1]

    line.port.reply = reply
    asked = asking(line, 0)
    assert "does not answer" in await result(asked, SPANS[0])
    assert "answers later" in await result(asked, SPANS[1])
    assert await result(asked, SPANS[2]) == "ok"


async def test_a_lost_request_costs_no_more_than_a_try() -> None:
    slave, lost = there(), [True]
    line = ScriptedLine(lambda frame: b"" if lost and lost.pop() else slave.rtu(frame))
    asked = asking(line, 1)
    assert await results(asked) == ["ok"] * 4
    assert len(line.port.written) == 5


async def test_a_meter_that_said_nothing_is_asked_once() -> None:
    line = ScriptedLine(lambda frame: b"")
    asked = asking(line, 2)
    for requests in (3, 4):
        assert "does not answer" in await result(asked, SPANS[0])
        assert len(line.port.written) == requests
    line.port.reply = there().rtu
    assert await result(asked, SPANS[0]) == "ok"
    line.port.reply = lambda frame: b""
    assert "does not answer" in await result(asked, SPANS[0])
    assert len(line.port.written) == 8


async def test_late_answers_on_tcp_are_told_as_late() -> None:
    line = ScriptedLine(lambda frame: b"")
    Latent(line.port, there().tcp, lambda: 1.5 * TIMEOUT)
    given = {"map": "standard", "tcp": "192.0.2.7", "timeout": TIMEOUT, "retries": 1}
    asked = Exchange(line, ModbusMeterSettings.model_validate(given))
    found = await results(asked)
    assert not {"ok", WRONG} & set(found)
    assert "raise 'timeout'" in found[-1]
