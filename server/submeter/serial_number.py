"""The serial number of a meter that has none given."""

import zlib


def of(site: str, meter: str) -> str:
    """Return seven digits that stay the same, and differ from meter to meter."""
    return f"{zlib.crc32(f'{site}/{meter}'.encode()) % 10**7:07d}"
