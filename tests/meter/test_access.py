"""Access: refused by default, networks, the code, leases, pauses, and a bounded memory."""

import base64
import re
from typing import Any

import pytest
from pydantic import ValidationError

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter import access as module
from submeter.meter import patience, unlock_code
from submeter.meter.access import Access, Who
from submeter.meter.access_settings import AccessSettings, network
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.patience import Patience

CODE = "let me in 7"
HASH = unlock_code.hashed(CODE)
NEAR = Who("modbus", "192.0.2.7")
FAR = Who("modbus", "198.51.100.7")


def at(seconds: float) -> Instant:
    return Instant(seconds, 1_700_000_000 + seconds)


def settings(**more: Any) -> AccessSettings:
    return AccessSettings(**{"networks": ["192.0.2.0/24"], "unlock": HASH, **more})


def made(**more: Any) -> tuple[Access, Audit]:
    log = Audit()
    return Access(settings(**more), log), log


def permit(access: Access, who: Who, seconds: float) -> Refusal | None:
    try:
        access.permit(who, at(seconds))
    except WriteRefusedError as error:
        return error.reason
    return None


def unlock(access: Access, who: Who, code: str, seconds: float) -> str | None:
    """Return the text of the refusal, None if there is none."""
    try:
        access.unlock(who, code, at(seconds))
    except WriteRefusedError as error:
        return str(error)
    return None


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Compare codes without working out hashes, and return those that were compared."""
    compared: list[str] = []

    def matches(code: str, line: str) -> bool:
        assert line == HASH
        compared.append(code)
        return code == CODE

    monkeypatch.setattr(unlock_code, "matches", matches)
    return compared


def test_nobody_by_default() -> None:
    access = Access(AccessSettings(), Audit())
    for address in ("127.0.0.1", "::1", "192.0.2.7", "/dev/ttyUSB0", "", "unix"):
        assert permit(access, Who("modbus", address), 0) is Refusal.NOT_ALLOWED
        text = unlock(access, Who("modbus", address), CODE, 0)
        assert text
        assert text.startswith("writing is not open for modbus")


def test_the_local_operator_is_always_permitted() -> None:
    assert permit(Access(AccessSettings(), Audit()), Who("cli", "root"), 0) is None


def test_the_code_opens_for_the_lease_only() -> None:
    access, log = made(lease=2)
    assert permit(access, NEAR, 0) is Refusal.LOCKED
    assert unlock(access, NEAR, CODE, 0) is None
    assert permit(access, NEAR, 119.9) is None
    assert permit(access, NEAR, 120) is Refusal.LOCKED
    assert permit(access, Who("modbus", "192.0.2.8"), 1) is Refusal.LOCKED
    assert permit(access, Who("bacnet", NEAR.address), 1) is Refusal.LOCKED
    assert permit(access, FAR, 1) is Refusal.NOT_ALLOWED
    (entry,) = log.take()
    assert (entry.event, entry.who, entry.detail) == ("unlocked", "modbus 192.0.2.7", "minutes=2")


def test_a_wrong_code_opens_nothing_and_is_told() -> None:
    access, log = made()
    assert unlock(access, NEAR, "let me in 8", 0) == "this is not the unlock code"
    assert permit(access, NEAR, 0) is Refusal.LOCKED
    (entry,) = log.take()
    assert (entry.event, entry.detail) == ("unlock_refused", "reason=locked")
    assert CODE not in entry.detail


@pytest.mark.usefixtures("quick")
def test_lock_ends_the_lease() -> None:
    access, log = made()
    unlock(access, NEAR, CODE, 0)
    access.lock(Who("modbus", "::ffff:192.0.2.7"), at(1))
    access.lock(NEAR, at(2))
    assert permit(access, NEAR, 2) is Refusal.LOCKED
    assert [entry.event for entry in log.take()] == ["unlocked", "locked"]


@pytest.mark.usefixtures("quick")
def test_ipv4_peers_of_an_ipv6_socket_are_ipv4() -> None:
    access, _ = made()
    mapped = Who("modbus", "::ffff:192.0.2.7")
    assert unlock(access, mapped, CODE, 0) is None
    assert permit(access, NEAR, 1) is None
    assert permit(access, mapped, 1) is None
    assert permit(access, Who("modbus", "::ffff:198.51.100.7"), 1) is Refusal.NOT_ALLOWED
    access, _ = made(networks=["::ffff:192.0.2.0/120"])
    assert permit(access, NEAR, 1) is Refusal.LOCKED
    access, _ = made(networks=["fe80::/10"])
    assert permit(access, Who("modbus", "fe80::1%eth0"), 1) is Refusal.LOCKED


def test_networks_without_a_code() -> None:
    access, log = made(unlock="none", networks=["192.0.2.0/24", "serial"])
    assert permit(access, NEAR, 0) is None
    assert permit(access, Who("modbus", "/dev/ttyUSB0"), 0) is None
    assert permit(access, FAR, 0) is Refusal.NOT_ALLOWED
    assert unlock(access, NEAR, "anything", 0) is None
    assert log.take() == []


def test_too_many_wrong_codes_cost_a_growing_pause(quick: list[str]) -> None:
    access, _ = made(attempts=3)
    for _ in range(3):
        assert unlock(access, NEAR, "wrong!", 0) == "this is not the unlock code"
    assert unlock(access, NEAR, CODE, 29) == "too many wrong codes; wait 2 s"
    assert len(quick) == 3
    assert unlock(access, NEAR, "wrong!", 30) == "this is not the unlock code"
    assert unlock(access, NEAR, CODE, 89) == "too many wrong codes; wait 2 s"
    assert unlock(access, NEAR, CODE, 90) is None
    assert unlock(access, NEAR, "wrong!", 91) == "this is not the unlock code"
    assert unlock(access, NEAR, CODE, 91) is None


def test_all_peers_together_are_limited_too(quick: list[str]) -> None:
    access, _ = made(attempts=2)
    for host in range(1, 100):
        unlock(access, Who("modbus", f"192.0.2.{host}"), "wrong!", 0)
    assert len(quick) == 2 * module.ALL_TOGETHER
    assert unlock(access, NEAR, CODE, 1) == "too many wrong codes; wait 30 s"


@pytest.mark.usefixtures("quick")
def test_strangers_shut_nobody_out_for_long() -> None:
    access, _ = made(attempts=1)
    for second in range(0, 7200, 5):
        unlock(access, Who("modbus", f"192.0.2.{second % 200 + 20}"), "wrong!", second)
    text = unlock(access, NEAR, CODE, 7200)
    assert text
    wait = int(text.removeprefix("too many wrong codes; wait ").removesuffix(" s"))
    assert wait <= module.LONGEST_TOGETHER
    assert unlock(access, NEAR, CODE, 7200 + wait) is None


def test_what_strangers_can_try_is_bounded(quick: list[str]) -> None:
    access, _ = made(networks=["2001:db8::/32"])
    for second in range(0, 86_400, 15):
        unlock(access, Who("modbus", f"2001:db8::{second:x}"), "wrong!", second)
    assert len(quick) <= 4 * 5 + 86_400 / module.LONGEST_TOGETHER


def test_a_peer_that_has_unlocked_before_is_no_stranger(quick: list[str]) -> None:
    access, _ = made(attempts=2)
    assert unlock(access, NEAR, CODE, 0) is None
    for host in range(20, 40):
        unlock(access, Who("modbus", f"192.0.2.{host}"), "wrong!", 1000)
    assert unlock(access, NEAR, "wrong!", 1001) == "this is not the unlock code"
    assert unlock(access, NEAR, CODE, 1001) is None
    assert unlock(access, Who("modbus", "192.0.2.8"), CODE, 1001) is not None, "no pause is undone"
    for _ in range(2):
        assert unlock(access, NEAR, "wrong!", 1002) == "this is not the unlock code"
    assert unlock(access, NEAR, CODE, 1003) == "too many wrong codes; wait 30 s", "its own remain"
    days = 1001 + module.FAMILIAR
    for host in range(40, 60):
        unlock(access, Who("modbus", f"192.0.2.{host}"), "wrong!", days)
    text = unlock(access, NEAR, CODE, days)
    assert text
    assert text.startswith("too many wrong codes")


@pytest.mark.usefixtures("quick")
def test_who_is_no_stranger_is_bounded() -> None:
    access, _ = made(networks=["2001:db8::/32"])
    for number in range(2 * module.MOST_FAMILIAR):
        unlock(access, Who("modbus", f"2001:db8::{number:x}"), CODE, number)
    assert len(access._familiar) == module.MOST_FAMILIAR
    assert f"2001:db8::{2 * module.MOST_FAMILIAR - 1:x}" in access._familiar


def test_attempts_that_end_never_are_bounded() -> None:
    access, _ = made(networks=["2001:db8::/32"], attempts=100)
    for number in range(2 * module.MOST_BEGUN):
        access.attempt(Who("modbus", f"2001:db8::{number:x}"), CODE, at(61 * number))
    assert len(access._begun) == module.MOST_BEGUN


@pytest.mark.usefixtures("quick")
def test_an_attempt_from_before_the_lock_grants_nothing() -> None:
    access, log = made()
    first, second = access.attempt(NEAR, CODE, at(1)), access.attempt(NEAR, CODE, at(2))
    other = access.attempt(Who("modbus", "192.0.2.8"), CODE, at(2))
    assert first
    assert second
    assert other
    access.conclude(NEAR, first(), at(1))
    access.lock(NEAR, at(3))
    with pytest.raises(WriteRefusedError, match="it was locked again meanwhile") as caught:
        access.conclude(NEAR, second(), at(2))
    assert caught.value.reason is Refusal.LOCKED
    assert permit(access, NEAR, 3) is Refusal.LOCKED
    access.conclude(Who("modbus", "192.0.2.8"), other(), at(2))
    assert unlock(access, NEAR, CODE, 4) is None
    assert permit(access, NEAR, 4) is None
    told = [(entry.event, entry.who) for entry in log.take()][:4]
    assert told == [
        ("unlocked", "modbus 192.0.2.7"),
        ("locked", "modbus 192.0.2.7"),
        ("unlock_refused", "modbus 192.0.2.7"),
        ("unlocked", "modbus 192.0.2.8"),
    ]


@pytest.mark.usefixtures("quick")
def test_a_right_code_from_before_the_lock_costs_nothing() -> None:
    access, _ = made(attempts=1)
    for second in range(20):
        work = access.attempt(NEAR, CODE, at(second))
        access.lock(NEAR, at(second + 0.5))
        assert work
        with pytest.raises(WriteRefusedError, match="it was locked again meanwhile"):
            access.conclude(NEAR, work(), at(second))
    assert unlock(access, Who("modbus", "192.0.2.8"), CODE, 20) is None
    assert unlock(access, NEAR, CODE, 20) is None


def test_what_never_began_grants_nothing() -> None:
    access, _ = made()
    with pytest.raises(WriteRefusedError):
        access.conclude(NEAR, True, at(0))
    assert permit(access, NEAR, 0) is Refusal.LOCKED


@pytest.mark.usefixtures("quick")
def test_a_pause_ends_no_lease() -> None:
    access, _ = made(attempts=1)
    unlock(access, NEAR, CODE, 0)
    unlock(access, NEAR, "wrong!", 1)
    assert permit(access, NEAR, 2) is None


@pytest.mark.usefixtures("quick")
def test_memory_is_bounded() -> None:
    access, _ = made(networks=["2001:db8::/32"])
    for number in range(2 * module.MOST_LEASES):
        unlock(access, Who("modbus", f"2001:db8::{number:x}"), CODE, 0.001 * number)
    assert len(access._leases) == module.MOST_LEASES
    assert permit(access, Who("modbus", f"2001:db8::{2 * module.MOST_LEASES - 1:x}"), 1) is None


def test_patience_is_bounded_and_forgets() -> None:
    waiting: Patience[int] = Patience(1)
    for number in range(2 * patience.MOST_KNOWN):
        waiting.fail(number, 0)
    assert len(waiting._known) == patience.MOST_KNOWN
    assert waiting.wait(2 * patience.MOST_KNOWN - 1, 0) == patience.FIRST_PAUSE
    assert waiting.wait(0, 0) == 0
    again: Patience[str] = Patience(2)
    for second in (0, 1, 1000):
        again.fail("a", second)
    assert again.wait("a", 1000) == 2 * patience.FIRST_PAUSE
    for _ in range(100):
        again.fail("a", 2000)
    assert again.wait("a", 2000) == patience.LONGEST_PAUSE
    again.fail("a", 2000 + 2 * patience.LONGEST_PAUSE + 1)
    assert again.wait("a", 2000 + 2 * patience.LONGEST_PAUSE + 1) == 0


def test_hashes_differ_and_match() -> None:
    other = unlock_code.hashed(CODE)
    assert other != HASH
    assert re.fullmatch(r"scrypt\$16384\$8\$1\$[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=", HASH)
    assert unlock_code.matches(CODE, HASH)
    assert unlock_code.matches(CODE, other)
    assert not unlock_code.matches(CODE + "8", HASH)
    assert not unlock_code.matches("", HASH)
    assert not unlock_code.matches("\udc80" * 8, HASH)


@pytest.mark.parametrize("code", ["", "short", "x" * 65, "clé de 12 mètres", "tab\there"])
def test_codes_that_cannot_be(code: str) -> None:
    with pytest.raises(ValueError, match="an unlock code "):
        unlock_code.hashed(code)


SALT = base64.b64encode(bytes(16)).decode()
DIGEST = base64.b64encode(bytes(32)).decode()
HALVES = ["0.0.0.0/1", "serial", "192.0.0.0/2", "10.0.0.0/8", "128.0.0.0/2"]
HALVES_6 = ["::/1", "192.0.2.0/24", "8000::/1"]
MAPPED = ["0.0.0.0/1", "::ffff:128.0.0.0/97"]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"unlock": None}, "networks without an unlock code; add 'unlock'"),
        ({"networks": []}, "lets nobody write; add 'networks'"),
        ({"unlock": "none", "networks": ["0.0.0.0/0"]}, "everybody could write without a code"),
        ({"unlock": "none", "networks": ["::/0"]}, "everybody could write without a code"),
        ({"unlock": "none", "networks": ["::ffff:0:0/96"]}, "everybody could write without"),
        ({"unlock": "none", "networks": HALVES}, "everybody could write without a code"),
        ({"unlock": "none", "networks": HALVES_6}, "everybody could write without a code"),
        ({"unlock": "none", "networks": MAPPED}, "everybody could write without a code"),
        ({"unlock": "secret123"}, "make one with 'submeter settings passwd'"),
        ({"unlock": f"scrypt$15000$8$1${SALT}${DIGEST}"}, "no power of two"),
        ({"unlock": f"scrypt$1048576$8$1${SALT}${DIGEST}"}, "too much time or memory"),
        ({"unlock": f"scrypt$16384$8$99${SALT}${DIGEST}"}, "too much time or memory"),
        ({"unlock": f"scrypt$16384$8$1$AAAA${DIGEST}"}, "a damaged hash"),
        ({"unlock": f"scrypt$16384$8${SALT}${DIGEST}"}, "a damaged hash"),
        ({"unlock": f"scrypt$16384$8$0${SALT}${DIGEST}"}, "a damaged hash"),
        ({"unlock": HASH + "$x"}, "a damaged hash"),
        ({"unlock": HASH[:-3]}, "a damaged hash"),
        ({"networks": ["192.0.2.5/24"]}, "has bits beyond its length; write 192.0.2.0/24"),
        ({"networks": ["office"]}, "'office' is no network; write it as 192.0.2.0/24"),
        ({"lease": 0}, "greater than or equal to 1"),
        ({"lease": "10"}, "valid integer"),
    ],
)
def test_settings_that_are_refused(more: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**more)
    message = caught.value.errors()[0]["msg"]
    assert expected in message
    assert "secret123" not in message


def test_a_network_may_be_one_address() -> None:
    assert str(network("192.0.2.7")) == "192.0.2.7/32"
    assert str(network("2001:db8::1")) == "2001:db8::1/128"
