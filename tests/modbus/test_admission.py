import logging

import pytest

from submeter.modbus.admission import Admission, plain
from submeter.modbus.settings import TcpSettings
from submeter.modbus.spells import MOST, QUIET, quiet

A, B, C = "192.0.2.1", "192.0.2.2", "198.51.100.3"


def admission(**settings: object) -> Admission:
    return Admission("modbus.tcp", TcpSettings.model_validate(settings))


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def test_everybody_may_connect_by_default() -> None:
    gate = admission()
    assert all(gate.enter(address) for address in (A, B, C, "2001:db8::1"))
    assert (gate.open, gate.accepted) == (4, 4)
    gate.leave(A)
    assert (gate.open, gate.accepted) == (3, 4)


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        ("192.0.2.0", True),
        ("192.0.2.127", True),
        ("192.0.2.128", False),
        ("198.51.100.3", True),
        ("198.51.100.4", False),
        ("2001:db8::7", True),
        ("2001:db9::7", False),
        ("fe80::1%eth0", True),
    ],
)
def test_the_allow_list(address: str, allowed: bool) -> None:
    gate = admission(allow=["192.0.2.0/25", "198.51.100.3", "2001:db8::/32", "fe80::/10"])
    assert gate.enter(address) is allowed
    assert gate.refused_network == (not allowed)


def test_a_mapped_address_is_the_ipv4_address() -> None:
    assert plain("::ffff:192.0.2.1") == "192.0.2.1"
    assert plain("192.0.2.1") == "192.0.2.1"
    assert plain("2001:0db8::0001") == "2001:db8::1"


def test_all_together_and_each_peer_are_limited() -> None:
    gate = admission(connections=4, per_peer=2)
    assert [gate.enter(A) for _ in range(3)] == [True, True, False]
    assert [gate.enter(B) for _ in range(3)] == [True, True, False]
    assert not gate.enter(C)
    assert (gate.open, gate.accepted, gate.refused_peer, gate.refused_full) == (4, 4, 2, 1)
    gate.leave(A)
    assert gate.enter(C)
    assert not gate.enter(A)
    assert (gate.refused_peer, gate.refused_full) == (2, 2)


def test_nothing_is_kept_of_who_is_gone() -> None:
    gate = admission(allow=["192.0.2.0/24"])
    for number in range(200):
        gate.enter(f"192.0.2.{number}")
        gate.enter(f"198.51.100.{number}")
        gate.leave(f"192.0.2.{number}")
    assert gate.open == 0
    assert not gate._peers


def test_being_full_is_told_once_and_the_end_of_it(caplog: pytest.LogCaptureFixture) -> None:
    gate = admission(connections=4)
    for _ in range(100):
        gate.enter(A)
    gate.spells.tick()
    assert lines(caplog) == ["event=connections_full face=modbus.tcp most=4"]
    gate.leave(A)
    gate.spells.tick()
    assert len(lines(caplog)) == 1
    gate.leave(A)
    gate.spells.tick()
    assert lines(caplog)[1:] == ["event=connections_free face=modbus.tcp"]


def test_a_peer_that_is_full_is_named(caplog: pytest.LogCaptureFixture) -> None:
    gate = admission(per_peer=1)
    for _ in range(3):
        gate.enter(A)
    gate.leave(A)
    gate.spells.tick()
    assert lines(caplog) == [
        f"event=peer_full face=modbus.tcp peer={A} most=1",
        f"event=peer_free face=modbus.tcp peer={A}",
    ]


def test_refused_networks_are_told_once_until_they_are_quiet(
    caplog: pytest.LogCaptureFixture,
) -> None:
    gate = admission(allow=["192.0.2.0/24"])
    for second in range(100):
        gate.enter(f"198.51.100.{second}")
        gate.spells.tick()
    assert lines(caplog) == ["event=network_refused face=modbus.tcp first=198.51.100.0"]
    for _ in range(QUIET + 1):
        gate.spells.tick()
    assert lines(caplog)[1:] == ["event=network_quiet face=modbus.tcp"]


def test_changes_to_and_fro_fill_no_log(caplog: pytest.LogCaptureFixture) -> None:
    gate = admission(per_peer=1)
    for _ in range(QUIET):
        gate.enter(A)
        gate.enter(A)
        gate.leave(A)
        gate.spells.tick()
    assert len(lines(caplog)) == 2


def test_peers_without_end_fill_neither_log_nor_memory(caplog: pytest.LogCaptureFixture) -> None:
    gate = admission(per_peer=1, connections=4000)
    for number in range(1000):
        address = f"10.0.{number // 250}.{number % 250}"
        gate.enter(address)
        gate.enter(address)
    assert len(lines(caplog)) == MOST == len(gate.spells._spells)
    assert gate.refused_peer == 1000
    gate.most = gate.open
    gate.enter("192.0.2.1")
    assert lines(caplog)[MOST:] == ["event=connections_full face=modbus.tcp most=1000"]


def test_quiet() -> None:
    count = 1
    is_over = quiet(lambda: count)
    assert not is_over(QUIET - 1)
    count = 2
    assert not is_over(QUIET)
    assert not is_over(2 * QUIET - 1)
    assert is_over(2 * QUIET)
