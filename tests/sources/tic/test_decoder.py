"""The TIC decoder: every way in which bytes may arrive, and may be damaged."""

import pickle
import re
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.sources.tic.decoder import Decoder, Frame, Group, Mode, checksum
from tooling.tic import START, Historique, Linky, frame, group

LINKY = Linky().groups()
STANDARD = frame(Mode.STANDARD, LINKY)
OLD = Historique(contract="HC", phases=3).groups()
HISTORIQUE = frame(Mode.HISTORIQUE, OLD)
STX, ETX, EOT = b"\x02", b"\x03", b"\x04"

# The checksum is blind to bit 6, so a free text may be altered and still be accepted.
TEXTS = {"NGTF", "LTARF", "MSG1", "OPTARIF", "PTEC", "HHPHC"}


def decode(data: bytes) -> list[Frame]:
    return Decoder().feed(data)


def groups_of(frames: list[Frame]) -> list[Group]:
    return [each for one in frames for each in one.groups]


def test_checksum_of_groups_that_meters_sent() -> None:
    assert checksum(b"ADCO 012345678910") == ord("E")
    assert checksum(b"DATE\tH240210121355\t\t") == ord(";")
    assert checksum(b"PTEC HP..") == ord(" ")


@pytest.mark.parametrize(
    ("data", "mode", "groups"), [(STANDARD, Mode.STANDARD, LINKY), (HISTORIQUE, "historique", OLD)]
)
def test_a_frame_says_what_was_sent(data: bytes, mode: Mode, groups: list[Group]) -> None:
    assert decode(data) == [Frame(mode, tuple(groups), bad=0, whole=True)]


_LABELS = st.from_regex(r"[A-Za-z0-9+\-_/]{1,12}", fullmatch=True)
_TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=98)
_HORODATES = st.none() | st.from_regex(r"[EHeh ][0-9]{12}", fullmatch=True)


@given(st.lists(st.builds(Group, _LABELS, _TEXTS, _HORODATES), min_size=1, max_size=20))
def test_round_trip_in_standard_mode(groups: list[Group]) -> None:
    expected = Frame(Mode.STANDARD, tuple(groups), bad=0, whole=True)
    assert decode(frame(Mode.STANDARD, groups)) == [expected]


@given(st.lists(st.builds(Group, _LABELS, _TEXTS, st.none()), min_size=1, max_size=20))
def test_round_trip_in_historique_mode(groups: list[Group]) -> None:
    expected = Frame(Mode.HISTORIQUE, tuple(groups), bad=0, whole=True)
    assert decode(frame(Mode.HISTORIQUE, groups)) == [expected]


@given(st.lists(st.integers(0, 5000), max_size=30), st.binary(max_size=60))
def test_any_split_gives_the_same_frames(cuts: list[int], noise: bytes) -> None:
    stream = STANDARD[700:] + HISTORIQUE + noise + HISTORIQUE[:99] + STANDARD + noise + HISTORIQUE
    decoder, frames = Decoder(), []
    for start, end in pairwise([0, *sorted(cuts), len(stream)]):
        frames += decoder.feed(stream[start:end])
    whole = Decoder()
    assert frames == whole.feed(stream)
    assert (decoder.good, decoder.bad, decoder.mode) == (whole.good, whole.bad, whole.mode)


def test_byte_by_byte() -> None:
    decoder = Decoder()
    frames = [one for byte in STANDARD + HISTORIQUE for one in decoder.feed(bytes([byte]))]
    assert frames == decode(STANDARD) + decode(HISTORIQUE)


def test_feed_works_though_nobody_looks_at_its_result() -> None:
    decoder = Decoder()
    decoder.feed(STANDARD)
    assert (decoder.good, decoder.bad) == (len(LINKY), 0)


