"""Texts of instruments are cut, and hold nothing that is not printable."""

import pytest

from submeter.sources.translation.plain_text import LONGEST, plain_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("LGZ1030655933512", "LGZ1030655933512"),
        ("Zähler Nord 3", "Zähler Nord 3"),
        ("", ""),
        ("a\x1b[31m\r\nb\0\x7f\x9b", "a?[31m??b???"),
        ("\u202e\u200b\ud800", "???"),
        ("7" * 30_000, "7" * LONGEST),
        ("\n" * 30_000, "?" * LONGEST),
    ],
)
def test_a_text_is_cleaned(text: str, shown: str) -> None:
    assert plain_text(text) == shown
