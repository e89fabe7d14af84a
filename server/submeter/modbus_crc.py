"""The checksum of a frame (Modbus over Serial Line V1.02, 2.5.1.2 and appendix B)."""

_START = 0xFFFF
_POLYNOMIAL = 0xA001


def seal(body: bytes) -> bytes:
    """Return `body` (unit id and PDU) with its CRC of two bytes, the low one first."""
    return body + crc(body).to_bytes(2, "little")


def sealed(frame: bytes) -> bool:
    """Tell whether the last two bytes of `frame` are the CRC of those before."""
    return crc(frame) == 0


def crc(data: bytes) -> int:
    """Return the CRC of `data`; over bytes that end with their own CRC it is 0."""
    state = _START
    for byte in data:
        state = state >> 8 ^ _TABLE[(state ^ byte) & 0xFF]
    return state


def first_sealed(data: bytes, least: int, most: int) -> int:
    """Return the smallest length from `least` to `most` at which `data` is sealed, 0 if none is."""
    state = _START
    for length, byte in enumerate(data[:most], 1):
        state = state >> 8 ^ _TABLE[(state ^ byte) & 0xFF]
        if state == 0 and length >= least:
            return length
    return 0


def _entry(state: int) -> int:
    for _ in range(8):
        state = state >> 1 ^ (_POLYNOMIAL if state & 1 else 0)
    return state


_TABLE = tuple(_entry(byte) for byte in range(256))
