import re
import struct
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from modbus.units import NOW, PEER, WHO, Site, plain
from modbus.wire import STANDARD, measured, read
from submeter.modbus import dispatch
from submeter.modbus.counters import Bus, Counters
from submeter.modbus.image import Image
from submeter.modbus.unit import Answer, Peer, Pending, Unit

STANDARD_UNIT = plain(Image(STANDARD))
STANDARD_UNIT.image.apply({"Active_Power_Total": measured(1.5)})
DOCUMENT = Path(__file__).parents[2] / "docs" / "modbus.md"

# One good request of each function, and the beginning of its answer.
GOOD = {
    1: "01 0000 0003",
    2: "02 0000 0001",
    3: "03 0002 0001",
    4: "04 0000 0001",
    5: "05 0000 ff00",
    6: "06 0002 0022",
    7: "07",
    8: "08 0000 1234",
    11: "0b",
    12: "0c",
    15: "0f 0000 0002 01 02",
    16: "10 0002 0001 02 0022",
    17: "11",
    22: "16 0002 00f2 0025",
    23: "17 0002 0001 0002 0001 02 0030",
    43: "2b 0e 01 00",
}
SERIAL = (7, 8, 11, 12)
WRITES = (5, 6, 15, 16, 22, 23)


def ask(unit: Unit, pdu: str, peer: Peer = PEER, line: Counters | None = None) -> Answer:
    return dispatch.answer(unit, bytes.fromhex(pdu), peer, NOW, line)


def served() -> Unit:
    """Return a unit whose every table has something."""
    site = Site()
    site.unit.image.blocks[2] = STANDARD_UNIT.image.blocks[2]
    site.unit.image.blocks[4] = STANDARD_UNIT.image.blocks[3]
    return site.unit


@pytest.mark.parametrize("function", sorted(set(GOOD) - {4}))
def test_every_function_is_served_on_a_serial_line(function: int) -> None:
    reply = ask(served(), GOOD[function], line=Counters(Bus()))
    assert isinstance(reply, bytes)
    assert reply[0] == function


@pytest.mark.parametrize("function", range(128))
def test_every_other_function_is_exception_1(function: int) -> None:
    line = Counters(Bus())
    if function not in GOOD:
        assert ask(served(), f"{function:02x} 0000 0001", line=line) == bytes((function | 0x80, 1))
    if function not in GOOD or function in SERIAL:
        pdu = GOOD.get(function, f"{function:02x}")
        assert ask(served(), pdu) == bytes((function | 0x80, 1))


@pytest.mark.parametrize("code", [0x80, 0x83, 0x90, 0xFF])
def test_codes_that_are_no_functions_come_back_as_they_are(code: int) -> None:
    assert ask(served(), f"{code:02x} 00") == bytes((code, 1))


@pytest.mark.parametrize("function", sorted(GOOD))
def test_a_map_may_have_fewer_functions(function: int) -> None:
    line = Counters(Bus())
    without = Site(functions=frozenset(GOOD) - {function}).unit
    assert ask(without, GOOD[function], line=line) == bytes((function | 0x80, 1))
    assert ask(without, f"{function:02x}", line=line) == bytes((function | 0x80, 1))


@pytest.mark.parametrize("function", sorted(set(GOOD) - {4}))
def test_a_role_that_may_only_read(function: int) -> None:
    reply = ask(served(), GOOD[function], Peer(WHO, may_write=False), Counters(Bus()))
    assert isinstance(reply, bytes)
    assert (reply == bytes((function | 0x80, 1))) == (function in WRITES)


def test_without_a_door_nothing_is_written() -> None:
    for function in WRITES:
        assert ask(STANDARD_UNIT, GOOD[function]) == bytes((function | 0x80, 1))


@given(st.binary(min_size=1, max_size=253) | st.builds(read, *[st.integers(1, 5)] * 3))
@example(read(1, 0, 2000))
@example(read(4, 0, 125))
def test_any_pdu_gives_an_answer_or_an_exception_of_its_function(pdu: bytes) -> None:
    for line in (None, Counters(Bus())):
        reply = dispatch.answer(Site().unit, pdu, PEER, NOW, line)
        if isinstance(reply, bytes):
            assert len(reply) <= 253
            if reply[0] != pdu[0] or pdu[0] & 0x80:
                assert reply[0] == pdu[0] | 0x80
                assert len(reply) == 2
                assert reply[1] in (1, 2, 3, 4)
        elif reply is None:
            assert pdu == bytes.fromhex("08 0004 0000")
        else:
            assert isinstance(reply, Pending)


def test_the_example_of_the_documentation() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    request, reply = (
        bytes.fromhex(re.findall(rf"^{who}: +([0-9A-F ]+)$", text, re.MULTILINE)[0])
        for who in ("poller", "meter ")
    )
    image = Image(STANDARD)
    image.apply({"Voltage_L1_N": measured(230.5)})
    assert request[:7] == struct.pack(">HHHB", 1, 0, 6, 1)
    answer = dispatch.answer(plain(image), request[7:], PEER, NOW)
    assert isinstance(answer, bytes)
    assert reply == struct.pack(">HHHB", 1, 0, 7, 1) + answer
