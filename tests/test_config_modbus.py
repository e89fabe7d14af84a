"""The `modbus` part of the configuration, and what the meters say of it."""

from pathlib import Path

import pytest

from submeter import modbus_faces, plan
from submeter.errors import ConfigError
from submeter.pointmap.meter_file import WhenStale
from tooling.configs import GOOD, faults, load

TLS = "{certificate: s.crt, key: s.key, authority: ca.crt}"


def test_defaults(tmp_path: Path) -> None:
    modbus = load(tmp_path, GOOD).config.modbus
    assert modbus.tcp
    assert (modbus.tcp.connections, modbus.tcp.per_peer, modbus.tcp.idle) == (256, 64, 600)
    assert (modbus.tcp.allow, modbus.tcp.keepalive) == ([], 60)
    assert (modbus.unit_0, modbus.unit_255) == ("auto", "auto")
    assert (modbus.tls, modbus.rtu, modbus.rtu_tcp) == (None, None, None)


def test_tls_has_two_roles_unless_others_are_given(tmp_path: Path) -> None:
    tls = load(tmp_path, GOOD, f"modbus.tls={TLS}").config.modbus.tls
    assert tls
    assert (tls.port, tls.roles) == (802, {"operator": "write", "reader": "read"})


@pytest.mark.parametrize(
    ("rtu", "expected"),
    [
        ("{port: /dev/ttyS0}", "8E1"),
        ("{port: /dev/ttyS0, parity: odd}", "8O1"),
        ("{port: /dev/ttyS0, parity: none}", "8N2"),
        ("{port: /dev/ttyS0, parity: none, stop_bits: 1}", "8N1"),
    ],
)
def test_a_character_has_eleven_bits_unless_told_otherwise(
    tmp_path: Path, rtu: str, expected: str
) -> None:
    settings = load(tmp_path, GOOD, f"modbus.rtu={rtu}").config.modbus.rtu
    assert settings
    assert settings.character_format == expected


def test_any_listener_will_do(tmp_path: Path) -> None:
    text = GOOD.replace("bacnet: {device_id: 4000}\n", "")
    text = text.replace("tcp: {host: 127.0.0.1, port: 1502}", "rtu_tcp: {host: 127.0.0.1}")
    assert load(tmp_path, text).config.modbus.rtu_tcp


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("modbus.unit_0=gatewya", "no meter is called 'gatewya'; did you mean 'gateway'?"),
        ("modbus.unit_255=x", "no meter is called 'x'; there are: auto, gateway, none, one, two"),
        ("modbus.tcp.allow=[300.0.0.0/8]", "'300.0.0.0/8' is no network; write it as 192.0.2.0/24"),
        ("modbus.rtu_tcp={port: 1502}", "port 1502 is that of modbus.tcp; take another"),
        ("modbus.tls={port: 802}", "key 'modbus.tls.certificate' is missing; add it"),
        (
            "modbus.rtu={port: /dev/ttyS0, stop_bits: 2}",
            "a character with parity has one stop bit; remove 'stop_bits: 2'",
        ),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, override: str, expected: str) -> None:
    (fault,) = [line for line in faults(tmp_path, GOOD, override) if expected in line]
    assert fault.endswith(expected)


def test_two_listeners_may_have_one_port_on_different_addresses(tmp_path: Path) -> None:
    override = "modbus.rtu_tcp={host: 127.0.0.2, port: 1502}"
    assert load(tmp_path, GOOD, override).config.modbus.rtu_tcp


def test_one_word_for_stale_and_failed(tmp_path: Path) -> None:
    entry = load(tmp_path, GOOD, "meters.0.when_stale=failure").config.meters[0]
    assert entry.when_stale == WhenStale(stale="failure", failed="failure", absent="invalid")
    entry = load(tmp_path, GOOD, "meters.0.when_stale={stale: last}").config.meters[0]
    assert entry.when_stale == WhenStale(stale="last")


@pytest.mark.parametrize("port", ["", "ttyUSB0", ".", "a" * 300, '"/dev/a\\0b"'])
def test_the_port_is_a_whole_path(tmp_path: Path, port: str) -> None:
    quoted = port if port.startswith('"') else f"'{port}'"
    assert faults(tmp_path, GOOD + "maps: own\n", f"modbus.rtu={{port: {quoted}}}")


@pytest.mark.parametrize("name", ["auto", "gateway", "none"])
def test_words_of_unit_0_are_no_names_of_meters(tmp_path: Path, name: str) -> None:
    (fault,) = faults(tmp_path, GOOD.replace("name: one", f"name: {name}"))
    assert fault.endswith(f"'{name}' has a meaning at modbus.unit_0; call the meter otherwise")


def test_a_path_of_the_store_on_one_line(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD, 'store.path="a\\0b"')


def test_a_symlink_loop_is_no_traceback(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    loaded = load(
        tmp_path, GOOD.replace("/dev/ttyUSB0", "replay:x"), f"modbus.rtu={{port: {loop}}}"
    )
    with pytest.raises(ConfigError, match=r"Too many levels|no such device"):
        modbus_faces.prove(loaded)


@pytest.mark.parametrize("name", ["Modbus_Baudrate: 9600", "Modbus_Character_Format: 2"])
def test_the_line_is_set_in_one_place(tmp_path: Path, name: str) -> None:
    text = GOOD.replace(
        "    sources:\n      - simulated: {seed: 7}",
        f"    settings: {{{name}}}\n    sources:\n      - simulated: {{seed: 7}}",
    )
    text = text.replace("tic: {port: /dev/ttyUSB0}", "simulated: {seed: 8}")
    loaded = load(tmp_path, text, "modbus.rtu={port: /dev/null}")
    with pytest.raises(ConfigError, match="the line is set by"):
        plan.make(loaded)
