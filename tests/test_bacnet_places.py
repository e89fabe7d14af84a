"""What the configuration says of BACnet agrees in itself before anything starts."""

from pathlib import Path

import pytest

from tooling.bacnet_configs import LAYOUTS, faults, good, text

WRONG = [
    # Keys that do not go together.
    ("network", {"FACE": "layout: network, network_number: 2001"}, "12:9: bacnet: key 'device_id'"),
    ("device", {"FACE": "port: 5"}, "12:9: bacnet: key 'device_id' is missing; add the number of"),
    (
        "ip_per_meter",
        {"FACE": "layout: ip_per_meter, device_id: 3"},
        "12:9: bacnet: with layout ip_per_meter each meter is a device of its own; move "
        "'device_id' to the 'bacnet' of each meter",
    ),
    (
        "network",
        {"FACE": "layout: network, device_id: 3"},
        "12:9: bacnet: 'network_number' belongs to layout network, which needs one; add or",
    ),
    (
        "device",
        {"FACE": "device_id: 3, network_number: 7"},
        "12:9: bacnet: 'network_number' belongs to layout network, which needs one; add or",
    ),
    (
        "device",
        {"FACE": "device_id: 3, foreign: {bbmd: 192.0.2.1}, bbmd: {}"},
        "12:9: bacnet: a BBMD is no foreign device; remove 'foreign' or 'bbmd'",
    ),
    (
        "ip_per_meter",
        {"FACE": "layout: ip_per_meter, foreign: {bbmd: 192.0.2.1}"},
        "12:9: bacnet: 'foreign' does not go with layout ip_per_meter; remove one of them",
    ),
    (
        "ip_per_meter",
        {"FACE": "layout: ip_per_meter, bbmd: {}"},
        "12:9: bacnet: 'bbmd' does not go with layout ip_per_meter; remove one of them",
    ),
    (
        "network",
        {"FACE": "device_id: 1, layout: network, network_number: 5, ip_network_number: 5"},
        "12:79: network 5 is the virtual one; give the IP network the number it has",
    ),
    # Values.
    (
        "device",
        {"FACE": "device_id: 1, foreign: {bbmd: bms}"},
        "12:40: bacnet.foreign.bbmd: 'bms' is no station; write it as 192.0.2.1:47808",
    ),
    (
        "device",
        {"FACE": "device_id: 1, bbmd: {peers: [192.0.2.1, 192.0.2.2:0]}"},
        "12:50: bacnet.bbmd.peers.1: '192.0.2.2:0' is no station; write it as 192.0.2.1:47808",
    ),
    (
        "device",
        {"FACE": "device_id: 1, alarms: {recipients: [{process: 1}]}"},
        "12:46: bacnet.alarms.recipients.0: a recipient has either an 'address' or a 'device'; "
        "write one of them",
    ),
    (
        "device",
        {"FACE": "device_id: 1, alarms: {recipients: [{device: 1, address: 192.0.2.1}]}"},
        "12:46: bacnet.alarms.recipients.0: a recipient has either an 'address' or a 'device'; "
        "write one of them",
    ),
    (
        "device",
        {"FACE": "device_id: 1, alarms: {events: [alarms]}"},
        "12:42: bacnet.alarms.events.0: input should be 'alarm', 'fault' or 'normal', not",
    ),
    (
        "device",
        {"FACE": "device_id: 1, time_synchronization: [bms]"},
        "12:47: bacnet.time_synchronization.0: 'bms' is no network; write it as 192.0.2.0/24",
    ),
    *(
        (
            "device",
            {"FACE": f"device_id: 1, time_synchronization: [{networks}]"},
            "12:46: bacnet.time_synchronization: everybody could set the clock of this machine; ",
        )
        for networks in (
            "192.0.2.0/24, 0.0.0.0/0",
            "0.0.0.0/1, 128.0.0.0/1",
            "'::ffff:0.0.0.0/96'",
            "'::/0'",
        )
    ),
    *(
        (
            "device",
            {"FACE": f"device_id: 1, address: 192.0.2.5/{length}"},
            f"12:33: bacnet.address: '192.0.2.5/{length}' has everybody in its subnet; write it as",
        )
        for length in ("0", "0.0.0.0")
    ),
    (
        "ip_per_meter",
        {"TWO": "device_id: 12, address: 127.0.0.12/0"},
        "11:38: meters.1.bacnet.address: '127.0.0.12/0' has everybody in its subnet; write it",
    ),
    ("device", {"FACE": "device_id: 1, password: secret"}, "12:34: bacnet.password: "),
    (
        "device",
        {"FACE": "device_id: 1, absent: no"},
        "12:32: bacnet.absent: input should be 'no-sensor' or 'omit', not 'no'",
    ),
    ("device", {"FACE": "device_id: 1, layout: ring"}, "12:32: bacnet.layout: input should be 'de"),
    # Trends.
    (
        "device",
        {"FACE": "device_id: 1, trends: {points: [Frequency, Frequenzy]}"},
        "12:53: unknown point 'Frequenzy'; did you mean 'Frequency'?",
    ),
    (
        "device",
        {"FACE": "device_id: 1, trends: {points: [Frequency, Frequency]}"},
        "12:53: point Frequency stands twice here; remove one",
    ),
    # Names.
    (
        "device",
        {"TWO": 'instance_offset: 1000, name_prefix: "b\\t"'},
        "11:50: meters.1.bacnet.name_prefix: 'b\\t' has characters that cannot be printed; take",
    ),
    (
        "device",
        {"FACE": 'device_id: 1, device_name: "Park\\n"'},
        "12:37: bacnet.device_name: 'Park\\n' has characters that cannot be printed; take them",
    ),
    *(
        (
            "device",
            {"FACE": f'device_id: 1, {key}: "{bad}"'},
            f"12:{26 + len(key)}: bacnet.{key}: ",
        )
        for key in ("device_name", "vendor_name", "model_name", "description", "location")
        for bad in ("\\ud83d", "a\\nb", "\\0", "x" * 201)
    ),
    (
        "device",
        {"FACE": f"device_id: 1, vendor_name: {'x' * 101}"},
        "12:37: bacnet.vendor_name: string should have at most 100 characters, not 'xxxxx",
    ),
    *(
        (
            "device",
            {"TWO": f'instance_offset: 1000, name_prefix: "{bad}"'},
            "11:50: meters.1.bacnet.name_prefix: ",
        )
        for bad in ("\\ud800", "p" * 41)
    ),
    (
        "device",
        {"TWO": 'instance_offset: 1000, name_prefix: b.}\n    identity: {model: "a\\nb"'},
        "12:23: meters.1.identity.model: 'a\\nb' has characters that cannot be printed; take",
    ),
    (
        "network",
        {"TWO": 'device_id: 12, location: "\\ud800"'},
        "11:39: meters.1.bacnet.location: ",
    ),
    ("device", {"SITE": "s" * 101}, "1:7: BACnet has the site in names; give it 100 characters"),
    ("device", {"SITE": '"Park\\u200b"'}, "1:7: BACnet has the site in names, which are of prin"),
    # Keys of meters.
    (
        "network",
        {"TWO": "device_id: 12, name_prefix: b."},
        "11:29: 'name_prefix' means nothing with layout network; there are device_id, "
        "device_name, location",
    ),
    (
        "device",
        {"TWO": "instance_offset: 1000, name_prefix: b., device_id: 7"},
        "11:54: 'device_id' means nothing with layout device; there are instance_offset, "
        "name_prefix",
    ),
    (
        "network",
        {"TWO": "device_id: 12, address: 192.0.2.1"},
        "11:29: 'address' means nothing with layout network; there are device_id, device_name, ",
    ),
    # Devices.
    (
        "network",
        {"TWO": "location: cellar"},
        "11:13: with layout network meter 'two' needs its own bacnet.device_id; add it",
    ),
    (
        "network",
        {"TWO": "device_id: 11"},
        "11:25: device_id 11 is that of meter 'one' already; give 'two' another",
    ),
    (
        "network",
        {"TWO": "device_id: 1"},
        "11:25: device_id 1 is that of the router already; give 'two' another",
    ),
    (
        "network",
        {"TWO": "device_id: 12, device_name: Park one"},
        "11:42: device_name Park one is that of meter 'one' already; give 'two' another",
    ),
    (
        "network",
        {"TWO": "device_id: 12, device_name: Park"},
        "11:42: device_name Park is that of the router already; give 'two' another",
    ),
    (
        "ip_per_meter",
        {"TWO": "device_id: 12"},
        "11:13: with layout ip_per_meter meter 'two' needs its own bacnet.address; add it",
    ),
    (
        "ip_per_meter",
        {"TWO": "address: 127.0.0.12/8"},
        "11:13: with layout ip_per_meter meter 'two' needs its own bacnet.device_id; add it",
    ),
    (
        "ip_per_meter",
        {"TWO": "device_id: 12, address: 127.0.0.11/16"},
        "11:38: address 127.0.0.11 is that of meter 'one' already; give 'two' another",
    ),
]


@pytest.mark.parametrize(("layout", "changed", "expected"), WRONG)
def test_what_does_not_agree(
    tmp_path: Path, layout: str, changed: dict[str, str], expected: str
) -> None:
    (found,) = faults(tmp_path, text(layout, **changed))
    assert found.startswith(expected)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_what_agrees(tmp_path: Path, layout: str) -> None:
    good(tmp_path, text(layout))
