import os
import socket
from pathlib import Path

import pytest

from submeter import config, plan, proof
from tooling.bacnet_configs import text


def test_the_file_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text("device", FACE="device_id: 1, address: 127.0.0.1"))
    loaded = config.load(path, ["bacnet.port=47999"])
    assert proof.fault(loaded) is None
    path.write_text(path.read_text().replace("device_id: 1,", "device_id: one,"))
    assert f"{path}:12:21: bacnet.device_id" in (proof.fault(loaded) or "")
    path.write_text(text("device", TWO="instance_offset: 0", FACE="device_id: 1"))
    assert "have the same BACnet object instances" in (proof.fault(loaded) or "")
    path.write_text(text("device", FACE="device_id: one, device_name: 5"))
    assert (proof.fault(loaded) or "").endswith(" (and 1 more)")
    path.unlink()
    assert str(path) in (proof.fault(loaded) or "")


def test_overrides_count(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text("device", FACE="device_id: 1, port: 70000"))
    loaded = config.load(path, ["bacnet.port=47999", "bacnet.address=127.0.0.1"])
    assert proof.fault(loaded) is None
    assert loaded.again().config == loaded.config


def test_address_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(text("device", FACE="device_id: 1, address: 203.0.113.9/24"))
    assert "203.0.113.9/24 is not on this machine" in (proof.fault(config.load(path)) or "")


def test_certificate_that_is_gone(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(
        text("device", FACE="device_id: 1, address: 127.0.0.1")
        + "modbus: {tls: {host: 127.0.0.1, certificate: a.pem, key: a.key, authority: ca.pem}}\n"
    )
    assert "a.pem" in (proof.fault(config.load(path)) or "")


def running(folder: Path, face: str = "device_id: 1, address: 127.0.0.1, port: 47990") -> Path:
    path = folder / "config.yaml"
    path.write_text(text("device", FACE=face))
    return path


@pytest.mark.parametrize("key", ["tcp", "rtu_tcp"])
def test_modbus_host_that_is_not_of_this_machine(tmp_path: Path, key: str) -> None:
    path = running(tmp_path)
    loaded = config.load(path)
    path.write_text(path.read_text() + f"modbus: {{{key}: {{host: 203.0.113.9, port: 15020}}}}\n")
    found = proof.fault(loaded) or ""
    assert found.startswith(f"modbus.{key}: cannot listen on 203.0.113.9 port 15020: ")


def test_modbus_port_of_another_program(tmp_path: Path) -> None:
    path = running(tmp_path)
    loaded = config.load(path)
    with socket.create_server(("127.0.0.77", 0)) as other:
        port = other.getsockname()[1]
        for host in ("127.0.0.77", "0.0.0.0"):
            path.write_text(text("device", FACE="device_id: 1, address: 127.0.0.1, port: 47990"))
            path.write_text(path.read_text() + f"modbus: {{tcp: {{host: {host}, port: {port}}}}}\n")
            found = proof.fault(loaded) or ""
            assert found.startswith(f"modbus.tcp: cannot listen on {host} port {port}: Address")
    assert proof.fault(loaded) is None


def test_bacnet_port_of_another_program(tmp_path: Path) -> None:
    path = running(tmp_path)
    loaded = config.load(path)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.78", 0))
        port = other.getsockname()[1]
        running(tmp_path, f"device_id: 1, address: 127.0.0.78/8, port: {port}")
        found = proof.fault(loaded) or ""
        assert found.startswith(f"bacnet: cannot listen on 127.0.0.78 port {port}: Address")


def test_what_the_program_holds_itself_is_free(tmp_path: Path) -> None:
    path = running(tmp_path)
    before = path.read_text()
    with socket.create_server(("127.0.0.79", 0)) as ours:
        port = ours.getsockname()[1]
        path.write_text(before + f"modbus: {{tcp: {{host: 127.0.0.79, port: {port}}}}}\n")
        loaded = config.load(path)
        for host in ("127.0.0.79", "0.0.0.0"):
            path.write_text(before + f"modbus: {{tcp: {{host: {host}, port: {port}}}}}\n")
            assert proof.fault(loaded) is None


def test_store_that_cannot_be_there(tmp_path: Path) -> None:
    path = running(tmp_path)
    loaded = config.load(path)
    before = path.read_text()
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    for there, fault in (
        ("folder", "is no file"),
        ("file/x.db", "Not a directory"),
        ("file", None),
        ("new/deep/x.db", None),
        ("./x.db", None),
    ):
        path.write_text(before.replace("path: x.db", f"path: {there}"))
        found = proof.fault(loaded)
        assert (found is None) if fault is None else (found and fault in found), there
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
def test_store_that_may_not_be_made(tmp_path: Path) -> None:
    path = running(tmp_path)
    loaded = config.load(path)
    (tmp_path / "closed").mkdir(0o500)
    path.write_text(path.read_text().replace("path: x.db", "path: closed/x.db"))
    assert "cannot be made" in (proof.fault(loaded) or "")


@pytest.mark.parametrize(
    "error", [OSError(24, "Too many open files"), ValueError("odd"), OSError()]
)
def test_what_fails_otherwise_is_a_fault_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def broken(_: object) -> None:
        raise error

    loaded = config.load(running(tmp_path))
    monkeypatch.setattr(plan, "make", broken)
    assert proof.fault(loaded) == (str(error) or repr(error))
