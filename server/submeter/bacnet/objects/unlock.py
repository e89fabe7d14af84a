"""The object that takes the unlock code: a CharacterString Value that always reads empty."""

from functools import partial

from bacpypes3.basetypes import StatusFlags
from bacpypes3.object import CharacterStringValueObject

from submeter.bacnet.answer import DONE, Answer, Pending
from submeter.bacnet.decoding import Decoded, Tag
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.writable import wrong_type
from submeter.meter.access import Who
from submeter.meter.instant import Instant
from submeter.meter.writing import Lock

_DESCRIPTION = "Write the unlock code here before settings and commands; empty text locks again"


class UnlockObject(ServedObject):
    """Passes codes on to `lock`. The answer waits until the code is known to be right or wrong."""

    __slots__ = ("_lock", "point")

    alone = True

    def __init__(self, instance: int, name: str, lock: Lock) -> None:
        super().__init__(CharacterStringValueObject, instance, name)
        self.point = name
        self._lock = lock
        self.put("presentValue", "")
        self.put("description", _DESCRIPTION)
        self.put("statusFlags", StatusFlags([0, 0, 0, 0]))
        self.put("eventState", "normal")
        self.put("reliability", "noFaultDetected")
        self.put("outOfService", False)

    def write(self, value: Decoded, priority: int | None, who: Who, now: Instant) -> Answer:
        """Try `value`, a CharacterString, as the code; empty, it ends the lease of `who`.

        What the lock raises, now or when the answer is finished, is WriteRefusedError.
        """
        if value.tag is not Tag.TEXT or not isinstance(value.value, str):
            raise wrong_type(value)
        if not value.value:
            self._lock.lock(who, now)
            return DONE
        work = self._lock.attempt(who, value.value, now)
        return DONE if work is None else Pending(work, partial(self._finish, who, now))

    def _finish(self, who: Who, now: Instant, right: bool) -> Answer:
        self._lock.conclude(who, right, now)
        return DONE
