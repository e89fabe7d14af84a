"""The master's exchanges with the meters of a simulated line."""

import asyncio
import itertools
from fractions import Fraction

import pytest

from submeter.errors import Condition, FrameError, LinkError
from submeter.sources.mbus import address, timing
from submeter.sources.mbus.address import Secondary
from submeter.sources.mbus.answer import Answer
from submeter.sources.mbus.link import Long
from submeter.sources.mbus.master import Master
from submeter.sources.mbus.timing import Timing
from submeter.sources.port import Line
from tooling import mbus_records as made
from tooling.mbus_bus import Bus, BusPort, Slave

QUICK = Timing(window=0.02, gap=0.01, pause=0.001)
ABB = Secondary("12345678", "ABB", 2, 2)
OTHER = Secondary("12349999", "KAM", 1, 7)


def slave(primary: int = 5, meter: Secondary = ABB, telegrams: int = 1) -> Slave:
    records = [made.energy(1000 + n, tariff=n) for n in range(telegrams)]
    return Slave(primary, meter, records)


def numbers(answer: Answer) -> list[int | Fraction | None]:
    return [one.number for each in answer.telegrams for one in each.records]


async def test_a_reading_begins_with_a_wake_up() -> None:
    one = slave()
    master = Master(BusPort(Bus([one])), QUICK)
    answer = await master.read(address.parse(5))
    assert numbers(answer) == [1000]
    assert one.heard == ["nke", "fcb 1"]
    assert answer.raw == made.answer(5, ABB, made.energy(1000)).encode()


async def test_several_telegrams_with_a_toggled_fcb() -> None:
    one = slave(telegrams=3)
    master = Master(BusPort(Bus([one])), QUICK)
    for _ in range(2):
        assert numbers(await master.read(address.parse(5))) == [1000, 1001, 1002]
        assert one.heard == ["nke", "fcb 1", "fcb 0", "fcb 1"]
        one.heard.clear()


async def test_a_retry_keeps_the_fcb_so_that_no_telegram_is_skipped() -> None:
    one = slave(telegrams=3)
    port = BusPort(Bus([one]))
    master = Master(port, QUICK)
    lost = iter([False, False, True, False, True, True, False])
    port.spoil = lambda data: b"" if next(lost) else data
    assert numbers(await master.read(address.parse(5))) == [1000, 1001, 1002]
    assert one.heard == ["nke", "fcb 1", "fcb 0", "request", "fcb 1", "request", "request"]


async def test_a_late_copy_of_a_telegram_is_not_the_end_of_the_answer() -> None:
    one = slave(telegrams=2)
    port = BusPort(Bus([one]))
    first = made.answer(5, ABB, one.telegrams[0] + made.MORE).encode()
    late = iter([False, False, True, False])
    port.spoil = lambda data: first if next(late) else data
    answer = await Master(port, QUICK).read(address.parse(5))
    assert numbers(answer) == [1000, 1001]
    assert one.heard == ["nke", "fcb 1", "fcb 0", "request"]
    assert answer.whole
    assert not answer.sound


async def test_as_many_late_copies_as_requests_were_repeated() -> None:
    one = slave(telegrams=2)
    port = BusPort(Bus([one]))
    first = made.answer(5, ABB, one.telegrams[0] + made.MORE).encode()
    said = iter([None, b"", b"", None, first, first, first, None])

    def spoil(data: bytes) -> bytes:
        instead = next(said)
        return data if instead is None else instead

    port.spoil = spoil
    assert numbers(await Master(port, QUICK).read(address.parse(5))) == [1000, 1001]


async def test_lost_requests_and_wrong_checksums_are_repeated() -> None:
    one = slave()
    one.deaf, one.bad = 2, 1  # the wake-up and the first request, then the checksum
    master = Master(BusPort(Bus([one])), QUICK)
    assert numbers(await master.read(address.parse(5))) == [1000]
    assert master.dropped == 1


async def test_nobody_there_is_silent() -> None:
    port = BusPort(Bus([slave()]))
    with pytest.raises(LinkError, match="no answer from M-Bus address 6") as caught:
        await Master(port, QUICK).read(address.parse(6))
    assert caught.value.condition is Condition.SILENT
    assert not caught.value.port_lost
    assert len(port.written) == 4


async def test_who_may_not_be_there_is_asked_once_only_unless_it_stirs() -> None:
    port, one = BusPort(Bus([slave(4)])), slave()
    for where, requests in ((6, 2), (Secondary("99999999"), 1)):
        port.written.clear()
        given = address.parse(str(where)) if isinstance(where, Secondary) else address.parse(where)
        with pytest.raises(LinkError):
            await Master(port, QUICK).read(given, doubtful=True)
        assert len(port.written) == requests
    port = BusPort(Bus([one]))
    lost = iter([False, True, True, False])
    port.spoil = lambda data: b"" if next(lost) else data
    assert numbers(await Master(port, QUICK).read(address.parse(5), doubtful=True)) == [1000]


async def test_two_meters_at_one_address_collide() -> None:
    bus = Bus([slave(), slave(meter=OTHER)])
    with pytest.raises(LinkError, match="several meters at one address") as caught:
        await Master(BusPort(bus), QUICK).read(address.parse(5))
    assert caught.value.condition is Condition.COLLISION


