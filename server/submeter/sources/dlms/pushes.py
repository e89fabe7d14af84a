"""What the messages of a pushing meter come to: opened, judged, read and translated."""

import logging
from datetime import tzinfo

from submeter.errors import Condition, FrameError
from submeter.meter.reading import Update
from submeter.pointmap.source_map import SourceMap
from submeter.sources.dlms import notification, security, title
from submeter.sources.dlms.complaints import Complaints
from submeter.sources.dlms.counters import Counters
from submeter.sources.dlms.keys import Keys
from submeter.sources.dlms.notification import Notification
from submeter.sources.dlms.said import Reader
from submeter.sources.dlms.security import Envelope, RefusedError
from submeter.sources.dlms.transport import Apdu
from submeter.sources.dlms.weak_guard import WeakGuard
from submeter.sources.translation.datum import Said
from submeter.sources.translation.translator import Message, Translator

STRANGE = 3  # messages in a row that are of another kind, or in which the map finds nothing

_log = logging.getLogger(__name__)


class Pushes:
    """Turns whole messages into updates; `trouble` is what is wrong with the last ones.

    With `keys`, plain messages are not taken. `meter` is the serial number or system title that is
    expected, if any. `counters` are checked if `check_counter`, and kept in any case. `refused`
    counts messages of which nothing was made.
    """

    def __init__(
        self,
        name: str,
        source_map: SourceMap,
        translator: Translator,
        guard: WeakGuard,
        keys: Keys | None,
        counters: Counters,
        *,
        meter: str | None = None,
        zone: tzinfo | None = None,
        check_counter: bool = True,
    ) -> None:
        self.trouble: Condition | None = None
        self.refused = 0
        self._name = name
        self._map = source_map
        self._translator = translator
        self._guard = guard
        self._keys = keys
        self._counters = counters
        self._meter = meter
        self._zone = zone
        self._check_counter = check_counter
        self._reader = Reader(source_map, zone)
        self._title = ""
        self._serial: str | None = None  # of the meter with the title
        self._proved = False
        self._strange = 0
        self._complaints = Complaints(name)
        self._doubted = False
        self._introduced = False

    @property
    def identity(self) -> str | None:
        """The serial number that the meter says, else its system title."""
        return self._serial or self._title or None

    def understand(self, apdu: Apdu, elapsed: float) -> Update | None:
        """Return what a message says, `elapsed` seconds into the stream; None if nothing."""
        try:
            said = self._said(apdu)
        except RefusedError as error:
            self.refused += 1
            self._tell(error.condition, str(error))
            return None
        except FrameError as error:
            self.refused += 1
            self._misunderstood(str(error))
            return None
        misfits = self._translator.misfits
        self._guard.weak = apdu.weak and not self._proved
        message = Message(said, apdu.raw, instrument=self._title or None)
        update = self._translator.translate(message, elapsed)
        unfit = self._translator.misfits > misfits and not (update and update.values)
        # A clock is in nearly every message, and says nothing of its layout.
        if unfit or said.keys() <= {self._map.clock}:
            self._misunderstood(f"the map {self._map.name} finds nothing in the messages")
        else:
            self._understood()
        return update

    def _said(self, apdu: Apdu) -> Said:
        """Return what a message says, once it is opened and believed; raises FrameError."""
        self._proved = False
        if security.ciphered(apdu.data):
            return self._deciphered(security.read(apdu.data))
        if self._keys:
            what = "the message is not ciphered, and there are keys"
            raise RefusedError(what, Condition.WRONG_KEY)
        said = self._reader.said(notification.read(apdu.data, self._zone).items)
        self._expect(said)
        return said

    def _deciphered(self, envelope: Envelope) -> Said:
        """Return what a ciphered message says; its counter is kept once it is believed."""
        said = self._reader.said(self._opened(envelope).items)
        self._expect(said)
        # Noise that happens to be a message must not shut the meter out: it says nothing we know.
        if self._proved or not said.keys() <= {self._map.clock}:
            self._counters.take(envelope.title, envelope.counter)
        return said

    def _opened(self, envelope: Envelope) -> Notification:
        sender = title.text(envelope.title)
        if self._keys is None:
            raise RefusedError(
                f"{sender} ciphers; a file with its keys is needed", Condition.NO_KEY
            )
        text, self._proved = security.open_(envelope, self._keys)
        try:
            found = notification.read(text, self._zone)
        except FrameError:
            if self._proved:
                raise
            raise RefusedError("the key does not open the message", Condition.WRONG_KEY) from None
        if self._check_counter and not self._counters.fresh(envelope.title, envelope.counter):
            what = f"{sender} sent the counter {envelope.counter} or a larger one before"
            raise RefusedError(what, Condition.REPLAYED)
        if sender != self._title:
            self._title, self._serial = sender, None
        if not self._proved and not self._doubted:
            self._doubted = True
            _log.warning("event=dlms_not_proved source=%s meter=%s", self._name, sender)
        return found

    def _expect(self, said: Said) -> None:
        """Raise RefusedError if another meter speaks than the one that is expected."""
        label = self._map.identity or ""
        if label in said:
            self._serial = said[label].text
        if self._meter is None or self._meter in (self._serial, self._title):
            return
        who = self.identity
        what = f"it is {who}" if who else "it does not say which it is"
        raise RefusedError(f"meter {self._meter} is expected; {what}", Condition.OTHER_METER)

    def _misunderstood(self, why: str) -> None:
        self._strange += 1
        if self._strange >= STRANGE:
            self._tell(Condition.WRONG_LAYOUT, why)

    def _understood(self) -> None:
        self._strange = 0
        self.trouble = None
        self._complaints.good()
        if not self._introduced and self.identity:
            self._introduced = True
            _log.info("event=dlms_meter source=%s meter=%s", self._name, self.identity)

    def _tell(self, trouble: Condition, reason: str) -> None:
        self.trouble = trouble
        self._complaints.tell(trouble, reason)
