import pytest

from submeter.bacnet import clock, encoding
from submeter.bacnet.alarms.requests import acknowledgement
from submeter.bacnet.answer import Rejected


@pytest.mark.parametrize(
    "stamp",
    [
        b"",
        b"\x2e\x2f",  # no date and no time
        b"\x2e\xa4\x7e\x09\x15\x01\x2f",  # a date only
        b"\x2e\xb4\x0c\x00\x00\x00\xa4\x7e\x09\x15\x01\x2f",  # the other way round
        b"\x2e\xa4\x7e\x09\x15\x01\xb4\x0c\x00\x00\x00\x10\x2f",  # and a Boolean
        b"\x0b\x0c\x00\x00",  # a time of three octets
        b"\x18",  # a number of none
        b"\x1b\x01\x00\x00",  # a number of more than 16 bits
        b"\x39\x01",  # no such choice
        b"\x0c\x0c\x00\x00\x00\x19\x01",  # two of them
    ],
)
def test_what_is_no_time_stamp(stamp: bytes) -> None:
    good_one = encoding.enclosed(2, clock.date_time(0))
    for number in (3, 5):
        stamps = {3: good_one, 5: good_one, number: stamp}
        request = (
            encoding.context_unsigned(0, 9)
            + encoding.context(1, encoding.identifier_content(3, 5))
            + encoding.context_unsigned(2, 2)
            + encoding.enclosed(3, stamps[3])
            + encoding.context(4, b"\x00operator")
            + encoding.enclosed(5, stamps[5])
        )
        with pytest.raises(Rejected):
            acknowledgement(request)
