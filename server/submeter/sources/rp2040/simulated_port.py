"""A simulated board: a program at the other end of a terminal, which ends with the port."""

import asyncio
import os
import subprocess
import sys
import threading
import tty

from submeter.errors import Condition, LinkError
from submeter.sources import waiting
from submeter.sources.port import Line, monotonic
from submeter.sources.rp2040.simulated_board import SimulatedBoard

WRITE_SECONDS = 10.0


class SimulatedPort:
    """The terminal of a program that simulates a board; raises LinkError if it does not start."""

    tunable = False

    def __init__(self, spec: SimulatedBoard) -> None:
        self._spec = spec
        command = [sys.executable, str(spec.program()), spec.profile]
        command += ["--uid", spec.uid] if spec.uid else []
        try:
            self._descriptor, far = os.openpty()
        except OSError as error:
            raise self._lost(f"{error.strerror}") from None
        try:
            tty.setraw(far)
            os.set_blocking(self._descriptor, False)
            self._program = subprocess.Popen(
                command, stdin=far, stdout=far, stderr=far, start_new_session=True
            )
        except OSError as error:
            os.close(self._descriptor)
            raise self._lost(f"{error.strerror}") from None
        finally:
            os.close(far)
        self._closed = False

    async def read(self) -> bytes:
        """Wait for bytes; raises LinkError when the program has ended."""
        while True:
            try:
                await waiting.readable(self._descriptor)
                return os.read(self._descriptor, 4096)
            except BlockingIOError:
                continue
            except (OSError, ValueError):
                raise self._lost("it has ended") from None

    async def write(self, data: bytes) -> None:
        """Send `data`; raises LinkError."""
        try:
            async with asyncio.timeout(WRITE_SECONDS):
                while data:
                    try:
                        data = data[os.write(self._descriptor, data) :]
                    except BlockingIOError:
                        await waiting.writable(self._descriptor)
        except TimeoutError:
            raise self._lost("it takes no bytes") from None
        except (OSError, ValueError):
            raise self._lost("it has ended") from None

    async def retune(self, line: Line) -> None:
        """Do nothing: there is no line."""

    def discard(self) -> None:
        """Do nothing: a board that is not heard goes on all the same."""

    def elapsed(self) -> float:
        """Return monotonic seconds."""
        return monotonic()

    def close(self) -> None:
        """End the program, without a wait for it."""
        if self._closed:
            return
        self._closed = True
        os.close(self._descriptor)
        # It has nothing to lose, and one that is stopped (SIGSTOP) heeds no other signal.
        self._program.kill()
        threading.Thread(target=self._program.wait, daemon=True).start()

    def _lost(self, reason: str) -> LinkError:
        return LinkError(f"{self._spec} is gone: {reason}", Condition.NO_DEVICE)
