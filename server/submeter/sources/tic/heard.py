"""What is known of a meter from its frames: which labels it sends, and which it does not have."""

from fnmatch import fnmatchcase

from submeter.pointmap.source_map import Rule, SourceMap
from submeter.sources.tic import label
from submeter.sources.tic.decoder import Frame, Group

Groups = dict[str, Group]

ENOUGH = 20  # frames; a label that none of so many had is not sent, damaged though each may be


class Heard:
    """The labels heard so far, in frames of one mode.

    `complete` tells that the last frame lacks nothing that the meter sends, `proved` that labels
    which were never heard do not exist. `refused` counts groups whose data broke their label's form
    or that stood twice in a frame with different data.
    """

    def __init__(self, source_map: SourceMap) -> None:
        self._map = source_map
        self._sent: set[str] = set()
        self._frames = 0
        self._before = False
        self._labels: set[str] = set()
        self.complete = False
        self.proved = False
        self.refused = 0
        self.identity: str | None = None

    @property
    def complete_twice(self) -> bool:
        """Whether the last two frames were complete."""
        return self.complete and self._before

    def take(self, frame: Frame) -> Groups:
        """Return the valid groups of `frame` by label; labels unknown to the map are left out."""
        refused = self.refused
        groups = self._valid(frame)
        whole = self._map.complete <= groups.keys()
        self._frames += whole
        # A group that was refused may hide another, which then only seems to be missing.
        sound = frame.whole and self.refused == refused
        self._before, self.complete = self.complete, whole and sound
        if self.complete_twice:
            # What two complete frames lack is not sent any more, or never was: a damaged label.
            self._sent = self._labels | groups.keys()
        self._labels = set(groups)
        self.proved |= self.complete or self._frames >= ENOUGH
        if self._map.identity in groups:
            self.identity = groups[self._map.identity].data
        return groups

    def rule(self, rules: tuple[Rule, ...], groups: Groups) -> Rule | None:
        """Return the first of `rules` that this meter can feed, None if none or not yet."""
        for rule in rules:
            if self.feeds(rule) and self._holds(rule, groups):
                return rule
            if not self.proved and not self._denied(rule, groups):
                return None
        return None

    def lacks(self, rules: tuple[Rule, ...], groups: Groups) -> bool:
        """Tell whether it is proved that none of `rules` can be fed."""
        if self.complete:
            return not any(self.feeds(rule) and self._holds(rule, groups) for rule in rules)
        return self.proved and not any(self.feeds(rule) for rule in rules)

    def feeds(self, rule: Rule) -> bool:
        """Tell whether the meter sends what `rule` is made of."""
        origins = [self._map.rules.get(name, ()) for name in rule.indexes]
        indexes = all(any(map(self.feeds, each)) for each in origins)
        return indexes and (rule.present is not None or self._sent.issuperset(rule.labels))

    def bit(self, group: Group, number: int) -> int:
        """Return one bit of a register."""
        return label.number(group, self._map.labels[group.label]) >> number & 1

    def _valid(self, frame: Frame) -> Groups:
        groups: Groups = {}
        twice = set()
        for group in frame.groups:
            form = self._map.labels.get(group.label)
            if form is None:
                continue
            self._sent.add(group.label)  # even if refused: the meter sends it
            if not label.fits(group, form):
                self.refused += 1
            elif groups.setdefault(group.label, group) != group:
                twice.add(group.label)
        self.refused += len(twice)
        return {name: group for name, group in groups.items() if name not in twice}

    def _holds(self, rule: Rule, groups: Groups) -> bool:
        conditions = rule.when.keys() | rule.unless.keys()
        return conditions <= groups.keys() and not self._denied(rule, groups)

    def _denied(self, rule: Rule, groups: Groups) -> bool:
        """Tell whether a label that was received rules `rule` out."""
        for name, pattern in rule.when.items():
            if name in groups and not fnmatchcase(groups[name].data, pattern):
                return True
        return any(
            name in groups and self.bit(groups[name], number)
            for name, number in rule.unless.items()
        )
