"""Speed and memory as ratios against a peer in the same run: `python -m tests.bench [SECTION]`.

With `--quick` a section that has many rows prints some of them.
"""

import importlib
import inspect
import sys
from importlib.util import find_spec

SECTIONS = (
    "modbus",
    "modbus_busy",
    "modbus_memory",
    "rtu",
    "bacnet",
    "decoders",
    "sources_load",
    "clamps",
    "latency",
    "startup",
    "meter",
    "store",
)
QUICK = "--quick"


def main(names: list[str]) -> None:
    """Run the sections `names`, or all that there are."""
    quick, names = QUICK in names, [name for name in names if name != QUICK]
    there = [name for name in SECTIONS if find_spec(f"{__package__}.{name}")]
    if unknown := [name for name in names if name not in there]:
        sys.exit(f"no section {', '.join(unknown)}; there are: {', '.join(there)}")
    for name in names or there:
        run = importlib.import_module(f"{__package__}.{name}").run
        shortens = "quick" in inspect.signature(run).parameters
        run(**({"quick": quick} if shortens else {}))


if __name__ == "__main__":
    main(sys.argv[1:])
