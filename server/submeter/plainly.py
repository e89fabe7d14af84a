"""Errors that a user can cause become lines on standard error and an exit status."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import typer

from submeter.errors import ConfigError, SubmeterError


@contextmanager
def plainly() -> Iterator[None]:
    """End the command with status 2 after a ConfigError, 1 after any other SubmeterError.

    An OSError ends it with 1 too: the output cannot be written.
    """
    try:
        yield
    except ConfigError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(2) from None
    except SubmeterError as error:
        print(error, file=sys.stderr)
        raise typer.Exit(1) from None
    except OSError as error:
        # The reader of a list, such as `head`, has seen enough, or the disk is full.
        if not isinstance(error, BrokenPipeError):
            print(f"cannot write: {error.strerror or error}", file=sys.stderr)
        # What is still in the buffer must not be tried again at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
