"""Speed and memory as ratios against a peer in the same run: `python -m tests.bench [SECTION]`."""

import importlib
import sys
from importlib.util import find_spec

SECTIONS = ("modbus", "bacnet", "latency", "startup", "meter", "store")


def main(names: list[str]) -> None:
    """Run the sections `names`, or all that there are."""
    there = [name for name in SECTIONS if find_spec(f"{__package__}.{name}")]
    if unknown := [name for name in names if name not in there]:
        sys.exit(f"no section {', '.join(unknown)}; there are: {', '.join(there)}")
    for name in names or there:
        importlib.import_module(f"{__package__}.{name}").run()


if __name__ == "__main__":
    main(sys.argv[1:])
