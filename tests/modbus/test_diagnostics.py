import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbus.units import ADDRESS, CODE, MAP, NOW, Site, plain
from modbus.wire import measured, read
from submeter.errors import Refusal
from submeter.meter.access import Who
from submeter.modbus.diagnostics import Line
from submeter.modbus.image import Image
from submeter.modbus.unit import Answer, Peer, Pending
from submeter.pointmap.meter_file import WhenStale

PEER = Peer(Who("modbus.rtu", "/dev/ttyUSB0"))
READ = read(3, 2, 1).hex()
LISTEN, RESTART, FORGET, CLEAR = "08 0004 0000", "08 0001 0000", "08 0001 ff00", "08 000a 0000"
HEARD, ERRORS, EXCEPTIONS, MESSAGES, SILENT, NAK, BUSY, OVERRUNS = range(11, 19)


class Bench:
    """Units 5 and 6 on a line, with a clock that is set."""

    def __init__(self, guarded: bool = False) -> None:
        self.sites = {5: Site(), 6: Site()}
        self.units = {number: site.unit for number, site in self.sites.items()}
        self.now = NOW
        self.line = Line(self.units, "/dev/ttyUSB0", guarded, lambda: self.now)

    def wait(self, seconds: float) -> None:
        self.now = self.now._replace(mono=self.now.mono + seconds)

    def ask(self, pdu: str, unit: int = 5) -> Answer:
        """Send a frame to `unit`."""
        self.line.heard()
        return self.line.answer(unit, bytes.fromhex(pdu), PEER, NOW)

    def tell(self, pdu: str) -> None:
        """Send a frame to all."""
        self.line.heard()
        self.line.broadcast(bytes.fromhex(pdu), PEER, NOW)

    def count(self, sub: int, unit: int = 5) -> int:
        """Ask `unit` for a counter of function 8; the question itself is not counted in it."""
        reply = self.ask(f"08 {sub:04x} 0000", unit)
        assert isinstance(reply, bytes)
        return int.from_bytes(reply[3:]) - (sub in (HEARD, MESSAGES))

    def events(self, unit: int = 5) -> str:
        """Ask `unit` for its event log, latest first, without the question."""
        reply = self.ask("0c", unit)
        assert isinstance(reply, bytes)
        assert reply[1] == len(reply) - 2
        assert reply[8] == 0x80
        return reply[9:].hex(" ")

    def completed(self, unit: int = 5) -> int:
        reply = self.ask("0b", unit)
        assert isinstance(reply, bytes)
        return int.from_bytes(reply[3:])


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


def test_broadcasts_are_obeyed_and_not_answered() -> None:
    bench = Bench()
    bench.sites[6].door.reason = Refusal.LOCKED
    for pdu in (
        "05 0000 ff00",
        "06 0002 0022",
        "0f 0000 0001 01 01",
        "10 0002 0001 02 0022",
        "16 0002 0000 0022",
    ):
        bench.tell(pdu)
    reset, address = [("Reset_Demand_Peak", 1)], [(ADDRESS, 0x22)]
    assert bench.sites[5].door.written == [reset, address, reset, address, address]
    assert not bench.sites[6].door.written
    for unit, refused in ((5, 0), (6, 5)):
        assert bench.count(SILENT, unit) == 5
        assert bench.count(EXCEPTIONS, unit) == refused
        assert bench.count(MESSAGES, unit) == 7
        assert bench.completed(unit) == 5 - refused + 3


@pytest.mark.parametrize(
    "pdu", [READ, "17 0002 0001 0002 0001 02 0030", LISTEN, RESTART, CLEAR, "2b 0e 01 00", "80"]
)
def test_nothing_but_writes_is_broadcast(pdu: str) -> None:
    bench = Bench()
    bench.ask(READ)
    bench.tell(pdu)
    assert bench.ask(READ) == bytes.fromhex("03 02 0012")
    assert bench.completed() == 2
    assert not bench.sites[5].door.written


def test_a_broadcast_unlocks_nothing() -> None:
    bench = Bench()
    bench.tell(f"10 0014 0002 04 {int(CODE):08x}")
    bench.tell("10 0014 0002 04 00000000")
    for site in bench.sites.values():
        assert not site.lock.tried
        assert not site.lock.locked
    refused = bench.sites[5].door.refused
    assert [each[1:] for each in refused] == [("code", Refusal.OUT_OF_RANGE)] * 2
    assert not bench.sites[6].door.refused


SET = "06 0002 0022"


def test_who_may_not_write_is_refused_a_broadcast_once() -> None:
    bench = Bench()
    for site in bench.sites.values():
        site.lock.open = False
    bench.tell(SET)
    refused = [site.door.refused for site in bench.sites.values()]
    assert refused == [[("function 6", "broadcast", Refusal.NOT_ALLOWED)], []]
    for unit in bench.sites:
        counts = [bench.count(sub, unit) for sub in (MESSAGES, SILENT, EXCEPTIONS)]
        assert counts == [1, 1, 1]
        assert bench.events(unit).endswith("40 c0")
    assert not any(site.door.written for site in bench.sites.values())


def test_who_may_not_write_by_its_role_is_refused_too() -> None:
    bench = Bench()
    bench.line.broadcast(bytes.fromhex(SET), PEER._replace(may_write=False), NOW)
    assert [len(site.door.refused) for site in bench.sites.values()] == [1, 0]


def test_a_lock_is_met_once_by_a_broadcast() -> None:
    bench = Bench()
    bench.sites[5].door.reason = Refusal.LOCKED
    bench.tell(SET)
    assert not bench.sites[6].door.written, "the lock is that of all meters"
    for unit in bench.sites:
        assert bench.count(EXCEPTIONS, unit) == 1


def test_what_one_unit_refuses_others_obey() -> None:
    bench = Bench()
    bench.sites[5].door.reason = Refusal.SEALED
    bench.tell(SET)
    assert bench.sites[6].door.written == [[(ADDRESS, 0x22)]]
    bench.tell("06 0005 0001")
    assert [len(site.door.refused) for site in bench.sites.values()] == [1, 0]
    assert (bench.count(EXCEPTIONS), bench.count(EXCEPTIONS, 6)) == (2, 1)


def test_units_that_nobody_can_write_to_pass_over_a_broadcast() -> None:
    bench = Bench()
    for unit in bench.units.values():
        unit.door = unit.lock = None
    bench.tell(SET)
    assert bench.count(EXCEPTIONS) == 1


def test_a_broadcast_that_is_refused_is_none_of_who_only_listens() -> None:
    bench = Bench()
    bench.ask(LISTEN)
    for site in bench.sites.values():
        site.lock.open = False
    bench.tell(SET)
    bench.tell(READ)
    bench.line.broken()
    bench.ask(RESTART)
    assert bench.count(EXCEPTIONS) == 0
    assert bench.events() == "40 80 00 60 a0 a2 e0 e0 04 40 80"
    assert bench.count(EXCEPTIONS, 6) == 1


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
