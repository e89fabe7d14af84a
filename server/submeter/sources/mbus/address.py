"""How a meter is called on the line: by a primary or by a secondary address (EN 13757-3)."""

import re
from typing import NamedTuple

from submeter.sources.mbus.link import LAST_PRIMARY, SELECTED

_SECONDARY = re.compile(
    r"(?P<id>[0-9A-F]{8})"
    r"(?:-(?P<maker>[A-Z]{3}|\*)-(?P<version>[0-9A-F]{2}|\*)-(?P<medium>[0-9A-F]{2}|\*))?"
)
_ANY_MAKER = ("*", "FFF")


class Secondary(NamedTuple):
    """Identification number (8 digits), manufacturer, version and medium; F and FF: any."""

    digits: str
    maker: str = "*"
    version: int = 0xFF
    medium: int = 0xFF

    @property
    def exact(self) -> bool:
        """Whether it is one meter's, without wildcards."""
        return (
            "F" not in self.digits
            and self.maker not in _ANY_MAKER
            and 0xFF not in (self.version, self.medium)
        )

    def encode(self) -> bytes:
        """Return the eight bytes of a selection: number, manufacturer, version, medium."""
        maker = 0xFFFF if self.maker in _ANY_MAKER else maker_number(self.maker)
        number = bytes.fromhex(self.digits)[::-1]
        return number + maker.to_bytes(2, "little") + bytes((self.version, self.medium))

    def covers(self, other: "Secondary") -> bool:
        """Tell whether `other`, which is exact, has this address."""
        return (
            all(mine in ("F", its) for mine, its in zip(self.digits, other.digits, strict=True))
            and (self.maker in _ANY_MAKER or self.maker == other.maker)
            and self.version in (0xFF, other.version)
            and self.medium in (0xFF, other.medium)
        )

    def __str__(self) -> str:
        """Write it as the configuration does: 12345678-ABB-02-04."""
        return f"{self.digits}-{self.maker}-{self.version:02X}-{self.medium:02X}"


class Address(NamedTuple):
    """Where a request goes to; `secondary` has to be selected first."""

    primary: int
    secondary: Secondary | None = None

    def __str__(self) -> str:
        return str(self.secondary or self.primary)


def parse(value: int | str) -> Address:
    """Return the address that the configuration means; raises ValueError that says what is right.

    0 to 250 are primary ones, "12345678" and "12345678-ABB-02-04" secondary ones.
    """
    text = str(value).strip().upper()
    if text.isascii() and text.isdigit() and int(text) <= LAST_PRIMARY and len(text) <= 3:
        return Address(int(text))
    return Address(SELECTED, parse_secondary(text))


def parse_secondary(text: str) -> Secondary:
    """Return the secondary address `text`; raises ValueError that says what is right."""
    match = _SECONDARY.fullmatch(text.upper())
    if match is None:
        raise ValueError(
            f"'{text}' is no M-Bus address; write 0 to 250, \"12345678\" or "
            '"12345678-ABB-02-04", with F for any digit'
        )
    numbers = [255 if match[key] in (None, "*") else int(match[key], 16) for key in _BYTES]
    return Secondary(match["id"], match["maker"] or "*", *numbers)


_BYTES = ("version", "medium")


def maker_number(letters: str) -> int:
    """Return the two bytes of a manufacturer's three letters (EN 62056-21, FLAG)."""
    one, two, three = (ord(letter) - 64 for letter in letters)
    return one << 10 | two << 5 | three


def maker_letters(number: int) -> str:
    """Return a manufacturer's three letters; `*`, which is any, for a number that is none."""
    letters = [number >> shift & 0x1F for shift in (10, 5, 0)]
    if number >> 15 or not all(1 <= each <= 26 for each in letters):
        return "*"
    return "".join(chr(64 + each) for each in letters)
