"""The sign-on comes to an end, whatever the line says."""

import asyncio

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources.optical import text_dialogue
from submeter.sources.optical.settings import OpticalSettings
from submeter.sources.optical.text_dialogue import TextDialogue
from submeter.sources.port import Line


class Dripping:
    """A port at which one byte comes now and then, for ever."""

    tunable = True

    def __init__(self, byte: bytes) -> None:
        self.byte = byte
        self.asked = 0

    async def read(self) -> bytes:
        await asyncio.sleep(0.01)
        return self.byte

    async def write(self, data: bytes) -> None:
        self.asked += 1

    async def retune(self, line: Line) -> None:
        """Take any line."""

    def discard(self) -> None:
        """Hold nothing."""

    def elapsed(self) -> float:
        return 0.0

    def close(self) -> None:
        """Need no closing."""


@pytest.mark.parametrize(
    ("byte", "condition"), [(b"\0", Condition.SILENT), (b"x", Condition.NOISE)]
)
async def test_a_line_that_drips_is_given_up(
    monkeypatch: pytest.MonkeyPatch, byte: bytes, condition: Condition
) -> None:
    monkeypatch.setattr(text_dialogue, "IDENTIFICATION", 0.05)
    monkeypatch.setattr(text_dialogue, "_SIGN_ON_BYTES", 1e6)
    port = Dripping(byte)
    async with asyncio.timeout(1.5):
        with pytest.raises(LinkError) as caught:
            await TextDialogue(port, OpticalSettings(port="/dev/x")).sign_on()
    assert caught.value.condition is condition
    assert port.asked == text_dialogue.SIGN_ON_TRIES
