"""What is known of an instrument from its messages: which labels it sends, and which it lacks."""

from collections.abc import Collection
from fnmatch import fnmatchcase

from submeter.pointmap.source_map import Rule, SourceMap
from submeter.sources.translation.datum import Said

ENOUGH = 20  # messages; a label that none of so many had is not sent, damaged though each may be


class Heard:
    """The labels heard so far, in messages that one map describes.

    `complete` tells that the last message lacks nothing that the instrument sends, `proved` that
    labels which were never heard do not exist. A map without labels of a complete message has no
    complete ones: then ENOUGH messages prove what is not sent.
    """

    def __init__(self, source_map: SourceMap) -> None:
        self._map = source_map
        self._sent: set[str] = set()
        self._feeds: dict[int, bool] = {}  # by the rule's id, while what is sent stays the same
        self._messages = 0
        self._before = False
        self._labels: set[str] = set()
        self.complete = False
        self.proved = False
        self.identity: str | None = None

    @property
    def complete_twice(self) -> bool:
        """Whether the last two messages were complete."""
        return self.complete and self._before

    def take(self, said: Said, sent: Collection[str] = (), *, sound: bool = True) -> None:
        """Take the labels of a message; `sent` were sent too, but could not be believed.

        A message is not `sound` when a part of it may be missing.
        """
        before = len(self._sent)
        self._sent |= said.keys()
        self._sent.update(sent)
        whole = self._map.complete <= said.keys()
        self._messages += whole
        self._before, self.complete = self.complete, bool(self._map.complete) and whole and sound
        if self.complete_twice:
            # What two complete messages lack is not sent any more, or never was: a damaged label.
            now = self._labels | said.keys()
            if now != self._sent:
                self._sent = now
                self._feeds.clear()
        if len(self._sent) != before:
            self._feeds.clear()
        self._labels = set(said)
        self.proved |= self.complete or self._messages >= ENOUGH
        if self._map.identity in said:
            self.identity = said[self._map.identity].text

    def rule(self, rules: tuple[Rule, ...], said: Said) -> int | None:
        """Return the place of the first rule that can be fed, None if there is none or not yet."""
        for place, rule in enumerate(rules):
            if self.feeds(rule) and self._holds(rule, said):
                return place
            if self._denied(rule, said):
                continue
            if not self.proved or (self.feeds(rule) and self._undecided(rule, said)):
                return None
        return None

    def lacks(self, rules: tuple[Rule, ...], said: Said) -> bool:
        """Tell whether it is proved that none of `rules` can be fed."""
        if self.complete:
            return not any(self.feeds(rule) and self._holds(rule, said) for rule in rules)
        return self.proved and not any(self.feeds(rule) for rule in rules)

    def feeds(self, rule: Rule) -> bool:
        """Tell whether the instrument sends what `rule` is made of."""
        known = self._feeds.get(id(rule))
        if known is None:
            origins = [self._map.rules.get(name, ()) for name in rule.indexes]
            indexes = all(any(map(self.feeds, each)) for each in origins)
            known = indexes and (rule.present is not None or self._sent.issuperset(rule.labels))
            self._feeds[id(rule)] = known
        return known

    def _holds(self, rule: Rule, said: Said) -> bool:
        if not rule.conditions:
            return True
        return rule.conditions <= said.keys() and not self._denied(rule, said)

    def _undecided(self, rule: Rule, said: Said) -> bool:
        """Tell whether a condition is missing here that the instrument does send."""
        return bool(rule.conditions & self._sent - said.keys())

    def _denied(self, rule: Rule, said: Said) -> bool:
        """Tell whether a label that was received rules `rule` out."""
        for name, pattern in rule.when.items():
            if name in said and not fnmatchcase(said[name].text, pattern):
                return True
        return any(
            name in said and int(said[name].number or 0) >> number & 1
            for name, number in rule.unless.items()
        )
