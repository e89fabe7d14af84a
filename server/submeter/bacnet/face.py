"""The BACnet/IP face: the meters as devices, in the layout that the configuration names."""

import contextlib
import logging
from collections.abc import Iterator, Sequence

from submeter.bacnet import layouts
from submeter.bacnet.host import Common, Host
from submeter.bacnet.outside import Outside, ServedMeter
from submeter.bacnet.settings import BacnetSettings

_log = logging.getLogger(__name__)


class BacnetFace:
    """Serves `meters` on BACnet/IP.

    Raises at once ConfigError when two objects have the same number or name, and ListenError for an
    address that this machine does not have. `where` are the places, as `ip:port`, that clients
    reach it at.
    """

    def __init__(
        self, settings: BacnetSettings, meters: Sequence[ServedMeter], outside: Outside
    ) -> None:
        self._common = Common.of(settings, outside)
        self._wires = layouts.wires(self._common, meters)
        self._open = contextlib.AsyncExitStack()

    @property
    def where(self) -> str:
        """The address and port of every link."""
        return ",".join(wire.link.where for wire in self._wires)

    @property
    def hosts(self) -> Iterator[Host]:
        """The devices, the router before those behind it."""
        return (host for wire in self._wires for host in wire.hosts)

    async def start(self) -> None:
        """Listen; every device answers when this returns. Raises ListenError."""
        async with contextlib.AsyncExitStack() as opened:
            for wire in self._wires:
                await wire.open()
                opened.push_async_callback(wire.close)
            for host in self.hosts:
                host.start()
                opened.push_async_callback(host.close)
            self._common.trends.start()
            opened.push_async_callback(self._common.trends.close)
            opened.callback(self._common.time.close)
            self._open = opened.pop_all()
        for wire in self._wires:
            numbers = [host.table.device.instance for host in wire.hosts]
            shown = f"{numbers[0]} more={len(numbers) - 1}" if len(numbers) > 1 else numbers[0]
            _log.info("event=bacnet_listening where=%s device=%s", wire.link.where, shown)

    async def stop(self) -> None:
        """Close the sockets; what is being answered is given up."""
        await self._open.aclose()
