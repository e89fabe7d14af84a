"""What the groups of a TIC frame say, by the labels of the source map."""

from submeter.pointmap.source_map import SourceMap
from submeter.pointmap.tic_label import TicLabel
from submeter.sources.tic import horodate, label
from submeter.sources.tic.decoder import Frame, Group
from submeter.sources.translation.datum import Datum, Said
from submeter.sources.translation.translator import Message


class Reader:
    """Checks the groups of frames against the forms that the map gives their labels.

    `refused` counts groups of the last frame whose data broke their label's form or that stood
    twice in it with different data. Labels unknown to the map are left out.
    """

    def __init__(self, source_map: SourceMap) -> None:
        labels = source_map.labels.items()
        self._labels = {name: each for name, each in labels if isinstance(each, TicLabel)}
        self.refused = 0

    def message(self, frame: Frame) -> Message:
        """Return what the valid groups of `frame` say."""
        groups: dict[str, Group] = {}
        sent, twice = set(), set()
        self.refused = 0
        for group in frame.groups:
            form = self._labels.get(group.label)
            if form is None:
                continue
            sent.add(group.label)  # even if refused: the meter sends it
            if not label.fits(group, form):
                self.refused += 1
            elif groups.setdefault(group.label, group) != group:
                twice.add(group.label)
        self.refused += len(twice)
        said: Said = {
            name: self._datum(group) for name, group in groups.items() if name not in twice
        }
        # A group that was refused may hide another, which then only seems to be missing.
        sound = frame.whole and not self.refused
        return Message(said, b"", frozenset(sent), sound)

    def _datum(self, group: Group) -> Datum:
        form = self._labels[group.label]
        stamp = horodate.stamp(group.horodate) if group.horodate else None
        number = None if form.is_text else label.number(group, form)
        return Datum(group.data, number, form.unit, stamp)
