from hypothesis import given
from hypothesis import strategies as st

from submeter.modbus.layout import Layout
from submeter.modbus.tables import Alone, Bits, Registers


def layout(*places: tuple[int, int]) -> Layout:
    return Layout(places, 125, "zero", "refuse")


def test_what_is_put_is_seen_once_it_is_published() -> None:
    table = Registers(layout((0, 2)))
    before = table.content
    table.put(slice(2, 4), b"\1\2")
    table.deny(0, 1, 0x04)
    assert table.content is before
    assert table.refused(0, 2) == 0
    table.publish()
    assert table.read(0, 2) == b"\0\0\1\2"
    assert before[:4] == bytes(4)
    assert table.denied is not None
    assert table.denied[:3] == b"\4\0\0"


def test_nothing_is_copied_when_nothing_was_put() -> None:
    table = Registers(layout((0, 2)))
    table.deny(0, 1, 0x04)
    table.publish()
    content, denied = table.content, table.denied
    table.publish()
    assert table.content is content
    assert table.denied is denied


def test_denied_is_none_once_all_is_known_again() -> None:
    table = Registers(layout((0, 2), (4, 2)))
    for place in (0, 4):
        table.deny(place, 2, 0x0B)
    table.publish()
    assert table.refused(0, 6) == 0x0B
    table.deny(0, 2, 0)
    table.publish()
    assert table.refused(0, 4) == 0
    assert table.refused(0, 5) == 0x0B
    table.deny(4, 2, 0)
    table.publish()
    assert table.denied is None


def test_bits_are_denied_alike() -> None:
    bits = Bits(layout((3, 1), (9, 1)))
    bits.put(9, True)
    bits.deny(3, 0xFF)
    assert bits.content == 0
    assert bits.refused(0, 4) == 0
    bits.publish()
    assert bits.read(3, 7) == b"\x40"
    assert bits.refused(0, 4) == 0xFF
    assert bits.refused(4, 6) == 0
    bits.deny(3, 0)
    bits.publish()
    assert bits.denied is None


def test_a_table_without_values_is_refused_nothing() -> None:
    for table in (Registers(layout()), Bits(layout())):
        table.publish()
        assert table.denied is None
        assert table.refused(0, 1) == 0


def test_values_that_are_seen_alone_stand_beyond_every_other_read() -> None:
    table = Registers(layout((10, 2)), [Alone(11, 1, 1), Alone(10, 4, 2), Alone(300, 1, 1)])
    places = [table.place(11, 1), table.place(10, 4), table.place(300, 1)]
    assert table.place(10, None) == 10
    assert min(places) >= table.layout.size
    table.put(slice(20, 24), b"abcd")
    for place, data in zip(places, (b"xx", b"efgh", b"yy"), strict=True):
        table.put(slice(2 * place, 2 * place + len(data)), data)
    table.publish()
    assert table.read(10, 2) == b"abcd"
    assert table.read_alone(11, 1) == b"xx"
    assert table.read_alone(300, 1) == b"yy"
    assert table.read_alone(10, 4) == b"efgh\0\0\0\0"
    assert table.read_alone(10, 2) is None
    assert all(not table.layout.readable(place, 1) for place in places)


def test_behind_a_value_that_is_seen_alone_the_others_follow() -> None:
    table = Registers(layout((10, 1), (11, 1)), [Alone(10, 2, 1)])
    table.put(slice(20, 24), b"abcd")
    place = table.place(10, 2)
    table.put(slice(2 * place, 2 * place + 2), b"xx")
    table.deny(11, 1, 0x04)
    table.publish()
    assert table.read_alone(10, 2) == b"xxcd"
    assert table.refused(10, 2) == 0x04
    assert table.refused(10, 1) == 0
    table.deny(place, 1, 0x0B)
    table.publish()
    assert table.refused(10, 2) == 0x0B
    assert table.refused(10, 1) == 0


@given(
    gaps=st.lists(
        st.tuples(st.one_of(st.integers(0, 5), st.integers(200, 9000)), st.sampled_from([1, 2, 4])),
        min_size=1,
        max_size=6,
    ),
    near=st.integers(-130, 130),
    count=st.integers(1, 125),
)
def test_content_far_apart_reads_as_if_all_addresses_had_some(
    gaps: list[tuple[int, int]], near: int, count: int
) -> None:
    places, at = [], 0
    for gap, length in gaps:
        places.append((at + gap, length))
        at += gap + length
    whole = bytearray(2 * (at + 300))
    table = Registers(layout(*places))
    for number, (start, length) in enumerate(places):
        data = bytes([number + 1]) * 2 * length
        whole[2 * start : 2 * (start + length)] = data
        place = table.place(start, None)
        table.put(slice(2 * place, 2 * (place + length)), data)
        table.deny(place, length, number + 1)
    table.publish()
    address = max(0, places[-1][0] + near)
    if table.layout.readable(address, count):
        assert table.read(address, count) == whole[2 * address : 2 * (address + count)]
        assert table.refused(address, count) == max(table.read(address, count))
    assert len(table.content) <= 2 * sum(length + 248 for _, length in places)


def test_a_value_that_is_seen_alone_may_stand_far_from_all_others() -> None:
    table = Registers(layout((0, 2), (9000, 2)), [Alone(5000, 3, 1)])
    place = table.place(5000, 3)
    table.put(slice(2 * place, 2 * place + 2), b"\1\2")
    table.publish()
    assert table.read_alone(5000, 3) == b"\1\2\0\0\0\0"
    assert table.refused(5000, 3) == 0
