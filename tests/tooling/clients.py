"""Runs the scripts of tests/conformance/clients, each within the environment of its client."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

SCRIPTS = Path(__file__).resolve().parents[1] / "conformance" / "clients"
PATIENCE = 30.0


async def run(command: Sequence[str], script: str, *arguments: object) -> Any:
    """Return what `script` prints as JSON; fails with what it complains about."""
    words = [*command, str(SCRIPTS / script), *map(str, arguments)]
    status, output, complaint = await spoken(words)
    assert status == 0, f"{script} ended with {status}:\n{complaint}"
    return json.loads(output)


async def spoken(words: Sequence[str]) -> tuple[int, str, str]:
    """Return the exit status of a program, what it printed, and what it complained about."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*words, stdout=pipe, stderr=pipe)
    try:
        output, complaint = await asyncio.wait_for(process.communicate(), PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        status = await process.wait()
    return status, output.decode(), complaint.decode()
