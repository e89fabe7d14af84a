"""The fast path against the slow one: the same bytes, or none."""

import itertools
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bacnet.client import ANALOG_INPUT, ANALOG_OUTPUT, DEVICE, oid, read, read_multiple, reference
from bacnet.site import DEVICE_ID, GIVEN, OPEN, Site
from submeter.bacnet import clock, encoding
from submeter.bacnet.answer import Ack
from submeter.bacnet.application.memory import Memory
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.reading.fast import Fast
from submeter.meter.instant import Instant
from submeter.meter.meter import values

PRESENT_VALUE, STATUS_FLAGS, OBJECT_LIST, LOCAL_DATE, LOCAL_TIME = 85, 111, 76, 56, 57
GROUPS = (8, 80, 105)
INVOKE = 7
WILDCARD = 4194303


@pytest.fixture(autouse=True)
def frozen_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: 1_700_000_000.25)


@pytest.fixture(scope="module")
def site() -> Site:
    """A site in which some values are known and others are not."""
    made = Site(OPEN)
    known = [name for name in GIVEN if not name.startswith(("THD", "Reactive_Energy"))]
    numbers = dict.fromkeys(known, 1)
    now = Instant.now()
    made.meter.update(values(numbers), now)
    made.meter.update(values(numbers), now)
    made.meter.commit(made.meter.draft(now), now)
    return made


def apdu(service: int, body: bytes, size: int = 5) -> bytes:
    return bytes((0x02, 0x70 | size, INVOKE, service)) + body


def slow(site: Site, service: int, body: bytes) -> bytes | None:
    """Return the Complex-ACK of the slow path, None if it is something else."""
    answer = site.serve(service, body)
    return bytes((0x30, INVOKE, service)) + answer.body if isinstance(answer, Ack) else None


def fitting(answer: bytes | None) -> bytes | None:
    """Return `answer` if it needs no segments."""
    return answer if answer and len(answer) <= 1476 else None


def bodies(entry: ServedObject) -> Iterator[tuple[int, bytes]]:
    """Yield every way to read one thing of an object."""
    instances = [entry.instance, *([WILDCARD] if entry.type in (8, 56) else [])]
    for instance, number in itertools.product(instances, [*entry.numbers, 371, *GROUPS, 9999]):
        image = entry.image(number)
        size = len(image) if isinstance(image, tuple) else 0
        for index in (None, 0, 1, 2, *range(3, size), size, size + 1):
            yield 12, read(entry.type, instance, number, index)
            head = b"\x0c" + oid(entry.type, instance)
            yield 14, head + b"\x1e" + reference(0, number, index) + b"\x1f"


def test_every_property_of_every_object_is_answered_alike(site: Site) -> None:
    answered = 0
    for entry in site.table:
        for service, body in bodies(entry):
            expected = fitting(slow(site, service, body))
            for _ in range(2):  # the second time there is a plan
                assert site.fast.answer(apdu(service, body)) == expected, body.hex()
            answered += expected is not None
    assert answered > 10_000


def test_what_changes_is_seen_at_once(site: Site) -> None:
    request = apdu(14, read_multiple((ANALOG_INPUT, 1, [PRESENT_VALUE, STATUS_FLAGS])))
    before = site.fast.answer(request)
    site.meter.update(values({"Active_Power_Total": 17.5}), Instant.now())
    after = site.fast.answer(request)
    assert after is not None
    assert after != before
    assert encoding.real(17.5) in after
    assert after == slow(site, 14, request[4:])


def test_priority_arrays_are_seen_as_they_are(site: Site) -> None:
    for index in (None, 8, 17):
        request = apdu(12, read(ANALOG_OUTPUT, 3, 87, index))
        site.fast.answer(request)
        for value in (encoding.real(20.0), encoding.NULL):
            assert site.write(ANALOG_OUTPUT, 3, value, 8) is None
            assert site.fast.answer(request) == slow(site, 12, request[4:])


def test_the_clock_goes_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    request = apdu(14, read_multiple((DEVICE, DEVICE_ID, [LOCAL_DATE, LOCAL_TIME])))
    before = site.fast.answer(request)
    monkeypatch.setattr(clock, "now", lambda: 1_700_000_123.5)
    after = site.fast.answer(request)
    assert after is not None
    assert after != before
    assert after == slow(site, 14, request[4:])


def test_a_value_comes_to_be_known() -> None:
    site = Site()
    several = apdu(14, read_multiple((19, 1, [PRESENT_VALUE, STATUS_FLAGS]), (23, 1, [85])))
    assert site.fast.answer(several) == slow(site, 14, several[4:])
    request = apdu(12, read(19, 1, PRESENT_VALUE))  # Energy_Direction, which has no NaN
    assert site.fast.answer(request) is None
    site.meter.update(values({"Energy_Direction": 1}), Instant.now())
    assert site.fast.answer(request) == slow(site, 12, request[4:])
    assert site.fast.answer(several) == slow(site, 14, several[4:])


def test_the_invoke_id_is_that_of_the_request(site: Site) -> None:
    request = apdu(12, read(ANALOG_INPUT, 1, PRESENT_VALUE))
    for invoke in (0, 200, 255):
        answer = site.fast.answer(request[:2] + bytes((invoke,)) + request[3:])
        assert answer is not None
        assert answer[:3] == bytes((0x30, invoke, 12))


