"""The configuration file: what is accepted, what is refused and where, and --set."""

from pathlib import Path

import pytest

from submeter.sources.simulated.settings import SimulatedSettings
from submeter.sources.tic.settings import TicSettings
from tooling.configs import GOOD, faults, load

EVERY_NAME = """\
site: Résidence du Parc
maps: own
store: {path: data/submeter.db, commit: 10.0, sample: 60, retention: 100}
meters:
  - name: main
    unit_id: 1
    map: standard
    sources:
      - tic:
          port: /dev/serial/by-id/usb-FTDI-if00
          baudrate: 9600
          format: 8N1
          maps: {standard: tic-standard, historique: tic-historique}
          options: [va_as_w]
        name: linky
      - simulated: {seed: 7}
    priority: {Frequency: [simulated, linky]}
    return_after: 30.0
    cross_check:
      sources: [linky, simulated]
      point: Active_Energy_Import
      window: 60.0
      limit: 5.0
      hysteresis: 1.0
      least: 100.0
    initial_index: {Active_Energy_Import: 48211.337}
    rating: {current: 60.0, voltage: 230.0, power: 36.0}
    demand: {window: fixed, subinterval: 1}
    alarms:
      phase_loss: {below: 50.0, hysteresis: 5.0, on_delay: 2.0, off_delay: 5.0}
      overload: {hysteresis: 5.0, on_delay: 10.0, off_delay: 10.0}
      energy_direction: {deadband: 20.0, on_delay: 0.0, off_delay: 0.0}
      voltage_unbalance: {hysteresis: 0.5, on_delay: 30.0, off_delay: 30.0}
      current_unbalance: {above: 50.0, hysteresis: 5.0, min_load: 10.0}
      phase_sequence: {tolerance: 50.0, on_delay: 2.0, off_delay: 2.0}
    settings: {CT_Primary_Rating: 200, Demand_Interval: 30}
    sealed: true
    bacnet: {instance_offset: 1000, name_prefix: "main."}
  - name: common
    unit_id: 2
    calculated: main - tenant
  - name: tenant
    unit_id: 3
    sources: [tic: {port: /dev/ttyUSB2}]
    mid: {number: LNE-12345, expires: "2034-12-31"}
access: {networks: [192.0.2.0/24, serial], unlock: none, lease: 10, attempts: 5}
modbus:
  tcp: {host: 0.0.0.0, port: 502}
  rtu: {port: /dev/ttyUSB0, baudrate: 19200, parity: even}
bacnet:
  address: auto
  port: 47808
  device_id: 4000
  device_name: Park
  vendor_id: 999
http: {host: 0.0.0.0, port: 8080}
"""


def test_a_good_configuration(tmp_path: Path) -> None:
    loaded = load(tmp_path, GOOD)
    one, two = loaded.config.meters
    assert one.sources[0].settings == SimulatedSettings(seed=7)
    assert two.sources[0].settings == TicSettings(port="/dev/ttyUSB0")
    assert (one.map, one.bacnet.instance_offset, one.bacnet.name_prefix) == ("standard", 0, "")
    assert loaded.config.bacnet
    assert (loaded.config.bacnet.address, loaded.config.bacnet.port) == ("auto", 47808)
    assert loaded.folder == tmp_path
    assert loaded.own_maps == ()
    assert loaded.unused() == []


def test_every_name_of_the_design_is_accepted(tmp_path: Path) -> None:
    loaded = load(tmp_path, EVERY_NAME)
    assert loaded.store_path == tmp_path / "data" / "submeter.db"
    main, common, _ = loaded.config.meters
    assert [source.called for source in main.sources] == ["linky", "simulated"]
    assert [source.kind for source in main.sources] == ["tic", "simulated"]
    assert main.rating.power == 36
    assert (common.calculated, common.sources) == ("main - tenant", [])
    assert loaded.config.modbus.rtu
    assert loaded.config.modbus.rtu.parity == "even"
    assert loaded.own_maps == (tmp_path / "own",)


