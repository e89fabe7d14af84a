"""Stations that the configuration names, and that cannot be meant."""

from pathlib import Path

import pytest

from tooling.bacnet_configs import faults, good, text

EVERYBODY = "that is the broadcast address of our subnet; name the one station"
SELF = "that is this device itself"
HERE = "device_id: 1, address: 192.0.2.5/24"
WRONG = [
    (f"{HERE}, foreign: {{bbmd: 192.0.2.255}}", f"12:63: {EVERYBODY}"),
    (f"{HERE}, foreign: {{bbmd: '192.0.2.255:5000'}}", f"12:63: {EVERYBODY}"),
    (f"{HERE}, bbmd: {{peers: [192.0.2.7, 192.0.2.255]}}", f"12:73: {EVERYBODY}"),
    (
        f"{HERE}, alarms: {{recipients: [{{address: 192.0.2.255}}]}}",
        f"12:79: {EVERYBODY}, or set 'confirmed: false'",
    ),
    (f"{HERE}, foreign: {{bbmd: 192.0.2.5}}", f"12:63: {SELF}; name a BBMD of another"),
    (f"{HERE}, port: 5000, foreign: {{bbmd: '192.0.2.5:5000'}}", f"12:75: {SELF}; name a BBMD"),
    (f"{HERE}, bbmd: {{peers: [192.0.2.7, 192.0.2.5]}}", f"12:73: {SELF}, which need not be"),
    (
        "device_id: 1, bbmd: {peers: [192.0.2.7, '192.0.2.7:47808']}",
        "12:50: this peer stands twice here; remove one",
    ),
    (
        f"{HERE}, alarms: {{recipients: [{{address: 192.0.2.5}}]}}",
        f"12:79: {SELF}; name the station that is to be told",
    ),
    (
        "device_id: 1, alarms: {recipients: [{device: 1}]}",
        f"12:55: {SELF}; name the station that is to be told",
    ),
    (
        "device_id: 1, alarms: {recipients: [{device: 7}, {device: 8}, {device: 7}]}",
        "12:72: this recipient stands twice here, with the same process and transitions; remove",
    ),
    (
        "device_id: 1, alarms: {recipients: [{address: 192.0.2.7, transitions: [alarm]}, "
        "{address: '192.0.2.7:47808', transitions: [fault, alarm]}]}",
        "12:90: this recipient stands twice here, with the same process and transitions; remove",
    ),
]


@pytest.mark.parametrize(("face", "expected"), WRONG)
def test_what_cannot_be_meant(tmp_path: Path, face: str, expected: str) -> None:
    (found,) = faults(tmp_path, text("device", FACE=face))
    assert found.startswith(expected)


def test_devices_and_addresses_of_meters_are_ours_too(tmp_path: Path) -> None:
    one = "alarms: {recipients: [{device: 12}]}"
    (found,) = faults(
        tmp_path, text("network", FACE=f"device_id: 1, layout: network, network_number: 9, {one}")
    )
    assert SELF in found
    two = "layout: ip_per_meter, alarms: {recipients: [{address: 127.0.0.12}]}"
    (found,) = faults(tmp_path, text("ip_per_meter", FACE=two))
    assert SELF in found


@pytest.mark.parametrize(
    "face",
    [
        # What the address is, is not written here.
        "device_id: 1, address: eth0, foreign: {bbmd: 192.0.2.5}",
        "device_id: 1, address: 192.0.2.5, foreign: {bbmd: 192.0.2.255}",
        "device_id: 1, address: 192.0.2.5/31, foreign: {bbmd: 192.0.2.4}",
        f"{HERE}, alarms: {{recipients: [{{address: 192.0.2.255, confirmed: false}}]}}",
        # Other ports are other stations.
        f"{HERE}, foreign: {{bbmd: '192.0.2.5:47809'}}",
        f"{HERE}, bbmd: {{peers: ['192.0.2.5:47809', 192.0.2.6]}}",
        # Other processes and transitions are told separately.
        "device_id: 1, alarms: {recipients: [{device: 7}, {device: 7, process: 2}]}",
        "device_id: 1, alarms: {recipients: [{device: 7, transitions: [alarm]}, "
        "{device: 7, transitions: [fault, normal], confirmed: false}]}",
    ],
)
def test_what_can_be_meant(tmp_path: Path, face: str) -> None:
    good(tmp_path, text("device", FACE=face))
