"""Names, hosts and roles that may stand in a certificate, and those that may not."""

from ipaddress import ip_address

import pytest

from submeter.errors import ConfigError
from submeter.pki import names


def test_hosts() -> None:
    given = ["Meter.Local", "192.0.2.7", "meter", "2001:DB8::7", "meter.local", "7.example.com"]
    found = ["meter.local", ip_address("192.0.2.7"), "meter", ip_address("2001:db8::7")]
    assert names.hosts(given) == [*found, "7.example.com"]


@pytest.mark.parametrize(
    "host",
    [
        *("", ".", "a..b", "a.local.", "-a.local", "a-.local", "a_b", "*.example.com", "mètre"),
        *("https://a", "192.0.2.7:802", "192.0.2.300", "192.0.2", "a\nb"),
        *("a" * 64, ".".join(["a" * 49] * 6)),
    ],
)
def test_what_is_no_host(host: str) -> None:
    with pytest.raises(ConfigError, match="neither a host name nor an IP address") as raised:
        names.hosts([host])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "fe80::1%eth0"])
def test_addresses_that_nobody_connects_to(host: str) -> None:
    with pytest.raises(ConfigError, match="cannot connect"):
        names.hosts([host])


def test_no_host() -> None:
    with pytest.raises(ConfigError, match="at least one host"):
        names.hosts([])


@pytest.mark.parametrize("name", ["bms", "bms-1", "a.b_c", "7", "x" * 64])
def test_clients(name: str) -> None:
    assert names.client(name) == name


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", ".hidden", "-p", "a/b", "a b", "a.", "a\n", "é", "x" * 65, "ca", "Server"],
)
def test_what_names_no_client(name: str) -> None:
    with pytest.raises(ConfigError):
        names.client(name)


def test_authorities() -> None:
    assert names.authority(" Résidence du Parc ") == "Résidence du Parc"
    assert names.authority("é" * 32) == "é" * 32


@pytest.mark.parametrize("name", ["", "  ", "é" * 33, "a\tb", "a\x1b[2J"])
def test_what_names_no_authority(name: str) -> None:
    with pytest.raises(ConfigError, match="1 to 64"):
        names.authority(name)
