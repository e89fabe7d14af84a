"""Database_Revision: a number that is kept, and rises when the list of objects changes."""

from collections.abc import Callable, Mapping

from submeter.bacnet.objects.table import ObjectTable


def settle(table: ObjectTable, notes: Mapping[str, str], keep: Callable[[str, str], None]) -> int:
    """Return the revision of the device's objects, one more than before if they are others.

    What was kept of it stands in `notes`; what is to be kept goes to `keep`.
    """
    key = f"bacnet_revision:{table.device.instance}"
    revision, checksum = _read(notes.get(key, ""))
    if checksum != table.checksum:
        revision += 1
        keep(key, f"{revision} {table.checksum}")
    return revision


def _read(text: str) -> tuple[int, int | None]:
    """Return revision and checksum of a note; 0 and None for one that makes no sense."""
    parts = text.split()
    if len(parts) == 2 and all(part.isdecimal() and len(part) < 11 for part in parts):
        return int(parts[0]), int(parts[1])
    return 0, None
