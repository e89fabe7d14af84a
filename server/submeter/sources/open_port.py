"""Opens whatever kind of port the configuration names."""

from submeter.sources import socket_port
from submeter.sources.port import Device, Line, Pace, Port, Replay, Socket, Spec
from submeter.sources.replay_port import ReplayPort
from submeter.sources.serial_port import SerialPort


async def open_port(spec: Spec, line: Line, pace: Pace) -> Port:
    """Open `spec`; `pace` tells the real bytes per second of a recording. Raises LinkError."""
    match spec:
        case Device():
            return SerialPort(spec, line)
        case Socket():
            return await socket_port.connect(spec)
        case Replay():
            return ReplayPort(spec, pace)
