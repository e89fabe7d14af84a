import errno
import logging
from collections.abc import Iterator

import pytest

from submeter import log


@pytest.fixture
def asyncio_log() -> Iterator[logging.Logger]:
    """Return the logger of asyncio as the program sets it up."""
    logger, calm = logging.getLogger("asyncio"), log._Calm()
    logger.addFilter(calm)
    yield logger
    logger.removeFilter(calm)


def told(logger: logging.Logger, error: Exception) -> None:
    try:
        raise error
    except Exception as caught:
        logger.error("socket.accept() out of system resource\nsocket: <socket>", exc_info=caught)


def test_a_lack_of_descriptors_is_one_line(
    asyncio_log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        told(asyncio_log, OSError(errno.EMFILE, "Too many open files"))
    [record] = caplog.records
    assert record.getMessage() == (
        'event=out_of_resources what="socket.accept() out of system resource" '
        'error="Too many open files"'
    )
    assert not record.exc_info


def test_other_errors_keep_their_traceback(
    asyncio_log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    told(asyncio_log, OSError(errno.EBADF, "Bad file descriptor"))
    [record] = caplog.records
    assert record.exc_info


def test_another_fault_is_not_hidden_by_the_first(
    asyncio_log: logging.Logger, caplog: pytest.LogCaptureFixture
) -> None:
    for error in (ValueError("one"), KeyError("other"), ValueError("one")):
        told(asyncio_log, error)
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [
        ValueError,
        KeyError,
    ]


def test_no_name_can_forge_a_line(capfd: pytest.CaptureFixture[str]) -> None:
    log.start()
    name = "A1\n2024-01-01 level=ERROR event=fake \x1b[31m" + "x" * 5000
    logging.getLogger("submeter.sources").warning("event=meter name=%s", name)
    (line,) = capfd.readouterr().err.splitlines()
    assert "A1\\n2024" in line
    assert "\x1b" not in line
    assert len(line) < 2100
