"""How meters introduce themselves on the optical port."""

import pytest

from submeter.sources.optical import identification


@pytest.mark.parametrize(
    ("line", "mode", "baudrate", "hdlc", "text"),
    [
        (b"/LGZ4ZMF100AC.M23\r\n", "C", 4800, False, "LGZ ZMF100AC.M23"),
        (b"/LGZ4\\2ZMD3104100\r\n", "C", 4800, True, "LGZ ZMD3104100"),
        (b"/ISk5\\2MT174-0001\r\n", "C", 9600, True, "ISk MT174-0001"),
        (b"/EMH0/a/b\r\n", "C", 300, False, "EMH /a/b"),
        (b"/PAFEEC3gr00006\r\n", "B", 9600, False, "PAF EC3gr00006"),
        (b"/ABB\\@V4.50\r\n", "A", 300, False, "ABB @V4.50"),
        (b"/ACE6\r\n", "C", 19200, False, "ACE"),
    ],
)
def test_the_character_tells_mode_and_speed(
    line: bytes, mode: str, baudrate: int, hdlc: bool, text: str
) -> None:
    found = identification.find(line + b"rest")
    assert found
    meter, rest = found
    assert (meter.mode, meter.baudrate, meter.hdlc, str(meter)) == (mode, baudrate, hdlc, text)
    assert rest == b"rest"


@pytest.mark.parametrize("before", [b"/?!\r\n", b"\0\xff\0", b"\x7f\x01"])
def test_echo_and_noise_before_it_are_passed_over(before: bytes) -> None:
    found = identification.find(before + b"/LGZ4ZMF/100\r\n")
    assert found
    assert found[0].text == "ZMF/100"


@pytest.mark.parametrize(
    "data",
    [
        b"/LGZ4ZMF100",
        b"/?!\r\n",
        b"?LGZ4/ABC5x\r\n",
        b"/L1Z4x\r\n",
        b"/LGZ4" + b"x" * 100 + b"\r\n",
        b"",
    ],
)
def test_what_is_none(data: bytes) -> None:
    assert identification.find(data) is None


def test_requests_and_acknowledgements() -> None:
    assert identification.request() == b"/?!\r\n"
    assert identification.request("123", wake=2) == b"\0\0/?123!\r\n"
    assert identification.acknowledge("5").hex() == "063035300d0a"
    assert identification.acknowledge("5", hdlc=True).hex() == "063235320d0a"
