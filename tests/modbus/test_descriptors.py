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

        monkeypatch.setattr(descriptors, "_taken", 0)
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
    assert descriptors.take(256) == 256
    assert asked == raised


def test_several_listeners_share_what_there_is(limits: Limits) -> None:
    limits(1150, 1150)
    assert [descriptors.take(600) for _ in range(3)] == [600, 400, 1]
    descriptors.give_back(600)
    assert descriptors.take(600) == 599


def test_there_is_always_room_for_one(limits: Limits) -> None:
    limits(64, 64)
    assert descriptors.take(256) == 1
