"""The unlock code: kept as a hash only, in one line of text.

The line is `scrypt$N$R$P$SALT$HASH`: cost, block size and parallelism in decimal, then salt and
hash in base64 (RFC 7914). The cost is bounded, for the meter answers nobody while it works one out.
"""

import base64
import binascii
import hashlib
import hmac
import os
from typing import NamedTuple

SHORTEST = 6  # what a slow, limited search over the network cannot find
LONGEST = 64
MAKE = "make one with 'submeter settings passwd'"

_COST, _BLOCK, _PARALLEL = 2**14, 8, 1  # 16 MB and about 40 ms on a PC
_MOST_MEMORY = 64 * 1024 * 1024  # bytes
_MOST_WORK = 2**20  # N * R * P, eight times that of ours
_SALT, _HASH = 16, 32  # bytes


class _Parsed(NamedTuple):
    cost: int
    block: int
    parallel: int
    salt: bytes
    digest: bytes


def complaint(code: str) -> str | None:
    """Return why `code` cannot be an unlock code, None if it can."""
    if not SHORTEST <= len(code) <= LONGEST:
        return f"an unlock code has {SHORTEST} to {LONGEST} characters"
    if not (code.isascii() and code.isprintable()):
        return "an unlock code is of ASCII letters, digits and signs: not every poller has others"
    return None


def hashed(code: str) -> str:
    """Return the line that stands for `code` in the configuration; raises ValueError."""
    if problem := complaint(code):
        raise ValueError(problem)
    salt = os.urandom(_SALT)
    digest = _digest(code, _Parsed(_COST, _BLOCK, _PARALLEL, salt, b""))
    words = (base64.b64encode(part).decode() for part in (salt, digest))
    return "$".join(("scrypt", str(_COST), str(_BLOCK), str(_PARALLEL), *words))


def check(line: str) -> None:
    """Raise ValueError, with what to do about it, if `line` is not such a line."""
    _parse(line)


def matches(code: str, line: str) -> bool:
    """Tell whether `code` is the one that `line` stands for, in a time that tells nothing more."""
    if complaint(code):
        return False
    parsed = _parse(line)
    return hmac.compare_digest(_digest(code, parsed), parsed.digest)


def _digest(code: str, by: _Parsed) -> bytes:
    return hashlib.scrypt(
        code.encode(),
        salt=by.salt,
        n=by.cost,
        r=by.block,
        p=by.parallel,
        dklen=_HASH,
        maxmem=2 * _MOST_MEMORY,
    )


def _parse(line: str) -> _Parsed:
    words = line.split("$")
    if words[0] != "scrypt":
        # The text itself is not repeated: it may be the code.
        raise ValueError(f"not the hash of an unlock code, or the code itself; {MAKE}")
    try:
        cost, block, parallel = (int(word) for word in words[1:4])
        salt, digest = (base64.b64decode(word, validate=True) for word in words[4:])
    except (ValueError, binascii.Error):
        raise ValueError(f"a damaged hash of an unlock code; {MAKE}") from None
    if len(salt) < _SALT or len(digest) != _HASH or min(cost, block, parallel) < 1:
        raise ValueError(f"a damaged hash of an unlock code; {MAKE}")
    if cost < 2 or cost & (cost - 1):
        raise ValueError(f"the cost of the unlock code's hash is no power of two; {MAKE}")
    if 128 * cost * block > _MOST_MEMORY or cost * block * parallel > _MOST_WORK:
        raise ValueError(f"the unlock code's hash costs too much time or memory; {MAKE}")
    return _Parsed(cost, block, parallel, salt, digest)
