"""Frames that real meters sent, published by others; their folder is SUBMETER_CAPTURES."""

import os
from pathlib import Path

import pytest

from submeter.pointmap import source_map
from submeter.sources.tic.decoder import Decoder, Group, Mode
from tooling.tic_reader import TicReader
from tooling.trust import Trusting

pytestmark = pytest.mark.skipif(
    "SUBMETER_CAPTURES" not in os.environ, reason="SUBMETER_CAPTURES is not set"
)


def capture(name: str) -> bytes:
    return (Path(os.environ["SUBMETER_CAPTURES"]) / "tic" / name).read_bytes()


@pytest.mark.parametrize(
    ("name", "mode", "good", "bad"),
    [
        ("enedis_oss_ticFrameStandard.txt", Mode.STANDARD, 38, 0),
        ("enedis_oss_ticFrameHistoric.txt", Mode.HISTORIQUE, 9, 0),
        ("enedis_oss_ticFrameStandard_PCOUP_Invalid.txt", Mode.STANDARD, 37, 1),
        ("std_mono_conso_linkytic.bin", Mode.STANDARD, 38, 0),
        ("hist_mono_base_linkytic.bin", Mode.HISTORIQUE, 8, 0),
    ],
)
def test_every_group_is_read(name: str, mode: Mode, good: int, bad: int) -> None:
    decoder = Decoder()
    (frame,) = decoder.feed(capture(name))
    assert (frame.mode, len(frame.groups), frame.bad) == (mode, good, bad)
    assert frame.whole is not bool(bad)
    assert (decoder.good, decoder.bad, decoder.mode) == (good, bad, mode)


@pytest.mark.parametrize(
    ("name", "kwh", "labels"),
    [
        ("enedis_oss_ticFrameStandard.txt", 0, 38),
        ("enedis_oss_ticFrameHistoric.txt", 0.104, 9),
        ("std_mono_conso_linkytic.bin", 3519.702, 38),
        ("hist_mono_base_linkytic.bin", 123456.789, 8),
    ],
)
def test_every_label_has_the_form_that_its_map_gives_it(name: str, kwh: float, labels: int) -> None:
    (frame,) = Decoder().feed(capture(name))
    made = TicReader(source_map.load(f"tic-{frame.mode.value}"), guard=Trusting())
    update = made.translate(frame, 0)
    assert made.refused == 0
    assert update
    assert update.values["Active_Energy_Import"].number == round(kwh * 10**6)
    assert len(frame.groups) == labels
    assert frame.raw.rstrip(b"\x02") in capture(name)


def test_the_group_with_the_wrong_checksum_is_the_one_that_is_missing() -> None:
    (right,) = Decoder().feed(capture("enedis_oss_ticFrameStandard.txt"))
    (wrong,) = Decoder().feed(capture("enedis_oss_ticFrameStandard_PCOUP_Invalid.txt"))
    assert set(right.groups) - set(wrong.groups) == {Group("PCOUP", "02")}
    assert set(wrong.groups) < set(right.groups)


def test_values_in_standard_mode() -> None:
    (frame,) = Decoder().feed(capture("std_mono_conso_linkytic.bin"))
    groups = {group.label: group for group in frame.groups}
    assert groups["DATE"] == Group("DATE", "", "H240210121355")
    assert groups["NGTF"].data == "base            "
    assert groups["EAST"].data == "003519702"
    assert groups["SINSTS"].data == "00263"
    assert groups["SMAXSN-1"] == Group("SMAXSN-1", "01422", "H240209211759")
    assert groups["PJOURF+1"].data == "0000C001" + " NONUTILE" * 10


def test_values_in_historique_mode() -> None:
    (frame,) = Decoder().feed(capture("hist_mono_base_linkytic.bin"))
    assert [(group.label, group.data) for group in frame.groups] == [
        ("ADCO", "012345678910"),
        ("OPTARIF", "BASE"),
        ("ISOUSC", "30"),
        ("PAPP", "02390"),
        ("MOTDETAT", "000000"),
        ("BASE", "123456789"),
        ("IINST", "011"),
        ("IMAX", "090"),
    ]
