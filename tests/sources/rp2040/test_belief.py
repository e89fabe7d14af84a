"""Whether records of a board bear each other out."""

from typing import Any

import pytest

from submeter.sources.rp2040.belief import agree
from tooling.follower_bench import Bench


@pytest.mark.parametrize(
    ("more", "elapsed", "so"),
    [({}, 60.0, True), ({}, 64.0, True), ({}, 600.0, False), ({}, 40.0, False),
     ({"seq": 62}, 60.0, True), ({"seq": 63}, 60.0, False),
     ({"sampled": 340_000}, 60.0, False), ({"sampled": 385_000}, 60.0, False),
     ({"micros": 30_000_000}, 60.0, False), ({"boot": "b"}, 60.0, False),
     ({"sums": (0,) * 8}, 60.0, False)],
)  # fmt: skip
def test_records_agree_by_number_clock_and_frames(
    more: dict[str, Any], elapsed: float, so: bool
) -> None:
    bench = Bench()
    first = bench.next()
    for _ in range(60):
        last = bench.next()
    assert agree(first, last._replace(**more), elapsed) is so
