"""The password of DeviceCommunicationControl and ReinitializeDevice."""

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

from submeter.bacnet import fault, outside
from submeter.bacnet.answer import Answer, Pending, RefusedError
from submeter.bacnet.peer import Peer
from submeter.errors import Refusal
from submeter.meter import unlock_code
from submeter.meter.access import ALL_TOGETHER, LONGEST_TOGETHER, MOST_FAMILIAR, Who
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.patience import Patience

ATTEMPTS = 5  # wrong ones of a peer, before it has to wait

T = TypeVar("T")
Work = Callable[[], T]
Granted = Callable[[Who, T], Answer]


class DevicePassword:
    """The password that `line` stands for, see `unlock_code`; one for all devices of the face.

    Each peer has to wait for its own wrong passwords, up to an hour, and strangers together a
    minute at most; a peer that has given the right one is none. Every wrong one is told to `audit`.
    """

    def __init__(self, line: str, audit: Audit) -> None:
        self._line = line
        self._audit = audit
        self._peers: Patience[str] = Patience(ATTEMPTS)
        self._strangers: Patience[None] = Patience(ALL_TOGETHER * ATTEMPTS, LONGEST_TOGETHER)
        self._familiar: dict[str, None] = {}

    def check(
        self, password: str | None, peer: Peer, what: str, work: Work[T], granted: Granted[T]
    ) -> Answer:
        """Return the answer of `granted` if `password` is right, once that is worked out.

        It takes some 50 ms, in another thread; there `work` is done after it, if it is right, and
        `granted` gets its result; what it raises is raised with the answer. Raises RefusedError,
        password-failure, if it is wrong or missing, or while the peer has to wait; `what` it wanted
        goes to the audit log.
        """
        who, now = outside.who(peer), Instant.now()
        stranger = who.address not in self._familiar
        if password is None or self._waits(who.address, stranger, now):
            raise self._refused(who, what)
        # It counts as a wrong one until it is found to be right.
        self._peers.fail(who.address, now.mono)
        if stranger:
            self._strangers.fail(None, now.mono)

        def tried() -> Future[T] | None:
            return _done(work) if unlock_code.matches(password, self._line) else None

        def finish(done: Future[T] | None) -> Answer:
            if done is None:
                raise self._refused(who, what)
            self._forgive(who.address, stranger)
            return granted(who, done.result())

        return Pending(tried, finish)

    def _waits(self, address: str, stranger: bool, now: Instant) -> bool:
        wait = self._peers.wait(address, now.mono)
        if stranger:
            wait = max(wait, self._strangers.wait(None, now.mono))
        return wait > 0

    def _forgive(self, address: str, stranger: bool) -> None:
        self._peers.forget(address)
        if stranger:
            self._strangers.forgive(None)
        self._familiar.pop(address, None)
        if len(self._familiar) >= MOST_FAMILIAR:
            del self._familiar[next(iter(self._familiar))]
        self._familiar[address] = None

    def _refused(self, who: Who, what: str) -> RefusedError:
        self._audit.note(
            "device_control_refused",
            who=str(who),
            at=Instant.now(),
            point=what,
            reason=Refusal.LOCKED,
        )
        return RefusedError(fault.PASSWORD_FAILURE)


def _done(work: Work[T]) -> Future[T]:
    """Return what came of `work`: a fault of it is none of the password, which was right."""
    done: Future[T] = Future()
    try:
        done.set_result(work())
    except Exception as error:
        done.set_exception(error)
    return done
