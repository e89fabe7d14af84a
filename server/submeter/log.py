"""Logging as the service manager likes it: one line a record, key=value, on standard error."""

import logging
import sys


def start(verbose: bool = False) -> None:
    """Send records of submeter to standard error; libraries are heard from warnings on."""
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(
        logging.Formatter("%(asctime)s level=%(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z")
    )
    logging.basicConfig(handlers=[out], level=logging.WARNING, force=True)
    logging.getLogger("submeter").setLevel(logging.DEBUG if verbose else logging.INFO)
    # Its every remark about a frame is counted in our own way.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
