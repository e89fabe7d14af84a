"""The dialogue before a text readout: sign-on, acknowledgement, change of speed, data.

IEC 62056-21:2002, 6.3 and 6.4: modes A, B and C, and the way into mode E.
"""

import asyncio

from submeter.errors import Condition, LinkError
from submeter.sources.optical import identification
from submeter.sources.optical.identification import SIGN_ON_BAUDRATE, Identification
from submeter.sources.optical.readout import LARGEST, SEVEN_BITS, Decoder, Readout
from submeter.sources.optical.settings import OpticalSettings
from submeter.sources.port import Line, Port

SIGN_ON = Line(SIGN_ON_BAUDRATE, "7E1")

REACTION = 3.0
"""Seconds without a byte after which the meter counts as silent; it has 1.5 s to react (6.4.3)."""
SIGN_ON_TRIES = 2
READOUT_TRIES = 3
IDENTIFICATION = 8.0
"""Seconds within which an identification must have come, whatever comes before it: 70 characters
take 2.3 s, and meters react within 1.5 s."""

_MOST_BYTES = 2 * LARGEST
_NAK = b"\x15"
_SIGN_ON_BYTES = SIGN_ON_BAUDRATE / 10  # a second


class TextDialogue:
    """Speaks to one meter over `port`; raises LinkError that says what is wrong.

    `bad` counts readouts that were damaged.
    """

    def __init__(self, port: Port, settings: OpticalSettings) -> None:
        self.bad = 0
        self._port = port
        self._settings = settings
        self._early = b""  # what came right behind the identification

    async def sign_on(self) -> Identification:
        """Ask the meter who it is, at 300 baud: SILENT if nothing comes, NOISE if nonsense does."""
        request = identification.request(self._settings.device, self._settings.wake)
        heard = b""
        for _ in range(SIGN_ON_TRIES):
            await self._port.retune(SIGN_ON)
            await self._port.write(request)
            heard, found = await self._identification(len(request))
            if found:
                return found
        rest = heard.replace(request.lstrip(b"\0"), b"").strip(b"\0")
        if not rest:
            raise LinkError(
                "the meter does not answer; put the head on its optical port", Condition.SILENT
            )
        raise LinkError("the answer makes no sense; does the head sit straight?", Condition.NOISE)

    async def _identification(self, echo: int) -> tuple[bytes, Identification | None]:
        """Return what comes, an echo of `echo` bytes first, and the identification in it."""
        heard = b""
        clock = asyncio.get_running_loop().time
        # The wake-up of a sleeping meter takes 2 s and more to be sent, and as long to be echoed.
        end = clock() + IDENTIFICATION + echo / _SIGN_ON_BYTES
        while len(heard) < identification.LONGEST + echo and clock() < end:
            data = await self._bytes()
            if not data:
                break
            heard += data.translate(SEVEN_BITS)
            found = identification.find(heard)
            if found:
                self._early = found[1]
                return heard, found[0]
        return heard, None

    async def acknowledge(self, meter: Identification, *, hdlc: bool = False) -> int:
        """Agree with a meter of mode C on the speed, and return it.

        The acknowledgement goes out at the old speed; only then is the new one set.
        """
        stay = not (self._settings.switch and self._port.tunable)
        character = "0" if stay else meter.character
        baudrate = SIGN_ON_BAUDRATE if stay else meter.baudrate
        await asyncio.sleep(self._settings.pause)
        await self._port.write(identification.acknowledge(character, hdlc=hdlc))
        # An adapter says too early that all is sent: six characters take 200 ms.
        await asyncio.sleep(self._settings.pause)
        if hdlc:
            await self._port.retune(Line(baudrate, "8N1"))
        elif not stay:
            await self._port.retune(Line(baudrate, "7E1"))
        return baudrate

    async def read_out(self, meter: Identification) -> Readout:
        """Return the readout of `meter`, which has just been signed on to.

        A damaged one is asked for again; raises LinkError NOISE when none comes whole.
        """
        if meter.mode == "C":
            self._early = b""
            await self.acknowledge(meter)
        elif meter.mode == "B":
            self._early = b""
            await self._port.retune(Line(meter.baudrate, "7E1"))
        decoder = Decoder()
        for attempt in range(READOUT_TRIES):
            if attempt:
                await self._port.write(_NAK)
            readout = await self._block(decoder)
            if readout:
                return readout
        raise LinkError("every readout is damaged; does the head sit straight?", Condition.NOISE)

    async def _block(self, decoder: Decoder) -> Readout | None:
        """Return the next readout, None if it is damaged."""
        bad, received = decoder.bad, 0
        data, self._early = self._early, b""
        while received < _MOST_BYTES:
            for readout in decoder.feed(data):
                return readout
            if decoder.bad > bad:
                break
            data = await self._bytes()
            if not data:
                break
            received += len(data)
        if not received and decoder.bad == bad:
            raise LinkError("the meter identifies itself, and sends no readout", Condition.SILENT)
        self.bad += 1
        await self._hush()
        return None

    async def _hush(self) -> None:
        """Let a damaged readout come to its end."""
        for _ in range(_MOST_BYTES):
            if not await self._bytes(REACTION / 4):
                return

    async def _bytes(self, patience: float | None = None) -> bytes:
        """Return the next bytes, none if the meter is silent."""
        try:
            async with asyncio.timeout(REACTION if patience is None else patience):
                return await self._port.read()
        except TimeoutError:
            return b""
