"""Who may write now: networks, the unlock code, leases, and the pauses that wrong codes cost."""

import ipaddress
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter import unlock_code
from submeter.meter.access_settings import SERIAL, AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.patience import Patience

LOCAL = "cli"
MOST_LEASES = 256
ALL_TOGETHER = 4  # times the attempts of one peer: how many all peers have
LONGEST_TOGETHER = 60.0  # s; longer, and anybody could shut out everybody
FAMILIAR = 7 * 86_400.0  # s that a peer is no stranger after it has unlocked
MOST_FAMILIAR = 256
MOST_BEGUN = 1024  # attempts that are worked out

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Who(NamedTuple):
    """Who asks: a face and the peer's address without its port, or `cli` and the user's name.

    The address of a peer on a serial line is the device node of the port. Behind one address all
    programs are the same peer; stations that a BACnet router tells apart have a `face` each.
    """

    face: str
    address: str

    def __str__(self) -> str:
        return f"{self.face} {self.address}"


class _Attempt(NamedTuple):
    """One that is worked out; it is void once its peer has locked."""

    stranger: bool
    void: bool = False


class Access:
    """What `settings` let peers do; every change and every wrong code is told to `audit`.

    The local operator, Who("cli", user), is always permitted: the permissions of the files are what
    guards them. What is kept of peers is bounded, however many there are. Times are monotonic.

    Each peer has to wait for its own wrong codes, up to an hour. Strangers together have to wait a
    minute at most, which bounds what many addresses can try; a peer that has unlocked within the
    last days is none, so that strangers cannot shut it out.
    """

    def __init__(self, settings: AccessSettings, audit: Audit) -> None:
        self._audit = audit
        self._code = settings.code
        self._ranges = settings.ranges
        self._serial = SERIAL in settings.networks
        self._minutes = settings.lease
        self._leases: dict[Who, float] = {}
        self._peers: Patience[str] = Patience(settings.attempts)
        together = ALL_TOGETHER * settings.attempts
        self._strangers: Patience[None] = Patience(together, LONGEST_TOGETHER)
        self._familiar: dict[str, float] = {}  # until when, by address
        self._begun: dict[tuple[Who, float], _Attempt] = {}

    def permit(self, who: Who, now: Instant) -> None:
        """Return if `who` may write now; raises WriteRefusedError, NOT_ALLOWED or LOCKED."""
        if who.face == LOCAL:
            return
        peer = self._known(who)
        if self._code is not None and self._leases.get(peer, now.mono) <= now.mono:
            raise WriteRefusedError(Refusal.LOCKED, "the unlock code is needed first")

    def is_open(self, who: Who) -> bool:
        """Tell whether `who` may write, or could with the code."""
        try:
            return who.face == LOCAL or self._known(who) is not None
        except WriteRefusedError:
            return False

    def attempt(self, who: Who, code: str, now: Instant) -> Callable[[], bool] | None:
        """Return the work that tells whether `code` is right; None if none is asked for.

        It works out a scrypt hash, some 50 ms, and may run in another thread; its result goes to
        `conclude`. Until then the attempt counts as a wrong one. Raises WriteRefusedError:
        NOT_ALLOWED outside the networks, LOCKED while the peer, or all strangers together, have to
        wait after too many wrong codes.
        """
        try:
            peer = self._known(who)
            if self._code is None:
                return None
            self._count(peer, now)
        except WriteRefusedError as error:
            self._audit.note("unlock_refused", who=str(who), at=now, reason=error.reason)
            raise
        return partial(unlock_code.matches, code, self._code)

    def conclude(self, who: Who, right: bool, now: Instant) -> None:
        """Let `who` write for the minutes of a lease, if its attempt at `now` was `right`.

        Raises WriteRefusedError, LOCKED, if it was not, or if `who` has locked since.
        """
        peer = _plain(who)
        attempt = self._begun.pop((peer, now.mono), None)
        if right and attempt:
            self._forgive(peer, attempt, now)
        if not right or not attempt or attempt.void:
            self._audit.note("unlock_refused", who=str(who), at=now, reason=Refusal.LOCKED)
            why = "it was locked again meanwhile" if right else "this is not the unlock code"
            raise WriteRefusedError(Refusal.LOCKED, why)
        self._grant(peer, now)
        self._audit.note("unlocked", who=str(who), at=now, minutes=self._minutes)

    def unlock(self, who: Who, code: str, now: Instant) -> None:
        """Attempt and conclude at once; raises WriteRefusedError as they do."""
        if work := self.attempt(who, code, now):
            self.conclude(who, work(), now)

    def lock(self, who: Who, now: Instant) -> None:
        """End the lease of `who`, if there is one; an attempt that has begun grants none either."""
        peer = _plain(who)
        for key, attempt in self._begun.items():
            if key[0] == peer:
                self._begun[key] = attempt._replace(void=True)
        if self._leases.pop(peer, now.mono) > now.mono:
            self._audit.note("locked", who=str(who), at=now)

    def _known(self, who: Who) -> Who:
        """Return `who` with a plain address; raises WriteRefusedError outside the networks."""
        plain = _plain(who)
        if who.address.startswith("/"):
            allowed = self._serial
        else:
            address = _address(who.address)
            allowed = address is not None and any(address in each for each in self._ranges)
        if not allowed:
            message = f"writing is not open for {who}; see 'access' in the configuration"
            raise WriteRefusedError(Refusal.NOT_ALLOWED, message)
        return plain

    def _count(self, peer: Who, now: Instant) -> None:
        """Count an attempt of `peer`; raises WriteRefusedError while it has to wait."""
        stranger = self._familiar.get(peer.address, now.mono) <= now.mono
        wait = self._peers.wait(peer.address, now.mono)
        if stranger:
            wait = max(wait, self._strangers.wait(None, now.mono))
        if wait > 0:
            message = f"too many wrong codes; wait {int(wait) + 1} s"
            raise WriteRefusedError(Refusal.LOCKED, message)
        self._peers.fail(peer.address, now.mono)
        if stranger:
            self._strangers.fail(None, now.mono)
        if len(self._begun) >= MOST_BEGUN:
            del self._begun[next(iter(self._begun))]
        self._begun[peer, now.mono] = _Attempt(stranger)

    def _forgive(self, peer: Who, attempt: _Attempt, now: Instant) -> None:
        """Take back what `attempt` cost, and remember that `peer` knows the code."""
        self._peers.forget(peer.address)
        if attempt.stranger:
            self._strangers.forgive(None)
        self._familiar.pop(peer.address, None)
        if len(self._familiar) >= MOST_FAMILIAR:
            del self._familiar[next(iter(self._familiar))]
        self._familiar[peer.address] = now.mono + FAMILIAR

    def _grant(self, peer: Who, now: Instant) -> None:
        self._leases.pop(peer, None)
        self._leases = {who: end for who, end in self._leases.items() if end > now.mono}
        if len(self._leases) >= MOST_LEASES:
            del self._leases[min(self._leases, key=lambda who: self._leases[who])]
        self._leases[peer] = now.mono + self._minutes * 60


def _plain(who: Who) -> Who:
    """Return `who` with the address in its one form: an IPv4-mapped one is IPv4."""
    address = _address(who.address)
    return who if address is None else Who(who.face, str(address))


def _address(text: str) -> Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address
