"""The password of a meter, from a file that nobody else may read.

password: 00000000
"""

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from submeter import regular_file
from submeter.errors import ConfigError

_LARGEST = 4096
_LONGEST = 64
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


@dataclass(frozen=True, slots=True)
class Password:
    """The secret of low level security, as octets; not shown anywhere."""

    octets: bytes = field(repr=False)


def read(path: Path) -> Password:
    """Return the password in the file `path`; raises ConfigError without a position.

    Lines that start with # are left out. A file that others than its owner may read is refused.
    """
    try:
        if path.stat().st_mode & _OTHERS:
            raise ConfigError(f"others may read the password in {path}; run: chmod 600 {path}")
        text = regular_file.read(path, _LARGEST).decode("utf-8", "replace")
    except OSError as error:
        reason = error.strerror or os.strerror(error.errno or 0)
        raise ConfigError(f"cannot read the password in {path}: {reason}") from None
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
