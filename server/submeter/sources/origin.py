"""Where a value comes from: for people who ask why a point says what it says."""

from dataclasses import dataclass

from submeter.meter.instant import Instant


@dataclass(frozen=True, slots=True)
class Origin:
    """What the last value of a point was made of.

    `where` is the `file:line` of the map that told how, empty where no map is involved. `labels`
    are the instrument's own names for what it said, with the text of each as it was sent and its
    unit. `raw` are the bytes of the frame as they came over the line (of ciphered ones: as they
    came), `at` is when its last byte came.
    """

    where: str
    labels: tuple[tuple[str, str], ...]
    raw: bytes
    at: Instant
