from bacpypes3.pdu import IPv4Address

from submeter.bacnet.routes import MOST_PATHS, Routes


async def test_paths_do_not_grow_without_end() -> None:
    routes = Routes()
    for network in range(1, 3 * MOST_PATHS):
        router = IPv4Address((f"127.0.{network // 256}.{network % 256}", 47808))
        await routes.update_path_info(None, router, {network})
        assert await routes.get_path_info(None, network)
        assert len(routes.path_info) <= MOST_PATHS
        assert len(routes.router_dnets) <= MOST_PATHS
