"""Where a meter is, and what cannot be."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from submeter.sources.port import Device, Line, Rfc2217, Socket


def settings(**given: object) -> ModbusMeterSettings:
    return ModbusMeterSettings.model_validate({"map": "abb-b23", **given})


def test_where_it_is() -> None:
    on_a_line = settings(port="/dev/ttyUSB0", unit=5, baudrate=19200, parity="even")
    assert on_a_line.spec(Path()) == Device(Path("/dev/ttyUSB0"))
    assert on_a_line.line == Line(19200, "8E1")
    assert settings(port="/dev/ttyUSB0", stop_bits=2).line == Line(9600, "8N2")
    assert settings(port="socket://192.0.2.7:10001").spec(Path()) == Socket("192.0.2.7", 10001)
    assert settings(port="rfc2217://192.0.2.7:7").spec(Path()) == Rfc2217("192.0.2.7", 7)
    assert settings(tcp="192.0.2.7:1502").spec(Path()) == Socket("192.0.2.7", 1502)
    assert settings(tcp="meter.local").spec(Path()) == Socket("meter.local", 502)
    assert settings(tcp="[2001:db8::7]").spec(Path()) == Socket("2001:db8::7", 502)


def test_ages() -> None:
    assert settings(tcp="a").max_age == 20
    assert settings(tcp="a", period=60).max_age == 180


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "one of 'port'"),
        ({"port": "/dev/ttyUSB0", "tcp": "a"}, "one of 'port'"),
        ({"port": "COM3"}, "is no port"),
        ({"port": "replay:x"}, "a recording answers no questions"),
        ({"tcp": "a:b"}, "'a:b' is no address; write host:port"),
        ({"tcp": "socket://a:1"}, "is no address; write host:port"),
        ({"port": "/dev/ttyUSB0", "unit": 0}, "unit 0 is no address on a line"),
        ({"port": "/dev/ttyUSB0", "parity": "odd", "stop_bits": 2}, "one stop bit"),
        ({"tcp": "a", "period": 0.5}, "greater than or equal to 1"),
        ({"tcp": "a", "slave": 1}, "Extra inputs"),
    ],
)
def test_what_cannot_be(given: dict[str, object], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(**given)
    assert told in str(caught.value)
