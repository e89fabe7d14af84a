"""How long characters and silences last on a serial line (Modbus over Serial Line V1.02, 2.5.1)."""

_BITS = 11  # a character with its start bit, and parity or second stop bit
_SILENCE = 3.5  # characters
_SHORTEST = 0.00175  # s, of a silence above 19200 baud
PAUSE = 0.045
"""Seconds of silence after which a frame begins, whatever came before.

Pieces of one frame follow each other faster: 32 characters at 9600 baud take 37 ms.
"""
_LONGEST = 256  # characters of a frame
_HELD_BACK = 64  # characters that an adapter may deliver in one piece
_LATENCY = 0.02  # s that an adapter may wait for more of them


def duration(characters: float, baudrate: int) -> float:
    """Return the seconds that `characters` take on the line, with 11 bits each."""
    return characters * _BITS / baudrate


def silence(baudrate: int) -> float:
    """Return t3.5 in seconds: the silence between two frames."""
    return duration(_SILENCE, baudrate) if baudrate <= 19200 else _SHORTEST


def patience(baudrate: int) -> float:
    """Return the seconds after which nothing more comes of a frame that has begun.

    Adapters deliver what they hear in pieces, with pauses that the line has not.
    """
    return max(PAUSE, duration(_HELD_BACK, baudrate) + _LATENCY)


def longest(baudrate: int) -> float:
    """Return the seconds after its first piece by which all of a frame has come."""
    return duration(_LONGEST, baudrate) + _LATENCY
