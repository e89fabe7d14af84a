from datetime import UTC, datetime, timedelta

import pytest

from submeter.modbus.roles import Verdict, judge, verdict
from submeter.modbus.settings import Role
from tooling.certificates import Authority, utf8_string

ROLES: dict[str, Role] = {"operator": "write", "reader": "read"}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("roles"))


@pytest.mark.parametrize(("role", "right"), ROLES.items())
def test_a_role_gives_its_right(authority: Authority, role: str, right: Role) -> None:
    assert judge(authority.client("a", utf8_string(role)).der, ROLES) == Verdict(right)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((), "no role"),
        ((utf8_string("engineer"),), "unknown role 'engineer'"),
        ((utf8_string("Operator"),), "unknown role 'Operator'"),
        ((utf8_string(""),), "no role"),
        ((b"operator",), "no role"),
        ((b"\x13\x08operator",), "no role"),  # a PrintableString
        ((b"\x0c\x09operator",), "no role"),
        ((b"\x0c\x08operator\x0c\x06reader",), "no role"),
        ((b"\x0c\x02\xff\xfe",), "no role"),
        ((b"",), "no role"),
    ],
)
def test_anything_else_gives_none(
    authority: Authority, values: tuple[bytes, ...], reason: str
) -> None:
    assert judge(authority.client("b", *values).der, ROLES) == Verdict(None, reason)


def test_a_role_has_to_be_among_those_of_the_configuration(authority: Authority) -> None:
    certificate = authority.client("c", utf8_string("operator")).der
    assert judge(certificate, {}).right is None
    assert judge(certificate, {"operator": "read"}).right == "read"


def test_no_certificate_and_no_sound_one() -> None:
    assert judge(None, ROLES) == Verdict(None, "no certificate")
    assert judge(b"\x30\x03\x02\x01\x00", ROLES) == Verdict(None, "malformed certificate")


def test_a_certificate_that_has_expired_since_its_session_began(authority: Authority) -> None:
    certificate = authority.client("d", utf8_string("operator"), days=1).der
    now = datetime.now(UTC)
    assert verdict(certificate, ROLES, now).right == "write"
    late = verdict(certificate, ROLES, now + timedelta(days=2))
    assert late == Verdict(None, "expired certificate")
