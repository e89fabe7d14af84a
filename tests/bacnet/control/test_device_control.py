import asyncio
import logging
from dataclasses import dataclass, field

import pytest

from bacnet.stage import PEER, Stage, stage
from submeter.bacnet import encoding
from submeter.bacnet.answer import DONE, Answer, Pending, Reason, RefusedError, Rejected
from submeter.bacnet.control import device_control, device_password
from submeter.bacnet.control.device_control import DeviceControl
from submeter.bacnet.control.device_password import DevicePassword
from submeter.bacnet.fault import INVALID_CONFIGURATION, NOT_SUPPORTED, PASSWORD_FAILURE, Fault
from submeter.bacnet.peer import Peer
from submeter.meter import unlock_code
from submeter.meter.audit import Audit

COMMUNICATION, REINITIALIZE = 17, 20
ENABLE, DISABLE, DISABLE_INITIATION = range(3)
CODE = "let-me-in"
LINE = unlock_code.hashed(CODE)
OTHER = Peer(("192.0.2.10", 47808))


@dataclass
class Control:
    """A device that can be silenced, and what became of that."""

    stage: Stage = field(default_factory=stage)
    audit: Audit = field(default_factory=Audit)
    restarts: list[None] = field(default_factory=list)
    flaw: str | None = None

    def __post_init__(self) -> None:
        self.password = DevicePassword(LINE, self.audit)
        self.services = DeviceControl(
            self.stage.application,
            self.password,
            self.audit,
            lambda: self.restarts.append(None),
            lambda: self.flaw,
        )

    def ask(self, service: int, body: bytes, peer: Peer = PEER) -> Answer:
        answer = self.services.confirmed[service](body, peer)
        return answer.finish(answer.work()) if isinstance(answer, Pending) else answer

    def refused(self, service: int, body: bytes, peer: Peer = PEER) -> Fault:
        with pytest.raises(RefusedError) as refusal:
            self.ask(service, body, peer)
        return refusal.value.fault

    @property
    def audited(self) -> list[tuple[str, str, str]]:
        return [(each.event, each.who, each.detail) for each in self.audit.take()]

    @property
    def silence(self) -> str:
        return self.stage.application.silence


@pytest.fixture
async def made() -> Control:
    return Control()


