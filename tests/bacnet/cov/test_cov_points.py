"""Changes of real points, from the meter's reading to the notification."""

import asyncio

from bacpypes3 import object as schemas

from bacnet.cov.subscriber import of_property, subscribe
from bacnet.stage import DEVICE_ID, PEER, Carrier, real_of
from submeter.bacnet import encoding
from submeter.bacnet.application.application import Application
from submeter.bacnet.cov.share import CovShare
from submeter.bacnet.cov.subscriptions import Subscriptions
from submeter.bacnet.fault import NO_COV_OF_PROPERTY
from submeter.bacnet.objects.point import PointObject
from submeter.bacnet.objects.served import STATUS_FLAGS, ServedObject
from submeter.bacnet.objects.shown import shown
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.settings import CovSettings
from submeter.meter.reading import Quality, Reading
from submeter.pointmap import meter_map

SUBSCRIBE, PROPERTY = 5, 28
ANALOG_INPUT, ACCUMULATOR = 0, 23
ERROR = 0x50


class Meter:
    """The objects of the standard map, with subscriptions."""

    def __init__(self, **settings: int) -> None:
        points = [PointObject(entry) for entry in meter_map.load("standard").objects]
        device = ServedObject(schemas.DeviceObject, DEVICE_ID, "Submeter")
        self.carrier = Carrier()
        self.table = ObjectTable([device, *points])
        self.show = shown(points)
        application = Application(self.table, self.carrier)
        self.subscriptions = Subscriptions(application, CovShare(CovSettings(**settings)))

    async def ask(self, service: int, body: bytes) -> list[bytes]:
        self.subscriptions.confirmed[service](body, PEER)
        await asyncio.sleep(0)
        return self.take()

    def take(self) -> list[bytes]:
        return [each.apdu for each in self.carrier.take()]

    def told(self, value: float, quality: Quality = Quality.MEASURED) -> list[float]:
        """Show a total power and return what the notifications say of it."""
        self.show({"Active_Power_Total": Reading(value, quality)})
        return [real_of(each[each.index(b"\x55\x2e") + 2 :][:5]) for each in self.take()]


async def test_value_and_quality() -> None:
    made = Meter()
    found = made.table.named("Active_Power_Total")
    assert found
    (first,) = await made.ask(SUBSCRIBE, subscribe(ANALOG_INPUT, found.instance))
    assert first.endswith(b"\x2e\x82\x04\xc0\x2f\x4f")  # a fault: nothing is known yet
    assert made.told(1.0) == [1.0]
    assert made.told(1.05) == []
    assert made.told(1.1) == [encoded(1.1)]
    assert made.told(1.1, Quality.STALE) == [encoded(1.1)]
    assert made.told(1.1, Quality.FAILED) == [encoded(1.1)]
    assert made.told(1.1, Quality.FAILED) == []
    assert found.live[STATUS_FLAGS] == encoding.bits([1, 1, 0, 0])
    assert made.told(1.1) == [encoded(1.1)]


async def test_an_index() -> None:
    made = Meter()
    entry = next(each for each in made.table if each.type == ACCUMULATOR)
    assert isinstance(entry, PointObject)
    body = of_property(subscribe(ACCUMULATOR, entry.instance), 85)
    (first,) = await made.ask(PROPERTY, body)
    assert b"\x09\x55" not in first
    told = []
    for energy in (1_000_000_000, 1_000_500_000, 1_001_000_000):
        made.show({entry.entry.point.name: Reading(energy, Quality.MEASURED)})
        told.append(len(made.take()))
    assert told == [1, 0, 1]


async def test_everything_of_everything_can_be_subscribed_or_is_refused_in_words() -> None:
    made = Meter(of_one_client=10_000)
    application = Application(made.table, made.carrier)
    application.confirmed |= made.subscriptions.confirmed
    acknowledged, refused, told = 0, set(), 0
    for entry in made.table:
        for number in entry.numbers:
            body = of_property(subscribe(entry.type, entry.instance), number)
            application.receive(bytes((0, 5, 1, PROPERTY)) + body, PEER, False)
            await asyncio.sleep(0)
            for each in made.carrier.take():
                if each.apdu[:3] == bytes((0x20, 1, PROPERTY)):
                    acknowledged += 1
                elif each.apdu[0] == ERROR:
                    refused.add(each.apdu[3:])
                else:
                    assert each.decoded.monitoredObjectIdentifier[1] == entry.instance
                    told += 1
    assert refused == {NO_COV_OF_PROPERTY.image}
    assert acknowledged == told == len(made.subscriptions) > 500
    made.subscriptions.close()
    assert made.subscriptions.idle


def encoded(value: float) -> float:
    """Return `value` as 24 bits hold it."""
    return real_of(encoding.real(value))
