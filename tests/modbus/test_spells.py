import logging

import pytest

from submeter.modbus.spells import MOST, QUIET, Spells


@pytest.fixture(autouse=True)
def _log_everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


def test_many_spells_of_one_event_hide_no_other(caplog: pytest.LogCaptureFixture) -> None:
    spells = Spells("modbus.tls")
    for number in range(2 * MOST):
        spells.begin("peer_full", "most=1", "peer_free", lambda _: False, f"192.0.2.{number}")
    for event in ("network_refused", "tls_refused", "connections_full"):
        spells.begin(event, "first=192.0.2.1", "over", lambda _: False)
    events = [record.getMessage().split()[0] for record in caplog.records]
    assert events == ["event=peer_full"] * MOST + [
        "event=network_refused",
        "event=tls_refused",
        "event=connections_full",
    ]


def test_a_spell_that_is_over_makes_room_after_a_while(caplog: pytest.LogCaptureFixture) -> None:
    spells = Spells("modbus.tcp")
    for number in range(MOST):
        spells.begin("peer_full", "most=1", "peer_free", lambda _: True, str(number))
    for _ in range(QUIET - 1):
        spells.tick()
    spells.begin("peer_full", "most=1", "peer_free", lambda _: True, "another")
    assert len(caplog.records) == 2 * MOST
    spells.tick()
    spells.begin("peer_full", "most=1", "peer_free", lambda _: True, "another")
    assert caplog.records[-1].getMessage() == "event=peer_full face=modbus.tcp peer=another most=1"
