"""The tally of a minute: the first whole, the rest counted, and nothing without bounds."""

from submeter.meter.tally import Bounds, Entry, Tally


def entry(who: str, detail: str = "", at: int = 0) -> Entry:
    return Entry(at, "write_refused", "main", who, detail)


def test_the_first_is_given_out_and_the_last_is_told() -> None:
    tally = Tally(Bounds(1, 0, 1))
    assert tally.take(entry("a", "value=1"), ("X", "")) == [entry("a", "value=1")]
    assert tally.take(entry("a", "value=2", 1), ("X", "")) == []
    assert tally.take(entry("a", "value=3", 2), ("X", "")) == []
    assert tally.told() == [entry("a", "value=3 count=2", 2)]
    assert tally.told() == []
    assert tally.take(entry("a", "value=4"), ("X", "")) == [], "it is the same minute"
    tally.clear()
    assert tally.take(entry("a", "value=5"), ("X", "")) == [entry("a", "value=5")]
    assert tally.told() == []


def test_each_has_its_own_then_there_is_a_common_pot() -> None:
    tally = Tally(Bounds(each=2, common=3, peers=9))
    given = [number for number in range(10) if tally.take(entry("a"), (f"P{number}", ""))]
    assert given == [0, 1, 2, 3, 4]
    assert [number for number in range(10) if tally.take(entry("b"), (f"P{number}", ""))] == [0, 1]
    assert tally.take(entry("b"), ("P0", "")) == []
    assert [(each.meter, each.who, each.detail) for each in tally.told()] == [
        ("", "a", "further=5"),
        ("", "b", "further=8"),
        ("main", "b", "count=1"),
    ]


def test_further_peers_are_one() -> None:
    tally = Tally(Bounds(each=5, common=5, peers=2))
    assert [who for who in "abcda" if tally.take(entry(who), ("X", ""))] == ["a", "b"]
    assert tally.take(entry("a"), ("Y", "")) == [entry("a")]
    assert [(each.who, each.detail) for each in tally.told()] == [
        ("", "further=2"),
        ("a", "count=1"),
    ]


def test_stations_behind_a_router_are_one_peer() -> None:
    """They are what their sender says they are: he must not take the room of others."""
    tally = Tally(Bounds(each=2, common=0, peers=2))
    far = [f"bacnet net 5 mac {number:02x} 192.0.2.1" for number in range(9)]
    assert [who for who in far if tally.take(entry(who), ("X", ""))] == far[:2]
    assert tally.take(entry("modbus 192.0.2.1"), ("X", "")) == [entry("modbus 192.0.2.1")]
    assert [(each.who, each.detail) for each in tally.told()] == [("bacnet 192.0.2.1", "further=7")]


def test_nothing_counted_is_lost_when_the_bounds_are_reached() -> None:
    tally = Tally(Bounds(each=1, common=0, peers=9))
    given = [*tally.take(entry("a", "1"), ("X", "")), *tally.take(entry("a", "2"), ("X", ""))]
    given += tally.take(entry("b"), ("Y", ""))
    given += tally.take(entry("b", "3"), ("X", ""))
    assert [each.detail for each in given] == ["1", "", "2 count=1"]
    assert [each.detail for each in tally.told()] == ["further=1"]


def test_the_rows_of_a_day_are_bounded() -> None:
    tally = Tally(Bounds(each=9, common=0, peers=9, day=3))
    assert tally.take(entry("a"), ("X", "")) == [entry("a")]
    assert tally.take(entry("a"), ("X", "")) == []
    assert tally.take(entry("b"), ("Y", "")) == [entry("b")]
    assert [each.detail for each in tally.told()] == ["count=1"]
    tally.clear()
    assert [who for who in "abc" if tally.take(entry(who), ("X", ""))] == []
    assert tally.told() == [Entry(0, "refused", "", "", "further=3")]
    tally.clear()
    tally.new_day()
    assert tally.take(entry("a"), ("X", "")) == [entry("a")]
