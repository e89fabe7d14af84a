"""The system title of a meter: the maker's letters and five octets (IEC 62056-5-3, 4.3.4)."""


def text(title: bytes) -> str:
    """Return a system title for people, the maker's letters first: LGZ677370B177.

    One whose beginning is no letters stays hexadecimal.
    """
    maker = title[:3].decode("ascii", "replace")
    if maker.isascii() and maker.isalnum():
        return maker + title[3:].hex().upper()
    return title.hex().upper()
