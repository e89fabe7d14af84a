"""What one message of an instrument says, however it came."""

from typing import NamedTuple

from submeter.sources.translation.datum import Said


class Message(NamedTuple):
    """One message: what it says, and its bytes `raw` for people who ask.

    `sent` are labels that it had too, but that could not be believed. It is not `sound` when a part
    of it may be missing. It is `whole` when it is a reading of all that the instrument has to say,
    of the map's labels: what it lacks is not there. It is `partial` when more was to come and was
    not read: it proves nothing of what it lacks. `instrument` is the serial number where the
    protocol itself carries it.
    """

    said: Said
    raw: bytes = b""
    sent: frozenset[str] = frozenset()
    sound: bool = True
    instrument: str | None = None
    whole: bool = False
    partial: bool = False
