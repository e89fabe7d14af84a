"""How much work the pattern of a label can make."""

import pytest

from submeter.pointmap.tic_label import TicLabel
from submeter.pointmap.tic_pattern import MOST_WAYS, ways


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("", 1),
        ("[0-9A-F]{12}", 1),
        ("BASE|HC[A-Z.]{2}|EJP[.]", 3),
        ("-?[0-9]{1,4}([.,][0-9]{1,2})?", 24),
        ("[^]]{2}\\.\\d", 1),
        ("[]a]+", 20),
        ("[\\]]{2}", 1),
        (".*x.*", 441),
        ("(?:a|b){3}", 8),
        ("x{,3}{", 4),
    ],
)
def test_ways(pattern: str, expected: int) -> None:
    assert ways(pattern, 20) == expected


@pytest.mark.parametrize("pattern", ["(a|a)*c", "(a+)+b", "(a?){40}", "a*a*a*a*c", "((a|a){9}){9}"])
def test_a_pattern_that_stops_the_program_is_refused(pattern: str) -> None:
    assert ways(pattern, 99) > MOST_WAYS
    with pytest.raises(ValueError, match="too many ways"):
        TicLabel(text=99, pattern=pattern)


@pytest.mark.parametrize("pattern", ["(?i)x", "(?=a)b", "a*?", "a++", "^a$", "(a)\\1", "\\bx"])
def test_what_cannot_be_used_is_named(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"'pattern' has '.*' where it cannot be used; it takes"):
        TicLabel(text=9, pattern=pattern)
