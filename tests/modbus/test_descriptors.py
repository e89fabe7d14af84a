import resource
from collections.abc import Callable

import pytest

from submeter.modbus import descriptors

UNLIMITED = resource.RLIM_INFINITY


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Callable[[int, int], list[tuple[int, int]]]:
    """Set the limits, and return those that are asked for later."""

    def given(soft: int, hard: int) -> list[tuple[int, int]]:
        asked: list[tuple[int, int]] = []

        def current(_: int) -> tuple[int, int]:
            return asked[-1] if asked else (soft, hard)

        monkeypatch.setattr(descriptors, "_shares", [])
        monkeypatch.setattr(resource, "getrlimit", current)
        monkeypatch.setattr(resource, "setrlimit", lambda _, pair: asked.append(pair))
        return asked

    return given


Limits = Callable[[int, int], list[tuple[int, int]]]


@pytest.mark.parametrize(
    ("soft", "hard", "raised"),
    [
        (1024, 4096, [(4096, 4096)]),
        (1024, 1 << 20, [(16384, 1 << 20)]),
        (1024, UNLIMITED, [(16384, UNLIMITED)]),
        (UNLIMITED, UNLIMITED, []),
        (1 << 20, 1 << 20, []),
    ],
)
def test_the_limit_is_raised_within_reason(
    limits: Limits, soft: int, hard: int, raised: list[tuple[int, int]]
) -> None:
    asked = limits(soft, hard)
    assert descriptors.take(256).granted == 256
    assert asked == raised


def test_several_listeners_share_what_there_is_in_proportion(limits: Limits) -> None:
    limits(1150, 1150)
    first = descriptors.take(900)
    assert first.granted == 900
    second, third = descriptors.take(600), descriptors.take(300)
    assert [each.granted for each in (first, second, third)] == [500, 333, 166]
    descriptors.give_back(first)
    assert [each.granted for each in (second, third)] == [600, 300]


@pytest.mark.parametrize("limit", [40, 64, 151])
def test_there_is_always_room_for_one(limits: Limits, limit: int) -> None:
    limits(limit, limit)
    assert [descriptors.take(256).granted for _ in range(2)] == [1, 1]
