"""Frames that run into each other, and states that damage made."""

from pathlib import Path

import pytest

from submeter.pointmap import source_map
from submeter.sources.port import parse
from submeter.sources.tic.decoder import Decoder, Frame, Group, Mode
from submeter.sources.tic.said import Reader
from submeter.sources.tic.settings import TicSettings
from submeter.sources.tic.source import TicSource
from tooling.tic import Linky, frame

MAP = source_map.load("tic-standard")
FIRST = [Group("ADSC", "041111111111"), Group("EAST", "000001000"), Group("STGE", "003A0001")]
SECOND = [
    Group("ADSC", "042222222222"),
    Group("EAST", "000700000"),
    Group("EAIT", "000300000"),
    Group("SINSTI", "09000"),
    Group("STGE", "013A4411"),
]


def read(groups: list[Group]) -> tuple[set[str], int]:
    reader = Reader(MAP)
    message = reader.message(Frame(Mode.STANDARD, tuple(groups), 0, True, b""))
    return set(message.said), reader.refused


@pytest.mark.parametrize(
    "groups",
    [
        FIRST + SECOND,
        FIRST + SECOND[1:],
        FIRST[1:] + SECOND,
        FIRST[:2] + SECOND[:1],
        FIRST[1:] + SECOND[1:3],
        [Group("MSG1", "A"), *FIRST[1:], Group("MSG1", "B")],
    ],
)
def test_two_frames_in_one_say_nothing(groups: list[Group]) -> None:
    assert read(groups) == (set(), len(groups))


def test_a_label_that_stands_twice_is_left_out_alone() -> None:
    assert read([*FIRST, Group("EAST", "000001001")]) == ({"ADSC", "STGE"}, 1)
    assert read(FIRST + FIRST) == ({"ADSC", "EAST", "STGE"}, 0)


@pytest.mark.parametrize("expected", [None, "041111111111"])
def test_the_end_of_a_frame_that_is_lost_mixes_no_meters(expected: str | None) -> None:
    maps = {Mode.STANDARD: MAP}
    port = "socket://127.0.0.1:1"
    settings = TicSettings(port=port, meter=expected)
    source = TicSource("tic", parse(port, Path()), settings, maps)
    decoder = Decoder()
    first, second = frame(Mode.STANDARD, FIRST), frame(Mode.STANDARD, SECOND)
    for at in range(4):
        for each in decoder.feed(first):
            source._ear.understand(each, at)
    (both,) = decoder.feed(first[:-1] + second[1:])
    update = source._ear.understand(both, 5)
    assert update is None or not update.values
    assert source.identity == "041111111111"
    assert source.trouble is None


def test_states_count_when_two_frames_agree() -> None:
    maps = {Mode.STANDARD: MAP}
    port = "socket://127.0.0.1:1"
    source = TicSource("tic", parse(port, Path()), TicSettings(port=port), maps)
    decoder, meter, seen = Decoder(), Linky(), []
    for at, status in enumerate(["003A0001"] * 3 + ["003A0011"] + ["003A0001"] * 2):
        groups = [Group(g.label, g.data, g.horodate) for g in meter.groups()]
        groups = [Group("STGE", status) if g.label == "STGE" else g for g in groups]
        (decoded,) = decoder.feed(frame(Mode.STANDARD, groups))
        update = source._ear.understand(decoded, at)
        assert update
        alarm = update.values.get("Tamper_Alarm")
        seen.append(alarm and alarm.number)
        assert "Voltage_L1_N" in update.values
        assert "Tamper_Alarm" not in update.absent
    assert seen == [None, 0, 0, None, None, 0]
