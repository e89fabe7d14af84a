"""The files that Modbus in TLS is started with, and what is said of bad ones."""

from pathlib import Path

import pytest

from submeter.errors import ConfigError
from submeter.meter.audit import Audit
from tooling.certificates import Authority
from tooling.faces import tls_face


def faults(folder: Path, **files: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        tls_face({}, folder, Audit(), **files)
    return tuple(fault.replace(f"{folder}/", "") for fault in caught.value.faults)


@pytest.fixture
def own(tmp_path: Path) -> Authority:
    made = Authority(tmp_path)
    made.server()
    return made


def test_files_that_are_missing_are_all_named(tmp_path: Path) -> None:
    assert faults(tmp_path) == (
        "modbus.tls.certificate: cannot read server.crt: No such file or directory",
        "modbus.tls.key: cannot read server.key: No such file or directory",
        "modbus.tls.authority: cannot read ca.crt: No such file or directory",
    )


def test_files_that_hold_something_else(own: Authority) -> None:
    own.folder.joinpath("rubbish").write_bytes(b"\x00\xff rubbish")
    assert faults(own.folder, certificate="rubbish", key="rubbish", authority="rubbish") == (
        "modbus.tls.certificate: rubbish is no certificate in PEM form",
        "modbus.tls.key: rubbish is no private key in PEM form",
        "modbus.tls.authority: rubbish is no certificate in PEM form",
    )
    assert faults(own.folder, key="server.crt") == (
        "modbus.tls.key: server.crt is no private key in PEM form",
    )


def test_a_key_of_another_certificate(own: Authority) -> None:
    own.server("other")
    assert faults(own.folder, key="other.key") == (
        "modbus.tls.key: other.key is not the key of server.crt; take the one made with it",
    )


def test_our_own_certificate_has_expired_or_will_soon(
    own: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    own.server(days=-1)
    tls_face({}, own.folder, Audit())  # the meters go on after a power cut
    assert "event=certificate_expired file=" in caplog.text
    caplog.clear()
    own.server(days=5)
    tls_face({}, own.folder, Audit())
    assert "event=certificate_expires file=" in caplog.text


def test_an_authority_that_is_none_or_has_expired(
    own: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    assert faults(own.folder, authority="server.crt") == (
        "modbus.tls.authority: 'CN=server' in server.crt signs nobody; name the one that does",
    )
    old = Authority(own.folder, "old", days=-1)
    tls_face({}, own.folder, Audit(), authority="old.crt")
    assert "event=certificate_expired file=" in caplog.text
    caplog.clear()
    both = own.certificate.read_bytes() + old.certificate.read_bytes()
    own.folder.joinpath("both.crt").write_bytes(both)
    tls_face({}, own.folder, Audit(), authority="both.crt")
    assert not caplog.records


def test_a_key_that_everybody_can_read_is_warned_of(
    own: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    tls_face({}, own.folder, Audit())
    assert not caplog.records
    own.folder.joinpath("server.key").chmod(0o644)
    tls_face({}, own.folder, Audit())
    [record] = caplog.records
    assert "event=key_readable" in record.getMessage()
