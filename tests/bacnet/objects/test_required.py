"""What clause 12 of ASHRAE 135-2016 requires, checked against its tables, written down here."""

import pytest
from bacpypes3 import object as schemas
from bacpypes3.basetypes import PropertyIdentifier

from bacnet.objects.decoded import schema_of
from submeter.bacnet.objects.network_port import virtual_port
from submeter.bacnet.objects.required import required_of
from submeter.bacnet.objects.served import OPTIONAL, REQUIRED, ServedObject
from submeter.bacnet.objects.structured_view import structured_view

OF_ALL = "object-identifier object-name object-type property-list"
OF_INPUTS = "present-value status-flags event-state out-of-service"
OF_OUTPUTS = f"{OF_INPUTS} priority-array relinquish-default current-command-priority"
TABLES = {
    "Accumulator": f"{OF_INPUTS} scale units max-pres-value",
    "AnalogInput": f"{OF_INPUTS} units",
    "AnalogOutput": f"{OF_OUTPUTS} units",
    "LargeAnalogValue": "present-value status-flags units",
    "BinaryInput": f"{OF_INPUTS} polarity",
    "BinaryOutput": f"{OF_OUTPUTS} polarity",
    "MultiStateValue": f"{OF_INPUTS} number-of-states",
    "CharacterStringValue": "present-value status-flags",
    "DateTimeValue": "present-value status-flags",
    "NotificationClass": "notification-class priority ack-required recipient-list",
    "StructuredView": "node-type subordinate-list",
    "TrendLog": "enable stop-when-full buffer-size log-buffer record-count total-record-count "
    "logging-type status-flags event-state",
    "NetworkPort": "status-flags reliability out-of-service network-type protocol-level "
    "network-number network-number-quality changes-pending apdu-length link-speed",
    "Device": "system-status vendor-name vendor-identifier model-name firmware-revision "
    "application-software-version protocol-version protocol-revision "
    "protocol-services-supported protocol-object-types-supported object-list "
    "max-apdu-length-accepted segmentation-supported apdu-timeout number-of-apdu-retries "
    "device-address-binding database-revision",
}


def names(numbers: frozenset[int]) -> set[str]:
    return {str(PropertyIdentifier(number)) for number in numbers}


@pytest.mark.parametrize(("kind", "table"), TABLES.items())
def test_the_tables(kind: str, table: str) -> None:
    schema = getattr(schemas, f"{kind}Object")
    assert names(required_of(schema)) == {*table.split(), *OF_ALL.split()}


def test_groups_follow_the_tables() -> None:
    view = structured_view(1, "View", "", 4000, [], [])
    assert 208 in view.group(REQUIRED)  # Node_Type
    assert 207 in view.group(OPTIONAL)  # Node_Subtype
    port = virtual_port(1, 2001, b"\x00\x0f\xa1")
    assert {425, 426, 399} <= set(port.group(REQUIRED))


@pytest.mark.parametrize(
    "served",
    [structured_view(1, "View", "", 4000, [], []), virtual_port(1, 2001, b"\x00\x0f\xa1")],
    ids=str,
)
def test_what_is_required_is_there(served: ServedObject) -> None:
    assert required_of(schema_of(served)) <= {*served.numbers, 371}
