import pytest
from hypothesis import given
from hypothesis import strategies as st

from submeter.modbus.identification import SERVER_ID, Identification, read, report
from submeter.pointmap.meter_file import IdentityTexts

FULL = Identification("Vendor", "Code", "1.2", "http://x", "Name", "Model", "tenant-a", "4711")
SHORT = Identification("Vendor", "Code", "1.2", product_name="")
TEXTS = {
    0: b"Vendor",
    1: b"Code",
    2: b"1.2",
    3: b"http://x",
    4: b"Name",
    5: b"Model",
    6: b"tenant-a",
    0x80: b"4711",
}


def listed(*numbers: int) -> bytes:
    return b"".join(bytes((n, len(TEXTS[n]))) + TEXTS[n] for n in numbers)


@pytest.mark.parametrize(
    ("code", "first", "numbers"),
    [
        (1, 0, (0, 1, 2)),
        (1, 1, (1, 2)),
        (2, 0, (0, 1, 2, 3, 4, 5, 6)),
        (2, 5, (5, 6)),
        (3, 0, (0, 1, 2, 3, 4, 5, 6, 0x80)),
        (3, 0x80, (0x80,)),
        # A stream from an object that is not there restarts.
        (1, 3, (0, 1, 2)),
        (1, 0xFF, (0, 1, 2)),
        (2, 0x80, (0, 1, 2, 3, 4, 5, 6)),
        (3, 7, (0, 1, 2, 3, 4, 5, 6, 0x80)),
    ],
)
def test_streams(code: int, first: int, numbers: tuple[int, ...]) -> None:
    head = bytes((0x2B, 0x0E, code, 0x83, 0, 0, len(numbers)))
    assert read(FULL, bytes((0x2B, 0x0E, code, first))) == head + listed(*numbers)


@pytest.mark.parametrize("number", TEXTS)
def test_one_object(number: int) -> None:
    head = bytes((0x2B, 0x0E, 4, 0x83, 0, 0, 1))
    assert read(FULL, bytes((0x2B, 0x0E, 4, number))) == head + listed(number)


def test_texts_that_are_empty_are_left_out_but_for_the_basic_ones() -> None:
    assert read(SHORT, bytes.fromhex("2b 0e 03 00"))[6:] == b"\x03" + listed(0, 1, 2)
    assert read(SHORT, bytes.fromhex("2b 0e 04 03")) == b"\xab\x02"
    nothing = Identification("", "", "", product_name="")
    assert read(nothing, bytes.fromhex("2b 0e 01 00"))[6:] == bytes((3, 0, 0, 1, 0, 2, 0))


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ("2b", 3),
        ("2b 0d", 1),  # CANopen
        ("2b 0d 01 00", 1),
        ("2b ff 00 00 00 00", 1),
        ("2b 0e", 3),
        ("2b 0e 01", 3),
        ("2b 0e 01 00 00", 3),
        ("2b 0e 00 00", 3),
        ("2b 0e 05 00", 3),
        ("2b 0e 05 ff", 3),  # before the object
        ("2b 0e 04 07", 2),
        ("2b 0e 04 ff", 2),
    ],
)
def test_exceptions(request_: str, code: int) -> None:
    assert read(FULL, bytes.fromhex(request_)) == bytes((0xAB, code))


texts = st.text(max_size=260)


@given(st.builds(Identification, *[texts] * 8), st.sampled_from([1, 2, 3]))
def test_a_long_stream_goes_on_where_it_says(identity: Identification, code: int) -> None:
    found: dict[int, bytes] = {}
    first, more = 0, True
    while more:
        reply = read(identity, bytes((0x2B, 0x0E, code, first)))
        assert len(reply) <= 253
        assert reply[:4] == bytes((0x2B, 0x0E, code, 0x83))
        body = reply[7:]
        for _ in range(reply[6]):
            number, size = body[:2]
            assert number not in found
            found[number] = body[2 : 2 + size]
            body = body[2 + size :]
        assert not body
        assert reply[4] in (0, 0xFF)
        more, first = bool(reply[4]), reply[5]
        assert more or not first
    limit = {1: 2, 2: 0x7F, 3: 0xFF}[code]
    assert found == {n: text for n, text in identity.objects.items() if n <= limit}


def test_what_fills_an_answer_needs_no_second_one() -> None:
    reply = read(Identification(url="x" * 300), bytes.fromhex("2b 0e 04 03"))
    assert len(reply) == 253
    assert reply[8] == 244
    exact = Identification("a" * 100, "b" * 100, "c" * 40)
    assert read(exact, bytes.fromhex("2b 0e 01 00"))[4:7] == bytes((0, 0, 3))
    over = Identification("a" * 100, "b" * 100, "c" * 41)
    assert read(over, bytes.fromhex("2b 0e 01 00"))[4:7] == bytes((0xFF, 2, 2))


def test_texts_are_ascii() -> None:
    assert Identification(application="Résidence").objects[6] == b"R?sidence"


def test_function_17() -> None:
    text = b"Vendor Code 1.2"
    assert report(FULL, b"\x11") == bytes((0x11, 2 + len(text), SERVER_ID, 0xFF)) + text
    assert report(Identification(), b"\x11")[4:] == b"submeter SM-53"
    assert report(FULL, b"\x11\x00") == b"\x91\x03"
    assert len(report(Identification("v" * 200, "p" * 200), b"\x11")) <= 253


def test_the_configuration_goes_before_the_map() -> None:
    texts = IdentityTexts(vendor="V", revision="2", serial="map")
    identity = Identification.of(texts, {"revision": "3"}, "tenant-a", "own")
    assert identity == Identification(
        "V", revision="3", product_name="", application="tenant-a", serial="map"
    )
    assert Identification.of(IdentityTexts(), {}, serial="own").serial == "own"
    assert Identification.of(texts, {"serial": "given"}).serial == "given"


@pytest.mark.parametrize(
    ("texts", "given", "name"),
    [
        ({}, {}, "submeter"),
        ({"model": "B23"}, {}, "submeter"),
        ({"vendor": "ABB", "product_code": "P", "model": "B23"}, {}, "B23"),
        ({"vendor": "ABB", "product_code": "P"}, {}, "P"),
        ({"vendor": "ABB"}, {"model": "B24"}, "B24"),
        ({"vendor": "ABB", "model": "B23", "product_name": "B series"}, {}, "B series"),
        ({"vendor": "ABB", "model": "B23"}, {"product_name": "Ours"}, "Ours"),
        ({"model": "X"}, {"vendor": "Acme"}, "X"),
        ({"vendor": "ABB"}, {}, ""),
    ],
)
def test_the_product_name_fits_the_vendor(
    texts: dict[str, str], given: dict[str, str], name: str
) -> None:
    assert Identification.of(IdentityTexts(**texts), given).product_name == name


def test_the_revision_where_nobody_says_another() -> None:
    def revision(texts: dict[str, str], given: dict[str, str]) -> str:
        return Identification.of(IdentityTexts(**texts), given, revision="0.1.0").revision

    assert revision({}, {}) == "0.1.0"
    assert revision({"revision": "2"}, {}) == "2"
    assert revision({"revision": "2"}, {"revision": "3"}) == "3"
