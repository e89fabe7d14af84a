"""The tagged parameters of a request, read front to back (ASHRAE 135, 20.2.1)."""

from submeter.bacnet.answer import Reason, Rejected

_OPENING, _CLOSING = 6, 7
_EXTENDED = 5
_DEEPEST = 16


class Tags:
    """Reads context-tagged parameters from `data`; every method raises Rejected."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def more(self) -> bool:
        """Whether anything is left."""
        return self._at < len(self._data)

    def end(self) -> None:
        """Make sure that nothing is left."""
        if self.more:
            raise Rejected(Reason.TOO_MANY_ARGUMENTS)

    def enter(self, number: int) -> None:
        """Step over the opening tag `number`."""
        if not self._step_over(number, _OPENING):
            raise Rejected(Reason.MISSING_PARAMETER)

    def leave(self, number: int) -> bool:
        """Step over the closing tag `number` if it stands here, and tell whether it did."""
        return self._step_over(number, _CLOSING)

    def object_identifier(self, number: int) -> int:
        """Return the object identifier with tag `number`: type in 10 bits, instance in 22."""
        content = self._content(number)
        if content is None:
            raise Rejected(Reason.MISSING_PARAMETER)
        if len(content) != 4:
            raise Rejected(Reason.INVALID_DATA_TYPE)
        return int.from_bytes(content, "big")

    def unsigned(self, number: int) -> int:
        """Return the unsigned or enumerated number with tag `number`."""
        value = self.optional_unsigned(number)
        if value is None:
            raise Rejected(Reason.MISSING_PARAMETER)
        return value

    def optional_unsigned(self, number: int) -> int | None:
        """Return the unsigned number with tag `number`, None if it does not stand here."""
        content = self._content(number)
        if content is None:
            return None
        if not 1 <= len(content) <= 4:
            raise Rejected(Reason.INVALID_DATA_TYPE)
        return int.from_bytes(content, "big")

    def skip_value(self, number: int) -> None:
        """Step over a value of any type between the opening and the closing tag `number`."""
        self.enter(number)
        inside = [number]
        while inside:
            tag, kind, start = self._header()
            if kind == _CLOSING:
                if tag != inside.pop():
                    raise Rejected(Reason.INVALID_TAG)
                self._at = start
            elif kind == _OPENING:
                if len(inside) == _DEEPEST:
                    raise Rejected(Reason.INVALID_TAG)
                inside.append(tag)
                self._at = start
            else:
                self._take(kind, start)

    def _step_over(self, number: int, kind: int) -> bool:
        if not self.more:
            return False
        tag, found, start = self._header()
        if (tag, found) != (number, kind):
            return False
        self._at = start
        return True

    def _content(self, number: int) -> bytes | None:
        """Return the octets of the primitive context tag `number` if it stands here."""
        if not self.more:
            return None
        tag, kind, start = self._header()
        if tag != number or kind in (_OPENING, _CLOSING) or not self._data[self._at] & 0x08:
            return None
        return self._take(kind, start)

    def _header(self) -> tuple[int, int, int]:
        """Return the tag number here, its length/value/type field and where the tag goes on.

        Application tags have neither opening nor closing tags; what looks like one is no tag.
        """
        if not self.more:
            raise Rejected(Reason.MISSING_PARAMETER)
        first = self._data[self._at]
        tag, kind, start = first >> 4, first & 0x07, self._at + 1
        if tag == 15:
            tag, start = self._octet(start), start + 1
        if not first & 0x08:
            if kind > _EXTENDED:
                raise Rejected(Reason.INVALID_TAG)
            # Application data only ever stands inside a value, whose content does not matter
            # here; a Boolean is its own tag.
            kind = 0 if tag == 1 else kind
        return tag, kind, start

    def _take(self, kind: int, start: int) -> bytes:
        """Step over a primitive tag's content, whose length `kind` or the octets after it say."""
        length = kind
        if kind == _EXTENDED:
            size = {254: 2, 255: 4}.get(self._octet(start), 0)
            start += 1 if size else 0
            length = int.from_bytes(self._data[start : start + (size or 1)], "big")
            start += size or 1
        content = self._data[start : start + length]
        if len(content) != length or start > len(self._data):
            raise Rejected(Reason.INVALID_TAG)
        self._at = start + length
        return content

    def _octet(self, at: int) -> int:
        if at >= len(self._data):
            raise Rejected(Reason.INVALID_TAG)
        return self._data[at]