@pytest.fixture
def no_scrypt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wrong passwords in a moment."""
    monkeypatch.setattr(unlock_code, "matches", lambda code, line: code == CODE)


def password(text: str | None, tag: int) -> bytes:
    return b"" if text is None else encoding.context(tag, b"\x00" + text.encode())


def communication(state: int, minutes: int | None = None, text: str | None = CODE) -> bytes:
    head = b"" if minutes is None else encoding.context_unsigned(0, minutes)
    return head + encoding.context_unsigned(1, state) + password(text, 2)


def reinitialize(state: int, text: str | None = CODE) -> bytes:
    return encoding.context_unsigned(0, state) + password(text, 1)


@pytest.mark.parametrize(
    ("state", "silence"),
    [(ENABLE, "enable"), (DISABLE, "disable"), (DISABLE_INITIATION, "disable-initiation")],
)
async def test_communication(made: Control, state: int, silence: str) -> None:
    assert made.ask(COMMUNICATION, communication(state)) == DONE
    assert made.silence == silence
    detail = f"point=communication device=4000 value={silence} minutes=0"
    assert made.audited == [("device_control", "bacnet 192.0.2.9", detail)]


async def test_over_the_wire(made: Control) -> None:
    application = made.stage.application
    application.confirmed |= made.services.confirmed
    header = bytes((0x00, 0x05, 9, COMMUNICATION))
    application.receive(header + communication(DISABLE), PEER, False)
    while not made.stage.carrier.sent:
        await asyncio.sleep(0.01)
    assert [each.apdu for each in made.stage.carrier.take()] == [bytes((0x20, 9, COMMUNICATION))]
    assert made.silence == "disable"
    application.close()


async def test_it_ends_by_itself(made: Control, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    asked: list[float] = []
    loop = asyncio.get_running_loop()
    later = loop.call_later
    loop.call_later = lambda delay, *rest: asked.append(delay) or later(0.02, *rest)  # type: ignore
    made.ask(COMMUNICATION, communication(DISABLE, 5))
    assert made.silence == "disable"
    loop.call_later = later  # type: ignore[method-assign]
    await asyncio.sleep(0.05)
    assert asked == [300]
    assert made.silence == "enable"
    assert [each.getMessage() for each in caplog.records] == [
        "event=communication device=4000 state=disable",
        "event=communication device=4000 state=enable",
    ]


async def test_the_last_request_is_what_counts(made: Control) -> None:
    made.ask(COMMUNICATION, communication(DISABLE, 1))
    timer = made.services._again
    assert timer
    made.ask(COMMUNICATION, communication(DISABLE_INITIATION))
    assert timer.cancelled()
    assert made.services._again is None
    made.ask(COMMUNICATION, communication(DISABLE, 1))
    made.services.close()
    assert made.services._again is None


@pytest.mark.parametrize("text", [None, "", "let-me-out", "é" * 8, "x" * 100])
async def test_wrong_password(made: Control, text: str | None) -> None:
    assert made.refused(COMMUNICATION, communication(DISABLE, text=text)) == PASSWORD_FAILURE
    assert made.refused(REINITIALIZE, reinitialize(0, text)) == PASSWORD_FAILURE
    await asyncio.sleep(0)
    assert made.silence == "enable"
    assert not made.restarts
    event, who = "device_control_refused", "bacnet 192.0.2.9"
    assert made.audited == [
        (event, who, "point=communication reason=locked"),
        (event, who, "point=reinitialize reason=locked"),
    ]


@pytest.mark.usefixtures("no_scrypt")
async def test_a_peer_has_to_wait_for_its_wrong_passwords(made: Control) -> None:
    for _ in range(device_password.ATTEMPTS):
        made.refused(COMMUNICATION, communication(DISABLE, text="wrong!"))
    assert made.refused(COMMUNICATION, communication(DISABLE)) == PASSWORD_FAILURE
    assert made.refused(REINITIALIZE, reinitialize(0)) == PASSWORD_FAILURE
    # Another port of the same address is the same peer; another address is not.
    same = Peer((PEER.place[0], 1))
    assert made.refused(COMMUNICATION, communication(DISABLE), same) == PASSWORD_FAILURE
    assert made.ask(COMMUNICATION, communication(DISABLE), OTHER) == DONE


@pytest.mark.usefixtures("no_scrypt")
async def test_strangers_have_to_wait_together(made: Control) -> None:
    assert made.ask(COMMUNICATION, communication(DISABLE), OTHER) == DONE
    for number in range(100):
        made.refused(COMMUNICATION, communication(0, text="wrong!"), Peer((f"10.0.0.{number}", 1)))
    assert made.refused(COMMUNICATION, communication(ENABLE)) == PASSWORD_FAILURE
    assert made.ask(COMMUNICATION, communication(ENABLE), OTHER) == DONE


@pytest.mark.usefixtures("no_scrypt")
async def test_right_passwords_cost_nothing(made: Control) -> None:
    for number in range(100):
        assert made.ask(COMMUNICATION, communication(ENABLE), Peer((f"10.0.0.{number}", 1))) == DONE
        assert made.ask(COMMUNICATION, communication(ENABLE)) == DONE


@pytest.mark.parametrize(("state", "how"), [(0, "coldstart"), (1, "warmstart")])
async def test_restart(
    made: Control, monkeypatch: pytest.MonkeyPatch, state: int, how: str
) -> None:
    monkeypatch.setattr(device_control, "RESTART_AFTER", 0.02)
    assert made.ask(REINITIALIZE, reinitialize(state)) == DONE
    assert made.ask(REINITIALIZE, reinitialize(state)) == DONE
    assert not made.restarts
    await asyncio.sleep(0.06)
    assert made.restarts == [None]
    (first, *_) = made.audited
    assert first[2] == f"point=reinitialize device=4000 value={how} minutes=0"


async def test_no_restart_that_would_be_the_end(
    made: Control, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(device_control, "RESTART_AFTER", 0.0)
    made.flaw = "config.yaml:3:1: there is no key 'metres'"
    assert made.refused(REINITIALIZE, reinitialize(0)) == INVALID_CONFIGURATION
    assert made.ask(COMMUNICATION, communication(ENABLE)) == DONE
    await asyncio.sleep(0.01)
    assert not made.restarts
    assert caplog.messages == [
        f'event=restart_refused peer=192.0.2.9 error="{made.flaw}"',
    ]
    assert made.audited[0] == (
        "device_control_refused",
        "bacnet 192.0.2.9",
        f'point=reinitialize reason="{made.flaw}"',
    )
    made.flaw = None
    assert made.ask(REINITIALIZE, reinitialize(0)) == DONE
    await asyncio.sleep(0.01)
    assert made.restarts == [None]


async def test_who_does_not_know_the_password_learns_nothing_of_the_configuration(
    made: Control,
) -> None:
    made.services._prove = pytest.fail
    assert made.refused(REINITIALIZE, reinitialize(0, "wrong!")) == PASSWORD_FAILURE


@pytest.mark.parametrize("state", range(2, 8))
async def test_what_is_not_supported(made: Control, state: int) -> None:
    assert made.refused(REINITIALIZE, reinitialize(state)) == NOT_SUPPORTED


@pytest.mark.parametrize(
    ("service", "body", "reason"),
    [
        (COMMUNICATION, b"", Reason.MISSING_PARAMETER),
        (COMMUNICATION, communication(3), Reason.UNDEFINED_ENUMERATION),
        (COMMUNICATION, communication(0, 0x10000), Reason.OUT_OF_RANGE),
        (COMMUNICATION, communication(0) + b"\x00", Reason.TOO_MANY_ARGUMENTS),
        (COMMUNICATION, encoding.context_unsigned(1, 0) + b"\x2a\x09a", Reason.INVALID_DATA_TYPE),
        (COMMUNICATION, communication(0)[:-1], Reason.INVALID_TAG),
        (REINITIALIZE, b"", Reason.MISSING_PARAMETER),
        (REINITIALIZE, reinitialize(8), Reason.UNDEFINED_ENUMERATION),
        (REINITIALIZE, reinitialize(0) + b"\x00", Reason.TOO_MANY_ARGUMENTS),
    ],
)
async def test_malformed(made: Control, service: int, body: bytes, reason: Reason) -> None:
    with pytest.raises(Rejected) as rejection:
        made.ask(service, body)
    assert rejection.value.reason == reason
    assert made.audited == []


async def test_what_is_served(made: Control) -> None:
    assert set(made.services.confirmed) == {COMMUNICATION, REINITIALIZE}
    application, audit = made.stage.application, made.audit
    assert DeviceControl(application, None, audit, lambda: None).confirmed == {}
    assert set(DeviceControl(application, made.password, audit, None).confirmed) == {COMMUNICATION}


@pytest.mark.usefixtures("no_scrypt")
async def test_a_proof_that_fails_says_nothing_of_the_password(made: Control) -> None:
    def broken() -> str | None:
        raise RuntimeError("a fault of ours")

    made.services._prove = broken
    for _ in range(device_password.ATTEMPTS + 1):
        with pytest.raises(RuntimeError, match="ours"):
            made.ask(REINITIALIZE, reinitialize(0))
    assert made.ask(COMMUNICATION, communication(DISABLE)) == DONE
    assert not made.restarts
