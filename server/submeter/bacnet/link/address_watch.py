"""Tells that the address of the machine is no longer the one that was taken at the start."""

import asyncio
import logging
from ipaddress import IPv4Address

from submeter.bacnet.link import address

_log = logging.getLogger(__name__)

EACH = 10.0  # s from one look to the next
LASTING = 30.0  # s after which another address is there to stay


class AddressWatch:
    """Watches what `wanted`, as `auto` or an interface, stands for; it was `ip` at the start.

    The sockets stay where they are: who has found us there would look for us in vain elsewhere, and
    all that we say of ourselves names that address. So the log says that a restart is needed.
    """

    def __init__(self, wanted: str, ip: IPv4Address) -> None:
        self._wanted = wanted
        self._ip = ip
        self._since: float | None = None
        self._told: IPv4Address | None = None
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Look now and then, in the running event loop."""
        self._timer = asyncio.get_running_loop().call_later(EACH, self._look)

    def close(self) -> None:
        """Look no more."""
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self.start()
        found = address.moved(self._wanted, self._ip)
        if found is None:
            self._since = self._told = None
            return
        now = asyncio.get_running_loop().time()
        if self._since is None:
            self._since = now
        if found != self._told and now - self._since >= LASTING:
            self._told = found
            _log.warning(
                "event=bacnet_address_changed configured=%s served=%s now=%s "
                'cure="restart submeter"',
                self._wanted,
                self._ip,
                found,
            )
