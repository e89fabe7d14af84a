"""The opening of a DLMS application association: AARQ out, AARE in, without ciphering.

DLMS UA 1000-2 (Green Book) ed. 8, 9.3 and 9.4, BER coded. Application context: logical names
without ciphering. Authentication: none, or low level security with a password.
"""

from submeter.errors import Condition, FrameError, LinkError

_CONTEXT = bytes.fromhex("a109060760857405080101")
_LOW_LEVEL = bytes.fromhex("8a0207808b0760857405080201")
# Of the conformance block only get and block-transfer-with-get: nothing else is ever asked.
_CONFORMANCE = bytes.fromhex("001010")
LARGEST_APDU = 0xFFFF

_AARQ, _AARE, _CONFIRMED_SERVICE_ERROR, _EXCEPTION = 0x60, 0x61, 0x0E, 0xD8
_RESULT, _DIAGNOSTIC, _USER_INFORMATION = 0xA2, 0xA3, 0xBE
_INITIATE_RESPONSE = 0x08
_INTEGER, _OCTETS = 0x02, 0x04
_BY_THE_USER, _BY_THE_PROVIDER = 0xA1, 0xA2

_REASONS = {
    2: "it does not know the application context",
    3: "it does not know the calling title",
    11: "it does not know this way of authentication",
    12: "it wants another way of authentication; give the password in 'keys'",
    13: "the password is wrong, or it has none for this client; look at 'keys' and 'client'",
    14: "it wants high level security, which is not supported; ask for a client with a password",
}


class DeniedError(LinkError):
    """The meter opens no association; asking again soon may make it lock its port."""

    def __init__(self, message: str) -> None:
        super().__init__(f"the meter refuses: {message}", Condition.REFUSED)


def request(password: bytes | None) -> bytes:
    """Return the AARQ, with `password` for low level security or None for no authentication."""
    initiate = b"\x01\x00\x00\x00\x06\x5f\x1f\x04\x00" + _CONFORMANCE
    initiate += LARGEST_APDU.to_bytes(2, "big")
    body = _CONTEXT
    if password is not None:
        body += _LOW_LEVEL + _tlv(0xAC, _tlv(0x80, password))
    body += _tlv(_USER_INFORMATION, _tlv(_OCTETS, initiate))
    return _tlv(_AARQ, body)


def check(apdu: bytes) -> None:
    """Accept the answer `apdu` to a request.

    Raises DeniedError that says in words why the meter will not talk, and FrameError if the
    answer is none.
    """
    if apdu[:1] in (bytes([_EXCEPTION]), bytes([_CONFIRMED_SERVICE_ERROR])):
        raise DeniedError("it answers with an exception")
    fields = _fields(_content(apdu, _AARE))
    result = _content(fields.get(_RESULT, b""), _INTEGER)
    if len(result) != 1 or _DIAGNOSTIC not in fields:
        raise FrameError("the answer has no result")
    source, reason = _diagnostic(fields[_DIAGNOSTIC])
    if result[0] or reason:
        words = _REASONS.get(reason) if source == _BY_THE_USER else None
        raise DeniedError(words or f"it says result {result[0]}, diagnostic {reason}")
    answer = _content(fields.get(_USER_INFORMATION, b""), _OCTETS)
    if answer[:1] != bytes([_INITIATE_RESPONSE]):
        raise DeniedError("it accepts, and then does not let us read")


def _diagnostic(field: bytes) -> tuple[int, int]:
    """Return who says the reason, and its number."""
    for source in (_BY_THE_USER, _BY_THE_PROVIDER):
        if field[:1] == bytes([source]):
            number = _content(_content(field, source), _INTEGER)
            if len(number) == 1:
                return source, number[0]
    raise FrameError("the answer has no diagnostic")


def _tlv(tag: int, content: bytes) -> bytes:
    """Return `content` with its tag and length, of less than 128 bytes."""
    return bytes([tag, len(content)]) + content


def _content(data: bytes, tag: int) -> bytes:
    """Return what the element `data` holds; raises FrameError if it is not of `tag`."""
    if len(data) < 2 or data[0] != tag or len(data) != 2 + data[1] or data[1] > 0x7F:
        raise FrameError("an element of the answer is damaged")
    return data[2:]


def _fields(data: bytes) -> dict[int, bytes]:
    """Return the elements of `data` by their tags, each with its content."""
    fields: dict[int, bytes] = {}
    at = 0
    while at < len(data):
        end = at + 2 + (data[at + 1] if at + 1 < len(data) else 0)
        if at + 1 >= len(data) or data[at + 1] > 0x7F or end > len(data):
            raise FrameError("an element of the answer is cut")
        fields[data[at]] = data[at + 2 : end]
        at = end
    return fields
