import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.bacnet import encoding
from submeter.bacnet.fault import NOT_A_LIST, NOT_INITIALIZED, Fault
from submeter.bacnet.reading.list_items import items

RECIPIENTS, SUBSCRIPTIONS, BINDINGS = 102, 152, 30


def destination(device: int, name: bytes = b"\xfe") -> bytes:
    """Return a BACnetDestination (135, 21)."""
    address = encoding.unsigned(0) + encoding.octets(name)
    recipient = (
        encoding.context(0, encoding.identifier_content(8, device))
        if device
        else encoding.enclosed(1, address)
    )
    return encoding.joined(
        (
            encoding.bits([1] * 7),
            encoding.time(0, 0, 0),
            encoding.time(23, 59, 59, 99),
            recipient,
            encoding.unsigned(1),
            encoding.boolean(True),
            encoding.bits([1, 1, 1]),
        )
    )


def subscription(process: int, increment: float | None) -> bytes:
    """Return a BACnetCOVSubscription (135, 21)."""
    recipient = encoding.enclosed(0, encoding.context(0, encoding.identifier_content(8, 7)))
    reference = encoding.context(0, bytes(4)) + encoding.context_unsigned(1, 85)
    parts = [
        encoding.enclosed(0, recipient + encoding.context_unsigned(1, process)),
        encoding.enclosed(1, reference),
        encoding.context(2, b"\x01"),
        encoding.context_unsigned(3, 60),
    ]
    if increment is not None:
        parts.append(encoding.context(4, encoding.real(increment)[1:]))
    return encoding.joined(parts)


def test_an_array_is_its_elements() -> None:
    assert items(76, (b"a", b"b")) == (b"a", b"b")


def test_a_property_without_a_value() -> None:
    assert items(76, NOT_INITIALIZED) == NOT_INITIALIZED


@pytest.mark.parametrize("number", [77, 85, 111])
def test_what_is_no_list(number: int) -> None:
    assert Fault(5, 22) == NOT_A_LIST  # services, property-is-not-a-list (135, 15.8.1.3.1)
    assert items(number, encoding.text("name")) == NOT_A_LIST


@pytest.mark.parametrize("number", [RECIPIENTS, SUBSCRIPTIONS, BINDINGS, 116, 202, 414, 415])
def test_an_empty_list(number: int) -> None:
    assert items(number, b"") == ()


@given(st.lists(st.builds(destination, st.sampled_from([0, 5]), st.binary(max_size=300))))
def test_recipients(listed: list[bytes]) -> None:
    assert items(RECIPIENTS, b"".join(listed)) == tuple(listed)


@given(
    st.lists(st.builds(subscription, st.integers(0, 999), st.none() | st.floats(0, 9, width=32)))
)
def test_subscriptions(listed: list[bytes]) -> None:
    assert items(SUBSCRIPTIONS, lambda: b"".join(listed)) == tuple(listed)


def test_long_values_are_stepped_over() -> None:
    listed = [
        encoding.identifier(8, length) + encoding.unsigned(5) + encoding.octets(bytes(length))
        for length in (4, 5, 253, 254, 65535, 65536)
    ]
    assert items(BINDINGS, b"".join(listed)) == tuple(listed)