@pytest.mark.parametrize(("data", "sent"), [(STANDARD, LINKY), (HISTORIQUE, OLD)])
def test_no_flipped_bit_changes_a_number(data: bytes, sent: list[Group]) -> None:
    """Flip each bit of the frame in turn.

    What is then decoded was sent, or has a label that was not sent, or data that break the form of
    its label (a form is: so many digits); the last two are for the source map to refuse.
    """
    forms = {each.label: re.compile(re.sub("[0-9A-F]", "[0-9A-F]", each.data)) for each in sent}
    for position in range(len(data)):
        for bit in range(8):
            damaged = bytearray(data)
            damaged[position] ^= 1 << bit
            frames = decode(bytes(damaged))
            for each in set(groups_of(frames)) - set(sent):
                unknown = each.label not in forms
                if not unknown and each.label not in TEXTS:
                    assert not forms[each.label].fullmatch(each.data), (each, position, bit)
            for one in frames:
                assert len(one.groups) == len(sent) if one.whole else True, (position, bit)


@pytest.mark.parametrize(("data", "sent"), [(STANDARD, LINKY), (HISTORIQUE, OLD)])
def test_a_group_whose_checksum_fails_is_absent(data: bytes, sent: list[Group]) -> None:
    mode = decode(data)[0].mode
    failed = 0
    for victim in sent:
        good = group(mode, victim.label, victim.data, victim.horodate)
        at = data.index(good)
        for position in range(1, len(good) - 3):  # label to data
            for bit in range(6):  # those that the checksum sees
                byte = good[position] ^ 1 << bit
                if byte in b"\n\r\x02\x03\x04":
                    continue
                bad = good[:position] + bytes([byte]) + good[position + 1 :]
                decoder = Decoder()
                (one,) = decoder.feed(data[:at] + bad + data[at + len(good) :])
                assert set(one.groups) == set(sent) - {victim}
                assert (one.bad, one.whole, decoder.bad) == (1, False, 1)
                failed += 1
    assert failed > 100


def test_parity_bits_are_masked() -> None:
    with_parity = bytes(byte | (byte.bit_count() % 2) << 7 for byte in STANDARD)
    assert with_parity != STANDARD
    assert decode(with_parity) == decode(STANDARD)


def test_an_i_that_turns_into_a_tab_makes_no_horodate() -> None:
    """Bit 6 of an I lost: the checksum still agrees, and `NSTI` would stand for a horodate."""
    damaged = group(Mode.STANDARD, "SINSTI", "00417").replace(b"SI", b"S\t")
    decoder = Decoder()
    assert decoder.feed(STX + damaged + ETX) == []
    assert decoder.bad == 1


@given(st.lists(st.binary(max_size=300) | st.sampled_from([STANDARD, HISTORIQUE, b"\n", STX])))
def test_garbage_raises_nothing(chunks: list[bytes]) -> None:
    decoder = Decoder()
    frames = [one for chunk in chunks for one in decoder.feed(chunk)]
    assert len(groups_of(frames)) <= decoder.good
    assert sum(one.bad for one in frames) <= decoder.bad
    decoder.feed(EOT)
    (after,) = decoder.feed(STANDARD)
    assert after == decode(STANDARD)[0]


@pytest.mark.parametrize(
    "endless",
    [
        b"\n" + b"A" * 100_000,
        b"\n" * 100_000,
        b"\nA\r" * 30_000,
        group(Mode.STANDARD, "EAST", "000000001") * 5_000,
        b"\x02\nEAST\t" * 10_000,
    ],
)
def test_memory_stays_bounded(endless: bytes) -> None:
    decoder = Decoder()
    decoder.feed(endless)
    assert len(pickle.dumps(decoder)) < 10_000


@pytest.mark.parametrize("data", [STANDARD, HISTORIQUE])
def test_a_frame_cut_by_the_next_is_not_whole(data: bytes) -> None:
    (sent,) = decode(data)
    for end in range(1, len(data)):
        frames = decode(data[:end] + data)
        assert frames[-1] == sent
        complete = data[:end].count(b"\r")
        assert [len(one.groups) for one in frames[:-1]] == ([complete] if complete else [])
        assert not any(one.whole for one in frames[:-1])


