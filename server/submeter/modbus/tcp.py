"""The Modbus TCP face, plain or in TLS."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from submeter.modbus.listening import Listener
from submeter.modbus.settings import TcpSettings, TlsSettings
from submeter.modbus.station import Station
from submeter.modbus.unit import Unit

if TYPE_CHECKING:
    from submeter.modbus.tls import Security


class ModbusTcpFace(Listener):
    """Answers Modbus TCP for every unit id of `units`.

    `key` is `modbus.tcp`, or `modbus.tls` with the `security` that its clients are let in by.
    """

    def __init__(
        self,
        key: str,
        settings: TcpSettings | TlsSettings,
        units: Mapping[int, Unit],
        security: "Security | None" = None,
    ) -> None:
        super().__init__(key, settings, Station(units), security)
