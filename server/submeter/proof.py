"""Whether the configuration on disk would start, while another one runs."""

from submeter import bacnet_report, plan
from submeter.config import Loaded
from submeter.errors import SubmeterError


def fault(running: Loaded) -> str | None:
    """Return why the file that `running` was read from could not be started now; None if it could.

    That is one line, of the first fault. It reads files, and takes as long as `submeter check`, so
    it is for a thread.
    """
    try:
        loaded = running.again()
        plan.make(loaded)
        bacnet_report.report(loaded)
        if loaded.config.modbus.listens:
            from submeter import modbus_faces

            modbus_faces.prove(loaded)
    except SubmeterError as error:
        first, *more = str(error).splitlines()
        return f"{first} (and {len(more)} more)" if more else first
    return None
