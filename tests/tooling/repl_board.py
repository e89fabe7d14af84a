"""A board with MicroPython: the real interpreter of this machine, behind a pseudo-terminal.

Its file system is a folder, its registers are those of board_modules, and a reset is a new process:
main.py runs, then comes the prompt. Ctrl-C gets in as it does on a board.
"""

import contextlib
import fcntl
import os
import select
import shutil
import subprocess
import sys
import termios
import threading
import tty
from pathlib import Path

from tooling.unplugged import unplug

MODULES = Path(__file__).parent / "board_modules"
INTERPRETER = shutil.which("micropython", path=str(Path(sys.executable).parent))
_MOST = 4096


class ReplBoard:
    """The board; `port` is the device node, `files` its file system. To be closed."""

    def __init__(self, folder: Path) -> None:
        self.files = folder / "files"
        self.files.mkdir(parents=True, exist_ok=True)
        self.starts = 0
        self.unplug_after: int | None = None
        self._kept = folder / "kept"
        self._host, slave = os.openpty()
        tty.setraw(slave)
        self._slave = slave
        self.port = os.ttyname(slave)
        self._stop, self._stopper = os.pipe()
        self._inner = -1
        self._process = self._start()
        self._cable = threading.Thread(target=self._carry)
        self._cable.start()

    def unplug(self) -> None:
        """End it, and take its port away; the files stay."""
        os.close(self._stopper)
        self._cable.join()
        self._end()
        os.close(self._stop)

    def _start(self) -> subprocess.Popen[bytes]:
        self._inner, outer = os.openpty()
        tty.setraw(outer)
        told = termios.tcgetattr(outer)
        told[3] |= termios.ISIG  # Ctrl-C interrupts what runs
        termios.tcsetattr(outer, termios.TCSANOW, told)
        command = [str(INTERPRETER), "-X", "heapsize=2M"]
        if (self.files / "main.py").is_file():
            command += ["-i", "main.py"]
        process = subprocess.Popen(
            command, stdin=outer, stdout=outer, stderr=outer, cwd=self.files,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            env={"BOARD_KEPT": str(self._kept), "MICROPYPATH": f":.frozen:{MODULES}"},
        )  # fmt: skip
        os.close(outer)
        self.starts += 1
        return process

    def _end(self) -> None:
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):
            os.close(self._inner)

    def _carry(self) -> None:
        """Copy between host and board, and start the board anew when it has ended."""
        heard = 0
        try:
            while True:
                ready, _, _ = select.select([self._host, self._inner, self._stop], [], [])
                if self._stop in ready:
                    return
                if self._host in ready:
                    data = os.read(self._host, _MOST)
                    heard += len(data)
                    os.write(self._inner, data)
                if self.unplug_after is not None and heard > self.unplug_after:
                    return
                if self._inner in ready and not self._tell():
                    self._end()
                    self._process = self._start()
        finally:
            unplug(self._host, self._slave)

    def _tell(self) -> bool:
        """Give the host what the board says; False if the board has ended."""
        try:
            os.write(self._host, os.read(self._inner, _MOST))
        except OSError:
            return False
        return True
