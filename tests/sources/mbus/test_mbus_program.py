"""Meters of a simulated line, through the whole program to the Modbus face."""

import struct
from pathlib import Path

from submeter.sources.mbus.address import Secondary
from tooling import mbus_records as made
from tooling.free_port import free_port
from tooling.mbus_bus import Bus, Slave, in_thread
from tooling.modbus_client import Poller
from tooling.program import eventually, running, write

ABB = Secondary("12345678", "ABB", 2, 2)
KAM = Secondary("12345679", "KAM", 1, 2)


def energies(port: int, unit: int) -> tuple[int, ...]:
    """Return the import and export index in Wh."""
    with Poller(port) as poller:
        data: tuple[int, ...] = struct.unpack(">2q", poller.read(unit, 4, 100, 8))
        return data


def watts(port: int, unit: int) -> int:
    """Return the active power in W."""
    with Poller(port) as poller:
        kilowatts: float = struct.unpack(">f", poller.read(unit, 3, 0, 2))[0]
        return round(kilowatts * 1000)


def test_two_meters_on_a_converter(tmp_path: Path) -> None:
    power = made.dib(made.INTEGERS[4]) + made.vib(0x2B) + made.integer(2893, 4)
    back = made.dib(made.INTEGERS[4]) + made.vib(0x03, 0x3C) + made.integer(1234, 4)
    slaves = [
        Slave(5, ABB, [made.energy(4408736) + power]),
        Slave(0, KAM, [made.energy(42000), back]),
    ]
    port = free_port()
    with in_thread(Bus(slaves)) as number:
        converter = f"socket://127.0.0.1:{number}"
        config = write(
            tmp_path / "config.yaml",
            f"""
            site: M-Bus
            store: {{path: {tmp_path}/store.db}}
            meters:
              - name: one
                unit_id: 1
                sources:
                  - mbus: {{port: "{converter}", address: 5, map: mbus-electricity, period: 1}}
              - name: two
                unit_id: 2
                sources:
                  - mbus:
                      port: "{converter}"
                      address: "12345679"
                      map: mbus-electricity
                      period: 1
            modbus:
              tcp: {{host: 127.0.0.1, port: {port}}}
            """,
        )
        with running(config, tmp_path / "log") as program:
            eventually(lambda: energies(port, 1)[0] == 4408736)
            eventually(lambda: energies(port, 2) == (42000, 1234))
            assert watts(port, 1) == 2893
            assert "event=mbus_meter source=two meter=12345679-KAM-01-02" in program.log
            assert program.stop() == 0
