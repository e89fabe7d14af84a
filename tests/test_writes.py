"""No sequence of writes moves an energy index or a sealed setting, through whichever door."""

import contextlib
import struct
from collections.abc import Mapping

from hypothesis import given, settings
from hypothesis import strategies as st

from bacnet.client import reference, write
from submeter.bacnet import BacnetFace, BacnetSettings, ServedMeter
from submeter.bacnet.services import Overflow, answer
from submeter.bacnet.tags import Rejected
from submeter.errors import WriteRefusedError
from submeter.meter.access import Access, Who
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality
from submeter.meter.setup import Setup
from submeter.modbus import dispatch
from submeter.modbus.image import Image
from submeter.pointmap import meter_map
from tooling import meters

STANDARD = meter_map.load("standard")
NAMES = [point.name for point in STANDARD.points]
INDEXES = [point.name for point in STANDARD.points if point.kind == "index"]
RATINGS = {"CT_Primary_Rating": 200, "CT_Secondary_Rating": 5}
TOTALS = {name: 1_000_000_000 * (n + 1) + 123 for n, name in enumerate(INDEXES)}
PEER = Who("modbus.tcp", "192.0.2.9")
OPERATOR = Who("cli", "operator")

# Registers and coils of the standard map: energies, exact energies, settings, commands.
addresses = st.sampled_from([0, 1, 7, 100, 104, 115, 1000, 1002, 1004, 1014, 0x9C40]) | st.integers(
    0, 0xFFFF
)
words = st.sampled_from([0, 1, 0xFF00, 0xFFFF, 0x4248, 0x7FC0]) | st.integers(0, 0xFFFF)


@st.composite
def modbus_writes(draw: st.DrawFn) -> bytes:
    """Return a request of a function that writes, in its form or nearly so."""
    function = draw(st.sampled_from([5, 6, 15, 16, 22, 23]) | st.integers(1, 127))
    head = struct.pack(">BH", function, draw(addresses))
    if function in (5, 6):
        return head + struct.pack(">H", draw(words))
    content = struct.pack(">4H", *(draw(words) for _ in range(4)))
    count = draw(st.integers(0, 5))
    if function == 22:
        return head + content[:4]
    if function == 23:
        head += struct.pack(">HH", 1, draw(addresses))
    return head + struct.pack(">HB", count, 2 * count) + content[: 2 * count] + draw(st.binary())


@st.composite
def bacnet_writes(draw: st.DrawFn) -> tuple[int, bytes]:
    """Return a service that changes something, and its parameters."""
    entry = draw(st.sampled_from(STANDARD.objects))
    kind = {"accumulator": 23, "analog-input": 0, "analog-output": 1, "binary-input": 3}
    kinds = kind | {"binary-output": 4, "multi-state-value": 19, "datetime-value": 44}
    value = draw(
        st.sampled_from([b"\x44\x42\x48\x00\x00", b"\x21\x01", b"\x91\x01", b"\x00", b"\x10"])
        | st.binary(max_size=12)
    )
    number = draw(st.sampled_from([85, 187, 191, 104, 87, 77]) | st.integers(0, 500))
    priority = draw(st.none() | st.integers(1, 16))
    one = write(kinds[entry.object], entry.instance, number, value, priority)
    if draw(st.booleans()):
        return 15, one
    many = one[:5] + b"\x1e" + reference(0, number) + b"\x2e" + value + b"\x2f\x1f"
    return 16, many


class Site:
    """A sealed meter behind both faces; `opened` lets PEER write as far as anybody may."""

    def __init__(self, opened: bool) -> None:
        allowed = {"networks": ["192.0.2.0/24"], "unlock": "none"} if opened else {}
        self.audit = Audit()
        access = Access(AccessSettings.model_validate(allowed), self.audit)
        feeds = [Feed("source", dict.fromkeys(INDEXES, Quality.MEASURED), 60.0)]
        setup = Setup(configured=RATINGS, sealed=True)
        self.meter = Meter("m", STANDARD.points, feeds, setup, audit=self.audit, access=access)
        meters.know(self.meter, TOTALS, Instant(10.0, 1e9))
        self.image = Image(STANDARD)
        self.meter.subscribe(self.image.apply)
        own = BacnetSettings(address="127.0.0.1/8", device_id=4000, device_name="s", port=1)
        self.face = BacnetFace(own, [ServedMeter(self.meter, STANDARD)])

    def content(self) -> dict[str, object]:
        """Return all that a poller can read, and what lies behind it."""
        return {
            "readings": {name: self.meter.readings[name][:2] for name in NAMES},
            "totals": dict(self.meter.energy.totals),
            "registers": [self.image.blocks[n].content for n in sorted(self.image.blocks)],
            "objects": [dict(each.images) for each in self.face.table],
            "stored": self.meter.settings.unsaved(),
        }


@settings(max_examples=150, deadline=None)
@given(st.lists(modbus_writes() | bacnet_writes(), max_size=20))
def test_the_faces_change_nothing(requests: list[bytes | tuple[int, bytes]]) -> None:
    site = SITE
    before = site.content()
    for request in requests:
        if isinstance(request, bytes):
            dispatch.answer(site.image, request)
        else:
            with contextlib.suppress(Rejected, Overflow):
                answer(site.face.table, *request)
    assert site.content() == before


numbers = st.sampled_from([0, 1, 5, 15, 100, 247, 9600, -1]) | st.floats() | st.integers()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), numbers, st.sampled_from([PEER, OPERATOR]))))
def test_the_door_moves_no_index_and_no_sealed_setting(
    wishes: list[tuple[str, float, Who]],
) -> None:
    site, twin = Site(opened=True), Site(opened=True)
    for second, (point, value, who) in enumerate(wishes):
        with contextlib.suppress(WriteRefusedError):
            site.meter.write(point, value, who, Instant(20.0 + second, 1e9))
    _unmoved(site.meter, TOTALS)
    # What comes afterwards is counted as if nobody had written.
    later = {name: total + 7_000 for name, total in TOTALS.items()}
    for each in (site, twin):
        meters.know(each.meter, later, Instant(30.0 + len(wishes), 1e9))
    assert site.meter.energy.totals == twin.meter.energy.totals == later


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(NAMES), numbers)))
def test_without_access_nothing_is_written_at_all(wishes: list[tuple[str, float]]) -> None:
    site = Site(opened=False)
    before = site.content()
    for point, value in wishes:
        with contextlib.suppress(WriteRefusedError):
            site.meter.write(point, value, PEER, Instant(20.0, 1e9))
    assert site.content() == before
    assert all(entry.event == "write_refused" for entry in site.audit.take())


def test_the_door_is_a_door() -> None:
    site = Site(opened=True)
    site.meter.write("Demand_Interval", 5, PEER, Instant(20.0, 1e9))
    assert site.meter.readings["Demand_Interval"].value == 5


def _unmoved(meter: Meter, totals: Mapping[str, int]) -> None:
    assert meter.energy.totals == totals
    assert {name: meter.readings[name].value for name in totals} == totals
    assert {name: meter.settings.value(name) for name in RATINGS} == RATINGS


SITE = Site(opened=False)
