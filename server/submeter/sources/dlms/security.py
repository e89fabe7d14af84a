"""Ciphered messages: general-glo-ciphering with AES-128-GCM (IEC 62056-5-3, 5.3 and 9.2.7).

    DB | 08 | system title (8) | length | security | counter (4) | ciphertext | tag (12)

Security is 0x10 authenticated, 0x20 ciphered, 0x30 both, over the number of the suite, 0. The
initialisation vector is system title and counter; what is authenticated besides the ciphertext are
the security octet and the authentication key, and the plaintext where it is not ciphered.
"""

from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from submeter.errors import Condition, FrameError
from submeter.sources.dlms import axdr
from submeter.sources.dlms.keys import Keys

GENERAL_GLO = 0xDB
_OTHERS = {
    0xDC: "general-ded-ciphering",
    0xDD: "general-ciphering",
    0xDF: "general-signing",
}
_TITLE = 8
_TAG = 12
_AUTHENTICATED, _CIPHERED = 0x10, 0x20
_FIRST = b"\0\0\0\2"  # where GCM begins to count for the text


class RefusedError(FrameError):
    """A message that is not taken; `condition` says what that makes of the source."""

    def __init__(self, message: str, condition: Condition) -> None:
        super().__init__(message)
        self.condition = condition


class Envelope(NamedTuple):
    """A ciphered message: who sent it, its number, and how it is protected."""

    title: bytes
    security: int
    counter: int
    text: bytes
    tag: bytes

    @property
    def vector(self) -> bytes:
        """The initialisation vector."""
        return self.title + self.counter.to_bytes(4, "big")


class Opened(NamedTuple):
    """What was in an envelope, and whether its tag proves it."""

    text: bytes
    proved: bool


def ciphered(data: bytes) -> bool:
    """Tell whether a message, which has an octet at least, is wrapped in some ciphering."""
    return data[0] == GENERAL_GLO or data[0] in _OTHERS


def read(data: bytes) -> Envelope:
    """Return the envelope that a ciphered message is; raises RefusedError and FrameError."""
    if data[0] != GENERAL_GLO:
        what = _OTHERS.get(data[0], f"a message of the kind {data[0]:#04x}")
        raise RefusedError(f"{what} is not read", Condition.REFUSED)
    title, at = axdr.counted(data, 1)
    body, end = axdr.counted(data, at)
    if len(title) != _TITLE or end != len(data) or len(body) < 5:
        raise FrameError("a ciphered message of a wrong length")
    security = body[0]
    tag = _TAG if security & _AUTHENTICATED else 0
    if security not in (_AUTHENTICATED, _CIPHERED, _AUTHENTICATED | _CIPHERED):
        what = f"security {security:#04x} is not read, only 0x10, 0x20 and 0x30 of suite 0"
        raise RefusedError(what, Condition.REFUSED)
    if len(body) < 5 + tag + 1:
        raise FrameError("a ciphered message without a text")
    end = len(body) - tag
    return Envelope(title, security, int.from_bytes(body[1:5], "big"), body[5:end], body[end:])


def open_(envelope: Envelope, keys: Keys) -> Opened:
    """Return what is in `envelope`; raises RefusedError with WRONG_KEY where that shows.

    With an authentication key the tag must be there and right. Without one nothing is proved: the
    text is to be believed only if it is a message, and one that is not ciphered is refused with
    NO_KEY, as anybody can have written it.
    """
    if keys.authentication is None:
        if not envelope.security & _CIPHERED:
            what = "the message is authenticated only, and the authentication key is missing"
            raise RefusedError(what, Condition.NO_KEY)
        return Opened(_counted(envelope, keys.encryption), False)
    if not envelope.security & _AUTHENTICATED:
        what = "the message is not authenticated, and there is an authentication key"
        raise RefusedError(what, Condition.WRONG_KEY)
    try:
        return Opened(_proved(envelope, keys.encryption, keys.authentication), True)
    except InvalidTag:
        raise RefusedError("the keys do not open the message", Condition.WRONG_KEY) from None


def seal(title: bytes, counter: int, text: bytes, keys: Keys, security: int = 0x30) -> bytes:
    """Return the ciphered message with `text`, as a meter sends it."""
    envelope = Envelope(title, security, counter, text, b"")
    body = bytes([security]) + counter.to_bytes(4, "big")
    if not security & _AUTHENTICATED:
        body += _counted(envelope, keys.encryption)
    else:
        mode = modes.GCM(envelope.vector, min_tag_length=_TAG)
        sealer = Cipher(algorithms.AES(keys.encryption), mode).encryptor()
        sealer.authenticate_additional_data(_context(envelope, keys.authentication or b""))
        hidden = sealer.update(text) if security & _CIPHERED else text
        sealer.finalize()
        body += hidden + sealer.tag[:_TAG]
    return bytes([GENERAL_GLO]) + axdr.with_length(title) + axdr.with_length(body)


def _context(envelope: Envelope, key: bytes) -> bytes:
    plain = b"" if envelope.security & _CIPHERED else envelope.text
    return bytes([envelope.security]) + key + plain


def _proved(envelope: Envelope, encryption: bytes, authentication: bytes) -> bytes:
    mode = modes.GCM(envelope.vector, envelope.tag, min_tag_length=_TAG)
    opener = Cipher(algorithms.AES(encryption), mode).decryptor()
    opener.authenticate_additional_data(_context(envelope, authentication))
    if not envelope.security & _CIPHERED:
        opener.finalize()
        return envelope.text
    return opener.update(envelope.text) + opener.finalize()


def _counted(envelope: Envelope, key: bytes) -> bytes:
    """Return the text through the counter mode that GCM is made of, either way."""
    cipher = Cipher(algorithms.AES(key), modes.CTR(envelope.vector + _FIRST)).decryptor()
    return cipher.update(envelope.text) + cipher.finalize()
