"""Write the example stream: python tests/tooling/make_example_stream.py OUT."""

import sys
from datetime import timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))  # as the tests have it

from tooling.tic import START, Linky


def stream() -> bytes:
    """Return four minutes of a three-phase Linky, in which the night tariff starts."""
    linky = Linky(seed=69)
    frames = []
    while linky.house.time < START + timedelta(minutes=4):
        frames.append(linky.next_frame())
    return b"".join(frames)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(stream())
