"""The running program between old meters on a line and a poller of the standard map."""

from pathlib import Path

import pytest

from tooling.free_port import free_port
from tooling.modbus_client import Poller
from tooling.program import eventually, running, write
from tooling.pzem import Pzem, on_a_pty

CONFIG = """
site: Park
store: {{path: park.db, commit: 1}}
meters:
  - name: one
    unit_id: 1
    sources: [modbus: {{port: {node}, unit: 1, map: pzem-004t, period: 1, timeout: 0.3}}]
  - name: two
    unit_id: 2
    sources: [modbus: {{port: {node}, unit: 2, map: pzem-004t, period: 1, timeout: 0.3}}]
modbus:
  tcp: {{host: 127.0.0.1, port: {port}}}
"""


def test_two_modules_on_one_line_become_two_meters(tmp_path: Path) -> None:
    port = free_port()
    with on_a_pty(Pzem(), Pzem(unit=2, volts=229.4, energy=77)) as node:
        path = write(tmp_path / "config.yaml", CONFIG.format(port=port, node=node))
        with running(path, tmp_path / "log") as program, Poller(port) as poller:

            def energy(unit: int) -> int:
                return int(poller.value(unit, 30101, "int64"))

            eventually(lambda: energy(1) > 0 and energy(2) > 0)
            assert (energy(1), energy(2)) == (123_456, 77)
            assert poller.value(1, 40021) == pytest.approx(230.1)
            assert poller.value(2, 40021) == pytest.approx(229.4)
            assert poller.value(1, 40001) == pytest.approx(16.3915)
            assert poller.bit(1, 7) is False
            assert program.stop() == 0
