"""What instruments send, and the way of it through our decoders to updates."""

import itertools
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import NamedTuple, TypeVar

from submeter.count_file import Count
from submeter.meter.reading import Update, Value
from submeter.pointmap import meter_map, source_map
from submeter.pointmap.spans import Span
from submeter.sources.dlms import said
from submeter.sources.dlms.counters import Counters
from submeter.sources.dlms.pushes import Pushes
from submeter.sources.dlms.transport import Apdu, Transport
from submeter.sources.dlms.weak_guard import WeakGuard
from submeter.sources.index_guard import IndexGuard
from submeter.sources.mbus import link, telegram
from submeter.sources.mbus.address import Address, Secondary
from submeter.sources.mbus.answer import Gathering
from submeter.sources.mbus.reading import Reader
from submeter.sources.modbus_meter import backwards, values
from submeter.sources.modbus_meter.client import Answer, RtuCall
from submeter.sources.optical import readout, text_items
from submeter.sources.port import Line
from submeter.sources.pulse import weight
from submeter.sources.pulse.board import Record
from submeter.sources.pulse.board_count import BoardCount
from submeter.sources.tic.decoder import Decoder, Frame, Mode
from submeter.sources.tic.ear import Ear
from submeter.sources.translation.translator import Message, Translator
from tooling import board as board_lines
from tooling import dlms_pusher, iec_meter
from tooling import mbus_records as made
from tooling.mbus_bus import Bus, Slave
from tooling.modbus_slave import Slave as ModbusSlave
from tooling.pzem import Pzem
from tooling.tic import Historique, Linky
from tooling.tic_emitter import Model
from tooling.tic_pme_pmi import PmePmi

ABB = Secondary("12345678", "ABB", 2, 2)
RECORDS = b"".join(
    (
        made.dib(made.INTEGERS[6]) + made.vib(0x03) + made.integer(123_456_789, 6),
        made.dib(made.INTEGERS[6], tariff=1) + made.vib(0x03) + made.integer(100_000_000, 6),
        made.dib(made.INTEGERS[6], tariff=2) + made.vib(0x03) + made.integer(23_456_789, 6),
        made.dib(made.INTEGERS[4]) + made.vib(0x2B) + made.integer(2893, 4),
        *(
            made.dib(made.INTEGERS[size]) + made.vib(*vif, 0x7C, phase) + made.integer(raw, size)
            for vif, size, raw in (
                ((0x2B,), 4, 964),
                ((0x7D, 0x48), 2, 2301),
                ((0x7D, 0x59), 2, 419),
            )
            for phase in (1, 2, 3)
        ),
    )
)
"""What an electricity meter of three phases and two tariffs says on M-Bus, as thirteen records."""

_UNIT = 1
_Result = TypeVar("_Result")


class Chain(NamedTuple):
    """Bytes to frames, and a frame, so many seconds into the stream, to an update."""

    feed: Callable[[bytes], Sequence[object]]
    understand: Callable[[object, float], Update | None]


@dataclass(frozen=True)
class Stream:
    """Messages as an instrument sends them over `lines`, the fastest of them last.

    `chain` makes decoders that have heard nothing yet. A message that completes no frame by itself
    is part of one; of `updates` frames one says something. `besides` are the seconds that a message
    keeps the line busy before it comes: its request and the silences.
    """

    name: str
    lines: tuple[Line, ...]
    messages: tuple[bytes, ...]
    chain: Callable[[], Chain]
    updates: int = 1
    besides: Callable[[Line], float] = lambda _: 0.0

    def most(self, line: Line) -> float:
        """Return the messages a second that `line` can carry."""
        size = sum(map(len, self.messages)) / len(self.messages)
        return 1 / (size * line.bits / line.baudrate + self.besides(line))


def streams(count: int) -> list[Stream]:
    """Return a stream of each kind, of `count` frames or somewhat less."""
    return [
        _tic("TIC historique", Historique(contract="HC"), Line(1200, "7E1"), count),
        _tic("TIC standard", Linky(), Line(9600, "7E1"), count),
        _tic("TIC PME-PMI", PmePmi(), Line(19200, "7E1"), count),
        _dlms("DLMS push, plain", count, ciphered=False),
        _dlms("DLMS push, GBT, ciphered", count, ciphered=True),
        _text(count),
        mbus(count),
        _modbus("Modbus RTU, PZEM-004T", "pzem-004t", Pzem().answer, count),
        _modbus("Modbus RTU, SDM630", "eastron-sdm630", _sdm630().rtu, count),
        _board(count),
    ]


def _tic(name: str, model: Model, line: Line, count: int) -> Stream:
    maps = {mode: source_map.load(f"tic-{mode.replace('_', '-')}") for mode in Mode}

    def chain() -> Chain:
        def translator(mode: Mode) -> Translator:
            return Translator(maps[mode], guard=IndexGuard(maps[mode].largest_power))

        ear = Ear("bench", maps, translator)

        def understand(frame: object, elapsed: float) -> Update | None:
            assert isinstance(frame, Frame)
            return ear.understand(frame, elapsed)

        return Chain(Decoder().feed, understand)

    return Stream(name, (line,), tuple(model.next_frame() for _ in range(count)), chain)