@pytest.mark.parametrize("data", [STANDARD, HISTORIQUE])
def test_a_stream_joined_in_mid_frame(data: bytes) -> None:
    (sent,) = decode(data)
    for start in range(1, len(data)):
        frames = decode(data[start:] + data)
        assert frames[-1] == sent
        assert not any(one.whole for one in frames[:-1])
        assert set(groups_of(frames[:-1])) <= set(sent.groups)
        assert sum(one.bad for one in frames) == 0


def test_a_transmission_broken_off() -> None:
    broken = STX + group(Mode.HISTORIQUE, "ADCO", "012345678910") + b"\nBASE 0001" + EOT
    decoder = Decoder()
    assert decoder.feed(broken) == [
        Frame(Mode.HISTORIQUE, (Group("ADCO", "012345678910"),), bad=1, whole=False)
    ]
    assert decoder.feed(HISTORIQUE)[0].whole


def test_a_change_of_mode_shows_at_the_first_group() -> None:
    decoder = Decoder()
    modes = [decoder.mode]
    assert decoder.feed(HISTORIQUE[:-1]) == []
    modes.append(decoder.mode)
    (cut,) = decoder.feed(group(Mode.STANDARD, "EAST", "000000001"))
    assert cut == Frame(Mode.HISTORIQUE, tuple(OLD), bad=0, whole=False)
    modes.append(decoder.mode)
    assert modes == [None, Mode.HISTORIQUE, Mode.STANDARD]
    (rest,) = decoder.feed(ETX)
    assert rest == Frame(Mode.STANDARD, (Group("EAST", "000000001"),), bad=0, whole=False)
    assert decoder.feed(STANDARD)[0].whole


def test_a_bad_group_does_not_change_the_mode() -> None:
    decoder = Decoder()
    decoder.feed(HISTORIQUE[:-1] + b"\nEAST\t000000001\t!\r")
    assert decoder.mode is Mode.HISTORIQUE
    assert decoder.feed(ETX) == [Frame(Mode.HISTORIQUE, tuple(OLD), bad=1, whole=False)]


@pytest.mark.parametrize(("data", "sent"), [(STANDARD, LINKY), (HISTORIQUE, OLD)])
def test_lost_lfs_lose_no_group(data: bytes, sent: list[Group]) -> None:
    for lost in b"\r\n", b"\n":
        (one,) = decode(data.replace(lost, lost.rstrip(b"\n")))
        assert one.groups == tuple(sent)
        assert (one.bad, one.whole) == (0, False)  # who knows what else went


def test_a_lost_cr_costs_one_group() -> None:
    (one,) = decode(STANDARD.replace(b"\r\nVTIC", b"\nVTIC"))
    assert one.groups == tuple(LINKY[1:])
    assert (one.bad, one.whole) == (1, False)


def test_lines_that_ran_into_each_other_cost_both() -> None:
    (one,) = decode(STANDARD.replace(b"\r\nDATE", b"DATE"))
    assert one.groups == (LINKY[0], *LINKY[3:])
    assert (one.bad, one.whole) == (1, False)


def test_a_space_is_a_checksum() -> None:
    assert group(Mode.HISTORIQUE, "PTEC", "HP..") == b"\nPTEC HP..  \r"
    assert groups_of(decode(b"\x02\nPTEC HP..  \r\x03")) == [Group("PTEC", "HP..")]
    assert groups_of(decode(b"\x02\nEASD01\t000000000\t \r\x03")) == [Group("EASD01", "000000000")]


def test_spaces_in_the_data_stay() -> None:
    sent = [Group("CONTRAT", "BT 5 SUP36"), Group("MSG", "  PAS  DE  MESSAGE  ")]
    assert decode(frame(Mode.HISTORIQUE, sent))[0].groups == tuple(sent)


def test_a_season_may_be_a_space_and_data_empty() -> None:
    sent = [Group("DPM1", "00", " 230214060000"), Group("DATE", "", "h230214060000")]
    assert decode(frame(Mode.STANDARD, sent))[0].groups == tuple(sent)


def test_short_frames_are_frames() -> None:
    """Made after the tables: no capture of a short frame is public."""
    old = Historique(start=START + timedelta(minutes=5), phases=3, subscribed=5)
    frames = decode(old.next_short_frame() * 20 + old.next_frame())
    assert len(frames) == 21
    assert all(one.whole for one in frames)
    labels = [each.label for each in frames[0].groups]
    assert labels == ["ADIR3", "ADCO", "IINST1", "IINST2", "IINST3"]


