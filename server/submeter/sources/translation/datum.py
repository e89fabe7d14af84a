"""What one label of one message says."""

from fractions import Fraction
from typing import NamedTuple

from submeter.meter.reading import Stamp

Number = int | Fraction | float


class Datum(NamedTuple):
    """The content of one label, checked against the form that the map gives it.

    `number` is in `unit`, exact where the wire is (scalers are applied as fractions), and finite;
    None where the label is text or has no value now. `text` is what was sent, for people and for
    patterns. `stamp` is the time that came with it, or that it is.
    """

    text: str
    number: Number | None = None
    unit: str | None = None
    stamp: Stamp | None = None


Said = dict[str, Datum]
"""What a message says, by the labels of the source map."""
