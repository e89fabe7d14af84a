"""What a read of an image costs, and what it answers."""

import time

import pytest

from submeter.bacnet.fault import NOT_AN_ARRAY
from submeter.bacnet.objects.image import kept, part


class Maker:
    """Makes another image each time."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> bytes:
        self.times += 1
        return bytes((self.times,))


def test_an_index_into_what_is_worked_out_costs_nothing() -> None:
    make = Maker()
    for index in (0, 1, 2):
        assert part(make, index) == NOT_AN_ARRAY
    assert make.times == 0
    assert part(make, None) == b"\x01"


def test_what_is_kept_is_made_once_in_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 5.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    give = kept(Maker(), 0.1)
    assert [give() for _ in range(700)] == [b"\x01"] * 700
    now += 0.11
    assert [give(), give()] == [b"\x02", b"\x02"]
