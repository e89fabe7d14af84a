"""The opening of an association, octet by octet."""

import pytest

from submeter.errors import FrameError
from submeter.sources.optical import association
from submeter.sources.optical.association import DeniedError

ACCEPTED = bytes.fromhex(
    "6129a109060760857405080101a203020100a305a103020100be10040e0800065f1f0400001010010000 07"
)
HEAD = "a109060760857405080101"


def answer(result: int, source: int, reason: int) -> bytes:
    body = bytes.fromhex(HEAD) + bytes([0xA2, 3, 2, 1, result, 0xA3, 5, source, 3, 2, 1, reason])
    return bytes([0x61, len(body)]) + body


def test_requests() -> None:
    user = "be10040e01000000065f1f0400001010ffff"
    assert association.request(None).hex() == "601d" + HEAD + user
    secret = "ac0a80083132333435363738"
    assert association.request(b"12345678").hex() == (
        "6036" + HEAD + "8a0207808b0760857405080201" + secret + user
    )


def test_an_accepted_one() -> None:
    association.check(ACCEPTED)


@pytest.mark.parametrize(
    ("apdu", "words"),
    [
        (answer(1, 0xA1, 13), "password is wrong"),
        (answer(1, 0xA1, 11), "way of authentication"),
        (answer(0, 0xA1, 14), "high level security"),
        (answer(1, 0xA1, 2), "application context"),
        (answer(1, 0xA2, 2), "result 1, diagnostic 2"),
        (answer(2, 0xA1, 1), "result 2, diagnostic 1"),
        (bytes.fromhex("d80102"), "exception"),
        (bytes.fromhex("0e010601"), "exception"),
    ],
)
def test_a_refusal_is_told_in_words(apdu: bytes, words: str) -> None:
    with pytest.raises(DeniedError, match=words):
        association.check(apdu)


def test_whatever_is_cut_or_altered_is_no_other_error() -> None:
    for end in range(len(ACCEPTED)):
        with pytest.raises(FrameError):
            association.check(ACCEPTED[:end])
    for place in range(len(ACCEPTED)):
        for octet in range(256):
            altered = ACCEPTED[:place] + bytes([octet]) + ACCEPTED[place + 1 :]
            try:
                association.check(altered)
            except (FrameError, DeniedError):
                continue
