from bacpypes3 import object as schemas
from bacpypes3.basetypes import Destination, EventTransitionBits
from bacpypes3.pdu import PDUData
from bacpypes3.primitivedata import ObjectIdentifier, TagList

from submeter.bacnet import encoding
from submeter.bacnet.objects.notification_class import flags, notification_class, priorities
from submeter.bacnet.objects.required import required_of
from submeter.bacnet.objects.served import property_number
from submeter.bacnet.settings import AlarmReporting, RecipientSettings

SETTINGS = AlarmReporting(
    priorities={"alarm": 10},
    acknowledge=["alarm", "normal"],
    recipients=[
        RecipientSettings(address="192.0.2.20:47809", process=7, transitions=["fault"]),
        RecipientSettings(device=20, confirmed=False),
    ],
)


def test_every_required_property() -> None:
    made = notification_class(SETTINGS, "Notification_Class")
    # The table of objects adds the property list.
    assert required_of(schemas.NotificationClassObject) - {371} <= set(made.numbers)
    assert (made.type, made.instance, made.name) == (15, 1, "Notification_Class")
    assert made.read(property_number("notificationClass")) == encoding.unsigned(1)


def test_priorities_and_acknowledgement() -> None:
    made = notification_class(SETTINGS, "Notification_Class")
    priority = property_number("priority")
    listed = [encoding.unsigned(each) for each in (10, 128, 192)]
    assert made.read(priority) == b"".join(listed)
    assert made.read(priority, 0) == encoding.unsigned(3)
    assert made.read(priority, 2) == listed[1]
    assert made.read(property_number("ackRequired")) == encoding.bits((True, False, True))


def test_recipients() -> None:
    image = notification_class(SETTINGS, "Notification_Class", lambda: 77).read(102)
    assert isinstance(image, bytes)
    tags = TagList.decode(PDUData(image))
    first, second = Destination.decode(tags), Destination.decode(tags)
    assert not tags
    for each in (first, second):
        assert list(each.validDays) == [1] * 7
        assert tuple(each.fromTime) == (0, 0, 0, 0)
        assert tuple(each.toTime) == (23, 59, 59, 99)
    assert int(first.recipient.address.networkNumber) == 77
    assert bytes(first.recipient.address.macAddress) == b"\xc0\x00\x02\x14\xba\xc1"
    assert (int(first.processIdentifier), bool(first.issueConfirmedNotifications)) == (7, True)
    assert first.transitions == EventTransitionBits("to-fault")
    assert second.recipient.device == ObjectIdentifier(("device", 20))
    assert (int(second.processIdentifier), bool(second.issueConfirmedNotifications)) == (1, False)
    assert list(second.transitions) == [1, 1, 1]


def test_number_of_the_ip_network_that_is_learnt_later() -> None:
    number = 0
    made = notification_class(SETTINGS, "Notification_Class", lambda: number)
    for number in (0, 77, 78):
        image = made.read(102)
        assert isinstance(image, bytes)
        address = Destination.decode(TagList.decode(PDUData(image))).recipient.address
        assert int(address.networkNumber) == number


def test_nobody_is_told() -> None:
    assert notification_class(AlarmReporting(), "Notification_Class").read(102) == b""


def test_order_of_the_transitions() -> None:
    assert flags(["normal", "alarm"]) == (True, False, True)
    assert flags([]) == (False, False, False)
    assert priorities(AlarmReporting()) == (64, 128, 192)
