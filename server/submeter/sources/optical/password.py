"""The password of a meter, from a file that nobody else may read.

password: 00000000
"""

from dataclasses import dataclass, field
from pathlib import Path

from submeter.errors import ConfigError
from submeter.sources import secret_file

_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Password:
    """The secret of low level security, as octets; not shown anywhere."""

    octets: bytes = field(repr=False)


def read(path: Path) -> Password:
    """Return the password in the file `path`; raises ConfigError without a position.

    Lines that start with # are left out. A file that others than its owner may read is refused.
    """
    text = secret_file.read(path, "the password")
    lines = [line.strip() for line in text.splitlines()]
    told = [line for line in lines if line and not line.startswith("#")]
    name, colon, value = told[0].partition(":") if len(told) == 1 else ("", "", "")
    secret = value.strip().encode()
    # The line is not repeated: it may be the password.
    if not colon or name.strip() != "password" or not secret:
        raise ConfigError(f"{path}: write one line, 'password: ' and the password")
    if len(secret) > _LONGEST:
        raise ConfigError(f"{path}: the password has more than {_LONGEST} characters")
    return Password(secret)
