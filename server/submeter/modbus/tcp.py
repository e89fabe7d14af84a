"""The Modbus TCP face, plain or in TLS."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from submeter.modbus.counts import Counts
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
        self._answerer = Station(units)
        super().__init__(key, settings, self._answerer, security)

    @property
    def requests(self) -> int:
        """How many requests were answered, exceptions included."""
        return self._answerer.requests

    @property
    def exceptions(self) -> int:
        """How many requests were answered with an exception."""
        return self._answerer.exceptions

    @property
    def broken(self) -> int:
        """How many connections were closed because what came was not Modbus."""
        return self._answerer.broken

    @property
    def counts(self) -> Counts:
        """Everything that is counted."""
        return Counts(
            open=self.admission.open,
            accepted=self.admission.accepted,
            refused_network=self.admission.refused_network,
            refused_full=self.admission.refused_full,
            refused_peer=self.admission.refused_peer,
            idle_closed=self.idle_closed,
            tls_refused=self.tls_refused,
            requests=self.requests,
            exceptions=self.exceptions,
            broken=self.broken,
        )
