"""What becomes of the answers of one meter: updates, or a reason why there are none."""

import logging
import secrets

from submeter.errors import Condition, FrameError
from submeter.meter.reading import Update
from submeter.pointmap import mbus_medium
from submeter.pointmap.source_map import SourceMap
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.mbus.address import Address, Secondary
from submeter.sources.mbus.answer import Answer
from submeter.sources.mbus.grants import Grants
from submeter.sources.mbus.identities import Identities
from submeter.sources.mbus.said import Picker
from submeter.sources.mbus.telegram import CipheredError, RefusedError
from submeter.sources.origin import Origin
from submeter.sources.translation.translator import Message, Translator

_SEVERAL = "several meters answer in turn"

_log = logging.getLogger(__name__)


class Reader:
    """Turns answers into updates; `trouble` tells why the last one gave none.

    `expected` is the meter that must answer. With `replayed` they come from a recording that
    repeats.
    """

    def __init__(
        self,
        name: str,
        address: Address,
        expected: Secondary | None,
        source_map: SourceMap,
        *,
        replayed: bool = False,
    ) -> None:
        self.trouble: Condition | None = None
        self.identity: str | None = None
        self._name = name
        self._address = address
        self._expected = expected
        self._media = source_map.media
        self._picker = Picker(source_map)
        lap = f" replay {secrets.token_hex(4)}" if replayed else ""
        growing = GrowingIndex() if replayed else None
        self._translator = Translator(source_map, growing=growing, lap=lap)
        self._reason = ""
        self._introduced: str | None = None
        self._identities = Identities()
        self._introductions, self._complaints = Grants(), Grants()
        self._cut = False  # whether an answer was, which is told once

    def origin(self, point: str) -> Origin | None:
        """Return what the last value of `point` was made of."""
        return self._translator.origin(point)

    def understand(self, answer: Answer, elapsed: float) -> Update | None:
        """Return what `answer` says, `elapsed` seconds into the stream; None if nothing."""
        self._introductions.answered()
        self._complaints.answered()
        meters = {each.header.meter for each in answer.telegrams} - {None}
        if len(meters) > 1:
            self._unusable(Condition.COLLISION, _SEVERAL)
            return None
        meter = meters.pop() if meters else self._addressed()
        if not self._is_ours(meter):
            self._introduce(meter)
            self._unusable(Condition.OTHER_METER, f"the meter is {meter or 'unknown'}")
            return None
        self._introduce(meter)
        if meter and self._identities.alternate(str(meter)):
            self._unusable(Condition.COLLISION, _SEVERAL)
            return None
        if meter and not self._measures(meter.medium):
            media = ", ".join(sorted(self._media))
            what = f"{mbus_medium.words(meter.medium)}; the map is for {media}"
            self._unusable(Condition.WRONG_LAYOUT, f"it is a meter of {what}")
            return None
        said, unusable = self._picker.pick(answer.telegrams)
        if not self._picker.finds(said, unusable):
            self._unusable(Condition.WRONG_LAYOUT, "the map finds nothing in what the meter says")
            return None
        self.trouble, self._reason = None, ""
        if not (answer.whole or self._cut):
            self._cut = True
            message = "event=mbus_cut_off source=%s telegrams=%d"
            _log.warning(message, self._name, len(answer.telegrams))
        return self._translator.translate(
            Message(
                said,
                answer.raw,
                unusable,
                sound=answer.sound,
                instrument=self.identity,
                whole=answer.whole,
                partial=not answer.whole,
            ),
            elapsed,
        )

    def refuse(self, error: FrameError) -> None:
        """Note that an answer could not be read."""
        condition = Condition.WRONG_LAYOUT
        if isinstance(error, RefusedError):
            condition = Condition.REFUSED
        elif isinstance(error, CipheredError):
            condition = Condition.NO_KEY
        self._unusable(condition, str(error))

    def _addressed(self) -> Secondary | None:
        """Return the meter that was asked, where the address is that of one."""
        secondary = self._address.secondary
        return secondary if secondary and secondary.exact else None

    def _is_ours(self, meter: Secondary | None) -> bool:
        wanted = [each for each in (self._expected, self._address.secondary) if each]
        return all(meter is not None and each.covers(meter) for each in wanted)

    def _measures(self, medium: int) -> bool:
        """Tell whether the map is for what measures `medium`, as far as that is told."""
        known = self._media and medium != mbus_medium.NOT_TOLD
        return not known or mbus_medium.words(medium) in self._media

    def _introduce(self, meter: Secondary | None) -> None:
        identity = str(meter) if meter else None
        new = identity != self._introduced
        if meter and new and self._introductions.use():
            self._introduced = identity
            message = 'event=mbus_meter source=%s meter=%s medium="%s"'
            _log.info(message, self._name, identity, mbus_medium.words(meter.medium))
        self.identity = identity

    def _unusable(self, condition: Condition, reason: str) -> None:
        self.trouble = condition
        if reason != self._reason and self._complaints.use():
            self._reason = reason
            _log.warning('event=mbus_unusable source=%s reason="%s"', self._name, reason)
