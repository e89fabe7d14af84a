"""Pasted lines of YAML say what they were made of."""

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from submeter.yaml_text import quoted


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
@example("/dev/serial/by-id/usb-FTDI_FT230X-if00-port0")
@example("socket://[2001:db8::1]:7")
@example("yes")
@example("a: b")
def test_what_is_written_is_read(text: str) -> None:
    read = yaml.safe_load(f"{{port: {quoted(text)}, x: 1}}")
    assert read["port"] == text
    assert read["x"] == 1


def test_a_port_stands_without_quotes() -> None:
    for port in ("/dev/ttyUSB0", "socket://192.0.2.7:10001", "replay:a.rec"):
        assert quoted(port) == port
