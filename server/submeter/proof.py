"""Whether the configuration on disk would start, while another one runs."""

from submeter import plan, proof_places
from submeter.config import Loaded
from submeter.errors import SubmeterError


def fault(running: Loaded) -> str | None:
    """Return why the file that `running` was read from could not be started now; None if it could.

    That is one line, of the first fault. It reads files, binds ports for a moment, and takes as
    long as `submeter check`, so it is for a thread.
    """
    try:
        loaded = running.again()
        plan.make(loaded)
        proof_places.prove(running, loaded)
        if loaded.config.modbus.listens:
            from submeter import modbus_faces

            modbus_faces.prove(loaded)
    except (SubmeterError, OSError, ValueError) as error:
        first, *more = str(error).splitlines() or [repr(error)]
        return f"{first} (and {len(more)} more)" if more else first
    return None
