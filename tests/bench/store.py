"""What the store writes in a day, how fast it is read, and what it costs to verify it.

The peer of the writing is the usual narrow table, a row for each number, in plain SQLite with its
default pages, committed as safely. The pages are those of a real meter and the real journal; both
write the same ones. What is counted is `write_bytes` of the kernel, whole pages of its cache, so it
needs a real disk. The file system's own journal is not in it.
"""

import asyncio
import hashlib
import math
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from submeter.config import StoreSettings
from submeter.meter.interval import LENGTH, Interval, Spread
from submeter.pointmap import points
from submeter.store import history, key
from submeter.store.database import Cell
from submeter.store.page import IndexRow, Page, SampleRow
from submeter.store.store import Store
from submeter.store.verify import Verification

from .fleet import BEGIN, NAME, Fleet, everything, phases

FOLDER = Path(__file__).resolve().parents[2] / "build"
DAY = 86_400
STORE = StoreSettings()
PERIODS = (1, 5, 10, 15, 16, 20, 30, 60)  # s from commit to commit
COMMITS = 1440  # in a run, more than the log takes between two checkpoints
LOOK = 5  # s; an instrument need not be heard more often for the same commits
AIM = 40.0  # MB a meter and day
SITE = 10  # meters that share their commits
DAYS = 90
INTERVALS = DAYS * DAY // LENGTH
ROUNDS = 5
METERS = 4  # in the file that is queried, so that the rows of one are not side by side
CHUNK = 500  # intervals of each meter in a page
ALONE = 5000
KEPT = list(points.all_points().values())
INDEXES = tuple(point.name for point in KEPT if point.kind == "index")
ANALOG = tuple(point.name for point in KEPT if point.kind == "analog")


def run() -> None:
    """Print the bytes of a day for several commit intervals, then the times of a long query."""
    FOLDER.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=FOLDER) as folder:
        _writing(Path(folder))
        _reading(Path(folder))


def _writing(folder: Path) -> None:
    print(
        f"Store, bytes written a meter and day: indexes each commit, samples each {STORE.sample} "
        f"s,\nintervals each {LENGTH} s; at least {COMMITS} commits to a real disk, extrapolated"
    )
    if not _is_disk(folder):
        print(f"  skipped: {folder} is not on a disk whose writes the kernel counts")
        return
    print("  commit s  meters  indexes  MB a meter and day  KB a commit  narrow table MB  ratio")
    found = {period: _row(folder, period, 1, everything()) for period in PERIODS}
    _row(folder, STORE.commit, 1, phases(indexes=1))
    _row(folder, STORE.commit, SITE, everything())
    fitting = [period for period in PERIODS if found[period] < AIM]
    shortest = f"{min(fitting)} s" if fitting else "none"
    print(
        f"  shortest of these below {AIM:g} MB with one meter of all indexes: {shortest}; "
        f"the default is {STORE.commit:g} s"
    )


def _row(folder: Path, period: float, meters: int, names: Sequence[str]) -> float:
    """Print and return the MB that the store writes of one meter in a day."""
    span = max(int(period * COMMITS), 2 * LENGTH)
    pages = asyncio.run(_pages(meters, period, span, names))
    indexes = len({row.point for page in pages for row in page.indexes})
    with TemporaryDirectory(dir=folder) as place:
        ours = asyncio.run(_written(Path(place) / "ours.db", pages))
        peer = _narrow(Path(place) / "peer.db", pages)
    daily = DAY / span / meters / 1e6
    print(
        f"  {period:8g}  {meters:6}  {indexes:7}  {ours * daily:18.1f}"
        f"  {ours / len(pages) / 1e3:11.1f}  {peer * daily:15.1f}  {ours / peer:5.2f}"
    )
    return ours * daily


async def _pages(meters: int, period: float, span: int, names: Sequence[str]) -> list[Page]:
    """Return what the journal commits of `meters` that are fed with `names`, in `span` s."""
    fleet = Fleet(meters, names, period, STORE.sample)
    await fleet.warm_up()
    step = int(period) // math.ceil(period / LOOK)
    for second in range(0, span, step):
        await fleet.second(second, fleet.updates(second))
    return fleet.pages


