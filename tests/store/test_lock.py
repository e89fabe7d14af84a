import os
import subprocess
import sys
from pathlib import Path

import pytest

from submeter.errors import StoreError
from submeter.store import lock


def test_the_holder_is_known(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    assert lock.holder(path) is None
    held = lock.take(path)
    assert held
    assert lock.holder(path) == os.getpid()
    with pytest.raises(StoreError, match=f"pid {os.getpid()}"):
        lock.take(path)
    held.release()
    assert lock.holder(path) is None


def test_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    program = (
        "import sys, pathlib; from submeter.store import lock;"
        "held = lock.take(pathlib.Path(sys.argv[1])); print('held', flush=True); input()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    with process:
        assert process.stdout
        assert process.stdout.readline() == b"held\n"
        assert lock.holder(path) == process.pid
        with pytest.raises(StoreError, match=f"pid {process.pid}"):
            lock.take(path)
        process.kill()
    held = lock.take(path)
    assert held
    held.release()
