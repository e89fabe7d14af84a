"""A Modbus TCP face on a free port of this machine."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from submeter.meter.audit import Audit
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image
from submeter.modbus.settings import TcpSettings, TlsSettings
from submeter.modbus.tcp import ModbusTcpFace
from submeter.modbus.tls import Security
from submeter.modbus.unit import Unit


def unit(image: Image, **more: Any) -> Unit:
    """Return a unit that shows `image`; `more` are other fields of `Unit`."""
    return Unit(image, Identification(), **more)


def tcp_face(units: Mapping[int, Unit], **settings: Any) -> ModbusTcpFace:
    """Return a face that has not started; `settings` are those of TcpSettings."""
    given = {"host": "127.0.0.1", "port": 0, **settings}
    return ModbusTcpFace("modbus.tcp", TcpSettings.model_construct(**given), units)


def tls_face(
    units: Mapping[int, Unit], folder: Path, audit: Audit, **settings: Any
) -> ModbusTcpFace:
    """Return a face in TLS with the files server.crt, server.key and ca.crt of `folder`."""
    files = {"certificate": "server.crt", "key": "server.key", "authority": "ca.crt"}
    made = TlsSettings.model_validate(files | settings)
    made = made.model_copy(update={"host": "127.0.0.1", "port": 0})
    return ModbusTcpFace("modbus.tls", made, units, Security(made, folder, audit))


@asynccontextmanager
async def serving(face: ModbusTcpFace) -> AsyncIterator[ModbusTcpFace]:
    """Start `face`, and stop it whatever happens."""
    await face.start()
    try:
        yield face
    finally:
        await face.stop()