async def _written(path: Path, pages: Sequence[Page]) -> int:
    """Return the bytes that the store writes for `pages`, with the last checkpoint."""
    store = Store.open(path, KEPT)
    before = _write_bytes()
    for page in pages:
        await store.commit(page)
    await store.close()
    return _write_bytes() - before


def _narrow(path: Path, pages: Sequence[Page]) -> int:
    """Return the bytes that the peer writes for `pages`; it keeps no state and signs nothing."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "CREATE TABLE total (meter TEXT, point TEXT, mwh INTEGER, PRIMARY KEY (meter, point))",
            "CREATE TABLE number (at INTEGER, meter TEXT, point TEXT, value NUMERIC)",
            "CREATE INDEX number_at ON number (at, meter)",
        ):
            connection.execute(statement)
        before = _write_bytes()
        for page in pages:
            connection.execute("BEGIN IMMEDIATE")
            totals = [row[:3] for row in page.indexes]
            connection.executemany("INSERT OR REPLACE INTO total VALUES (?, ?, ?)", totals)
            numbers = [(*place, value) for place, value in _numbers(page)]
            connection.executemany("INSERT INTO number VALUES (?, ?, ?, ?)", numbers)
            connection.execute("COMMIT")
    return _write_bytes() - before


def _numbers(page: Page) -> Iterator[tuple[tuple[int, str, str], Cell]]:
    """Yield every number of the samples and intervals of `page` as time, meter, point and value."""
    for sample in page.samples:
        for name, value in sample.values.items():
            yield (sample.at, sample.meter, name), value
    for each in page.intervals:
        for name, (_, end) in each.indexes.items():
            yield (each.end, each.meter, f"{name}_end"), end
        for number, spread in enumerate((each.power, *each.voltages)):
            for part, value in zip(Spread._fields, spread or (), strict=bool(spread)):
                yield (each.end, each.meter, f"{part}_{number}"), value


def _write_bytes() -> int:
    for line in Path("/proc/self/io").read_text().splitlines():
        if line.startswith("write_bytes"):
            return int(line.split()[1])
    raise AssertionError("the kernel does not count what is written")


def _is_disk(folder: Path) -> bool:
    before = _write_bytes()
    (folder / "probe").write_bytes(bytes(8192))
    return _write_bytes() > before


def _reading(folder: Path) -> None:
    path, bare = folder / "history.db", folder / "bare.db"
    count = INTERVALS
    asyncio.run(fill(path, count))
    _copy_bare(path, bare)
    print(
        f"Store, {DAYS} days of one meter of {METERS} at {LENGTH // 60} min, "
        f"median of {ROUNDS} alternating runs"
    )
    print("  query                      rows      ms   bare table ms   ratio")
    end = BEGIN + DAYS * DAY
    meter = NAME.format(1)
    _compare(
        "intervals",
        lambda: len(list(history.intervals(path, meter, BEGIN, end))),
        lambda: _rows_of_bare(bare, "interval", "start", meter),
    )
    for title, names in (("samples, one point", ANALOG[:1]), ("samples, every analog", ANALOG)):
        _compare(
            title,
            partial(_count_samples, path, meter, end, names),
            partial(_rows_of_bare, bare, "sample", "at", meter, _columns(names)),
        )
    _verify(path)


def _compare(title: str, ours: Callable[[], int], peer: Callable[[], int]) -> None:
    pairs = [(_timed(ours), _timed(peer)) for _ in range(ROUNDS)]
    rows = {result[0] for pair in pairs for result in pair}
    assert rows == {INTERVALS}
    mine, its = (median(pair[n][1] for pair in pairs) for n in range(2))
    ratio = median(our[1] / other[1] for our, other in pairs)
    print(f"  {title:23}  {rows.pop():6}  {mine:6.1f}   {its:13.1f}   {ratio:5.1f}")


def _timed(query: Callable[[], int]) -> tuple[int, float]:
    began = time.perf_counter()
    rows = query()
    return rows, (time.perf_counter() - began) * 1000


def _rows_of_bare(path: Path, table: str, time_column: str, meter: str, names: str = "*") -> int:
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            f"SELECT {names} FROM {table} WHERE meter = ? AND {time_column} >= ? "
            f"ORDER BY {time_column}",
            (meter, BEGIN),
        )
        return len(rows.fetchall())


def _count_samples(path: Path, meter: str, end: int, names: Sequence[str]) -> int:
    return len(list(history.samples(path, meter, BEGIN, end, names)))


def _columns(names: Sequence[str]) -> str:
    return ", ".join(("at", "instrument_time", *names))


def _verify(path: Path) -> None:
    """Print the cost of the check of a row, beside that of its hash and signature alone."""
    private = Ed25519PrivateKey.generate()
    public = private.public_key().public_bytes_raw()
    data = bytes(1000)
    signature = private.sign(hashlib.sha256(data).digest())
    ours, peers = [], []
    rows = METERS * INTERVALS
    for _ in range(2):
        verification = Verification(path)
        began = time.perf_counter()
        assert not list(verification.faults())
        ours.append((time.perf_counter() - began) * 1e6 / sum(verification.rows.values()))
        assert verification.rows["interval"] == rows
        began = time.perf_counter()
        for _ in range(ALONE):
            assert key.good(public, signature, hashlib.sha256(data).digest())
        peers.append((time.perf_counter() - began) * 1e6 / ALONE)
    ratio = median(our / peer for our, peer in zip(ours, peers, strict=True))
    print(
        f"  verify of {rows} rows: {median(ours):.0f} us a row, {median(peers):.0f} us for hash "
        f"and signature alone, ratio {ratio:.2f}"
    )


async def fill(path: Path, count: int) -> None:
    """Make a store with `count` intervals and samples of each meter, one after the other."""
    store = Store.open(path, KEPT)
    for first in range(0, count, CHUNK):
        numbers = range(first, min(first + CHUNK, count))
        names = [NAME.format(n) for n in range(METERS)]
        await store.commit(
            Page(
                samples=[_sample(number, name) for number in numbers for name in names],
                intervals=[_interval(number, name) for number in numbers for name in names],
            )
        )
    ends = [
        IndexRow(name, point, _total(count), "{}")
        for name in map(NAME.format, range(METERS))
        for point in INDEXES
    ]
    await store.commit(Page(indexes=ends))
    await store.close()


def _copy_bare(path: Path, bare: Path) -> None:
    """Copy what is queried into tables without evidence, in plain SQLite."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("ATTACH ? AS bare", (str(bare),))
        connection.execute("CREATE TABLE bare.interval AS SELECT * FROM main.interval")
        for column in ("hash", "signature", "seq"):
            connection.execute(f"ALTER TABLE bare.interval DROP COLUMN {column}")
        connection.execute("CREATE TABLE bare.sample AS SELECT * FROM main.sample")
        connection.execute("CREATE INDEX bare.interval_at ON interval (meter, start)")
        connection.execute("CREATE INDEX bare.sample_at ON sample (meter, at)")
        connection.commit()


def _interval(number: int, meter: str) -> Interval:
    start = BEGIN + number * LENGTH
    return Interval(
        meter=meter,
        start=start,
        end=start + LENGTH,
        indexes={name: (_total(number), _total(number + 1)) for name in INDEXES},
        power=Spread(0.5, 1.25 + number % 7, 9.5),
        voltages=(Spread(229.1, 230.2, 231.3), Spread(228.4, 230, 232), Spread(228, 229.5, 231)),
        quality="measured",
        covered=LENGTH,
        recovered=False,
        stepped=False,
    )


def _sample(number: int, meter: str) -> SampleRow:
    numbers: dict[str, int | float] = {name: 0.25 + n + number for n, name in enumerate(ANALOG)}
    return SampleRow(
        BEGIN + number * LENGTH, meter, numbers | dict.fromkeys(INDEXES, _total(number)), None
    )


def _total(number: int) -> int:
    return 123_456_789_000 + number * 750_000
