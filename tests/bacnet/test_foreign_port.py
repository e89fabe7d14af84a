"""The Network Port of a foreign device follows its link."""

import pytest

from bacnet.conftest import outside
from submeter.bacnet import layouts
from submeter.bacnet.host import Common
from submeter.bacnet.link.link import Link
from submeter.bacnet.settings import BacnetSettings

RELIABILITY = 103
FOREIGN = {"address": "127.9.41.7/8", "device_id": 4000, "foreign": {"bbmd": "127.9.41.8"}}


def test_it_has_a_fault_until_it_is_registered(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = BacnetSettings.model_validate(FOREIGN)
    (wire,) = layouts.wires(Common.of(settings, outside()), [])
    (port,) = [each for each in wire.hosts[0].table if each.name == "Network_Port"]
    assert port.read(RELIABILITY) == b"\x91\x13"
    monkeypatch.setattr(Link, "registered", True)
    assert port.read(RELIABILITY) == b"\x91\x00"
