"""The settings on the flash, in a JSON file: the old or the new, whenever the power fails."""

import json
import os

_FILE = "settings.json"
_NEW = "settings.new"


def load():
    """Return what was kept; nothing if there is no such file or it is damaged."""
    try:
        with open(_FILE) as file:
            kept = json.load(file)
    except (OSError, ValueError, MemoryError, RuntimeError):  # brackets in brackets
        return {}
    return kept if isinstance(kept, dict) else {}


def save(settings):
    """Keep `settings`; raises OSError."""
    with open(_NEW, "w") as file:
        json.dump(settings, file)
    os.rename(_NEW, _FILE)
