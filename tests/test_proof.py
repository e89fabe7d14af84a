from pathlib import Path

from submeter import config, proof
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
