"""Objects of one device have different numbers and names, before any of them is made."""

from pathlib import Path

import pytest

from submeter import bacnet_clashes as clashes
from submeter import bacnet_documents, plan
from submeter.meter.unlock_code import hashed
from tooling.bacnet_configs import LAYOUTS, faults, good, text
from tooling.program import run, write


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("map_", ["standard", "schneider-iem3155"])
def test_the_numbers_and_names_looked_at_are_those_that_are_served(
    tmp_path: Path, layout: str, map_: str
) -> None:
    content = text(layout).replace("unit_id: 2", f"unit_id: 2\n    map: {map_}")
    loaded = good(tmp_path, content)
    assert loaded.config.bacnet
    planned = plan.make(loaded)
    trends = loaded.config.bacnet.trends.points
    looked_at = [
        {
            (*each.number, each.name)
            for each in clashes.of_meter(
                meter.map, trends, meter.entry.bacnet if layout == "device" else None
            )
        }
        for meter in planned
    ]
    documents = bacnet_documents.of_configuration(loaded, planned)
    served = [
        {(e.type_name, e.instance, e.name) for e in documents.objects(host)}
        for host in documents.hosts
    ]
    own = {"device", "network-port", "notification-class", "characterstring-value"}
    found = [{each for each in one if each[0] not in own} for one in served]
    if layout == "network":
        assert found.pop(0) == set(), "the router"
    assert found == ([looked_at[0] | looked_at[1]] if layout == "device" else looked_at)
    fixed = {name for one in served for kind, _, name in one if kind in own - {"device"}}
    known = {clashes._OF_STATION, clashes._OF_ROUTER, clashes._BEHIND, clashes._WITH_METERS}
    assert fixed <= {name for names in known for name in names}


WRONG = [
    (
        "device",
        {"SITE": "Frequency"},
        "1:7: the device is called 'Frequency', as an object of meter 'one'; change "
        "bacnet.device_name",
    ),
    (
        "device",
        {"FACE": "device_id: 1, device_name: b.Active_Power_Total_Trend"},
        "12:37: the device is called 'b.Active_Power_Total_Trend', as an object of meter 'two'; "
        "change bacnet.device_name",
    ),
    (
        "device",
        {"SITE": "Unlock_Code"},
        "1:7: 'Unlock_Code' is the name of an object that every device has; change "
        "bacnet.device_name",
    ),
    (
        "device",
        {"FACE": "device_id: 1, device_name: Meter"},
        "12:37: the device is called 'Meter', as an object of meter 'one'; change "
        "bacnet.device_name",
    ),
    (
        "network",
        {"SITE": "Virtual_Network_Port"},
        "1:7: 'Virtual_Network_Port' is the name of an object that every device has; change "
        "bacnet.device_name",
    ),
    (
        "network",
        {"ONE": "device_id: 11, device_name: Frequency"},
        "7:42: the device is called 'Frequency', as an object of meter 'one'; change its "
        "bacnet.device_name",
    ),
    (
        "ip_per_meter",
        {"ONE": "device_id: 11, address: 127.0.0.11, device_name: Network_Port"},
        "7:63: 'Network_Port' is the name of an object that every device has; change its "
        "bacnet.device_name",
    ),
    (
        "device",
        {"TWO": "instance_offset: 1000"},
        "11:13: meter 'two' has BACnet object names that meter 'one' has already; give 'two' its "
        "own bacnet.name_prefix, such as 'two.'",
    ),
    (
        "device",
        {"TWO": "name_prefix: b."},
        "11:13: meters 'one' and 'two' have the same BACnet object instances; give 'two' its own "
        "bacnet.instance_offset, such as 1000",
    ),
    (
        "device",
        {"TWO": "instance_offset: 4194300, name_prefix: b."},
        "11:31: instance_offset puts objects of 'two' beyond 4194302",
    ),
]


@pytest.mark.parametrize(("layout", "changed", "expected"), WRONG)
def test_what_does_not_agree(
    tmp_path: Path, layout: str, changed: dict[str, str], expected: str
) -> None:
    (found,) = faults(tmp_path, text(layout, **changed))
    assert found.startswith(expected)