@pytest.mark.parametrize(
    ("code", "limit"),
    [(0, 50), (1, 128), (2, 206), (3, 480), (4, 1024), (5, 1476), (6, 50), (15, 50)],
)
def test_what_does_not_fit_the_client_is_left_to_segments(
    site: Site, code: int, limit: int
) -> None:
    for count in range(1, 110):
        body = read_multiple((ANALOG_INPUT, 1, [PRESENT_VALUE, STATUS_FLAGS] * count))
        whole = slow(site, 14, body)
        assert whole is not None
        found = site.fast.answer(apdu(14, body, code))
        assert found == (whole if len(whole) <= limit else None)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [(0, 1), (0, 999), (1, 3), (19, 1), (19, 2), (23, 1), (4, 1), (8, 4000)]
            )
            | st.sampled_from([(8, WILDCARD), (56, 1), (29, 1), (40, 1), (44, 1), (3, 1)]),
            st.lists(
                st.tuples(
                    st.sampled_from([*GROUPS, 75, 77, 85, 87, 111, 117, 103, 76, 371, 57, 9999]),
                    st.none() | st.integers(0, 20) | st.just(1 << 31),
                ),
                max_size=6,
            ),
        ),
        max_size=6,
    )
)
@settings(max_examples=300, deadline=None)
def test_any_mixture_is_answered_alike(
    site: Site, asked: list[tuple[tuple[int, int], list[tuple[int, int | None]]]]
) -> None:
    body = b"".join(
        b"\x0c"
        + oid(*where)
        + b"\x1e"
        + b"".join(_reference(number, index) for number, index in references)
        + b"\x1f"
        for where, references in asked
    )
    expected = fitting(slow(site, 14, body))
    for _ in range(2):
        assert site.fast.answer(apdu(14, body)) == expected


def _reference(number: int, index: int | None) -> bytes:
    found = encoding.context_unsigned(0, number)
    return found if index is None else found + encoding.context_unsigned(1, index)


@given(st.sampled_from([12, 14]), st.binary(max_size=60), st.integers(0, 255))
def test_whatever_comes_it_raises_nothing(site: Site, service: int, junk: bytes, at: int) -> None:
    good = read(0, 1, 85) if service == 12 else read_multiple((0, 1, [85, 111]), (8, 4000, [8]))
    for body in (junk, good[: at % len(good)] + junk, good + junk):
        assert site.fast.answer(apdu(service, body)) == fitting(slow(site, service, body))


def test_what_comes_once_gets_no_plan(site: Site) -> None:
    memory = Memory(1 << 20)
    made = Fast(site.table, memory)
    request = apdu(12, read(ANALOG_INPUT, 1, PRESENT_VALUE))
    assert made.answer(request) is None
    assert made.plans == 0
    for _ in range(2):
        assert made.answer(request) == slow(site, 12, request[4:])
        assert made.plans == len(memory) == 1


def test_broken_syntax_gets_no_plan(site: Site) -> None:
    made = Fast(site.table, Memory(1 << 20))
    for junk in (b"", b"\x0c", read(0, 1, 85) + b"x", b"\x0c\x00"):
        for _ in range(4):
            assert made.answer(apdu(12, junk)) is None
    assert made.plans == 0


def test_errors_and_long_answers_are_not_planned_anew(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = Fast(site.table, Memory(1 << 20))
    for body in (read(0, 1, 9999), read(0, 4444, 85), read(DEVICE, DEVICE_ID, 85)):
        for _ in range(2):
            assert made.answer(apdu(12, body)) is None
    assert made.plans == 3
    monkeypatch.setattr(made, "_draft", None)  # would raise
    assert made.answer(apdu(12, read(0, 1, 9999))) is None


def test_a_flood_of_different_requests_does_not_grow(site: Site) -> None:
    memory = Memory(100_000)
    first, second = Fast(site.table, memory), Fast(site.table, memory)
    for number in range(2000):
        for made in (first, first, second, second):
            made.answer(apdu(14, read_multiple((0, number, [PRESENT_VALUE] * 20))))
            made.answer(apdu(14, read_multiple((0, 1, [PRESENT_VALUE, number % 600] * 20))))
            made.answer(apdu(12, number.to_bytes(4, "big")))
        assert memory.octets <= 100_000
    assert first.plans + second.plans == len(memory) > 10
    request = apdu(12, read(ANALOG_INPUT, 1, PRESENT_VALUE))
    for _ in range(100):
        answer = first.answer(request)
    assert answer == slow(site, 12, request[4:])


def test_a_round_that_is_longer_than_the_memory_is_answered_in_part(site: Site) -> None:
    made = Fast(site.table, Memory(200_000))
    requests = [
        apdu(14, read_multiple((0, 1, [PRESENT_VALUE] * 20 + [number]))) for number in range(100)
    ]
    for _ in range(10):
        found = sum(made.answer(request) is not None for request in requests)
    assert 10 < made.plans < 100
    assert found > 10


def test_nothing_long_is_kept(site: Site) -> None:
    """The object list of many meters is far longer than an answer without segments."""
    memory = Memory(1 << 20)
    made = Fast(site.table, memory)
    for count in range(5, 200):
        request = apdu(14, read_multiple((DEVICE, DEVICE_ID, [OBJECT_LIST] * count)))
        for _ in range(2):
            assert made.answer(request) is None
    assert 0 < memory.octets < 200 * 2000
