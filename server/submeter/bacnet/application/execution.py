"""Runs the confirmed services and turns whatever they raise into an answer."""

from collections.abc import Callable

from submeter.bacnet.answer import (
    Aborted,
    Answer,
    Confirmed,
    ErrorAnswer,
    Reason,
    RefusedError,
    Rejected,
)
from submeter.bacnet.application.failures import Failures
from submeter.bacnet.fault import INTERNAL
from submeter.bacnet.peer import Peer

Outcome = Answer | Rejected | Aborted


class Execution:
    """The confirmed services that `find` knows by their numbers."""

    def __init__(self, find: Callable[[int], Confirmed | None], failures: Failures) -> None:
        self._find = find
        self._failures = failures

    def serve(self, service: int, body: bytes, peer: Peer) -> Outcome:
        """Return what `service` answers `peer`; never raises."""
        found = self._find(service)
        if found is None:
            return Rejected(Reason.UNRECOGNIZED_SERVICE)
        return self.run(service, lambda: found(body, peer))

    def run(self, service: int, step: Callable[[], Answer]) -> Outcome:
        """Return what `step` of `service` answers; never raises."""
        try:
            return step()
        except (Rejected, Aborted) as refused:
            return refused
        except RefusedError as refused:
            return ErrorAnswer(refused.fault.image)
        except Exception as error:
            # A client that waits is told, and the device lives on; the log has the rest.
            self._failures.tell("answer", service, error)
            return ErrorAnswer(INTERNAL.image)
