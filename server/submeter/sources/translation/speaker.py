"""What is known of the instruments that speak at one input, of each apart."""

from submeter.pointmap.source_map import Rule, SourceMap
from submeter.sources.slope import IndexSlope
from submeter.sources.translation.datum import Said
from submeter.sources.translation.heard import Heard
from submeter.sources.translation.message import Message


class Speaker:
    """One instrument: the labels it sends, its slopes, and what it said that still counts."""

    def __init__(self, source_map: SourceMap) -> None:
        self.heard = Heard(source_map)
        self._largest_power = source_map.largest_power
        self._slopes: dict[tuple[str, float], IndexSlope] = {}
        self._kept: dict[str, tuple[Message, float]] = {}  # the last with a label, and when

    def said(self, message: Message, elapsed: float) -> Said:
        """Return what `message` says, and what earlier ones said that still counts."""
        if not self.heard.hold:
            return message.said
        said = dict(message.said)
        for label, seconds in self.heard.hold.items():
            if label in said:
                self._kept[label] = message, elapsed
            elif label in self._kept:
                earlier, since = self._kept[label]
                if 0 <= elapsed - since <= seconds:
                    said[label] = earlier.said[label]
        return said

    def source(self, message: Message, rule: Rule) -> Message:
        """Return the message that the first label of `rule` came in."""
        first = rule.labels[0] if rule.labels else ""
        if first in self._kept and first not in message.said:
            return self._kept[first][0]
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
