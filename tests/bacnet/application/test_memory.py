from typing import Any

import pytest

from submeter.bacnet.application import memory
from submeter.bacnet.application.memory import Memory


def ask(kept: Memory, where: dict[bytes, Any], request: bytes, cost: int = 10) -> bool:
    """Ask once for what is worth keeping, and tell whether it was there."""
    if request in where:
        return True
    if kept.worth(where, request):
        kept.keep(where, request, b"value", cost)
    return False


def named(number: int) -> bytes:
    return number.to_bytes(4, "big")


def test_what_comes_again_is_kept() -> None:
    kept, where = Memory(100), dict[bytes, Any]()
    assert [ask(kept, where, b"a") for _ in range(4)] == [False, False, True, True]
    assert (kept.octets, len(kept)) == (10, 1)


def test_what_comes_once_is_not() -> None:
    kept, where = Memory(1000), dict[bytes, Any]()
    for number in range(10_000):
        ask(kept, where, named(number))
    assert len(where) < 10


def test_one_request_to_two_devices_comes_once_to_each() -> None:
    kept, one, other = Memory(100), dict[bytes, Any](), dict[bytes, Any]()
    for where in (one, other):
        assert not kept.worth(where, b"a")
        assert kept.worth(where, b"a")


def test_all_together_have_a_bound() -> None:
    kept, devices = Memory(1000), [dict[bytes, Any]() for _ in range(50)]
    for number in range(2000):
        for where in devices:
            ask(kept, where, named(number // 2), cost=10 + number % 7)
            assert kept.octets <= 1000
    assert sum(map(len, devices)) == len(kept) <= 100
    assert kept.octets > 900
    kept.keep(devices[0], b"huge", b"", 1001)
    assert b"huge" not in devices[0]


@pytest.mark.parametrize("many", [150, 300, 1000])
def test_a_round_that_is_longer_than_the_memory_is_answered_in_part(many: int) -> None:
    kept, where = Memory(1000), dict[bytes, Any]()  # of 100
    for _ in range(20):
        found = sum(ask(kept, where, named(number)) for number in range(many))
    assert found > 25  # the oldest out would find none


def test_requests_that_share_their_notes_are_kept_as_well(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "_SLOTS", 1)
    kept, where = Memory(1000), dict[bytes, Any]()
    for _ in range(100):
        found = [ask(kept, where, request) for request in (b"a", b"b", b"c")]
    assert found == [True] * 3


def test_a_flood_of_others_leaves_most_of_what_is_kept() -> None:
    kept, where = Memory(1000), dict[bytes, Any]()
    for number in (*range(100), *range(100)):
        ask(kept, where, named(number))
    for number in range(1000, 1080):
        for _ in range(2):
            ask(kept, where, named(number))
    assert sum(named(number) in where for number in range(100)) > 50
