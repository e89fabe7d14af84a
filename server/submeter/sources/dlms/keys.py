"""The keys of a meter, from a file that nobody else may read.

    # from the utility, March 2024
    encryption: 00112233445566778899AABBCCDDEEFF
    authentication: FFEEDDCCBBAA99887766554433221100

The authentication key may be missing. Digits may be grouped with spaces.
"""

from dataclasses import dataclass, field
from pathlib import Path

from submeter.errors import ConfigError
from submeter.sources import secret_file

SIZE = 16


@dataclass(frozen=True, slots=True)
class Keys:
    """The global unicast encryption key, and the authentication key if it is known; 16 octets each.

    They are not shown anywhere.
    """

    encryption: bytes = field(repr=False)
    authentication: bytes | None = field(default=None, repr=False)


def read(path: Path) -> Keys:
    """Return the keys in the file `path`; raises ConfigError without a position and without keys.

    A file that others than its owner may read is refused.
    """
    found: dict[str, bytes] = {}
    for number, line in enumerate(secret_file.read(path, "the keys").splitlines(), 1):
        content = line.partition("#")[0].strip()
        if content:
            name, key = _entry(content, f"{path}:{number}")
            if name in found:
                raise ConfigError(f"{path}:{number}: '{name}' stands there twice")
            found[name] = key
    if "encryption" not in found:
        raise ConfigError(f"{path} has no line 'encryption: ' with the 32 digits of the key")
    return Keys(found["encryption"], found.get("authentication"))


def _entry(content: str, place: str) -> tuple[str, bytes]:
    name, colon, digits = content.partition(":")
    name = name.strip().lower()
    if not colon or name not in ("encryption", "authentication"):
        # The line is not repeated: it may be a key.
        raise ConfigError(f"{place}: write 'encryption: ' or 'authentication: ' and 32 hex digits")
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        raise ConfigError(f"{place}: the key has other characters than 0-9 and A-F") from None
    if len(key) != SIZE:
        raise ConfigError(f"{place}: the key has {2 * len(key)} hex digits; it must have 32")
    return name, key
