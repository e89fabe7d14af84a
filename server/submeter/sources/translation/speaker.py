"""What is known of the instruments that speak at one input, of each apart."""

from typing import NamedTuple

from submeter.meter.instant import Instant
from submeter.pointmap.source_map import Rule, SourceMap
from submeter.sources.slope import IndexSlope
from submeter.sources.translation.admission import Made
from submeter.sources.translation.datum import Said
from submeter.sources.translation.heard import Heard
from submeter.sources.translation.message import Message


class _Kept(NamedTuple):
    """The last message with a label, and when it came: s into the stream, and by the clocks."""

    message: Message
    elapsed: float
    at: Instant


class Speaker:
    """One instrument: the labels it sends, its slopes, and what it said that still counts."""

    def __init__(self, source_map: SourceMap) -> None:
        self.heard = Heard(source_map)
        self._largest_power = source_map.largest_power
        self._slopes: dict[tuple[str, float], IndexSlope] = {}
        self._kept: dict[str, _Kept] = {}
        self.admitted: dict[tuple[str, int], tuple[int | None, Made]] = {}
        """What came last of the indexes, by point and place of the rule; None if not admitted."""

    def said(self, message: Message, elapsed: float, at: Instant) -> Said:
        """Return what `message` says, which came `at`, and what earlier ones said that counts."""
        if not self.heard.hold:
            return message.said
        said = dict(message.said)
        for label, seconds in self.heard.hold.items():
            if label in said:
                self._kept[label] = _Kept(message, elapsed, at)
            elif label in self._kept:
                earlier = self._kept[label]
                # The stream begins anew with each connection; the clock does not.
                past = max(elapsed - earlier.elapsed, at.mono - earlier.at.mono)
                if elapsed >= earlier.elapsed and past <= seconds:
                    said[label] = earlier.message.said[label]
        return said

    def since(self, rule: Rule) -> Instant | None:
        """Return when the last of the labels of `rule` came, if all are held; else None."""
        times = [self._kept[label].at for label in rule.labels if label in self._kept]
        whole = times and len(times) == len(rule.labels)
        return max(times, key=lambda at: at.mono) if whole else None

    def source(self, message: Message, rule: Rule) -> Message:
        """Return the message that the first label of `rule` came in."""
        first = rule.labels[0] if rule.labels else ""
        if first in self._kept and first not in message.said:
            return self._kept[first].message
        return message

    def slope(self, index: str, window: float) -> IndexSlope:
        """Return the slope of the point `index` over `window` seconds."""
        key = index, window
        if key not in self._slopes:
            self._slopes[key] = IndexSlope(window, self._largest_power)
        return self._slopes[key]


class Speakers:
    """The instruments by the serial numbers that they say; one speaks at a time.

    A number that damage made takes nothing away from the instrument that goes on afterwards.
    """

    MOST = 4
    """Instruments that are remembered; the one that was heard the longest ago is forgotten."""

    def __init__(self, source_map: SourceMap) -> None:
        self.name: str | None = None
        """The serial number that was said last."""
        self.present = Speaker(source_map)
        """The instrument that speaks."""
        self._map = source_map
        self._others: dict[str, Speaker] = {}

    def turn_to(self, name: str | None) -> None:
        """Take `name` for who speaks now; None tells nothing new."""
        if name is None or name == self.name:
            return
        if self.name is not None:  # else it had not said who it is, until now
            self._others[self.name] = self.present
            if len(self._others) >= self.MOST:
                del self._others[next(iter(self._others))]
            known = self._others.pop(name) if name in self._others else None
            self.present = known or Speaker(self._map)
        self.name = name
