"""The checksum of a frame on a serial line (Modbus over Serial Line V1.02, 2.5.1.2)."""


def crc(data: bytes) -> bytes:
    """Return the CRC-16 of `data`, unit id and PDU, as it is sent: the low byte first."""
    state = 0xFFFF
    for byte in data:
        state = state >> 8 ^ _TABLE[(state ^ byte) & 0xFF]
    return state.to_bytes(2, "little")


def _shifted(state: int) -> int:
    for _ in range(8):
        state = state >> 1 ^ (0xA001 if state & 1 else 0)
    return state


_TABLE = tuple(_shifted(byte) for byte in range(256))
