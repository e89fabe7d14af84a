"""What the documents say of the log and of the audit log is what the program writes there."""

import re

import pytest

from tooling.program import CHECKOUT

PAGES = {page.stem: page.read_text() for page in sorted((CHECKOUT / "docs").glob("*.md"))}
SOURCES = [each.read_text() for each in sorted((CHECKOUT / "server" / "submeter").rglob("*.py"))]
TOLD = [
    (page, told)
    for page, text in PAGES.items()
    for told in re.findall(r"`([^`]*\bevent=[^`]*)`", text)
]


def logging(event: str) -> list[str]:
    """Return the files that log `event`, by a line of its own or by one for several events."""
    return [text for text in SOURCES if re.search(rf'(\bevent=|")({event})(?![\w-])', text)]


def test_every_event_stands_by_itself() -> None:
    """So that none escapes the test below."""
    assert len(TOLD) > 10
    assert sum(text.count("event=") for text in PAGES.values()) == len(TOLD)


@pytest.mark.parametrize(("page", "told"), TOLD)
def test_an_event_is_logged_with_the_keys_that_are_told(page: str, told: str) -> None:
    (event,) = re.findall(r"\bevent=([\w-]+)", told)
    files = logging(event)
    assert files, f"{page}: nothing logs event={event}"
    for key in re.findall(r" ([a-z_]+)=", told):
        assert any(f"{key}=" in text for text in files), f"{page}: {key}= of event={event}"


def test_every_event_of_the_audit_log_is_written() -> None:
    table = PAGES["store"].split("\n| event | when |\n", 1)[1].split("\n\n", 1)[0]
    names = [
        name
        for row in table.split("\n")[1:]
        for name in re.findall(r"`([\w-]+)`", row.split("|")[1])
    ]
    assert len(names) > 20
    assert [name for name in names if not any(f'"{name}"' in text for text in SOURCES)] == []


def test_the_scan_finds_what_there_is_and_nothing_else() -> None:
    assert len(logging("bacnet_foreign_registered")) == len(logging("line_noisy")) == 1
    assert logging("bacnet_foreign") == logging("bacnet_foreign_registere") == []
