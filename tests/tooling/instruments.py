"""The whole program with instruments at its ports, and all that a user can look at."""

import asyncio
import json
import os
import struct
import tty
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any, Self

from pymodbus.client import ModbusTcpClient

from bacnet.client import ERROR, Client, read
from submeter import config, explain_command, local_socket, source_states
from submeter.errors import Condition
from tooling.free_port import free_port, free_udp_port
from tooling.modbus_client import Poller
from tooling.program import Program, eventually, loopback, run, running
from tooling.unplugged import unplug

GATEWAY_UNIT = 255
FIRST_SOURCE, EACH_SOURCE, CONDITION = 101, 40, 32
OFFSET = 1000
PRESENT_VALUE, RELIABILITY = 85, 103
NO_SENSOR = 1
UNKNOWN_OBJECT = (1, 31)
UNKNOWN = -(2**63)
IMPORT, EXPORT = 30101, 30105
"""The exact indexes of the standard map, in Wh."""

Settings = Mapping[str, Any]
Sources = Mapping[str, Sequence[Settings]]


class Site:
    """A configuration with one meter for each list of sources, both faces and the gateway's unit.

    The meters have the unit ids 1, 2 and so on, in the order of `sources`, and their BACnet objects
    stand 1000 apart. `octet` is the last one of the BACnet host's loopback address. `settings` are
    those of meters, `access` who may write.
    """

    def __init__(
        self,
        folder: Path,
        octet: int,
        sources: Sources,
        *,
        settings: Mapping[str, Settings] = MappingProxyType({}),
        access: Settings = MappingProxyType({}),
    ) -> None:
        self._folder = folder
        self._modbus, self._bacnet, self._host = free_port(), free_udp_port(), loopback(octet)
        self._names = list(sources)
        self._sources = [name for name in sources for _ in sources[name]]
        self.config = folder / "config.yaml"
        # JSON is YAML.
        document = self._document(sources, settings) | {"access": dict(access)}
        self.config.write_text(json.dumps(document, indent=1))

    def _document(self, sources: Sources, settings: Mapping[str, Settings]) -> dict[str, Any]:
        meters = [
            {
                "name": name,
                "unit_id": number + 1,
                "sources": list(own),
                "settings": dict(settings.get(name, {})),
                "bacnet": {"instance_offset": OFFSET * number, "name_prefix": f"{name}."},
            }
            for number, (name, own) in enumerate(sources.items())
        ]
        return {
            "site": "Park",
            "store": {"path": "park.db", "commit": 1},
            "meters": meters,
            "modbus": {
                "tcp": {"host": "127.0.0.1", "port": self._modbus},
                "unit_255": "gateway",
            },
            "bacnet": {"address": f"{self._host}/8", "port": self._bacnet, "device_id": 4000},
        }

    @contextmanager
    def running(self) -> Iterator[Program]:
        """Run the program; nothing that it says may be a traceback."""
        with (
            running(self.config, self._folder / "log") as program,
            Poller(self._modbus) as self._poller,
        ):
            yield program
        assert "Traceback" not in program.log

    def exact(self, meter: str, number: int = IMPORT) -> int:
        """Return the whole number, of 64 bits, at an input register."""
        # A float of 64 bits, which the poller returns, would be too coarse.
        return int.from_bytes(self._read(meter, number, 4), "big", signed=True)

    def number(self, meter: str, number: int) -> float:
        """Return the float at a register such as 30001 or 40021."""
        found: float = struct.unpack(">f", self._read(meter, number, 2))[0]
        return found

    def _read(self, meter: str, number: int, words: int) -> bytes:
        function = {3: 4, 4: 3}[number // 10_000]
        return self._poller.read(self._unit(meter), function, number % 10_000 - 1, words)

    def bit(self, meter: str, number: int) -> bool:
        """Return a discrete input."""
        return self._poller.bit(self._unit(meter), number)

    def _unit(self, meter: str) -> int:
        return self._names.index(meter) + 1

    def becomes(self, meter: str, condition: Condition) -> None:
        """Wait until the first source of a meter is so, as the program itself tells."""
        eventually(lambda: self._told()[meter] is condition)

    def _told(self) -> dict[str, Condition]:
        answer = local_socket.ask(self._folder / "park.db.sock", {"ask": "sources"})
        assert answer is not None
        return {row["meter"]: Condition(row["code"]) for row in reversed(answer["sources"])}

    def agrees(self, **conditions: Condition) -> None:
        """Wait until the registers of the gateway say so of the first sources of meters."""
        eventually(lambda: {name: self._register(name) for name in conditions} == conditions)

    def _register(self, meter: str) -> Condition:
        start = FIRST_SOURCE + EACH_SOURCE * self._sources.index(meter) + CONDITION - 1
        data = self._poller.read(GATEWAY_UNIT, 3, start, 1)
        return Condition(int.from_bytes(data, "big"))

    def write(self, meter: str, number: int, value: float) -> None:
        """Write the float of a setting, at a number such as 1001 of the holding registers."""
        self._poller.write(self._unit(meter), number - 1, struct.pack(">f", value))

    def present(self, meter: str, kind: int, instance: int) -> float:
        """Return the Present_Value of an object, whose number is that of the list."""
        octets = self._ask(meter, kind, instance).apdu[3:]
        value = octets[octets.index(b"\x3e") + 1 : -1]
        if value[0] == 0x44:
            real: float = struct.unpack(">f", value[1:])[0]
            return real
        return int.from_bytes(value[1:], "big")

    def lacks(self, meter: str, kind: int, instance: int) -> bool:
        """Tell whether there is no such object."""
        answer = self._ask(meter, kind, instance)
        return bool(answer.kind == ERROR and answer.error == UNKNOWN_OBJECT)

    def has_sensor(self, meter: str, kind: int, instance: int) -> bool:
        """Tell whether the meter can ever know what an object is about."""
        octets = self._ask(meter, kind, instance, RELIABILITY).apdu[3:]
        return bool(octets[-2] != NO_SENSOR)

    def _ask(self, meter: str, kind: int, instance: int, number: int = PRESENT_VALUE) -> Any:
        place = OFFSET * self._names.index(meter) + instance

        async def asked() -> Any:
            client = Client((self._host, self._bacnet))
            try:
                return await client.ask(12, read(kind, place, number))
            finally:
                client.close()

        return asyncio.run(asked())

    def shown(self) -> dict[str, str]:
        """Return what `submeter show` says of each source, by meter/source."""
        client = ModbusTcpClient("127.0.0.1", port=self._modbus)
        states = source_states.ask(config.load(self.config), client, self._names, local=True)
        lines = (str(state).partition(": ") for state in states)
        return {name: text for name, _, text in lines}

    def explained(self, meter: str, point: str) -> str:
        """Return what `submeter explain` prints."""
        return explain_command.text(config.load(self.config), meter, point)

    def command(self, name: str, *arguments: str) -> str:
        """Return what a command that takes the configuration prints, as a process of its own."""
        done = run(name, str(self.config), *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


class Adapter:
    """A pseudo-terminal behind a name of its own, that can be pulled out and plugged in again."""

    def __init__(self, link: Path) -> None:
        self.node = str(link)
        self._link = link
        self._master: int | None = None

    def __enter__(self) -> Self:
        self.plug()
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def plug(self) -> None:
        """Plug it in: another device, with the same name."""
        self._master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(self._master, False)
        self._link.unlink(missing_ok=True)
        self._link.symlink_to(os.ttyname(slave))
        self._slave = slave

    def unplug(self) -> None:
        """Pull it out."""
        if self._master is not None:
            unplug(self._master, self._slave)
        self._master = None
        self._link.unlink(missing_ok=True)

    def say(self, data: bytes) -> None:
        """Let the instrument say something."""
        assert self._master is not None
        assert os.write(self._master, data) == len(data)
