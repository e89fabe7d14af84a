"""No sequence of writes moves an energy index or a sealed setting, through whichever door."""

import base64
import contextlib
import functools
import hashlib
import struct
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bacnet.client import reference, write
from submeter.bacnet import layouts
from submeter.bacnet.answer import Pending as Waiting
from submeter.bacnet.host import Common
from submeter.bacnet.outside import Outside, ServedMeter
from submeter.bacnet.peer import Peer as Station
from submeter.bacnet.settings import BacnetSettings
from submeter.errors import FrameError, WriteRefusedError
from submeter.meter.access import Access, Who
from submeter.meter.access_settings import AccessSettings
from submeter.meter.audit import Audit
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality
from submeter.meter.setup import Setup
from submeter.modbus import dispatch
from submeter.modbus.identification import Identification
from submeter.modbus.image import Image
from submeter.modbus.unit import Answer, Peer, Pending, Unit
from submeter.pointmap import folders, meter_map
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register import Register, UnlockCode
from submeter.pointmap.register_codec import encode, encode_text
from tooling import meters

STANDARD = meter_map.load("standard")
NAMES = [point.name for point in STANDARD.points]
INDEXES = [point.name for point in STANDARD.points if point.kind == "index"]
RATINGS = {"CT_Primary_Rating": 200, "CT_Secondary_Rating": 5}
TOTALS = {name: 1_000_000_000 * (n + 1) + 123 for n, name in enumerate(INDEXES)}
PEER = Who("modbus.tcp", "192.0.2.9")
STATION = Station(("192.0.2.9", 47808))
OPERATOR = Who("cli", "operator")
CODE = "482913"
MAPS = sorted(path.stem for path in (folders.shipped() / "meters").glob("*.yaml"))

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


load = functools.cache(meter_map.load)


def cheap_hash(code: str) -> str:
    """Return the line that stands for `code` and costs no time."""
    salt = bytes(16)
    digest = hashlib.scrypt(code.encode(), salt=salt, n=2, r=1, p=1, dklen=32)
    return "$".join(
        ("scrypt", "2", "1", "1", *(base64.b64encode(part).decode() for part in (salt, digest)))
    )


class Site:
    """A sealed meter behind both faces; `opened` lets PEER write as far as anybody may."""

    def __init__(self, opened: bool, unlock: str = "none", shown: MeterMap = STANDARD) -> None:
        allowed = {"networks": ["192.0.2.0/24"], "unlock": unlock} if opened else {}
        self.audit = Audit()
        access = Access(AccessSettings.model_validate(allowed), self.audit)
        self.access = access
        feeds = [Feed("source", dict.fromkeys(INDEXES, Quality.MEASURED), 60.0)]
        setup = Setup(configured=RATINGS, sealed=True)
        self.meter = Meter("m", STANDARD.points, feeds, setup, audit=self.audit, access=access)
        meters.know(self.meter, TOTALS, Instant(10.0, 1e9))
        self.image = Image(shown)
        self.meter.subscribe(self.image.apply)
        self.unit = Unit(self.image, Identification(), None, self.meter, access)
        outside = Outside("s", self.audit, lock=access, code=unlock != "none")
        common = Common.of(BacnetSettings(device_id=4000), outside)
        (self.host,) = layouts.unattached(common, [ServedMeter(self.meter, STANDARD)])

    def lease(self, now: Instant) -> None:
        """Let PEER write, as after the right code."""
        if self.access.attempt(PEER, CODE, now):
            self.access.conclude(PEER, True, now)

    def ask(self, pdu: bytes, second: float) -> Answer:
        """Return the answer that PEER gets, once it is worked out."""
        reply = dispatch.answer(self.unit, pdu, Peer(PEER), Instant(second, 1e9))
        return reply.finish(reply.work()) if isinstance(reply, Pending) else reply

    def serve(self, service: int, parameters: bytes) -> None:
        """Let STATION ask for a BACnet service, and give it what it was worked out for."""
        with contextlib.suppress(FrameError):
            reply = self.host.application.confirmed[service](parameters, STATION)
            if isinstance(reply, Waiting):
                reply.finish(reply.work())

    def content(self) -> dict[str, object]:
        """Return all that a poller can read, and what lies behind it."""
        return {
            "readings": {name: self.meter.readings[name][:2] for name in NAMES},
            "totals": dict(self.meter.energy.totals),
            "registers": [self.image.blocks[n].content for n in sorted(self.image.blocks)],
            "objects": [
                {number: image for number, image in each.live.items() if not callable(image)}
                for each in self.host.table
            ],
            "stored": self.meter.settings.unsaved(),
        }


@settings(max_examples=150, deadline=None)
@given(st.lists(modbus_writes() | bacnet_writes(), max_size=20))
def test_the_faces_change_nothing(requests: list[bytes | tuple[int, bytes]]) -> None:
    site = SITE
    before = site.content()
    for request in requests:
        if isinstance(request, bytes):
            site.ask(request, 20.0)
        else:
            site.serve(*request)
    assert site.content() == before