def _dlms(name: str, count: int, *, ciphered: bool) -> Stream:
    meter = dlms_pusher.Meter()
    messages = []
    for number in range(count):
        meter.utc = dlms_pusher.NOON + 5 * number
        apdu = dlms_pusher.listed(meter)
        frames = dlms_pusher.in_blocks(meter.sealed(apdu)) if ciphered else None
        messages.append(frames or dlms_pusher.in_frames(apdu))
    loaded = source_map.load("obis-standard")
    keys = dlms_pusher.KEYS if ciphered else None

    def chain() -> Chain:
        guard = WeakGuard(loaded.largest_power)
        translator = Translator(loaded, guard=guard)
        pushes = Pushes("bench", loaded, translator, guard, keys, Counters())

        def understand(apdu: object, elapsed: float) -> Update | None:
            assert isinstance(apdu, Apdu)
            return pushes.understand(apdu, elapsed)

        return Chain(Transport().feed, understand)

    lines = (Line(9600, "8N1"), Line(115_200, "8N1"))
    return Stream(name, lines, tuple(messages), chain)


def _text(count: int) -> Stream:
    loaded = source_map.load("e350-text")

    def chain() -> Chain:
        reader = said.Reader(loaded, UTC)
        translator = Translator(loaded, guard=IndexGuard(loaded.largest_power))

        def understand(block: object, elapsed: float) -> Update | None:
            assert isinstance(block, readout.Readout)
            found = reader.said(text_items.items(block, UTC))
            return translator.translate(Message(found, block.raw), elapsed)

        return Chain(readout.Decoder().feed, understand)

    messages = (iec_meter.block(iec_meter.E350),) * count
    return Stream("IEC 62056-21 readout", (Line(9600, "7E1"),), messages, chain)


def mbus(count: int) -> Stream:
    """Return the answers of one M-Bus meter; its frames are frame and telegram."""
    bus = Bus([Slave(5, ABB, [RECORDS])])
    loaded = source_map.load("mbus-electricity")
    messages = tuple(bus.take(link.Short(link.REQ_UD2, 5).encode()) for _ in range(count))

    def chain() -> Chain:
        decoder, reader = link.Decoder(), Reader("bench", Address(5), None, loaded)

        def feed(data: bytes) -> Sequence[object]:
            frames = (each for each in decoder.feed(data) if isinstance(each, link.Long))
            return [(each, telegram.read(each)) for each in frames]

        def understand(frame: object, elapsed: float) -> Update | None:
            assert isinstance(frame, tuple)
            gathering = Gathering()
            gathering.add(*frame)
            return reader.understand(gathering.answer(), elapsed)

        return Chain(feed, understand)

    lines = (Line(9600, "8E1"), Line(38_400, "8E1"))
    return Stream("M-Bus, 13 records", lines, messages, chain, besides=_woken)


def _woken(line: Line) -> float:
    """SND_NKE, E5 and REQ_UD2, each answered after 11 bit times at least (EN 13757-2, 5.5)."""
    return (11 * line.bits + 2 * 11) / line.baudrate


def _sdm630() -> ModbusSlave:
    """Return a meter in whose registers of the map stands a number each."""
    slave = ModbusSlave({}, _UNIT)
    slave.holes = True
    for name, place in backwards.plan(meter_map.load("eastron-sdm630")).places.items():
        number = 49.9 if name == "Frequency" else 0.9
        slave.put(place.span.function, place.span.start, "f", number)
    return slave


def _modbus(name: str, of_map: str, reply: Callable[[bytes], bytes], count: int) -> Stream:
    plan = backwards.plan(meter_map.load(of_map))
    spans: list[Span] = []
    messages: list[bytes] = []

    async def asked(span: Span) -> Answer:
        call = RtuCall(span, _UNIT)
        spans.append(span)
        messages.append(reply(call.request))
        answer = call.feed(messages[-1])
        assert answer
        return answer

    _finished(plan.values().read(asked))

    def chain() -> Chain:
        blocks, turn, heard = plan.values(), itertools.cycle(spans), list[Answer]()
        call = RtuCall(next(turn), _UNIT)

        def feed(data: bytes) -> Sequence[object]:
            nonlocal call
            answer = call.feed(data)
            if answer is None:
                return ()
            call = RtuCall(next(turn), _UNIT)
            return (answer,)

        async def told(span: Span) -> Answer:
            return heard.pop(0)

        def understand(answer: object, elapsed: float) -> Update | None:
            assert isinstance(answer, Answer)
            heard.append(answer)
            if len(heard) < len(spans):
                return None
            found = values.known(plan, _finished(blocks.read(told)))
            readings = {each: Value(number) for each, number in found.values.items()}
            return Update(readings, failed=found.failed)

        return Chain(feed, understand)

    lines = (Line(19_200, "8N1"), Line(115_200, "8N1"))
    rounds = -(-count // len(spans))
    return Stream(name, lines, tuple(messages) * rounds, chain, len(spans), _asked)


def _asked(line: Line) -> float:
    """Return what a request of eight characters takes, and t3.5 before and after it (V1.02)."""
    character = line.bits / line.baudrate
    return 8 * character + 2 * max(3.5 * character, 0.00175)


def _finished(coroutine: Coroutine[object, None, _Result]) -> _Result:
    """Return what a coroutine returns that waits for nothing."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        result: _Result = end.value
        return result
    raise AssertionError("it waits")


def _board(count: int) -> Stream:
    each = weight.parse("1000 imp/kWh")

    def chain() -> Chain:
        counted, board = Count(0), BoardCount(0, fastest=1000.0)

        def understand(record: object, elapsed: float) -> Update | None:
            nonlocal counted
            assert isinstance(record, Record)
            counted = board.take(counted, (), record, elapsed).now
            return Update({"Active_Energy_Import": Value(each.total(counted.total))})

        return Chain(board_lines.PulseDecoder().feed, understand)

    messages = tuple(board_lines.record(7, number, 5, 6, 7) for number in range(count))
    return Stream("board, a record a second", (Line(115_200, "8N1"),), messages, chain)
