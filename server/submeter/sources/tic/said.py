"""What the groups of a TIC frame say, by the labels of the source map."""

from submeter.pointmap.source_map import SourceMap
from submeter.pointmap.tic_label import TicLabel
from submeter.sources.tic.decoder import Frame, Group
from submeter.sources.tic.label import Form
from submeter.sources.translation.datum import Said
from submeter.sources.translation.translator import Message


class Reader:
    """Checks the groups of frames against the forms that the map gives their labels.

    `refused` counts groups of the last frame whose data broke their label's form or that stood
    twice in it with different data, and all of one that two frames ran into: nobody knows which
    group is of which meter, so such a frame says nothing. Labels unknown to the map are left out.
    Meters of one kind write a label as EaP-1_s or EAP-1_s: upper and lower case are the same.
    """

    def __init__(self, source_map: SourceMap) -> None:
        labels = source_map.labels.items()
        forms = {name: Form(each) for name, each in labels if isinstance(each, TicLabel)}
        self._forms = {name: (name, form) for name, form in forms.items()}
        self._in_capitals = {name.upper(): (name, form) for name, form in forms.items()}
        rules = [rule for each in source_map.rules.values() for rule in each]
        self._identity = source_map.identity
        self._used = {source_map.identity}.union(
            *((*rule.labels, *rule.past, *rule.conditions) for rule in rules)
        )
        self.refused = 0

    def message(self, frame: Frame) -> Message:
        """Return what the valid groups of `frame` say."""
        if self._is_of_two(frame):
            self.refused = len(frame.groups)
            return Message({}, frame.raw, sound=False)
        groups: dict[str, Group] = {}
        said: Said = {}
        sent, twice, broken = set(), set(), set()
        self.refused = 0
        for group in frame.groups:
            known = self._forms.get(group.label) or self._in_capitals.get(group.label.upper())
            if known is None:
                continue
            name, form = known
            sent.add(name)  # even if refused: the meter sends it
            datum = form.datum(group)
            if datum is None:
                self.refused += 1
                broken.add(name)
            elif groups.setdefault(name, group)[1:] != group[1:]:
                twice.add(name)
            else:
                said[name] = datum
        self.refused += len(twice)
        for name in twice:
            del said[name]
        # A group that was refused may hide another, which then only seems to be missing. One of no
        # use may be refused for ever: its meter writes it in another form.
        sound = frame.whole and self._used.isdisjoint(broken | twice)
        return Message(said, frame.raw, frozenset(sent), sound)

    def _is_of_two(self, frame: Frame) -> bool:
        """Tell whether the end of a frame and the start of the next one were lost between two.

        The label that comes first, or the serial number, stands there again then, or several
        labels do.
        """
        first: dict[str, Group] = {}
        again, other = set(), set()
        for group in frame.groups:
            name = group.label.upper()
            before = first.setdefault(name, group)
            if before is not group:
                again.add(name)
                if before[1:] != group[1:]:
                    other.add(name)
        if not other:
            return False
        starts = {next(iter(first)), (self._identity or "").upper()}
        return len(again) > 1 or not starts.isdisjoint(other)