@settings(max_examples=100, deadline=None)
@given(st.lists(bacnet_writes(), max_size=20))
def test_an_open_bacnet_face_moves_no_index_and_no_sealed_setting(
    requests: list[tuple[int, bytes]],
) -> None:
    site = Site(opened=True)
    for request in requests:
        site.serve(*request)
    _unmoved(site.meter, TOTALS)


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


@st.composite
def requests_to(draw: st.DrawFn, registers: list[Register]) -> bytes:
    """Return a request that writes one or a few of `registers`, mostly whole and with a value."""
    first = draw(st.integers(0, len(registers) - 1))
    count, data = 0, b""
    for register in registers[first : first + draw(st.integers(1, 3))]:
        if register.wire == registers[first].wire + count:
            count += register.words
            data += draw(st.just(_value(draw, register)) | st.binary(max_size=2 * register.words))
    register = registers[first]
    if register.table.bits:
        return struct.pack(">BHH", 5, register.wire, draw(st.sampled_from([0, 0xFF00, 1])))
    head = struct.pack(">HHB", register.wire, count, len(data)) + data
    several = bytes((16,)) + head
    both = struct.pack(">BHH", 23, register.wire, register.words) + head
    single = struct.pack(">BH", 6, register.wire) + data[:2]
    mask = struct.pack(">BH", 22, register.wire) + draw(st.binary(min_size=4, max_size=4))
    return draw(st.sampled_from([several, several, both, single, mask]))


def _value(draw: st.DrawFn, register: Register) -> bytes:
    if isinstance(register.content, UnlockCode):
        code = draw(st.sampled_from([CODE, CODE, "111111", "0"]))
        if register.type != "string":
            return encode(int(code), register)[0]
        return encode_text("" if code == "0" else code, register)
    if register.type in (None, "string"):
        return b""
    return encode(draw(st.sampled_from([0, 1, 5, 15, 100, 247, 300, 9600])), register)[0]


@pytest.mark.parametrize("unlock", ["none", cheap_hash(CODE)], ids=["no code", "code"])
@settings(max_examples=100, deadline=None)
@given(name=st.just("standard") | st.sampled_from(MAPS), data=st.data())
def test_no_modbus_request_moves_an_index_or_a_sealed_setting(
    unlock: str, name: str, data: st.DataObject
) -> None:
    shown = load(name)
    some = [each for each in shown.registers if each.table.function in (1, 3) and not each.count]
    targets = [each for each in some if each.writable] or some
    sequence = st.lists(requests_to(targets) | requests_to(some) | modbus_writes(), max_size=15)
    site, twin = (Site(opened=True, unlock=unlock, shown=shown) for _ in range(2))
    site.lease(Instant(20.0, 1e9))  # as far as anybody may
    for second, pdu in enumerate(data.draw(sequence)):
        site.ask(pdu, 21.0 + second)
    _unmoved(site.meter, TOTALS)
    later = {name: total + 7_000 for name, total in TOTALS.items()}
    for each in (site, twin):
        meters.know(each.meter, later, Instant(60.0, 1e9))
    assert site.meter.energy.totals == twin.meter.energy.totals == later


@pytest.mark.parametrize("asks", [False, True])
def test_the_modbus_face_leads_to_the_door(asks: bool) -> None:
    site = Site(opened=True, unlock=cheap_hash(CODE) if asks else "none")
    interval = bytes.fromhex("10 03ec 0002 04 40a00000")
    if asks:
        assert site.ask(interval, 20.0) == b"\x90\x03"
        assert site.ask(bytes.fromhex("10 044c 0002 04 00000001"), 20.5) == b"\x90\x03"
        unlock = bytes.fromhex("10 044c 0002 04") + int(CODE).to_bytes(4)
        assert site.ask(unlock, 21.0) == unlock[:5]
    assert site.ask(interval, 22.0) == interval[:5]
    assert site.meter.readings["Demand_Interval"].value == 5
    assert site.ask(bytes.fromhex("03 03ec 0002"), 22.0) == bytes.fromhex("03 04 40a00000")
    rating = bytes.fromhex("10 03e8 0002 04 43480000")  # sealed, even at what it is
    assert site.ask(rating, 23.0) == b"\x90\x03"
    both = bytes.fromhex("10 03e8 0006 0c 43480000 40a00000 41200000")
    assert site.ask(both, 23.0) == b"\x90\x03"
    assert site.meter.readings["Demand_Interval"].value == 5
    if asks:
        lock = bytes.fromhex("10 044c 0002 04 00000000")
        assert site.ask(lock, 24.0) == lock[:5]
        assert site.ask(interval, 25.0) == b"\x90\x03"
    entries = site.audit.take()
    events = [entry.event for entry in entries]
    assert "setting_changed" in events
    assert CODE not in str(entries)
    assert events.count("unlocked") == events.count("locked") == asks


def _unmoved(meter: Meter, totals: Mapping[str, int]) -> None:
    assert meter.energy.totals == totals
    assert {name: meter.readings[name].value for name in totals} == totals
    assert {name: meter.settings.value(name) for name in RATINGS} == RATINGS


SITE = Site(opened=False)
