"""Context-tagged parameters of the data types that only some services take."""

import math
import struct

from submeter.bacnet.answer import Reason, Rejected
from submeter.bacnet.encoding import CHARACTER_SETS
from submeter.bacnet.tags import Tags

_REAL = struct.Struct(">f")


class Parameters(Tags):
    """Reads what `Tags` reads, and more; every method raises Rejected."""

    def boolean(self, number: int) -> bool | None:
        """Return the Boolean with tag `number`, None if it does not stand here."""
        value = self.optional_unsigned(number)
        if value is not None and value > 1:
            raise Rejected(Reason.INVALID_DATA_TYPE)
        return None if value is None else bool(value)

    def real(self, number: int) -> float | None:
        """Return the finite REAL with tag `number`, None if it does not stand here."""
        content = self._content(number)
        if content is None:
            return None
        if len(content) != _REAL.size:
            raise Rejected(Reason.INVALID_DATA_TYPE)
        (value,) = _REAL.unpack(content)
        if not math.isfinite(value):
            raise Rejected(Reason.OUT_OF_RANGE)
        return float(value)

    def text(self, number: int) -> str | None:
        """Return the CharacterString with tag `number`, None if it does not stand here."""
        content = self._content(number)
        if content is None:
            return None
        encoding = CHARACTER_SETS.get(content[0]) if content else None
        if encoding is None:
            raise Rejected(Reason.INVALID_DATA_TYPE)
        try:
            return content[1:].decode(encoding)
        except UnicodeDecodeError:
            raise Rejected(Reason.INVALID_DATA_TYPE) from None
