import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbus.line_bench import (
    BUSY,
    CLEAR,
    ERRORS,
    EXCEPTIONS,
    FORGET,
    HEARD,
    LISTEN,
    MESSAGES,
    NAK,
    OVERRUNS,
    READ,
    RESTART,
    SILENT,
    Bench,
)
from modbus.units import ADDRESS, CODE, MAP, plain
from modbus.wire import measured
from submeter.errors import Refusal
from submeter.modbus.image import Image
from submeter.modbus.unit import Pending
from submeter.pointmap.meter_file import WhenStale


def test_units_answer_for_themselves_only() -> None:
    bench = Bench()
    assert bench.ask(READ) == bytes.fromhex("03 02 0012")
    assert bench.ask(READ, 7) is None
    assert bench.ask(READ, 0) is None
    assert bench.ask("41") == b"\xc1\x01"
    bench.line.replace({7: bench.units[5]})
    assert bench.ask(READ, 7) == bytes.fromhex("03 02 0012")
    assert bench.ask(READ, 5) is None


def test_every_frame_on_the_line_is_counted() -> None:
    bench = Bench()
    for _ in range(3):
        bench.line.heard()
    bench.ask(READ, 9)
    assert bench.count(HEARD) == 4
    assert bench.count(HEARD, 6) == 5
    assert bench.count(MESSAGES) == 1


def test_errors_and_overruns() -> None:
    bench = Bench()
    assert bench.ask("08 0002 0000") == bytes.fromhex("08 0002 0000")
    bench.line.broken()
    assert bench.ask("08 0002 0000") == bytes.fromhex("08 0002 0002")
    bench.line.overrun()
    for unit in (5, 6):
        assert (bench.count(ERRORS, unit), bench.count(OVERRUNS, unit)) == (2, 1)
    assert bench.ask("08 0002 0000") == bytes.fromhex("08 0002 0003")
    assert bench.ask("08 0014 0000") == bytes.fromhex("08 0014 0000")
    assert (bench.count(ERRORS), bench.count(OVERRUNS)) == (2, 0)
    assert bench.count(OVERRUNS, 6) == 1
    assert bench.ask("08 0002 0000") == bytes.fromhex("08 0002 0002")


def test_exceptions_are_counted_and_no_success() -> None:
    bench = Bench()
    bench.ask("06 0004 0001")
    bench.ask("41")
    assert bench.count(EXCEPTIONS) == 2
    assert bench.completed() == 1
    assert (bench.count(SILENT), bench.count(NAK), bench.count(BUSY)) == (0, 0, 0)
    assert bench.count(EXCEPTIONS, 6) == 0


def test_the_event_counter_counts_what_was_done_but_not_its_own_reading() -> None:
    bench = Bench()
    assert (bench.completed(), bench.completed()) == (0, 0)
    bench.ask(READ)
    bench.ask("08 0000 1234")
    assert bench.completed() == 2


def test_an_answer_that_the_map_withholds() -> None:
    bench = Bench()
    silent = plain(Image(MAP, when_stale=WhenStale(stale="silence")))
    bench.line.replace({5: silent})
    assert bench.ask(READ) is None
    assert bench.count(SILENT) == 1
    assert bench.completed() == 1


def test_what_befell_the_line_before_a_unit_was_there_is_not_in_its_log() -> None:
    bench = Bench()
    bench.line.broken()
    bench.line.replace({**bench.units, 7: bench.units[5]})
    assert (bench.events(7), bench.events(6)) == ("", "82")
    bench.line.broken()
    assert (bench.events(7), bench.events(6)) == ("82 40 80", "82 40 80 82")


def test_the_log_of_a_line_that_is_broken_for_long() -> None:
    bench = Bench()
    bench.ask(READ)
    for _ in range(1000):
        bench.line.broken()
    assert bench.count(ERRORS) == bench.count(ERRORS, 6) == 1000
    assert bench.events(6) == " ".join(["40", "80", *["82"] * 61])


