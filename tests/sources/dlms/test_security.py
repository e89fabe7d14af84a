"""Ciphered messages: sealed, opened, and what is refused."""

import pytest

from submeter.errors import Condition, FrameError
from submeter.sources.dlms import security, title
from submeter.sources.dlms.keys import Keys
from submeter.sources.dlms.security import RefusedError
from tooling.dlms_pusher import KEYS, TITLE

TEXT = b"\x0f a message"
ALONE = Keys(KEYS.encryption)
WRONG = Keys(bytes(16), KEYS.authentication)


def opened(data: bytes, keys: Keys = KEYS) -> security.Opened:
    return security.open_(security.read(data), keys)


def refused(data: bytes, keys: Keys = KEYS) -> Condition:
    with pytest.raises(RefusedError) as error:
        opened(data, keys)
    return error.value.condition


@pytest.mark.parametrize("control", [0x10, 0x30])
def test_what_was_sealed_is_opened_and_proved(control: int) -> None:
    sealed = security.seal(TITLE, 7, TEXT, KEYS, control)
    assert (TEXT in sealed) is (control == 0x10)
    assert opened(sealed) == (TEXT, True)
    assert security.read(sealed).counter == 7
    assert security.read(sealed).title == TITLE


def test_the_octets_are_those_of_the_standard() -> None:
    # Green Book, ciphering example of a get-request, as general-glo with the same vector and keys.
    keys = Keys(bytes(range(16)), bytes.fromhex("D0D1D2D3D4D5D6D7D8D9DADBDCDDDEDF"))
    sealed = security.seal(
        bytes.fromhex("4D4D4D0000BC614E"),
        0x01234567,
        bytes.fromhex("C0010000080000010000FF0200"),
        keys,
    )
    assert (
        sealed.hex()
        .upper()
        .endswith("3001234567411312FF935A47566827C467BC7D825C3BE4A77C3FCC056B6B")
    )


@pytest.mark.parametrize("place", range(2, 40))
def test_a_flipped_bit_is_never_opened(place: int) -> None:
    sealed = bytearray(security.seal(TITLE, 7, TEXT, KEYS))
    if place >= len(sealed):
        return
    sealed[place] ^= 1
    with pytest.raises(FrameError):
        opened(bytes(sealed))


def test_without_the_authentication_key_it_is_opened_and_not_proved() -> None:
    for control in (0x20, 0x30):
        assert opened(security.seal(TITLE, 7, TEXT, KEYS, control), ALONE) == (TEXT, False)


def test_what_anybody_can_have_written_is_refused() -> None:
    sealed = security.seal(TITLE, 7, TEXT, KEYS, 0x10)
    assert refused(sealed, ALONE) is Condition.NO_KEY
    assert refused(sealed[:-12] + bytes(12), ALONE) is Condition.NO_KEY


def test_with_the_authentication_key_the_tag_must_be_there() -> None:
    assert refused(security.seal(TITLE, 7, TEXT, KEYS, 0x20)) is Condition.WRONG_KEY


def test_a_wrong_key_is_seen() -> None:
    assert refused(security.seal(TITLE, 7, TEXT, KEYS), WRONG) is Condition.WRONG_KEY
    other = Keys(KEYS.encryption, bytes(16))
    assert refused(security.seal(TITLE, 7, TEXT, KEYS), other) is Condition.WRONG_KEY


@pytest.mark.parametrize("tag", [0xDC, 0xDD, 0xDF])
def test_other_ciphering_is_refused_and_named(tag: int) -> None:
    data = bytes([tag]) + bytes(40)
    assert security.ciphered(data)
    assert refused(data) is Condition.REFUSED


@pytest.mark.parametrize("control", [0x00, 0x31, 0x32, 0xB0, 0x70])
def test_other_suites_and_compression_are_refused(control: int) -> None:
    sealed = bytearray(security.seal(TITLE, 7, TEXT, KEYS))
    sealed[11] = control
    assert refused(bytes(sealed)) is Condition.REFUSED


def test_a_plain_message_is_not_ciphered() -> None:
    assert not security.ciphered(TEXT)
    assert security.ciphered(security.seal(TITLE, 7, TEXT, KEYS))


def test_a_title_is_shown_with_the_letters_of_the_maker() -> None:
    assert title.text(TITLE) == "LGZ677370B177"
    assert title.text(b"\x01\x02\x03\x04\x05\x06\x07\x08") == "0102030405060708"
