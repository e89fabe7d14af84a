from collections.abc import Callable
from ipaddress import IPv4Address
from pathlib import Path
from types import SimpleNamespace

import pytest

from submeter.bacnet.link import address
from submeter.errors import ListenError

HEADER = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n"
Machine = Callable[..., None]


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Machine:
    """Pretend to be a machine with these interfaces and default routes."""

    def pretend(*routes: tuple[str, int], **interfaces: str) -> None:
        adapters = []
        for name, text in interfaces.items():
            ip, prefix = text.split("/")
            own = SimpleNamespace(ip=ip, network_prefix=int(prefix))
            six = SimpleNamespace(ip=("fe80::1", 0, 0), network_prefix=64)
            adapters.append(SimpleNamespace(name=name, ips=[six, own]))
        monkeypatch.setattr("ifaddr.get_adapters", lambda: adapters)
        lines = [f"{name} 00000000 FE0200C0 0003 0 0 {n} 00000000 0 0 0" for name, n in routes]
        other = "eth0 000200C0 00000000 0001 0 0 0 00FFFFFF 0 0 0"
        (tmp_path / "route").write_text(HEADER + "\n".join([other, *lines]) + "\n")
        monkeypatch.setattr(address, "_ROUTES", tmp_path / "route")

    return pretend


def test_auto_is_the_interface_of_the_preferred_default_route(machine: Machine) -> None:
    lan = {"lo": "127.0.0.1/8", "eth0": "192.0.2.7/24", "wlan0": "198.51.100.4/25"}
    machine(("eth0", 600), ("wlan0", 100), **lan)
    assert address.resolve("auto") == "198.51.100.4/25"
    machine(("tun0", 10), ("eth0", 600), **lan)
    assert address.resolve("auto") == "192.0.2.7/24"


def test_auto_without_default_route(machine: Machine, tmp_path: Path) -> None:
    machine(lo="127.0.0.1/8", eth0="192.0.2.7/24")
    assert address.resolve("auto") == "192.0.2.7/24"
    (tmp_path / "route").unlink()
    assert address.resolve("auto") == "192.0.2.7/24"
    machine(lo="127.0.0.1/8")
    assert address.resolve("auto") == "127.0.0.1/8"
    machine(lo="127.0.0.1/8", eth0="192.0.2.7/24", wlan0="198.51.100.4/25")
    with pytest.raises(ListenError, match=r"192.0.2.7/24 \(eth0\), 198.51.100.4/25 \(wlan0\)"):
        address.resolve("auto")


@pytest.mark.parametrize(
    ("text", "resolved"),
    [
        ("eth0", "192.0.2.7/24"),
        ("192.0.2.7", "192.0.2.7/24"),
        ("192.0.2.7/16", "192.0.2.7/16"),
        ("127.0.0.1", "127.0.0.1/8"),
        ("127.0.0.2", "127.0.0.2/8"),
        ("127.9.9.9/24", "127.9.9.9/24"),
    ],
)
def test_written_addresses(machine: Machine, text: str, resolved: str) -> None:
    machine(lo="127.0.0.1/8", eth0="192.0.2.7/24")
    assert address.resolve(text) == resolved


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("192.0.2.8", r"is not on this machine; there are: 127.0.0.1/8 \(lo\), 192.0.2.7/24"),
        ("192.0.2.8/24", "is not on this machine"),
        ("eth9", "'eth9' is no interface or IPv4 address of this machine; there are: 127"),
        ("::1", "is no interface or IPv4 address"),
        ("192.0.2.7/33", "is no interface or IPv4 address"),
        ("", "is no interface or IPv4 address"),
        ("127.0.0.0/8", "is no station"),
        ("127.255.255.255", "is no station"),
    ],
)
def test_addresses_that_cannot_be(machine: Machine, text: str, message: str) -> None:
    machine(lo="127.0.0.1/8", eth0="192.0.2.7/24")
    with pytest.raises(ListenError, match=message) as raised:
        address.resolve(text)
    assert "\n" not in str(raised.value)


def test_gateway(machine: Machine) -> None:
    machine(("eth0", 0), lo="127.0.0.1/8", eth0="192.0.2.7/24", wlan0="198.51.100.4/25")
    assert address.gateway(IPv4Address("192.0.2.7")) == IPv4Address("192.0.2.254")
    assert address.gateway(IPv4Address("198.51.100.4")) == IPv4Address(0)


def test_this_machine_has_a_loopback() -> None:
    assert address.resolve("127.0.0.1") == "127.0.0.1/8"


@pytest.mark.parametrize(
    ("text", "taken", "here", "moved"),
    [
        ("auto", "192.0.2.7", {"eth0": "192.0.2.7/24"}, None),
        ("auto", "192.0.2.7", {"eth0": "192.0.2.9/24"}, "192.0.2.9"),
        ("eth0", "192.0.2.7", {"eth0": "192.0.2.9/24"}, "192.0.2.9"),
        ("eth0", "192.0.2.7", {"eth1": "192.0.2.9/24"}, None),  # it has none: it is down
        ("auto", "192.0.2.7", {}, "127.0.0.1"),
        ("auto", "127.0.0.1", {"eth0": "192.0.2.9/24"}, "192.0.2.9"),  # it came up late
        ("auto", "127.0.0.1", {}, None),
        ("lo", "127.0.0.1", {"eth0": "192.0.2.9/24"}, None),
        ("192.0.2.7", "192.0.2.7", {"eth0": "192.0.2.9/24"}, None),
        ("127.0.0.5/8", "127.0.0.5", {"eth0": "192.0.2.9/24"}, None),
    ],
)
def test_moved(
    machine: Machine, text: str, taken: str, here: dict[str, str], moved: str | None
) -> None:
    machine(lo="127.0.0.1/8", **here)
    assert address.moved(text, IPv4Address(taken)) == (IPv4Address(moved) if moved else None)


def test_second_address_of_an_interface_moves_nothing(machine: Machine) -> None:
    machine(("wlan0", 5), lo="127.0.0.1/8", eth0="192.0.2.7/24", wlan0="198.51.100.4/24")
    assert address.moved("auto", IPv4Address("192.0.2.7")) is None