@pytest.mark.parametrize(("number", "right"), [(int(CODE), True), (1, False)])
def test_what_is_worked_on_is_counted_when_it_is_done(number: int, right: bool) -> None:
    bench = Bench()
    pending = bench.ask(f"10 0014 0002 04 {number:08x}")
    assert isinstance(pending, Pending)
    assert bench.completed() == 0
    reply = pending.finish(pending.work())
    assert reply == (bytes.fromhex("10 0014 0002") if right else b"\x90\x03")
    assert bench.completed() == right
    assert bench.count(EXCEPTIONS) == 1 - right


def test_who_only_listens_does_nothing_until_it_is_restarted() -> None:
    bench = Bench()
    assert bench.ask(LISTEN) is None
    for pdu in (READ, "08 0000 1234", "06 0002 0022", LISTEN, CLEAR, "08 0001 0001", "0c", "41"):
        assert bench.ask(pdu) is None
    bench.tell("06 0002 0022")
    assert not bench.sites[5].door.written
    assert bench.sites[6].door.written == [[(ADDRESS, 0x22)]]
    assert bench.ask(READ, 6) == bytes.fromhex("03 02 0012")
    assert bench.ask(RESTART) is None
    assert bench.ask(READ) == bytes.fromhex("03 02 0012")
    assert bench.ask(RESTART) == bytes.fromhex(RESTART)


@pytest.mark.parametrize("pdu", [RESTART, FORGET, CLEAR])
def test_counters_begin_anew(pdu: str) -> None:
    bench = Bench()
    bench.line.broken()
    bench.line.overrun()
    bench.ask("41")
    bench.ask(READ)
    bench.tell("06 0002 0022")
    assert bench.ask(pdu) == bytes.fromhex(pdu)
    assert bench.completed() == 0
    assert bench.count(HEARD) == 1
    assert bench.count(MESSAGES) == 2
    for sub in (ERRORS, EXCEPTIONS, SILENT, OVERRUNS):
        assert bench.count(sub) == 0
    assert bench.count(ERRORS, 6) == 2


def test_the_event_log() -> None:
    bench = Bench()
    assert bench.events() == ""
    bench.ask(READ)  # 80 40
    bench.ask("41")  # 80 41
    bench.sites[5].door.reason = Refusal.UNSUPPORTED
    bench.ask("06 0002 0022")  # 80 42
    bench.tell("06 0002 0022")  # c0 40
    bench.line.broken()  # 82
    bench.line.overrun()  # 92
    # The first reading of the log stands in it too.
    assert bench.events() == "92 82 40 c0 42 80 41 80 40 80 40 80"
    assert bench.events(6) == "92 82 40 c0"


def test_the_event_log_of_a_restart() -> None:
    bench = Bench()
    bench.ask(READ)
    bench.ask(LISTEN)  # 80 40, then 04
    bench.ask(READ)  # a0
    bench.ask(RESTART)  # a0 60, then 00
    assert bench.events() == "00 60 a0 a0 04 40 80 40 80"
    bench.ask(FORGET)
    assert bench.events() == "00"


def test_the_event_log_holds_64() -> None:
    bench = Bench()
    for _ in range(40):
        bench.ask(READ)
    reply = bench.ask("0c")
    assert isinstance(reply, bytes)
    assert reply[1] == 6 + 64
    assert len(reply) == 72


def test_a_unit_with_a_new_address_begins_to_count_anew() -> None:
    bench = Bench()
    bench.ask(READ)
    bench.ask(READ, 6)
    bench.line.replace({7: bench.units[5], 6: bench.units[6]})
    assert bench.count(MESSAGES, 7) == 0
    assert bench.count(HEARD, 7) == 1
    assert bench.count(MESSAGES, 6) == 1
    bench.line.replace(bench.units)
    assert bench.count(MESSAGES, 5) == 0


