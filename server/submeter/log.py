"""Logging as the service manager likes it: one line a record, key=value, on standard error."""

import errno
import logging
import sys
import time

LONGEST = 2000  # characters of a message
_LACKING = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class _Calm(logging.Filter):
    """Lets a message through once a minute; asyncio repeats some a thousand times a second.

    Where a descriptor or memory is lacking, one line says so: it is no fault of the program.
    """

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        message = f"{record.getMessage()[:60]} {_place(error)}"
        now = time.monotonic()
        if now - self._told.get(message, -60.0) < 60:
            return False
        if len(self._told) > 100:
            self._told.clear()
        self._told[message] = now
        if isinstance(error, OSError) and error.errno in _LACKING:
            what = record.getMessage().split("\n")[0]
            record.msg = 'event=out_of_resources what="%s" error="%s"'
            record.args, record.exc_info = (what, error.strerror), None
        return True


def _place(error: BaseException | None) -> str:
    """Return what tells `error` from others: its kind, and the line that raised it."""
    trace = error.__traceback__ if error else None
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f"{type(error).__name__} {trace.tb_lineno if trace else 0}"


class _OneLine(logging.Formatter):
    """Writes what instruments and peers call themselves so that no line can be forged by it."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        text = record.message
        if not text.isprintable():
            text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
        record.message = text if len(text) <= LONGEST else f"{text[:LONGEST]}..."
        return super().formatMessage(record)


def start(verbose: bool = False) -> None:
    """Send records of submeter to standard error; libraries are heard from warnings on."""
    out = logging.StreamHandler(sys.stderr)
    out.setFormatter(_OneLine("%(asctime)s level=%(levelname)s %(message)s", "%Y-%m-%dT%H:%M:%S%z"))
    logging.basicConfig(handlers=[out], level=logging.WARNING, force=True)
    logging.getLogger("submeter").setLevel(logging.DEBUG if verbose else logging.INFO)
    logging.getLogger("asyncio").addFilter(_Calm())
    # Its every remark about a frame is counted in our own way.
    logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
