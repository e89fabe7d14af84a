"""What is learnt of the routers on the network, kept small."""

from typing import Any

from bacpypes3.netservice import RouterInfoCache

MOST_PATHS = 1000


class Routes(RouterInfoCache):  # type: ignore[misc]  # bacpypes3 is not typed
    """The library's cache, forgetting everything rather than growing without end.

    Each packet names the network it claims to come from, so anyone can fill the cache. A path that
    is forgotten is learnt again from the next packet that needs it.
    """

    async def update_path_info(self, snet: Any, address: Any, dnets: Any) -> None:
        """Note that the networks `dnets` are reached through the router at `address`."""
        if len(self.path_info) + len(dnets) > MOST_PATHS:
            self.path_info.clear()
            self.router_dnets.clear()
        await super().update_path_info(snet, address, dnets)
