"""Alarms over two runs of the face."""

from bacnet.client import BINARY_INPUT, Client
from bacnet.conftest import DEVICE_ID, HOST, outside, settings
from submeter.bacnet.face import BacnetFace
from submeter.bacnet.outside import ServedMeter
from submeter.meter.meter import Meter, values
from submeter.pointmap import meter_map
from tooling.meters import at

OVERLOAD = BINARY_INPUT, 5
ACKED_TRANSITIONS, EVENT_STATE, EVENT_TIME_STAMPS = 0, 36, 130


async def test_events_are_kept(meter: Meter, port: int) -> None:
    told = settings(port, alarms={"acknowledge": ["alarm"]})
    served = [ServedMeter(meter, meter_map.load("standard"))]
    notes: dict[str, str] = {}
    first = BacnetFace(told, served, outside(keep=notes.__setitem__))
    await first.start()
    client = Client((HOST, port))
    meter.update(values({"Overload_Alarm": 0}), at(1))
    meter.update(values({"Overload_Alarm": 1}), at(2))
    assert await client.value(*OVERLOAD, EVENT_STATE) == b"\x91\x02"
    stamps = await client.value(*OVERLOAD, EVENT_TIME_STAMPS)
    await first.stop()
    assert f"bacnet_events:{DEVICE_ID}" in notes
    second = BacnetFace(told, served, outside(notes=notes))
    await second.start()
    assert await client.value(*OVERLOAD, EVENT_TIME_STAMPS) == stamps
    assert await client.value(*OVERLOAD, ACKED_TRANSITIONS) == b"\x82\x05\x60"
    meter.update(values({"Overload_Alarm": 0}), at(3))
    assert await client.value(*OVERLOAD, EVENT_STATE) == b"\x91\x00"
    after = await client.value(*OVERLOAD, EVENT_TIME_STAMPS)
    assert after[: len(stamps) // 3] == stamps[: len(stamps) // 3]
    assert after[-len(stamps) // 3 :] != stamps[-len(stamps) // 3 :], "a to-normal"
    await second.stop()
    client.close()


async def test_recipients_are_listed(meter: Meter, port: int) -> None:
    recipients = [{"address": "192.0.2.20"}, {"device": 7}]
    told = settings(port, alarms={"recipients": recipients})
    face = BacnetFace(told, [ServedMeter(meter, meter_map.load("standard"))], outside())
    await face.start()
    client = Client((HOST, port))
    assert b"\x65\x06\xc0\x00\x02\x14\xba\xc0" in await client.value(15, 1, 102)
    by_range = b"\x0c\x03\xc0\x00\x01\x19\x66"
    assert (await client.ask(26, by_range)).apdu.count(b"\xb4\x17\x3b\x3b\x63") == 2
    await face.stop()
    client.close()
