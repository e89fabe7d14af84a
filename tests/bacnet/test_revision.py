"""Database_Revision: what is kept of it, and when it rises."""

import pytest

from submeter.bacnet import revision
from submeter.bacnet.objects.device import device_object
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.objects.structured_view import structured_view
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.settings import BacnetSettings

KEY = "bacnet_revision:4000"


def table(*names: str, device: int = 4000) -> ObjectTable:
    """Return a device with a view of each name, numbered by the order."""
    texts = {"model": "m", "serial": "1", "location": "", "description": ""}
    own = device_object(device, "Device", BacnetSettings(device_id=device), **texts)
    views: list[ServedObject] = [
        structured_view(number, name, "", device, []) for number, name in enumerate(names, 1)
    ]
    return ObjectTable([own, *views])


def settled(shown: ObjectTable, notes: dict[str, str]) -> int:
    """Return the revision; `notes` are changed as the store would."""
    return revision.settle(shown, dict(notes), notes.__setitem__)


def test_the_first_revision_is_one_and_is_kept() -> None:
    notes: dict[str, str] = {}
    assert settled(table("a"), notes) == 1
    assert list(notes) == [KEY]
    before = dict(notes)
    assert settled(table("a"), notes) == 1
    assert notes == before


def test_an_unchanged_list_keeps_nothing_anew() -> None:
    notes: dict[str, str] = {}
    settled(table("a"), notes)

    def keep(key: str, text: str) -> None:
        raise AssertionError(key)

    assert revision.settle(table("a"), notes, keep) == 1


@pytest.mark.parametrize("changed", [(), ("a", "b"), ("b",), ("b", "a")])
def test_another_list_is_one_more(changed: tuple[str, ...]) -> None:
    notes: dict[str, str] = {}
    settled(table("a"), notes)
    assert settled(table(*changed), notes) == 2
    assert settled(table(*changed), notes) == 2
    assert settled(table("a"), notes) == 3, "it never goes back"


def test_each_device_has_its_own() -> None:
    notes: dict[str, str] = {}
    settled(table("a"), notes)
    settled(table("a", "b"), notes)
    assert settled(table("a", device=4001), notes) == 1
    assert settled(table("a", "b"), notes) == 2


@pytest.mark.parametrize(
    "text", ["", "x", "7", "7 x", "x 7", "-1 5", "1 2 3", "9" * 40 + " 1", "1 " + "9" * 40]
)
def test_a_note_without_sense_is_as_none(text: str) -> None:
    notes = {KEY: text}
    assert settled(table("a"), notes) == 1
    assert settled(table("a"), notes) == 1