def test_keys_whose_part_does_not_exist_yet_are_noted(tmp_path: Path) -> None:
    assert load(tmp_path, EVERY_NAME).unused() == ["'http' is accepted but not used yet"]
    assert load(tmp_path, GOOD, "http.port=81").unused() == ["'http' is accepted but not used yet"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("site: Park", "sight: Park", "1:1: unknown key 'sight'; did you mean 'site'?"),
        ("site: Park\n", "", "1:1: key 'site' is missing; add it"),
        (
            "tcp: {host",
            "tcp: {hots",
            "12:9: unknown key 'modbus.tcp.hots'; did you mean 'host'?",
        ),
        (
            "seed: 7",
            "sed: 7",
            "6:21: unknown key 'meters.0.sources.0.simulated.sed'; did you mean 'seed'?",
        ),
        (
            "simulated: {seed: 7}",
            "wes: {}",
            "6:9: unknown key 'meters.0.sources.0.wes'; known here: name, tic, dlms, optical, ",
        ),
        ("    unit_id: 1\n", "", "3:5: key 'meters.0.unit_id' is missing; add it"),
        (
            "{port: /dev/ttyUSB0}",
            "{}",
            "10:14: key 'meters.1.sources.0.tic.port' is missing; add it",
        ),
        (
            "{port: /dev/ttyUSB0}",
            "/dev/ttyUSB0",
            "10:14: meters.1.sources.0.tic: keys with values should stand here, not '/dev/ttyUSB0'",
        ),
        # wrong types and ranges
        ("unit_id: 1", "unit_id: '1'", "4:14: meters.0.unit_id: input should be a valid integer, "),
        ("unit_id: 1", "unit_id: true", "4:14: meters.0.unit_id: input should be a valid integer"),
        ("unit_id: 1", "unit_id: 1.0", "4:14: meters.0.unit_id: input should be a valid integer"),
        ("unit_id: 1", "unit_id: 01", "4:14: meters.0.unit_id: input should be a valid integer"),
        (
            "unit_id: 1",
            "unit_id: 0",
            "4:14: meters.0.unit_id: input should be greater than or equal to 1, not 0",
        ),
        (
            "unit_id: 1",
            "unit_id: 248",
            "4:14: meters.0.unit_id: input should be less than or equal to 247, not 248",
        ),
        ("port: 1502", "port: 0", "12:32: modbus.tcp.port: input should be greater than or equal"),
        ("site: Park", "site: 12", "1:7: site: input should be a valid string, not 12"),
        ("site: Park", "site: ''", "1:7: site: string should have at least 1 character, not ''"),
        ("name: one", "name: one meter", "3:11: meters.0.name: string should match pattern"),
        (
            "device_id: 4000",
            "device_id: 4194303",
            "13:21: bacnet.device_id: input should be less than or equal to 4194302, not 4194303",
        ),
        (
            "{port: /dev/ttyUSB0}",
            "{port: /dev/ttyUSB0, baudrate: 9601}",
            "10:45: meters.1.sources.0.tic.baudrate: input should be 'auto', 1200, 2400, 4800,",
        ),
        ("meters:\n", "meters: []\nmeterz:\n", "2:9: meters: at least one entry should stand here"),
        # sources
        (
            "    sources:\n      - simulated: {seed: 7}\n",
            "    sources: []\n",
            "3:5: meter 'one' has either 'sources' or 'calculated'; write one of them",
        ),
        (
            "- simulated: {seed: 7}",
            "- {}",
            "6:9: meters.0.sources.0: a source has one kind with its settings below; "
            "kinds: tic, dlms, optical, mbus, ",
        ),
        (
            "- simulated: {seed: 7}",
            "- simulated:",
            "6:9: meters.0.sources.0: a source has one kind with its settings below; ",
        ),
        (
            "- simulated: {seed: 7}",
            "- {simulated: {}, tic: {port: /dev/ttyS0}}",
            "6:9: meters.0.sources.0: a source has one kind with its settings below; ",
        ),
        (
            "      - simulated: {seed: 7}\n",
            "      - simulated: {}\n      - simulated: {}\n",
            "7:9: meter 'one' has two sources called 'simulated'; give one a 'name'",
        ),
        # what must agree
        (
            "unit_id: 2",
            "unit_id: 1",
            "8:14: unit_id 1 is meter 'one' already; give 'two' another",
        ),
        ("name: two", "name: one", "7:11: meter 'one' stands twice; rename one"),
        (
            "modbus:\n  tcp: {host: 127.0.0.1, port: 1502}\nbacnet: {device_id: 4000}\n",
            "",
            "1:1: nobody could read the meters: add 'modbus' with 'tcp', or 'bacnet'",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, expected: str
) -> None:
    assert old in GOOD
    found = faults(tmp_path, GOOD.replace(old, new, 1))
    assert any(fault.startswith(expected) for fault in found), found


def test_one_face_is_enough(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD.replace("bacnet: {device_id: 4000}\n", "")).config.bacnet is None
    only_bacnet = GOOD.replace("modbus:\n  tcp: {host: 127.0.0.1, port: 1502}\n", "")
    assert load(tmp_path, only_bacnet).config.modbus.tcp is None


def test_set(tmp_path: Path) -> None:
    loaded = load(
        tmp_path,
        GOOD,
        "modbus.tcp.port=5020",
        "bacnet.address=127.0.0.2/8",
        "meters.1.name=deux",
        "meters.1.sources.0.tic.port=socket://192.0.2.7:10001",
        "meters.0.bacnet={instance_offset: 1000}",
        "store.path=/var/lib/x=y.db",
        "http.port=81",
    )
    assert loaded.config.modbus.tcp
    assert loaded.config.modbus.tcp.port == 5020
    assert loaded.config.modbus.tcp.host == "127.0.0.1"
    assert loaded.config.bacnet
    assert loaded.config.bacnet.address == "127.0.0.2/8"
    one, two = loaded.config.meters
    assert two.name == "deux"
    assert two.sources[0].tic
    assert two.sources[0].tic.port == "socket://192.0.2.7:10001"
    assert one.bacnet.instance_offset == 1000
    assert loaded.config.store.path == "/var/lib/x=y.db"
    assert loaded.config.http.port == 81


def test_the_last_set_wins(tmp_path: Path) -> None:
    loaded = load(tmp_path, GOOD, "modbus.tcp.port=1", "modbus.tcp.port=2")
    assert loaded.config.modbus.tcp
    assert loaded.config.modbus.tcp.port == 2


def test_set_empty_takes_a_part_away(tmp_path: Path) -> None:
    assert load(tmp_path, GOOD, "bacnet=").config.bacnet is None


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "modbus.tcp.port",
            "--set modbus.tcp.port: write --set key=value, as modbus.tcp.port=5020",
        ),
        ("=5", "--set =5: write --set key=value, as modbus.tcp.port=5020"),
        ("modbus..port=5", "--set modbus..port=5: write --set key=value, as modbus.tcp.port=5020"),
        ("meters.2.name=x", "--set meters.2.name=x: '2' is no item; there are 2, from 0"),
        ("meters.-1.name=x", "--set meters.-1.name=x: '-1' is no item; there are 2, from 0"),
        ("meters.².name=x", "--set meters.².name=x: '²' is no item; there are 2, from 0"),
        ("meters.one.name=x", "--set meters.one.name=x: 'one' is no item; there are 2, from 0"),
        ("site.name=x", "--set site.name=x: there is nothing below the value before 'name'"),
        (
            "modbus.tcp.prot=5",
            "--set modbus.tcp.prot=5: unknown key 'modbus.tcp.prot'; did you mean 'port'?",
        ),
        (
            "modbus.tcp.port=70000",
            "--set modbus.tcp.port=70000: modbus.tcp.port: input should be less than or equal to "
            "65535, not 70000",
        ),
        (
            "modbus={tcp: {port: 70000}}",
            "--set modbus={tcp: {port: 70000}}: modbus.tcp.port: input should be less than or "
            "equal to 65535, not 70000",
        ),
        (
            "modbus={tpc: {}}",
            "--set modbus={tpc: {}}: unknown key 'modbus.tpc'; did you mean 'tcp'?",
        ),
        (
            "meters.1.unit_id=1",
            "--set meters.1.unit_id=1: unit_id 1 is meter 'one' already; give 'two' another",
        ),
    ],
)
def test_a_set_that_is_wrong_names_itself(tmp_path: Path, override: str, expected: str) -> None:
    assert expected in faults(tmp_path, GOOD, override)


def test_a_file_that_is_no_mapping(tmp_path: Path) -> None:
    assert faults(tmp_path, "- a") == ["1:1: keys with values should stand here, not ['a']"]
    assert faults(tmp_path, "a", "site=x") == [
        "--set site=x: there is nothing below the value before 'site'"
    ]


def test_a_folder_of_own_maps_that_is_not_there(tmp_path: Path) -> None:
    text = GOOD + "maps: nowhere\n"
    line = text.splitlines().index("maps: nowhere") + 1
    assert faults(tmp_path, text) == [f"{line}:7: there is no folder {tmp_path / 'nowhere'}"]
