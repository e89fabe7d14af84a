"""Texts of a configuration in Markdown, where none of them begins anything."""

from collections.abc import Iterable, Sequence


def line(text: str) -> str:
    """Return `text` as one line, in which nothing is HTML or ends a cell of a table."""
    return " ".join(text.split()).replace("<", "&lt;").replace("|", "\\|")


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the table with these `headings`, each row in a line."""
    lines = [headings, tuple("---" for _ in headings), *rows]
    return "".join(f"| {' | '.join(map(line, each))} |\n" for each in lines)
