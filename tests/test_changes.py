"""What the audit log is told of a changed configuration."""

from typing import Any

import pytest

from submeter import changes

BEFORE: dict[str, Any] = {
    "site": "Park",
    "access": {"unlock": "scrypt$1$abc", "networks": ["192.0.2.0/24"]},
    "meters": [{"name": "one", "unit_id": 1}, {"name": "two", "unit_id": 2}],
}


def between(before: Any, after: Any) -> list[str]:
    return changes.between(changes.snapshot(before), changes.snapshot(after))


def test_nothing_changed() -> None:
    assert between(BEFORE, BEFORE) == []
    assert between(BEFORE, dict(reversed(BEFORE.items()))) == [], "the order of keys says nothing"


@pytest.mark.parametrize(
    ("after", "keys"),
    [
        (BEFORE | {"site": "Elsewhere"}, ["site"]),
        (BEFORE | {"maps": "own"}, ["maps"]),
        ({key: value for key, value in BEFORE.items() if key != "site"}, ["site"]),
        (
            BEFORE | {"meters": [{"name": "one", "unit_id": 3}, {"name": "two", "unit_id": 2}]},
            ["meters.0.unit_id"],
        ),
        (BEFORE | {"meters": BEFORE["meters"][:1]}, ["meters.1.name", "meters.1.unit_id"]),
        (BEFORE | {"site": None}, ["site"]),
    ],
)
def test_keys_are_named_whatever_became_of_them(after: Any, keys: list[str]) -> None:
    assert between(BEFORE, after) == keys
    assert between(after, BEFORE) == keys


def test_a_secret_is_compared_and_never_kept() -> None:
    text = changes.snapshot(BEFORE)
    assert "scrypt" not in text
    assert "192.0.2.0/24" in text
    after = BEFORE | {"access": BEFORE["access"] | {"unlock": "scrypt$1$other"}}
    assert between(BEFORE, after) == ["access.unlock"]


def test_many_changes_are_counted() -> None:
    found = between({}, {f"key{n:02}": n for n in range(changes.MOST + 5)})
    assert len(found) == changes.MOST + 1
    assert found[0] == "key00"
    assert found[-1] == "and 5 more"