def test_a_prefix_can_make_two_names_one(tmp_path: Path) -> None:
    """`a.` before `b.X` is `a.b.` before `X`."""
    _map(tmp_path, "b.Frequency")
    prefixes = {
        "ONE": "name_prefix: a.",
        "TWO": "instance_offset: 1000, name_prefix: a.b.",
    }
    content = text("device", **prefixes).replace("unit_id: 1", "unit_id: 1\n    map: own")
    (found,) = faults(tmp_path, f"maps: own\n{content}")
    assert found.startswith("13:50: meter 'two' has BACnet object names that meter 'one' has")


def _map(folder: Path, *names: str) -> None:
    """Write the map `own`, which shows the frequency under these names."""
    (folder / "own" / "meters").mkdir(parents=True)
    entries = "".join(
        f"    - {{point: Frequency, object: analog-input, instance: {number}, name: {name}}}\n"
        for number, name in enumerate(names, 1)
    )
    (folder / "own" / "meters" / "own.yaml").write_text(
        f"title: Own\nmodbus: {{registers: []}}\nbacnet:\n  objects:\n{entries}"
    )


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("name", "trends"), [("Meter", ""), ("Frequency_Trend", ", trends: {points: [Frequency]}")]
)
def test_a_map_cannot_name_what_every_meter_has(
    tmp_path: Path, layout: str, name: str, trends: str
) -> None:
    _map(tmp_path, name)
    face = LAYOUTS[layout]["FACE"] + trends
    content = text(layout, FACE=face).replace("unit_id: 2", "unit_id: 2\n    map: own")
    assert faults(tmp_path, f"maps: own\n{content}") == [
        f"11:10: map 'own' names an object '{name}', which every meter has; give it another "
        "'name' in the map"
    ]


@pytest.mark.parametrize("name", ["Notification_Class", "Unlock_Code"])
def test_a_map_cannot_name_what_every_device_has(tmp_path: Path, name: str) -> None:
    _map(tmp_path, name)
    with_map = {
        layout: "maps: own\n"
        + text(layout, **changed).replace("unit_id: 2", "unit_id: 2\n    map: own")
        for layout, changed in (
            ("device", {"TWO": "instance_offset: 1000"}),
            ("network", {}),
            ("ip_per_meter", {}),
        )
    }
    found = faults(tmp_path, with_map["device"])
    assert (
        f"13:13: meter 'two' has an object '{name}', as every device has; give 'two' another "
        "bacnet.name_prefix, such as 'two.'"
    ) in found
    good(tmp_path, with_map["device"].replace("offset: 1000", "offset: 1000, name_prefix: two."))
    for layout in ("network", "ip_per_meter"):
        (told,) = faults(tmp_path, with_map[layout])
        assert told.startswith(f"11:10: map 'own' names an object '{name}', which every meter")


def test_check_finds_what_run_would_refuse(tmp_path: Path) -> None:
    path = write(tmp_path / "config.yaml", text("device", SITE="Frequency"))
    checked, ran = run("check", str(path)), run("run", str(path))
    assert checked.returncode == ran.returncode == 2
    assert checked.stderr == ran.stderr
    assert checked.stderr.startswith(f"{path}:1:7: the device is called 'Frequency'")


def test_many_meters_are_looked_at_in_one_go(tmp_path: Path) -> None:
    entries = "".join(
        f"  - {{name: m{n}, unit_id: {n}, sources: [simulated: {{}}], "
        f"bacnet: {{instance_offset: {1000 * n}, name_prefix: m{n}.}}}}\n"
        for n in range(1, 101)
    )
    code = hashed("let-me-in")
    more = f"bacnet: {{device_id: 1}}\naccess: {{networks: [192.0.2.0/24], unlock: '{code}'}}\n"
    good(tmp_path, f"site: Park\nstore: {{path: x.db}}\nmeters:\n{entries}{more}")
    entries = entries.replace("instance_offset: 100000", "instance_offset: 99001")
    (found,) = faults(tmp_path, f"site: Park\nstore: {{path: x.db}}\nmeters:\n{entries}{more}")
    assert "meters 'm99' and 'm100' have the same BACnet object instances" in found
