"""Texts of instruments, made fit to be shown, compared and stored."""

LONGEST = 64
"""Characters that are kept; serial numbers and firmware names have 40 at most."""

_UNPRINTABLE = "?"


def plain_text(text: str) -> str:
    """Return the first LONGEST characters of `text`, with `?` for each that is not printable.

    Anybody on the line can send what moves a cursor, turns a line around or fills a disk.
    """
    kept = text[:LONGEST]
    if kept.isprintable():
        return kept
    return "".join(each if each.isprintable() else _UNPRINTABLE for each in kept)
