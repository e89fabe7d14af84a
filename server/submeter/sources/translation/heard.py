"""What is known of an instrument from its messages: which labels it sends, and which it lacks."""

from fnmatch import fnmatchcase

from submeter.pointmap.obis_object import ObisObject
from submeter.pointmap.source_map import Rule, SourceMap
from submeter.sources.translation.datum import Said
from submeter.sources.translation.message import Message

ENOUGH = 20  # messages; a label that none of so many had is not sent, damaged though each may be


class Heard:
    """The labels heard so far, in messages that one map describes.

    `complete` tells that the last message lacks nothing that the instrument sends, `proved` that
    labels which were never heard do not exist. Without complete messages ENOUGH others prove what
    is not sent, or not any more; those of `hold` are awaited for as many seconds.
    """

    def __init__(self, source_map: SourceMap) -> None:
        self._map = source_map
        self.hold = {
            name: label.hold
            for name, label in source_map.labels.items()
            if isinstance(label, ObisObject) and label.hold
        }
        self._sent: set[str] = set()
        self._recent: set[str] = set()  # since the last ENOUGH messages were full
        self._held: dict[str, float] = {}  # when a label that is held was heard last
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

    def take(self, message: Message, elapsed: float) -> None:
        """Take the labels of a message, `elapsed` seconds into the stream."""
        labels = message.said.keys() | message.sent
        complete_map = self._map.complete <= message.said.keys()
        counts = not message.partial and (message.whole or complete_map)
        complete = counts and message.sound and (message.whole or bool(self._map.complete))
        self._before, self.complete = self.complete, complete
        self._held.update((label, elapsed) for label in self.hold.keys() & labels)
        self._recent |= labels
        self._messages += counts
        # What two complete messages lack is not sent any more, or never was: a damaged label.
        self._send(self._labels | labels if self.complete_twice else self._sent | labels)
        if counts and self._messages % ENOUGH == 0:
            self._send(self._recent | self._awaited(elapsed))
            self._recent = set()
        self._labels = labels
        self.proved |= self.complete or self._messages >= ENOUGH
        if self._map.identity in message.said:
            self.identity = message.said[self._map.identity].text

    def _send(self, labels: set[str]) -> None:
        if labels != self._sent:
            self._sent = labels
            self._feeds.clear()

    def _awaited(self, elapsed: float) -> set[str]:
        """Return the labels that still count although the last messages lacked them."""
        since = self._held.items()
        return {label for label, at in since if 0 <= elapsed - at <= self.hold[label]}

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
        if not rule.conditions:
            return False
        for name, pattern in rule.when.items():
            if name in said and not fnmatchcase(said[name].text, pattern):
                return True
        return any(
            name in said and int(said[name].number or 0) >> number & 1
            for name, number in rule.unless.items()
        )
