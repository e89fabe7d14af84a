"""What is told of which property, and from which change on."""

import asyncio
import math

import pytest

from bacnet.cov.subscriber import increment, of_property, subscribe
from bacnet.cov.watched import (
    ACCUMULATOR,
    AI,
    BI,
    DATETIME,
    DEVICE,
    LAV,
    MSV,
    PROPERTY,
    SUBSCRIBE,
    Cov,
    values,
)
from bacnet.stage import COMMUNICATION_FAILURE, DEVICE_ID, FAULTY, FLAGS, real_of
from submeter.bacnet import encoding, fault
from submeter.bacnet.fault import NOT_INITIALIZED, Fault


@pytest.fixture
async def made() -> Cov:
    return Cov()


async def test_increment(made: Cov) -> None:
    await made.ask(SUBSCRIBE, subscribe(AI, 1))
    told = []
    for value in (1.05, 1.09, 1.1, 1.15, 1.05, 1.0, 5.0, 5.0):
        made.stage.set("Power", encoding.real(value))
        told += [real_of(values(each)["present-value"]) for each in made.take()]
    assert told == pytest.approx([1.1, 1.0, 5.0])


async def test_an_increment_is_not_lost_in_24_bits(made: Cov) -> None:
    await made.ask(SUBSCRIBE, subscribe(AI, 1))
    for tenths in range(2300, 2400):
        await asyncio.sleep(0)  # so many are more than a turn of the event loop
        made.stage.set("Power", encoding.real(tenths / 10))
        assert len(made.take()) == 1


async def test_nan_and_infinities(made: Cov) -> None:
    await made.ask(SUBSCRIBE, subscribe(AI, 1))
    told = []
    for value in (math.nan, math.nan, 1.0, math.inf, math.inf, -math.inf, 2.0):
        made.stage.set("Power", encoding.real(value))
        told.append(len(made.take()))
    assert told == [1, 0, 1, 1, 0, 1, 1]


async def test_a_double_has_its_own_increment(made: Cov) -> None:
    await made.ask(SUBSCRIBE, subscribe(LAV, 1))
    told = []
    for value in (1e6 + 0.9, 1e6 + 0.99, 1e6 + 1.0, 1e6 + 1.9):
        made.stage.set("Index", encoding.double(value))
        told.append(len(made.take()))
    assert told == [0, 0, 1, 0]


@pytest.mark.parametrize(
    ("kind", "name", "images"),
    [
        (AI, "Unsteady", [encoding.real(5.0), encoding.real(5.0000005)]),
        (BI, "Alarm", [encoding.enumerated(0), encoding.enumerated(1)]),
        (MSV, "Direction", [encoding.unsigned(1), encoding.unsigned(2)]),
        (
            DATETIME,
            "Peak",
            [encoding.date(2026, 1, 1, 4) + encoding.time(0, 0, second) for second in (0, 1)],
        ),
    ],
)
async def test_any_change(made: Cov, kind: int, name: str, images: list[bytes]) -> None:
    made.stage.set(name, images[0])
    instance = made.stage.objects[name].instance
    (told,) = await made.ask(SUBSCRIBE, subscribe(kind, instance))
    assert values(told)["present-value"] == images[0]
    made.stage.set(name, images[0])
    assert made.take() == []
    made.stage.set(name, images[1])
    assert [values(each)["present-value"] for each in made.take()] == [images[1]]


async def test_status_flags_and_reliability_are_told(made: Cov) -> None:
    await made.ask(SUBSCRIBE, subscribe(AI, 1))
    made.stage.trust("Power", COMMUNICATION_FAILURE, FAULTY)
    (told,) = made.take()
    assert values(told) == {"present-value": encoding.real(1.0), "status-flags": FAULTY}
    made.stage.trust("Power", 7, FAULTY)
    assert len(made.take()) == 1
    made.stage.trust("Power", 7, FAULTY)
    assert made.take() == []
    made.stage.trust("Power", 0)
    assert len(made.take()) == 1