def test_units_that_swap_their_addresses_begin_anew_too() -> None:
    bench = Bench()
    bench.ask(LISTEN)
    bench.line.replace({5: bench.units[6], 6: bench.units[5]})
    assert bench.count(MESSAGES, 5) == 0
    assert bench.count(MESSAGES, 6) == 0


@pytest.mark.parametrize("pdu", [LISTEN, RESTART, FORGET, CLEAR, "08 0014 0000", "08 0004"])
def test_on_a_guarded_line_nobody_is_silenced_by_who_may_not_write(pdu: str) -> None:
    bench = Bench(guarded=True)
    bench.line.overrun()
    bench.ask(READ)
    bench.sites[5].lock.open = False
    for _ in range(2):
        assert bench.ask(pdu) == b"\x88\x01"
    bench.units[6].lock = None
    assert bench.ask(pdu, 6) == b"\x88\x01"
    assert bench.ask(READ) == bytes.fromhex("03 02 0012")
    assert (bench.count(MESSAGES), bench.count(EXCEPTIONS)) == (4, 2)
    assert (bench.count(ERRORS), bench.count(OVERRUNS)) == (1, 1)
    for number in (0, 2, *range(11, 19)):
        reply = bench.ask(f"08 {number:04x} 0000")
        assert isinstance(reply, bytes)
        assert reply[0] == 0x08, number
    assert bench.ask("08") == bench.ask("08 01") == b"\x88\x03"


def test_on_a_guarded_line_who_may_write_silences_and_restarts() -> None:
    bench = Bench(guarded=True)
    assert bench.ask(LISTEN) is None
    bench.sites[5].lock.open = False
    assert bench.ask(RESTART) is None
    assert bench.ask(READ) is None, "this restart was not allowed"
    bench.sites[5].lock.open = True
    assert bench.ask(RESTART) is None
    assert bench.ask(READ) == bytes.fromhex("03 02 0012")
    for pdu in (CLEAR, "08 0014 0000"):
        assert bench.ask(pdu) == bytes.fromhex(pdu)


def test_listening_only_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench()
    begins = "event=listen_only where=/dev/ttyUSB0 unit=5"
    over = begins.replace("listen_only", "listen_only_over")
    for _ in range(3):
        bench.ask(RESTART)
        for pdu in (LISTEN, LISTEN, READ):
            bench.ask(pdu)
    assert caplog.messages == [begins]
    bench.ask(RESTART)
    bench.wait(59)
    bench.ask(READ, 6)
    assert caplog.messages == [begins]
    bench.wait(1)
    bench.ask(READ, 6)
    assert caplog.messages == [begins, over]
    bench.ask(LISTEN)
    bench.wait(1e6)
    bench.ask(READ, 6)
    assert caplog.messages == [begins, over, begins]


def test_a_unit_that_only_listens_and_gets_another_id_answers(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    bench = Bench()
    bench.ask(LISTEN)
    bench.line.replace({7: bench.units[5]})
    assert bench.ask(READ, 7) == bytes.fromhex("03 02 0012")
    bench.wait(60)
    bench.ask(READ, 7)
    assert caplog.messages[1:] == ["event=listen_only_over where=/dev/ttyUSB0 unit=5"]


def test_exception_status() -> None:
    bench = Bench()
    status = bench.sites[5].image.status
    assert bench.ask("07") == bytes((7, status))


@given(st.lists(st.tuples(st.sampled_from([0, 5, 6, 9]), st.binary(min_size=1, max_size=253))))
def test_any_frames(frames: list[tuple[int, bytes]]) -> None:
    bench = Bench()
    for unit, pdu in frames:
        if unit:
            reply = bench.ask(pdu.hex(), unit)
            if isinstance(reply, bytes):
                assert unit in bench.sites
                assert reply[0] in (pdu[0], pdu[0] | 0x80)
                assert len(reply) <= 253
        else:
            bench.tell(pdu.hex())
    bench.ask(RESTART)
    bench.sites[5].image.apply({ADDRESS: measured(1)})
    assert bench.ask(READ) == bytes.fromhex("03 02 0001")
