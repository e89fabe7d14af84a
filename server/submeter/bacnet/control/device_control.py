"""DeviceCommunicationControl and ReinitializeDevice (ASHRAE 135, 16.1 and 16.4)."""

import asyncio
import logging
from collections.abc import Callable

from submeter.bacnet import fault
from submeter.bacnet.answer import DONE, Answer, Confirmed, Reason, RefusedError, Rejected
from submeter.bacnet.application.application import Application, Silence
from submeter.bacnet.control.device_password import DevicePassword, Granted, T, Work
from submeter.bacnet.parameters import Parameters
from submeter.bacnet.peer import Peer
from submeter.meter.access import Who
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant

DEVICE_COMMUNICATION_CONTROL, REINITIALIZE_DEVICE = 17, 20
RESTART_AFTER = 0.5  # s, in which the acknowledgement goes out
LONGEST = 0xFFFF  # minutes

# 135, clause 21: enable, disable, disable-initiation.
_SILENCES: tuple[Silence, ...] = ("enable", "disable", "disable-initiation")
_RESTARTS = ("coldstart", "warmstart")
_OTHER_STATES = range(2, 8)  # backup, restore and activate-changes

_log = logging.getLogger(__name__)


class DeviceControl:
    """Silences one device for a while, or restarts the program, for those with the password.

    Without a `password` neither is served; without `restart` there is no ReinitializeDevice.
    `prove` says why the program could not start again, None if it could, and works in another
    thread: a running program is better than one that has ended.
    """

    def __init__(
        self,
        application: Application,
        password: DevicePassword | None,
        audit: Audit,
        restart: Callable[[], None] | None,
        prove: Callable[[], str | None] | None = None,
    ) -> None:
        self._application = application
        self._password = password
        self._audit = audit
        self._restart = restart
        self._prove = prove or _nothing
        self._again: asyncio.TimerHandle | None = None
        self._restarting: asyncio.TimerHandle | None = None
        self.confirmed: dict[int, Confirmed] = {}
        if password:
            self.confirmed[DEVICE_COMMUNICATION_CONTROL] = self._communication
            if restart:
                self.confirmed[REINITIALIZE_DEVICE] = self._reinitialize

    def close(self) -> None:
        """Stop the timers."""
        for timer in (self._again, self._restarting):
            if timer:
                timer.cancel()
        self._again = self._restarting = None

    def _communication(self, body: bytes, peer: Peer) -> Answer:
        tags = Parameters(body)
        minutes, state, password = tags.optional_unsigned(0), tags.unsigned(1), tags.text(2)
        tags.end()
        if state >= len(_SILENCES):
            raise Rejected(Reason.UNDEFINED_ENUMERATION)
        if minutes is not None and minutes > LONGEST:
            raise Rejected(Reason.OUT_OF_RANGE)
        silence = _SILENCES[state]

        def granted(who: Who, _: None) -> Answer:
            self._silence(silence, minutes or 0, who)
            return DONE

        return self._checked(password, peer, "communication", _nothing, granted)

    def _reinitialize(self, body: bytes, peer: Peer) -> Answer:
        tags = Parameters(body)
        state, password = tags.unsigned(0), tags.text(1)
        tags.end()
        if state in _OTHER_STATES:
            raise RefusedError(fault.NOT_SUPPORTED)
        if state >= len(_RESTARTS):
            raise Rejected(Reason.UNDEFINED_ENUMERATION)
        how = _RESTARTS[state]

        def granted(who: Who, flaw: str | None) -> Answer:
            if flaw is not None:
                raise self._flawed(who, flaw)
            self._note(who, "reinitialize", how)
            self._restart_soon()
            return DONE

        return self._checked(password, peer, "reinitialize", self._prove, granted)

    def _checked(
        self, password: str | None, peer: Peer, what: str, work: Work[T], granted: Granted[T]
    ) -> Answer:
        if self._password is None:
            raise RefusedError(fault.PASSWORD_FAILURE)
        return self._password.check(password, peer, what, work, granted)

    def _silence(self, silence: Silence, minutes: int, who: Who) -> None:
        """Take over `silence`, for `minutes` or with 0 until it is changed again."""
        if self._again:
            self._again.cancel()
            self._again = None
        self._set(silence)
        self._note(who, "communication", silence, minutes)
        if minutes and silence != "enable":
            loop = asyncio.get_running_loop()
            self._again = loop.call_later(minutes * 60, self._speak_again)

    def _speak_again(self) -> None:
        self._again = None
        self._set("enable")

    def _set(self, silence: Silence) -> None:
        if self._application.silence != silence:
            self._application.silence = silence
            device = self._application.table.device.instance
            _log.info("event=communication device=%d state=%s", device, silence)

    def _restart_soon(self) -> None:
        if self._restart and self._restarting is None:
            loop = asyncio.get_running_loop()
            self._restarting = loop.call_later(RESTART_AFTER, self._restart)

    def _flawed(self, who: Who, flaw: str) -> RefusedError:
        """Return the refusal of a restart that would be the end, and tell why."""
        _log.error('event=restart_refused peer=%s error="%s"', who.address, flaw)
        self._audit.note(
            "device_control_refused",
            who=str(who),
            at=Instant.now(),
            point="reinitialize",
            reason=flaw,
        )
        return RefusedError(fault.INVALID_CONFIGURATION)

    def _note(self, who: Who, what: str, value: str, minutes: int = 0) -> None:
        device = self._application.table.device.instance
        self._audit.note(
            "device_control",
            who=str(who),
            at=Instant.now(),
            point=what,
            device=device,
            value=value,
            minutes=minutes,
        )


def _nothing() -> None:
    """Do nothing before what the password grants."""
