import pytest

from modbus.line_bench import (
    CLEAR,
    EXCEPTIONS,
    LISTEN,
    MESSAGES,
    PEER,
    READ,
    RESTART,
    SILENT,
    Bench,
)
from modbus.units import ADDRESS, CODE, NOW
from submeter.errors import Refusal


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
