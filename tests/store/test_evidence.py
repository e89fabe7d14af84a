import sqlite3
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store.pages import BEGIN, INDEXES, opened
from submeter.meter.audit import Entry
from submeter.meter.interval import Interval, Spread
from submeter.store import evidence, history
from submeter.store.page import Page
from submeter.store.verify import Verification

NUMBER = st.floats(allow_nan=False) | st.integers(-1000, 1000).map(float)
SPREAD = st.none() | st.builds(Spread, NUMBER, NUMBER, NUMBER)
TOTAL = st.none() | st.integers(0, 2**63 - 1)
INTERVAL = st.builds(
    Interval,
    meter=st.text(min_size=1, max_size=8),
    start=st.just(BEGIN),
    end=st.just(BEGIN + 900),
    indexes=st.fixed_dictionaries({name: st.tuples(TOTAL, TOTAL) for name in INDEXES}),
    power=SPREAD,
    voltages=st.tuples(SPREAD, SPREAD, SPREAD),
    quality=st.sampled_from(["measured", "failed"]),
    covered=st.integers(0, 900),
    recovered=st.booleans(),
    stepped=st.booleans(),
)
ENTRY = st.builds(Entry, st.integers(0, 2**40), st.text(), st.text(), st.text(), st.text())


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(INTERVAL, max_size=4), st.lists(ENTRY, max_size=4))
async def test_what_is_kept_comes_back_and_fits_its_hash(
    tmp_path_factory: object, intervals: list[Interval], entries: list[Entry]
) -> None:
    path = Path(tmp_path_factory.mktemp("e")) / "s.db"  # type: ignore[attr-defined]
    by_meter = {evidence.text(each.meter): each for each in reversed(intervals)}
    store = opened(path)
    await store.commit(Page(intervals=intervals, audits=entries))
    await store.close()
    for meter, each in by_meter.items():
        (found,) = history.intervals(path, meter, BEGIN, BEGIN + 1)
        assert found == each._replace(meter=meter)
    chained = [line for line in Verification(path).faults() if "hash" in line or "sign" in line]
    assert chained == []


async def test_text_that_is_no_unicode_and_numbers_that_are_none(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    nan = float("nan")
    strange = Interval(
        "m", BEGIN, BEGIN + 900, {}, Spread(-0.0, nan, 2), (None,) * 3, "failed", 0, True, False
    )
    entries = [Entry(1, "a\ud800", "m", "w", "nul \0 stays"), Entry(2, "", "", "", "\U0001f50c")]
    await store.commit(Page(intervals=[strange], audits=entries))
    await store.close()
    connection = sqlite3.connect(path)
    found = connection.execute("SELECT event, detail FROM audit WHERE at < 3").fetchall()
    connection.close()
    assert found == [("a?", "nul \0 stays"), ("", "\U0001f50c")]
    assert list(Verification(path).faults()) == []
