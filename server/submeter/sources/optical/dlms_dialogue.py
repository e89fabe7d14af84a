"""One reading of a DLMS meter over a port: connect, associate, ask, disconnect."""

import asyncio
from datetime import tzinfo
from typing import TypeVar

from submeter.errors import Condition, FrameError, LinkError
from submeter.pointmap.source_map import SourceMap
from submeter.sources.dlms.said import Item
from submeter.sources.optical.client import Client
from submeter.sources.optical.hdlc_link import HdlcLink, Talk, address
from submeter.sources.optical.password import Password
from submeter.sources.optical.session import Session
from submeter.sources.optical.settings import OpticalSettings
from submeter.sources.optical.survey import Memory, Survey
from submeter.sources.port import Port

REACTION = 2.0
"""Seconds without a byte after which a frame is asked for again."""
_LONGEST_FRAME = 2050 * 10  # bits

_Result = TypeVar("_Result")


class DlmsDialogue:
    """Reads the objects of `source_map` from one meter; raises LinkError.

    `memory` is what is known of the meter from the readings before, and is kept up to date.
    `bad` counts damaged frames, `raw` are the frames of the last reading. It is not `sound` when
    the meter could not give an object that it may have.
    """

    def __init__(
        self,
        settings: OpticalSettings,
        source_map: SourceMap,
        password: Password | None,
        zone: tzinfo,
    ) -> None:
        self.bad = 0
        self.raw = b""
        self.sound = True
        self.memory = Memory()
        self._settings = settings
        self._map = source_map
        self._password = password
        self._zone = zone

    def forget(self) -> None:
        """Forget what is known of the meter: it was lost, and may come back as another."""
        self.memory = Memory()

    async def read(self, port: Port, baudrate: int) -> list[Item]:
        """Read the meter once over `port`, which is set to `baudrate` 8N1."""
        settings = self._settings
        link = HdlcLink(settings.client, address(settings.server, settings.physical))
        client = Client(link, self._password.octets if self._password else None)
        survey = Survey(client, self._map, self.memory, self._zone)
        session = Session(reading(client, survey))
        try:
            items = await drive(port, session, baudrate)
        finally:
            self.bad += session.bad
        self.memory, self.sound = survey.memory, survey.sound
        self.raw = bytes(session.raw)
        return items


def reading(client: Client, survey: Survey) -> Talk[list[Item]]:
    """Connect, read everything that `survey` is for, and disconnect whatever came of it."""
    try:
        yield from client.open()
        items = yield from survey.read()
    except (LinkError, FrameError) as error:
        # A meter that still listens must not wait for us until its own time-out.
        if not (isinstance(error, LinkError) and error.condition is Condition.SILENT):
            yield from client.close()
        raise
    yield from client.close()
    return items


async def drive(port: Port, session: Session[_Result], baudrate: int) -> _Result:
    """Carry what `session` sends and hears over `port` until it is done; raises LinkError."""
    loop = asyncio.get_running_loop()
    longest = REACTION + _LONGEST_FRAME / baudrate
    out = session.start()
    until = loop.time() + longest
    while not session.done:
        if out:
            await port.write(out)
            until = loop.time() + longest
        try:
            async with asyncio.timeout(min(REACTION, until - loop.time())):
                data = await port.read()
        except TimeoutError:
            out = session.silence()
            until = loop.time() + longest
        else:
            out = session.feed(data)
    return session.outcome()
