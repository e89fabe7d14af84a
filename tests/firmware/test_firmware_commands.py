"""What is a command, and what is none."""

import zlib
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tooling.firmware import load

commands = load("core.commands")


def test_a_command_with_and_without_content_and_checksum() -> None:
    plain = commands.parse("12 time")
    assert (plain.number, plain.word, plain.content) == (12, "time", {})
    body = '7 snap {"n": 200}'
    sealed = commands.parse(f"{body}*{zlib.crc32(body.encode()):08x}")
    assert (sealed.number, sealed.word, sealed.content) == (7, "snap", {"n": 200})


@pytest.mark.parametrize(
    ("line", "number", "why"),
    [
        (None, 0, "longer than 200 characters"),
        ("   ", 0, "a command is NUMBER WORD {json}"),
        ("id", 0, "a command is NUMBER WORD {json}"),
        ("-1 id", 0, "a command is NUMBER WORD {json}"),
        ("1.5 id", 0, "a command is NUMBER WORD {json}"),
        ("007 id", 0, "a command is NUMBER WORD {json}"),
        ("1234567890 id", 0, "a command is NUMBER WORD {json}"),
        ("5", 0, "a command is NUMBER WORD {json}"),
        ("5 selfdestruct", 5, "there is no such command"),
        ("5 _cfg", 5, "there is no such command"),
        ("5 cfg {", 5, "what follows the word is no object"),
        ("5 cfg [1]", 5, "what follows the word is no object"),
        ("5 cfg " + "[" * 150, 5, "what follows the word is no object"),
        ("5 id*00000000", 5, "the checksum does not fit"),
    ],
)
def test_what_is_none_is_refused_with_its_reason(line: str | None, number: int, why: str) -> None:
    with pytest.raises(commands.BadCommand) as raised:
        commands.parse(line)
    assert (raised.value.number, raised.value.why) == (number, why)


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=200))
def test_nothing_else_is_raised(line: str) -> None:
    with suppress(commands.BadCommand):
        assert commands.parse(line).word in commands.WORDS