@pytest.mark.parametrize(
    "bad",
    [
        b"",
        b"A",
        b"EAST\t000000001",
        b"\t0\t9",
        b"EAST\t\x000000\t!",
        b"EAST\t00000\x7f001\t ",
        b"LABEL_TOO_LONG\t1\tF",
        b"A\tE23\t1\tL",
        b"A\tE230101000000\t1\t1\t:",
        b"A B\t1\t>",
        b"A  ",
    ],
)
def test_what_is_not_a_group(bad: bytes) -> None:
    """Each with the checksum that it would need, and with every other."""
    for check in range(0x20, 0x60):
        decoder = Decoder()
        assert decoder.feed(b"\x02\n" + bad[:-1] + bytes([check]) + b"\r\x03") == []
        assert (decoder.good, decoder.bad) == (0, 1)


def test_the_longest_group_passes_and_a_longer_one_is_bad() -> None:
    decoder = Decoder()
    decoder.feed(group(Mode.STANDARD, "PJOURF+1", "0" * 149))
    assert (decoder.good, decoder.bad) == (1, 0)
    decoder.feed(group(Mode.STANDARD, "PJOURF+1", "0" * 150))
    assert (decoder.good, decoder.bad) == (1, 1)


def test_noise_between_frames_is_not_counted() -> None:
    decoder = Decoder()
    frames = decoder.feed(
        STANDARD + b"\x00\x7fnoise\rmore\rnoise\t" + STANDARD + b"\r\r" + STANDARD
    )
    assert [one.whole for one in frames] == [True] * 3
    assert decoder.bad == 0


@pytest.mark.parametrize("begun", [b"\n", b"\n\r", b"\nEAST\t0000"])
def test_a_group_begun_between_frames_is_counted_but_harms_neither(begun: bytes) -> None:
    decoder = Decoder()
    assert [one.whole for one in decoder.feed(STANDARD + begun + STANDARD)] == [True, True]
    assert decoder.bad == 1


def test_a_whole_frame_is_byte_for_byte_what_was_sent() -> None:
    """Lose any run of bytes: only where whole groups went can nothing tell."""
    for start in range(len(HISTORIQUE)):
        for end in range(start + 1, len(HISTORIQUE)):
            rest = HISTORIQUE[:start] + HISTORIQUE[end:]
            for one in decode(rest):
                assert not one.whole or frame(one.mode, one.groups) == rest


def test_a_byte_damaged_into_an_etx_makes_no_whole_frame() -> None:
    assert b"\nCCASN\t" in STANDARD
    frames = decode(STANDARD.replace(b"\nCCASN\t", b"\n\x03CASN\t"))
    assert [one.whole for one in frames] == [False, False]


def test_noise_within_a_frame_makes_it_doubtful() -> None:
    (one,) = decode(STANDARD.replace(b"\r\nVTIC", b"\r\x00\nVTIC"))
    assert (one.groups, one.bad, one.whole) == (tuple(LINKY), 0, False)


def test_a_frame_without_a_valid_group_is_none() -> None:
    decoder = Decoder()
    assert decoder.feed(b"\x02\nEAST\t1\t!\r\x03\x02\x03") == []
    assert decoder.bad == 1
    assert decoder.feed(STANDARD) == decode(STANDARD)


def test_without_ends_of_frame_there_are_frames_all_the_same() -> None:
    endless = group(Mode.STANDARD, "EAST", "000000001") * 250
    frames = decode(endless)
    assert [len(one.groups) for one in frames] == [100, 100]
    assert not any(one.whole for one in frames)


def test_an_lf_damaged_into_an_stx_makes_no_whole_frame() -> None:
    for lf in re.finditer(b"\n", STANDARD):
        frames = decode(STANDARD[: lf.start()] + STX + STANDARD[lf.end() :])
        assert groups_of(frames) == LINKY
        assert not any(one.whole for one in frames)
