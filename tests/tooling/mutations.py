"""Streams as a bad line delivers them: cut, flipped, doubled, merged, interleaved frames.

`SUBMETER_FUZZ` says how many damaged frames a test makes, `SUBMETER_SEED` from which seed.
"""

import os
from collections.abc import Iterator, Sequence
from random import Random

FRAMES = int(os.environ.get("SUBMETER_FUZZ", "20000"))
SEED = int(os.environ.get("SUBMETER_SEED", "20240116"))


def damaged(frames: Sequence[bytes], count: int = FRAMES, seed: int = SEED) -> Iterator[bytes]:
    """Yield `count` damaged versions of `frames`, each of them whole frames or pieces of them."""
    random = Random(seed)
    for _ in range(count):
        frame = bytearray(random.choice(frames))
        for _ in range(random.choice((1, 1, 1, 2, 3))):
            frame = random.choice(_KINDS)(frame, random, frames)
        yield bytes(frame)


def pieces(data: bytes, random: Random) -> Iterator[bytes]:
    """Yield `data` in pieces of random length, some of them one byte."""
    start = 0
    while start < len(data):
        end = start + random.choice((1, 1, 2, 3, 7, 16, 64, 300))
        yield data[start:end]
        start = end


def _flip(frame: bytearray, random: Random, frames: Sequence[bytes]) -> bytearray:
    if frame:
        frame[random.randrange(len(frame))] ^= 1 << random.randrange(8)
    return frame


def _replace(frame: bytearray, random: Random, frames: Sequence[bytes]) -> bytearray:
    if frame:
        frame[random.randrange(len(frame))] = random.randrange(256)
    return frame


def _cut(frame: bytearray, random: Random, frames: Sequence[bytes]) -> bytearray:
    return frame[: random.randrange(len(frame) + 1)]


def _behead(frame: bytearray, random: Random, frames: Sequence[bytes]) -> bytearray:
    return frame[random.randrange(len(frame) + 1) :]


def _drop(frame: bytearray, random: Random, frames: Sequence[bytes]) -> bytearray:
    start = random.randrange(len(frame) + 1)
    del frame[start : start + random.choice((1, 1, 2, 5, 20))]
    return frame


def _insert(frame: bytearray, random: Random, frames: Sequence[bytes]) -> bytearray:
    start = random.randrange(len(frame) + 1)
    frame[start:start] = random.randbytes(random.choice((1, 1, 2, 5, 20)))
    return frame


def _double(frame: bytearray, random: Random, frames: Sequence[bytes]) -> bytearray:
    start = random.randrange(len(frame) + 1)
    piece = frame[start : start + random.choice((1, 2, 8, 1000))]
    frame[start:start] = piece
    return frame[:100_000]


def _merge(frame: bytearray, random: Random, frames: Sequence[bytes]) -> bytearray:
    other = random.choice(frames)
    cut = random.randrange(len(frame) + 1)
    return (frame[:cut] + other[random.randrange(len(other) + 1) :])[:100_000]


def _interleave(frame: bytearray, random: Random, frames: Sequence[bytes]) -> bytearray:
    other = random.choice(frames)
    mixed = bytearray()
    for start in range(0, max(len(frame), len(other)), 8):
        mixed += frame[start : start + 8] + other[start : start + 8]
    return mixed[:100_000]


_KINDS = (_flip, _flip, _replace, _cut, _behead, _drop, _insert, _double, _merge, _interleave)
