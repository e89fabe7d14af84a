"""An M-Bus answer is all that the meter says, unless it was cut."""

from pathlib import Path

import pytest

from submeter.pointmap import source_map
from submeter.sources.mbus import telegram
from submeter.sources.mbus.address import Address, Secondary
from submeter.sources.mbus.answer import Answer
from submeter.sources.mbus.reading import Reader
from tooling import mbus_records as made

ABB = Secondary("12345678", "ABB", 2, 2)
MAP = """
title: own
document: none
max_age: 60
records:
  energy: {quantity: energy}
  power: {quantity: power}
points:
  Active_Energy_Import: [{label: energy}]
  Active_Power_Total: [{label: power}]
"""


@pytest.mark.parametrize("cut", [False, True])
def test_what_one_answer_lacks_is_absent_unless_it_was_cut(tmp_path: Path, cut: bool) -> None:
    (tmp_path / "sources").mkdir()
    (tmp_path / "sources" / "own.yaml").write_text(MAP)
    reader = Reader("m", Address(5), None, source_map.load("own", own=[tmp_path]))
    frame = made.answer(5, ABB, made.energy(1000) + (made.MORE if cut else b""))
    update = reader.understand(Answer((telegram.read(frame),), frame.encode(), whole=not cut), 0.0)
    assert update is not None
    assert update.values["Active_Energy_Import"].number == 1_000_000
    assert ("Active_Power_Total" in update.absent) is not cut