async def test_a_value_that_is_not_known(made: Cov) -> None:
    (told,) = await made.ask(SUBSCRIBE, subscribe(BI, 2))
    assert list(values(told)) == ["status-flags"]
    made.stage.set("Unknown", encoding.enumerated(1))
    (told,) = made.take()
    assert values(told)["present-value"] == encoding.enumerated(1)
    made.stage.set("Unknown", NOT_INITIALIZED)
    assert len(made.take()) == 1


@pytest.mark.parametrize(
    ("kind", "instance", "number", "index", "expected"),
    [
        (AI, 1, 4711, None, fault.UNKNOWN_PROPERTY),
        (AI, 1, 8, None, fault.UNKNOWN_PROPERTY),
        (AI, 1, 85, 1, fault.NOT_AN_ARRAY),
        (BI, 2, 85, 1, fault.NOT_AN_ARRAY),
        (MSV, 1, 110, 3, fault.INVALID_ARRAY_INDEX),
        (MSV, 1, 110, None, fault.NO_COV_OF_PROPERTY),
        (DEVICE, DEVICE_ID, 152, None, fault.NO_COV_OF_PROPERTY),
        (DEVICE, DEVICE_ID, 371, None, fault.NO_COV_OF_PROPERTY),
        (AI, 1, 28, None, fault.NO_COV_OF_PROPERTY),
    ],
)
async def test_properties_that_take_none(
    made: Cov, kind: int, instance: int, number: int, index: int | None, expected: Fault
) -> None:
    made.stage.objects["Power"].live[28] = encoding.text("x" * 400)
    body = of_property(subscribe(kind, instance), number, index)
    assert made.refused(PROPERTY, body) == expected


async def test_property(made: Cov) -> None:
    (told,) = await made.ask(PROPERTY, of_property(subscribe(ACCUMULATOR, 1, 60, process=9), 85))
    assert told.subscriberProcessIdentifier == 9
    assert values(told) == {"present-value": encoding.unsigned(7), "status-flags": FLAGS}
    made.stage.set("Energy", encoding.unsigned(8))
    assert len(made.take()) == 1
    (told,) = await made.ask(PROPERTY, of_property(subscribe(BI, 1), 28))
    assert values(told)["description"] == encoding.text("Alarm of the house")


async def test_property_that_is_the_status_flags(made: Cov) -> None:
    (told,) = await made.ask(PROPERTY, of_property(subscribe(BI, 1), 111))
    assert len(told.listOfValues) == 1
    made.stage.set("Alarm", encoding.enumerated(1))
    assert made.take() == []
    made.stage.trust("Alarm", 0, FAULTY)
    assert [values(each) for each in made.take()] == [{"status-flags": FAULTY}]


async def test_element_of_an_array(made: Cov) -> None:
    (told,) = await made.ask(PROPERTY, of_property(subscribe(MSV, 1), 110, 2))
    assert told.listOfValues[0].propertyArrayIndex == 2
    assert values(told)["state-text"] == encoding.text("Export")
    texts = encoding.text("Import"), encoding.text("Away")
    made.stage.objects["Direction"].live[110] = texts
    made.stage.objects["Direction"].changed()
    assert [values(each)["state-text"] for each in made.take()] == [texts[1]]


async def test_property_of_the_device_has_no_flags(made: Cov) -> None:
    (told,) = await made.ask(PROPERTY, of_property(subscribe(DEVICE, 4194303), 77))
    assert str(told.monitoredObjectIdentifier) == f"device,{DEVICE_ID}"
    assert values(told) == {"object-name": encoding.text("Submeter")}


@pytest.mark.parametrize(
    ("own", "steps", "expected"),
    [
        (increment(0.5), (1.4, 1.5, 1.9), [1.5]),
        (increment(0.0), (1.0000001, 1.0000001, 1.1), [1.0000001, 1.1]),
        (b"", (1.05, 1.1, 1.15), [1.1]),
    ],
)
async def test_increment_of_a_client(
    made: Cov, own: bytes, steps: tuple[float, ...], expected: list[float]
) -> None:
    await made.ask(PROPERTY, of_property(subscribe(AI, 1), 85, increment=own))
    told = []
    for value in steps:
        made.stage.set("Power", encoding.real(value))
        told += [real_of(values(each)["present-value"]) for each in made.take()]
    assert told == pytest.approx(expected)
