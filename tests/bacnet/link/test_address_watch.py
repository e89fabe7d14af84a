import asyncio
import logging
from ipaddress import IPv4Address

import pytest

from bacnet.application import virtual_time
from submeter.bacnet.link import address
from submeter.bacnet.link.address_watch import EACH, LASTING, AddressWatch

OLD, NEW, NEWER = (IPv4Address(f"192.0.2.{n}") for n in (7, 8, 9))
LINE = (
    "event=bacnet_address_changed configured=auto served=192.0.2.7 now=192.0.2.{} "
    'cure="restart submeter"'
)


class Machine:
    """Where the interface has moved to, if it has, and how often somebody looked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.moved: IPv4Address | None = None
        self.looks = 0
        monkeypatch.setattr(address, "moved", self._moved)

    def _moved(self, wanted: str, ip: IPv4Address) -> IPv4Address | None:
        assert (wanted, ip) == ("auto", OLD)
        self.looks += 1
        return self.moved


def test_another_address_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    machine = Machine(monkeypatch)
    watch = AddressWatch("auto", OLD)

    async def scenario() -> None:
        watch.start()
        await asyncio.sleep(LASTING * 10)
        machine.moved = NEW
        await asyncio.sleep(LASTING)
        assert caplog.messages == []
        await asyncio.sleep(LASTING * 10)
        assert caplog.messages == [LINE.format(8)]
        machine.moved = NEWER
        await asyncio.sleep(LASTING * 10)
        assert caplog.messages == [LINE.format(8), LINE.format(9)]
        watch.close()
        looks = machine.looks
        await asyncio.sleep(EACH * 3)
        assert machine.looks == looks

    virtual_time.run(scenario())


def test_one_that_passes_is_not_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    machine = Machine(monkeypatch)
    watch = AddressWatch("auto", OLD)

    async def scenario() -> None:
        watch.start()
        for _ in range(5):
            machine.moved = NEW
            await asyncio.sleep(LASTING - EACH)
            machine.moved = None
            await asyncio.sleep(2 * EACH)
        watch.close()

    virtual_time.run(scenario())
    assert machine.looks > 10
    assert caplog.messages == []
