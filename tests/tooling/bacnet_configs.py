"""Configurations of two meters in each layout of BACnet, and what is wrong with them."""

from pathlib import Path

import pytest

from submeter import config, plan
from submeter.errors import ConfigError

HEAD = """\
site: Park
store: {path: x.db}
meters:
  - name: one
    unit_id: 1
    sources: [simulated: {}]
    bacnet: {ONE}
  - name: two
    unit_id: 2
    sources: [simulated: {}]
    bacnet: {TWO}
bacnet: {FACE}
"""
DEVICE = {"ONE": "", "TWO": "instance_offset: 1000, name_prefix: b.", "FACE": "device_id: 1"}
NETWORK = {
    "ONE": "device_id: 11",
    "TWO": "device_id: 12",
    "FACE": "device_id: 1, layout: network, network_number: 2001",
}
ADDRESSES = {
    "ONE": "device_id: 11, address: 127.0.0.11/8",
    "TWO": "device_id: 12, address: 127.0.0.12/8",
    "FACE": "layout: ip_per_meter",
}
LAYOUTS = {"device": DEVICE, "network": NETWORK, "ip_per_meter": ADDRESSES}


def text(layout: str, **changed: str) -> str:
    """Return a configuration; `changed` are ONE, TWO, FACE and SITE instead of the layout's."""
    made = HEAD.replace("site: Park", f"site: {changed.pop('SITE', 'Park')}")
    for key, value in {**LAYOUTS[layout], **changed}.items():
        made = made.replace(f"{{{key}}}", f"{{{value}}}")
    return made


def faults(folder: Path, content: str) -> list[str]:
    path = folder / "config.yaml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        plan.make(config.load(path))
    return [fault.removeprefix(f"{path}:") for fault in caught.value.faults]


def good(folder: Path, content: str) -> config.Loaded:
    path = folder / "config.yaml"
    path.write_text(content, encoding="utf-8")
    loaded = config.load(path)
    plan.make(loaded)
    return loaded
