"""How much work a pattern of a source map can make."""

MOST_WAYS = 200_000
"""Ways to match a text that a pattern may have; trying them all takes a moment."""

_MANY = 10**30  # more than anyone tries; keeps the numbers small
_CLASSES = "dDwWsS"


def ways(pattern: str, longest: int) -> int:
    """Return in how many ways at most `pattern` can be laid over a text of up to `longest`.

    A search that has to give up tries each of them. `pattern` is a good regular expression of
    characters, `.`, classes, groups, `|`, `?`, `*`, `+`, `{n}` and `{n,m}`; raises ValueError if it
    has anything else.
    """
    reading = _Reading(pattern, longest)
    found = reading.alternatives()
    if reading.rest:
        raise ValueError(_known(reading.rest[0]))
    return found


class _Reading:
    """Goes through a pattern once; `rest` is what it has not read."""

    def __init__(self, pattern: str, longest: int) -> None:
        self.rest = pattern
        self._longest = longest

    def alternatives(self) -> int:
        found = self._sequence()
        while self._take("|"):
            found += self._sequence()
        return min(found, _MANY)

    def _sequence(self) -> int:
        found = 1
        while self.rest and self.rest[0] not in "|)":
            found = min(found * self._repeated(), _MANY)
        return found

    def _repeated(self) -> int:
        one = self._one()
        fewest, most = self._count()
        if self.rest[:1] in ("?", "+", "*"):
            raise ValueError(_known(self.rest[0]))
        most = min(most, max(self._longest, fewest))
        if one == 1:
            return most - fewest + 1
        total = 0
        for times in range(fewest, most + 1):
            total += one ** min(times, 100)
            if total > _MANY:
                return _MANY
        return total

    def _one(self) -> int:
        if self._take("("):
            self._take("?:")
            found = self.alternatives()
            self._take(")")
            return found
        if self._take("["):
            # The first character may be a bracket that closes nothing.
            end = 1 + self.rest.startswith("^")
            while self.rest[end : end + 1] != "]":
                end += 2 if self.rest[end : end + 1] == "\\" else 1
            self.rest = self.rest[end + 1 :]
            return 1
        if self._take("\\"):
            if self.rest[:1].isalnum() and self.rest[0] not in _CLASSES:
                raise ValueError(_known(f"\\{self.rest[0]}"))
        elif self.rest[0] in "^$?*+":
            raise ValueError(_known(self.rest[0]))
        self.rest = self.rest[1:]
        return 1

    def _count(self) -> tuple[int, int]:
        for sign, fewest, most in (("?", 0, 1), ("*", 0, self._longest), ("+", 1, self._longest)):
            if self._take(sign):
                return fewest, most
        inside, closed, after = self.rest[1:].partition("}")
        low, comma, high = inside.partition(",")
        if not (self.rest.startswith("{") and closed and (low + high).isdecimal()):
            return 1, 1  # without it, the bracket is a character
        self.rest = after
        fewest = int(low or 0)
        return fewest, int(high) if high else self._longest if comma else fewest

    def _take(self, text: str) -> bool:
        found = self.rest.startswith(text)
        if found:
            self.rest = self.rest.removeprefix(text)
        return found


def _known(what: str) -> str:
    known = "characters, '.', [classes], (groups), '|', '?', '*', '+', '{n}' and '{n,m}'"
    return f"'pattern' has '{what}' where it cannot be used; it takes {known}"
