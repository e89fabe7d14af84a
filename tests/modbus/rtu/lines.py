"""A face of Modbus RTU at one end of a line, and a master at the other."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from modbus.rtu.meters import meter
from submeter.modbus.rtu.face import ModbusRtuFace
from submeter.modbus.settings import RtuSettings
from submeter.modbus.unit import Unit
from tooling.serial_line import SerialLine

Result = TypeVar("Result")
PATIENCE = 5.0


def face_on(path: str, units: dict[int, Unit] | None = None, **settings: Any) -> ModbusRtuFace:
    """Return a face that has not started; it opens a lost port again after some ms."""
    given = RtuSettings.model_validate({"port": path, **settings})
    return ModbusRtuFace(given, units or {5: meter(), 6: meter(1000)}, first_pause=0.01)


@asynccontextmanager
async def served(
    line: SerialLine, units: dict[int, Unit] | None = None, **settings: Any
) -> AsyncIterator[ModbusRtuFace]:
    """Run a face on `line`, at its baud rate."""
    face = face_on(line.path, units, baudrate=line.baudrate, **settings)
    await face.start()
    try:
        yield face
    finally:
        await face.stop()
        line.close()


async def aside(work: Callable[[], Result]) -> Result:
    """Run the master's `work` beside the face."""
    return await asyncio.to_thread(work)


async def answer(line: SerialLine, request: bytes) -> bytes:
    """Send `request` and return its answer, with whatever comes right after it."""

    def exchange() -> bytes:
        line.put(request)
        first, _ = line.get()
        return first + line.drain(0.01)

    return await aside(exchange)


async def answer_or_nothing(line: SerialLine, request: bytes) -> bytes:
    """Send `request` and return its answer, nothing if none has come by when a master gives up."""

    def exchange() -> bytes:
        line.put(request)
        received, _ = line.get(0.15)
        line.pause(len(received) + 3.5)
        return received

    return await aside(exchange)


async def nothing(line: SerialLine, *frames: bytes, pause: float = 0.15) -> bytes:
    """Send `frames`, with a silence after each, and return what comes until `pause` is over."""

    def listen() -> bytes:
        for frame in frames:
            line.put(frame)
            line.pause(30)  # as a master that waits in vain
        return line.drain(pause)

    return await aside(listen)


async def eventually(condition: Callable[[], bool]) -> None:
    """Wait until `condition` is true."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)
