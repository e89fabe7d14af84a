"""From the records of a simulated board to what was measured, without a port in between."""

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from submeter.sources.rp2040 import identity as identities
from submeter.sources.rp2040 import record as records
from submeter.sources.rp2040.correction import NONE, BoardCorrection
from submeter.sources.rp2040.electrical import measure
from submeter.sources.rp2040.identity import Identity
from submeter.sources.rp2040.measured import Measured
from submeter.sources.rp2040.record import Record, Window
from tooling.board import line
from tooling.clamp_records import SCALE, IdealBoard
from tooling.clamp_sums import BoardSums, linear
from tooling.clamp_waves import Waves

RATE = 6000


def of_board(board: IdealBoard) -> Identity:
    """Return who `board` says it is."""
    return identities.read(board.identity())


def taken(board: IdealBoard, content: Mapping[str, Any]) -> Record:
    """Return the record of `board` with this content."""
    return records.read(content, of_board(board))


def window(board: IdealBoard, seconds: int = 1) -> Window:
    """Return what `board` counts in the next `seconds` seconds."""
    before = taken(board, board.second())
    for _ in range(seconds):
        content = board.second()
    return records.between(before, taken(board, content))


def measured(
    what: Window,
    identity: Identity,
    correction: BoardCorrection = NONE,
    phases: Sequence[int] = (0, 0, 0),
    nominal: int = 50,
    rate: float = RATE,
) -> Measured:
    """Return what is measured in `what`, by the usual ratings."""
    return measure(what, identity, correction, SCALE, rate, nominal, phases)


def identity(quarter: int = 30, order: tuple[int, int, int, int] = (0, 1, 2, 3)) -> Identity:
    """Return the identity of a board with a voltage and three clamps that delays nothing."""
    return Identity(
        uid="e66038b713000001",
        boot="0000a001",
        rate=float(RATE),
        layout="v3i",
        order=order,
        lags=(0, 0, 0),
        quarter=quarter,
        steps=(9, 9, 9, 9),
        reset="power",
    )


def snapshot(waves: Waves, who: Identity, number: int = 1, frames: int = 1400) -> list[bytes]:
    """Return the `$W` lines in which a board sends the next `frames` frames of `waves`."""
    codes = linear(waves.take(frames), who.steps).astype("<u2")
    pieces = [piece.tobytes() for piece in codes.reshape(-1, 200, 4)]
    same = {"b": who.boot, "i": number, "m": len(pieces), "n": 200}
    return [
        line("W", {**same, "k": k, "f": 200 * k, "d": base64.b64encode(piece).decode()})
        for k, piece in enumerate(pieces)
    ]


def heard(waves: Waves, who: Identity, seconds: int) -> Window:
    """Return what a board sums up in `seconds` seconds of `waves`."""
    sums = BoardSums(who)
    before = records.read(sums.record(waves.take(RATE)), who)
    for _ in range(seconds):
        content = sums.record(waves.take(RATE))
    return records.between(before, records.read(content, who))
