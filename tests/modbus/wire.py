"""Requests, a raw asyncio client and small meter maps; shares no code with the face."""

import asyncio
import struct
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Literal

from submeter.meter.reading import Quality, Reading
from submeter.pointmap import meter_map
from submeter.pointmap.address import Table
from submeter.pointmap.meter_file import Invalid
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register import WORDS, Content, Quantity, Register, RegisterType, Term

STANDARD = meter_map.load("standard")
POINTS = {point.name: point for point in STANDARD.points}
_INVALID = Invalid()


def read(function: int, address: int, count: int) -> bytes:
    return struct.pack(">BHH", function, address, count)


def frame(pdu: bytes, unit: int = 1, transaction: int = 1) -> bytes:
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


def measured(number: int | float) -> Reading:
    return Reading(number, Quality.MEASURED)


def register(
    point: str,
    table: Table,
    wire: int,
    kind: RegisterType | None = None,
    power: int = 0,
    **more: Any,
) -> Register:
    """Return the place of one point; `more` are other fields of `Register`."""
    content = Quantity("point", (Term(POINTS[point]),))
    return place(content, table, wire, kind, **{"power": power, **more})


def place(
    content: Content, table: Table, wire: int, kind: RegisterType | None = None, **more: Any
) -> Register:
    """Return the place of any content, with the usual pattern of its type."""
    usual: dict[str, Any] = {
        "at": f"{table} {wire}",
        "words": WORDS.get(kind, 1) if kind else 1,
        "invalid": getattr(_INVALID, str(kind), 0),
    }
    return Register(table=table, wire=wire, type=kind, content=content, **usual | more)


def small_map(
    registers: Iterable[Register],
    holes: Literal["zero", "refuse"] = "zero",
    clipped: Literal["refuse", "serve"] = "refuse",
    **more: Any,
) -> MeterMap:
    """Return a map of these registers alone; `more` are other fields of `MeterMap`."""
    return replace(
        STANDARD,
        **{
            "registers": tuple(registers),
            "holes": holes,
            "clipped": clipped,
            "validity": None,
            "status": (),
            **more,
        },
    )


class Client:
    """One raw connection; every wait is short."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def open(cls, port: int) -> "Client":
        return cls(*await asyncio.open_connection("127.0.0.1", port))

    async def __aenter__(self) -> "Client":
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        await asyncio.wait([asyncio.ensure_future(self.writer.wait_closed())], timeout=2)

    def send(self, data: bytes) -> None:
        self.writer.write(data)

    async def frame(self) -> bytes:
        """Return the next answer as it came."""
        async with asyncio.timeout(2):
            head = await self.reader.readexactly(6)
            return head + await self.reader.readexactly(int.from_bytes(head[4:]))

    async def ask(self, pdu: bytes, unit: int = 1) -> bytes:
        """Return the PDU of the answer to one request."""
        self.send(frame(pdu, unit))
        return (await self.frame())[7:]

    async def rest(self) -> bytes:
        """Return everything that comes until the server closes the connection."""
        async with asyncio.timeout(2):
            return await self.reader.read()
