"""Damaged TIC streams: nothing raises, what passes is right in itself, the next frame counts."""

import pickle
import re
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.pointmap import source_map
from submeter.sources.index_guard import IndexGuard
from submeter.sources.tic.decoder import Decoder, Frame, Mode
from submeter.sources.tic.said import Reader
from submeter.sources.translation.datum import Said
from tooling import mutations, tic
from tooling.tic import Historique, Linky
from tooling.tic_emitter import Model
from tooling.tic_pme_pmi import PmePmi
from tooling.tic_reader import TicReader

OLD = Historique(contract="TEMPO", phases=3, subscribed=1)
FRAMES = [
    Linky(phases=1).next_frame(),
    PmePmi().next_frame(),
    *(Historique(contract="HC", seed=seed).next_frame() for seed in range(6)),
    *(OLD.next_short_frame() for _ in range(4)),
    OLD.next_frame(),
]
GROUPS = [Decoder().feed(frame)[0].groups for frame in FRAMES]
_METERS: dict[Mode, Model] = {
    Mode.STANDARD: Linky(phases=1),
    Mode.HISTORIQUE: Historique(contract="HC"),
}
READERS = {mode: Reader(source_map.load(f"tic-{mode.value.replace('_', '-')}")) for mode in Mode}
NUMBER = re.compile("[0-9]+")


def passes(frame: Frame, stream: bytes) -> bool:
    """Tell whether each group stands in the stream with the checksum that it must have."""
    mode = Mode.STANDARD if frame.mode is Mode.STANDARD else Mode.HISTORIQUE
    seven = bytes(byte & 0x7F for byte in stream)
    groups = (tic.group(mode, *each) for each in frame.groups)
    return all(each[1:] in seven for each in groups)


def contents(frames: list[Frame]) -> list[tuple[Frame, bytes]]:
    return [(frame, frame.raw) for frame in frames]


def test_damaged_streams() -> None:
    random = Random(mutations.SEED)
    decoder, passed = Decoder(), 0
    for number, damaged in enumerate(mutations.damaged(FRAMES)):
        frames = decoder.feed(damaged)
        good = FRAMES[number % len(FRAMES)]
        frames += decoder.feed(good)
        assert frames[-1].whole, damaged
        assert frames[-1].raw == good
        assert frames[-1].groups == GROUPS[number % len(FRAMES)]
        for frame in frames[:-1]:
            assert passes(frame, damaged), damaged
            assert len(frame.raw) <= 4096
            for name, datum in READERS[frame.mode].message(frame).said.items():
                if isinstance(datum.number, int) and name not in ("STGE", "PPOT"):
                    sent = NUMBER.match(datum.text)
                    assert sent
                    assert int(sent[0]) == datum.number
            passed += 1
        if number % 8 == 0:
            alone, split = Decoder(), Decoder()
            pieces = [f for part in mutations.pieces(damaged, random) for f in split.feed(part)]
            assert contents(pieces) == contents(alone.feed(damaged))
            assert (split.good, split.bad, split.mode) == (alone.good, alone.bad, alone.mode)
        if number % 1000 == 0:
            assert len(pickle.dumps(decoder)) < 20_000
    assert passed > mutations.FRAMES // 4


@given(
    st.lists(st.sampled_from(FRAMES) | st.binary(max_size=40), max_size=4),
    st.lists(st.integers(0, 4000), max_size=30),
)
def test_any_split_gives_the_same_frames(parts: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(parts)
    whole, split = Decoder(), Decoder()
    bounds = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    frames = [frame for start, end in pairwise(bounds) for frame in split.feed(stream[start:end])]
    assert contents(frames) == contents(whole.feed(stream))


@pytest.mark.parametrize("mode", list(Mode))
def test_no_damage_moves_an_index(mode: Mode) -> None:
    """Every second frame has flipped bits; only indexes that the meter had are ever served."""
    random = Random(mutations.SEED)
    loaded = source_map.load(f"tic-{mode.value.replace('_', '-')}")
    made = TicReader(loaded, guard=IndexGuard(loaded.largest_power))
    meter = _METERS.get(mode)
    pme = PmePmi(watts=900_000)
    pme.run(3600)
    decoder, true, served = Decoder(), set(), []
    for elapsed in range(0, 1000, 2):
        frame = meter.next_frame() if meter else pme.next_frame(2)
        (sent,) = Decoder().feed(frame)
        said = READERS[sent.mode].message(sent).said
        true.add(pme.total * 10**6 if not meter else _wh(said) * 1000)
        damaged = bytearray(frame)
        for _ in range(random.choice((0, 1, 2, 4, 8)) if elapsed % 4 else 0):
            damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(7)
        for each in decoder.feed(bytes(damaged)):
            update = made.translate(each, float(elapsed)) if each.mode is mode else None
            if update and "Active_Energy_Import" in update.values:
                served.append(update.values["Active_Energy_Import"].number)
    assert set(served) <= true
    assert len(served) > 200
    assert served == sorted(served)


def _wh(said: Said) -> int:
    labels = ["EAST"] if "EAST" in said else ["HCHC", "HCHP"]
    return sum(int(said[label].text) for label in labels)
