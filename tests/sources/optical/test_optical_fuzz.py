"""Damaged readouts and frames: nothing wrong comes out, nothing raises, nothing grows."""

import itertools
from datetime import UTC
from random import Random

from submeter.errors import LinkError
from submeter.meter.reading import Stamp
from submeter.pointmap import source_map
from submeter.sources.dlms import hdlc
from submeter.sources.dlms.said import Reader
from submeter.sources.optical import text_items
from submeter.sources.optical.client import Client
from submeter.sources.optical.dlms_dialogue import reading
from submeter.sources.optical.hdlc_link import HdlcLink, address
from submeter.sources.optical.readout import LARGEST, Decoder
from submeter.sources.optical.session import MOST_RAW, Session
from submeter.sources.optical.survey import Memory, Survey
from tooling import mutations
from tooling.dlms_meter import DlmsMeter
from tooling.iec_meter import E350, block

MAP = source_map.load("e350-text")
GOOD = block(["1.8.0(000001.5*kWh)"])
AT_ONCE = 5


def valid(raw: bytes) -> bool:
    """Tell by the bytes alone whether they are a readout: marks, end, and check character."""
    check = 0
    for octet in raw[1:-1]:
        check ^= octet
    inner = raw[1:-2]
    return (
        raw[:1] == b"\x02"
        and raw[-2:-1] == b"\x03"
        and check == raw[-1]
        and inner.endswith(b"!\r\n")
        and all(octet in b"\r\n" or 0x20 <= octet < 0x7F for octet in inner)
    )


def test_damaged_readouts_give_nothing_wrong() -> None:
    frames = [block(E350[:4]), block(E350[5:9]), block(E350[11:]), GOOD]
    random = Random(mutations.SEED)
    decoder = Decoder()
    accepted = refused = 0
    for number, data in enumerate(mutations.damaged(frames)):
        sent = bytes(octet & 0x7F for octet in data)
        before = decoder.bad
        found = [each for part in mutations.pieces(data, random) for each in decoder.feed(part)]
        for readout in found:
            assert valid(readout.raw)
            Reader(MAP).said(text_items.items(readout, UTC))
            accepted += readout.raw in sent
        refused += decoder.bad - before
        assert len(decoder._block or b"") <= LARGEST + 2
        if number % 10 == 0:
            # What is cut before its check character takes one octet of what follows.
            again = decoder.feed(GOOD)
            assert [each.raw for each in again][-1:] == [GOOD]
    assert accepted > mutations.FRAMES // 100
    assert refused > mutations.FRAMES // 10


def test_values_that_cannot_be_are_left_out() -> None:
    """Damage that the check character does not see: whatever a field holds, nothing raises."""
    random = Random(mutations.SEED)
    alphabet = "0123456789.*()-:& kWhV!/FC"
    for _ in range(min(mutations.FRAMES, 20_000) // 4):
        lines = ["".join(random.choices(alphabet, k=random.randrange(30))) for _ in range(3)]
        lines.append("1.8.0(" + "".join(random.choices(alphabet, k=6)) + ")")
        for readout in Decoder().feed(block(lines)):
            for item in text_items.items(readout, UTC):
                assert item.stamp is None or isinstance(item.stamp, Stamp)
            Reader(MAP).said(text_items.items(readout, UTC))


def transcript() -> list[bytes]:
    """Return what a meter sends in a reading, frame by frame."""
    meter, said = DlmsMeter(frame=60, block=80), []
    talk = fresh()
    out = talk.start()
    while not talk.done:
        said.append(meter.answer(out))
        out = talk.feed(said[-1])
    return said


def fresh() -> Session[object]:
    client = Client(HdlcLink(16, address(1, None)), b"12345678")
    return Session(reading(client, Survey(client, MAP, Memory(), UTC)))


def test_a_hostile_meter_neither_hangs_nor_breaks_the_client() -> None:
    """Each reading goes well for some frames; then the meter sends whatever it likes."""
    frames = transcript()
    random = Random(mutations.SEED)
    damaged = mutations.damaged(frames, count=mutations.FRAMES)
    outcomes = set()
    spent = 0
    while spent < mutations.FRAMES:
        talk, meter = fresh(), DlmsMeter(frame=60, block=80)
        out, honest, steps = talk.start(), random.randrange(16), 0
        while not talk.done:
            steps += 1
            assert steps < 3000, "it does not come to an end"
            answer = meter.answer(out) if out else b""
            if steps > honest:
                several = list(itertools.islice(damaged, AT_ONCE))
                spent += AT_ONCE
                answer = b"".join(several)
                if random.random() < 0.5:
                    answer = resealed(b"".join(random.choices(frames, k=2)), random)
            out = talk.feed(answer) or talk.silence()
        try:
            talk.outcome()
            outcomes.add("read")
        except LinkError as error:
            outcomes.add(error.condition.name)
        assert len(talk.raw) < MOST_RAW + 4096
    assert outcomes >= {"SILENT", "NOISE"}


def resealed(data: bytes, random: Random) -> bytes:
    """Return frames of nonsense whose check sequences are right."""
    out = b""
    for frame in hdlc.Decoder().feed(data):
        info = bytearray(frame.info)
        for _ in range(random.randrange(4)):
            if info:
                info[random.randrange(len(info))] = random.randrange(256)
        control = random.choice((frame.control, frame.control, random.randrange(256)))
        more = random.random() < 0.2
        made = hdlc.Frame(frame.destination, frame.source, control, bytes(info), more)
        out += hdlc.encode(made)
    return out