async def test_two_meters_that_answer_one_after_the_other_collide() -> None:
    port = BusPort(Bus([slave()]))
    second = made.answer(5, OTHER, made.energy(7)).encode()
    port.spoil = lambda data: data + second if len(data) > 1 else data
    with pytest.raises(LinkError) as caught:
        await Master(port, QUICK).read(address.parse(5))
    assert caught.value.condition is Condition.COLLISION


async def test_a_late_answer_of_another_meter_is_not_taken() -> None:
    port = BusPort(Bus([]))
    late = made.answer(6, OTHER, made.energy(7)).encode()
    port.spoil = lambda data: late
    with pytest.raises(LinkError):
        await Master(port, QUICK).read(address.parse(5))


async def test_junk_around_an_answer_and_an_echo_do_not_hurt() -> None:
    port = BusPort(Bus([slave()], echo=True))
    port.spoil = lambda data: data + b"\xff\x00" if len(data) > 20 else data
    assert numbers(await Master(port, QUICK).read(address.parse(5))) == [1000]


async def test_secondary_addresses_with_wildcards() -> None:
    one, two = slave(0), slave(0, OTHER, telegrams=2)
    master = Master(BusPort(Bus([one, two])), QUICK)
    assert numbers(await master.read(address.parse("12345678"))) == [1000]
    assert numbers(await master.read(address.parse("12349999-KAM-01-07"))) == [1000, 1001]
    assert numbers(await master.read(address.parse("FFFF5FFF"))) == [1000]
    assert not one.selected
    assert not two.selected
    assert two.heard == ["select", "fcb 1", "fcb 0", "nke"]
    with pytest.raises(LinkError) as caught:
        await master.read(address.parse("1234FFFF"))
    assert caught.value.condition is Condition.COLLISION
    assert not one.selected
    with pytest.raises(LinkError) as caught:
        await master.read(address.parse("99999999"))
    assert caught.value.condition is Condition.SILENT


async def test_an_application_reset_if_asked_for() -> None:
    one = slave(telegrams=2)
    answer = await Master(BusPort(Bus([one])), QUICK).read(address.parse(5), reset=True)
    assert numbers(answer) == [1000, 1001]
    assert one.heard == ["nke", "reset", "fcb 0", "fcb 1"]


async def test_a_meter_that_never_comes_to_an_end() -> None:
    always = Slave(5, ABB, [made.energy(1) + made.MORE])
    both = Slave(6, ABB, [made.energy(1, tariff=n) for n in range(3)])
    both.telegrams[-1] += made.MORE
    master = Master(BusPort(Bus([always, both])), QUICK)
    assert numbers(await master.read(address.parse(5))) == [1]
    again = await master.read(address.parse(6))
    assert numbers(again) == [1, 1, 1]
    assert again.whole
    assert again.sound
    many = slave(7, telegrams=40)
    master = Master(BusPort(Bus([many])), QUICK)
    assert len((await master.read(address.parse(7))).telegrams) == 16
    assert len((await master.read(address.parse(7), most=2)).telegrams) == 2


async def test_what_makes_no_sense_is_told_as_it_is() -> None:
    broken = Slave(5, ABB, [made.energy(1)[:-1]])
    with pytest.raises(FrameError, match="within the data"):
        await Master(BusPort(Bus([broken])), QUICK).read(address.parse(5))
    port = BusPort(Bus([]))
    port.spoil = lambda data: Long(8, 5, 0x70, b"\x08").encode()
    with pytest.raises(FrameError, match="busy"):
        await Master(port, QUICK).read(address.parse(5))


async def test_a_line_that_is_never_silent_ends_a_request_too() -> None:
    class Endless(BusPort):
        async def read(self) -> bytes:
            await asyncio.sleep(0.001)
            return b"\x55"

    port = Endless(Bus([]))
    with pytest.raises(LinkError) as caught:
        await Master(port, QUICK).read(address.parse(5))
    assert caught.value.condition is Condition.NOISE
    assert len(port.written) == 1


async def test_what_is_in_vain_in_one_reading_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each telegram comes at the last attempt."""
    monkeypatch.setattr(timing, "_BEYOND", 0.05)
    one, count = slave(telegrams=16), itertools.count()
    port = BusPort(Bus([one]))
    port.spoil = lambda data: data if next(count) % 3 == 0 else b""
    with pytest.raises(LinkError) as caught:
        await Master(port, QUICK).read(address.parse(5))
    assert caught.value.condition is Condition.SILENT
    assert len(port.written) <= 14


def test_timing() -> None:
    slow = timing.of(Line(2400, "8E1"), remote=False)
    assert slow.window == pytest.approx(1.5 * 0.1875)
    assert slow.byte == pytest.approx(11 / 2400)
    assert timing.of(Line(300, "8E1"), remote=True).window == pytest.approx(1.725)
    assert timing.of(Line(9600, "8E1"), remote=True).window == 1.0
    own = timing.of(Line(2400, "8E1"), remote=True, retries=0, window=0.5, pause=2)
    assert (own.window, own.pause, own.retries) == (0.5, 2, 0)
