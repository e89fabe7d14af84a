"""Opens whatever kind of port the configuration names."""

from submeter.sources import rfc2217_port, socket_port
from submeter.sources.port import (
    Device,
    Line,
    Numbered,
    Pace,
    Port,
    Replay,
    Rfc2217,
    SimulatedBoard,
    Socket,
    Spec,
)
from submeter.sources.recorded_port import RecordedPort
from submeter.sources.replay_port import ReplayPort
from submeter.sources.rp2040.simulated_port import SimulatedPort
from submeter.sources.serial_port import SerialPort


def unknown_pace(data: bytes) -> float:
    """Return the bytes per second of a recording that says nothing of its line: of 2400 baud."""
    return 240.0


async def open_port(spec: Spec, line: Line, pace: Pace = unknown_pace) -> Port:
    """Open `spec`; `pace` tells the real bytes per second of a recording without time stamps.

    Raises LinkError.
    """
    match spec:
        case Device():
            return SerialPort(spec, line)
        case Numbered():
            return SerialPort(spec.device(), line)
        case SimulatedBoard():
            return SimulatedPort(spec)
        case Socket():
            return await socket_port.connect(spec)
        case Rfc2217():
            return await rfc2217_port.connect(spec, line)
        case Replay():
            if spec.captured():
                return RecordedPort(spec.lap, spec.speed)
            content = spec.content()
            return ReplayPort(content, pace(content), spec.speed)
