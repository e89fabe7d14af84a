from hypothesis import given
from hypothesis import strategies as st

from bacnet.reading.range_peer import answered
from submeter.bacnet import encoding
from submeter.bacnet.reading.range_answer import Span, answer

HEAD = encoding.context(0, encoding.identifier_content(20, 5)) + encoding.context_unsigned(1, 131)


@given(
    reference=st.integers(-30, 30),
    count=st.integers(-40, 40).filter(bool),
    size=st.integers(0, 20),
)
def test_the_items_around_one(reference: int, count: int, size: int) -> None:
    asked = range(reference, reference + count, 1 if count > 0 else -1)
    expected = [position for position in range(size) if position in asked]
    span = Span.around(reference, count, size)
    assert list(range(span.start, span.stop)) == expected
    assert (len(span), span.more, span.size) == (len(expected), False, size)


def test_what_does_not_fit_is_left_off_at_the_far_end() -> None:
    items = [bytes(100)] * 20
    assert Span(3, 23, 30).fitting(items, 1399) == Span(3, 16, 30, more=True)
    assert Span(3, 23, 30, True).fitting(items, 1300) == Span(10, 23, 30, True, True)
    assert Span(3, 8, 30).fitting(items[:5], 500) == Span(3, 8, 30)


def test_an_item_that_is_too_large_goes_alone() -> None:
    assert len(Span(0, 3, 3).fitting([bytes(2000)] * 3, 1400)) == 1


@given(
    st.lists(st.integers(2, 200), max_size=100),
    st.integers(47, 1473),
    st.booleans(),
    st.booleans(),
)
def test_an_answer_fits(lengths: list[int], room: int, backward: bool, numbered: bool) -> None:
    items = [encoding.octets(bytes(length)) for length in lengths]
    span = Span(2, 2 + len(items), 4 + len(items), backward)
    numbers = (lambda position: 0xFFFFFF00 + position) if numbered else None
    ack = answer(HEAD, span, items, room, numbers)
    found = answered(ack)
    assert found.itemCount <= len(items)
    assert len(ack.body) <= room or found.itemCount == 1
    if found.itemCount < len(items):
        following = items[-found.itemCount - 1] if backward else items[found.itemCount]
        assert len(ack.body) + len(following) > room - 8
    assert list(found.resultFlags) == [0, 0, int(found.itemCount < len(items))]
    if numbered and items:
        skipped = len(items) - found.itemCount if backward else 0
        assert found.firstSequenceNumber == 0xFFFFFF02 + skipped
    else:
        assert found.firstSequenceNumber is None
