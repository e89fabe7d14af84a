"""Records with a good checksum that no board sends: none of them breaks a source, or a bound."""

from random import Random
from typing import Any

from submeter.errors import FrameError
from tooling.clamp_records import IdealBoard
from tooling.clamp_source import UID, Bench

TRIALS = 150
SETTINGS = {"board": UID, "clamp": {"current": 50}, "clamps": {"L1": 1, "L2": 2, "L3": 3}}


def lie(luck: Random, content: dict[str, Any]) -> None:
    """Change some numbers of a record."""

    def other(number: int) -> int:
        size = luck.choice([1, 10**6, 10**9, 1 << 40, 1 << 61])
        return luck.choice([0, -1, number * 2, number // 2, number + luck.randint(-size, size)])

    for _ in range(luck.randint(1, 3)):
        key = luck.choice(list("qtfnczsexmaol"))
        if isinstance(content[key], list):
            place = luck.randrange(len(content[key]))
            content[key][place] = other(content[key][place])
        else:
            content[key] = other(content[key])


async def test_whatever_a_board_says_no_power_is_beyond_what_can_be() -> None:
    believed = 0
    for trial in range(TRIALS):
        luck, ideal = Random(trial), IdealBoard()
        async with Bench(SETTINGS, ideal).running() as one:
            one.live(2)
            for _ in range(3):
                content = ideal.second()
                lie(luck, content)
                one.now += 1
                try:
                    one.boards[""].tell(ideal, content, one.at)
                except FrameError:
                    continue
            one.live(2)
        believed += len(one.updates) > 3
        most = one.source.largest_power / 1000
        for update in one.updates:
            for point, (number, _) in update.values.items():
                if point.startswith(("Active_Power", "Reactive_Power", "Apparent_Power")):
                    assert abs(number) <= most, (trial, point)
                elif "Energy" in point:
                    assert 0 <= number <= most * 65 / 3.6e-3, (trial, point)
    assert 0 < believed < TRIALS
