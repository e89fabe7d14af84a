"""Lines out and in."""

import json
import zlib

from tooling.firmware import load
from tooling.virtual_board import read

line = load("core.line")


def test_a_line_has_no_spaces_and_its_checksum() -> None:
    sent = line.encode("S", (("q", 1), ("s", [1, -(2**70), 3]), ("x", []), ("u", 'a"b')))
    body = b'S {"q":1,"s":[1,-1180591620717411303424,3],"x":[],"u":"a\\"b"}'
    assert sent == b"$%s*%08X\r\n" % (body, zlib.crc32(body))
    assert read(sent[:-2]).said == json.loads(body[2:])


def test_commands_come_in_any_pieces() -> None:
    text = b"1 id\r\n\r\n2 time\n\xff\x003\t\r4 "
    whole = line.CommandLines().feed(text)
    assert whole == ["1 id", "2 time", "??3?"]
    lines = line.CommandLines()
    assert [each for k in range(len(text)) for each in lines.feed(text[k : k + 1])] == whole
    assert lines.feed(b"id\n") == ["4 id"]


def test_what_is_too_long_is_bounded_and_told() -> None:
    lines = line.CommandLines()
    for _ in range(1000):
        assert lines.feed(b"x" * 64) == []
    assert len(lines._begun) == 201
    assert lines.feed(b"\n" + b"y" * 200 + b"\n") == [None, "y" * 200]


def test_what_a_terminal_sends_back_is_no_command() -> None:
    lines = line.CommandLines()
    echo = line.encode("R", (("r", 0), ("ok", 0))) + b"$" + b"x" * 500 + b"\r\n"
    assert lines.feed(echo + b"1 id\n") == ["1 id"]
