"""The only door through which anything is written into a meter."""

from collections.abc import Callable, Mapping, Sequence

from submeter.errors import Refusal, SubmeterError, WriteRefusedError
from submeter.meter.access import Access, Who
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading
from submeter.meter.settings import Settings

Command = Callable[[Who, Instant], str]
Wish = tuple[str, int | float]

MOMENT = 1.0  # s that a command reads 1 after it was given

_WRITABLE = ("configuration", "command")
_ABSENT = Reading(None, Quality.ABSENT)
_IDLE = Reading(0, Quality.MEASURED)


class Door:
    """Writes to one meter: configuration points and commands, and nothing else ever.

    A write needs `access`, then a point of `settings.known` that can be written, then a value that
    fits. Both accepted and refused ones are told to `audit`. A command acts on 1 and does nothing
    on 0; its callable returns at once, with what it did in a few words, or raises SubmeterError.
    """

    def __init__(
        self,
        meter: str,
        settings: Settings,
        access: Access,
        audit: Audit,
        commands: Mapping[str, Command],
    ) -> None:
        self._meter = meter
        self._settings = settings
        self._access = access
        self._audit = audit
        self._commands = commands
        self._given: dict[str, float] = {}
        names = [n for n, point in settings.known.items() if point.group == "command"]
        self._idle = {name: _IDLE if name in commands else _ABSENT for name in names}

    def write(self, point: str, value: int | float, who: Who, now: Instant) -> None:
        """Write one point; raises WriteRefusedError, and then nothing has changed."""
        self.write_all([(point, value)], who, now)

    def write_all(self, wishes: Sequence[Wish], who: Who, now: Instant) -> None:
        """Write several points; raises WriteRefusedError if one is refused, before any is done.

        Commands go first: only the machine can still refuse one then, and no setting has changed.
        Once the first setting changes, nothing can keep the others from it.
        """
        commands: list[Wish] = []
        settings: list[Wish] = []
        for point, value in wishes:
            number = self._permitted(point, value, who, now)
            (settings if point in self._settings.points else commands).append((point, number))
        for point, number in commands:
            self._command(point, number, who, now)
        for point, number in settings:
            self._set(point, number, who, now)

    def check(self, point: str, value: int | float, who: Who, now: Instant) -> None:
        """Refuse as `write` would, or do nothing: for what is to be written later, if ever.

        The audit log is told only if it is refused.
        """
        self._permitted(point, value, who, now)

    def reset(self, point: str, who: Who, now: Instant) -> None:
        """Return a setting to the configuration file or the default; raises WriteRefusedError."""
        try:
            self._access.permit(who, now)
            self._settings.check_reset(point)
        except WriteRefusedError as error:
            self.refuse(point, "reset", error.reason, who, now)
            raise
        old = self._settings.value(point)
        self._settings.reset(point)
        self._told("setting_reset", point, old, who, now)

    def refuse(self, point: str, value: object, reason: Refusal, who: Who, now: Instant) -> None:
        """Tell the audit log of a write that is refused; `point` may be no point at all."""
        note_refused(self._audit, self._meter, point, value, reason, who, now)

    def readings(self, now: Instant) -> Mapping[str, Reading]:
        """Return the reading of every command: 1 for a moment after it was given, else 0."""
        if not self._given:
            return self._idle
        self._given = {n: t for n, t in self._given.items() if 0 <= now.mono - t < MOMENT}
        given = Reading(1, Quality.MEASURED, now)
        return {**self._idle, **dict.fromkeys(self._given, given)}

    def _permitted(self, point: str, value: int | float, who: Who, now: Instant) -> int | float:
        """Return `value` as it will be written, or tell that it is refused and raise."""
        try:
            self._access.permit(who, now)
            return self._check(point, value)
        except WriteRefusedError as error:
            self.refuse(point, value, error.reason, who, now)
            raise

    def _check(self, point: str, value: object) -> int | float:
        """Return `value` as it will be written; raises WriteRefusedError."""
        known = self._settings.known.get(point)
        if known is None:
            raise WriteRefusedError(Refusal.UNKNOWN, f"there is no point {point}")
        if known.access == "R" or known.group not in _WRITABLE or known.kind == "index":
            raise WriteRefusedError(Refusal.READ_ONLY, f"{point} can only be read")
        if known.group == "configuration":
            return self._settings.check(point, value)
        if point not in self._commands:
            raise WriteRefusedError(Refusal.UNSUPPORTED, f"this meter cannot do {point}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value not in (0, 1):
            raise WriteRefusedError(Refusal.OUT_OF_RANGE, f"{point} takes 1 to act, or 0")
        return int(value)

    def _command(self, point: str, number: int | float, who: Who, now: Instant) -> None:
        if not number:
            self._unchanged(point, 0, who, now)
            return
        try:
            result = self._commands[point](who, now)
        except SubmeterError as error:
            reason = error.reason if isinstance(error, WriteRefusedError) else Refusal.UNSUPPORTED
            self.refuse(point, number, reason, who, now)
            raise WriteRefusedError(reason, str(error)) from error
        self._given[point] = now.mono
        self._audit.note("command", self._meter, str(who), at=now, point=point, result=result)

    def _set(self, point: str, number: int | float, who: Who, now: Instant) -> None:
        old, origin = self._settings.value(point), self._settings.origin(point)
        self._settings.put(point, number)
        if old == number and origin == "stored":
            self._unchanged(point, number, who, now)
        else:
            self._told("setting_changed", point, old, who, now)

    def _unchanged(self, point: str, number: int | float, who: Who, now: Instant) -> None:
        self._audit.note(
            "write_unchanged", self._meter, str(who), at=now, point=point, value=number
        )

    def _told(self, event: str, point: str, old: object, who: Who, now: Instant) -> None:
        new = self._settings.value(point)
        self._audit.note(
            event,
            self._meter,
            str(who),
            at=now,
            point=point,
            old="none" if old is None else old,
            new="none" if new is None else new,
        )


def note_refused(
    audit: Audit, name: str, what: str, value: object, reason: Refusal, who: Who, now: Instant
) -> None:
    """Tell `audit` of a refused write of `value` to `what` of the meter or device `name`."""
    audit.note(
        "write_refused", name, str(who), at=now, point=what, value=_shown(value), reason=reason
    )


def _shown(value: object) -> object:
    # Python is not willing to print an integer of thousands of digits.
    return "huge" if isinstance(value, int) and value.bit_length() > 64 else value
