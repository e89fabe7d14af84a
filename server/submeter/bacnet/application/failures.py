"""Faults of our own that a packet brought to light: told once each, whatever is sent."""

import logging

_log = logging.getLogger(__name__)


class Failures:
    """Tells exceptions that no service should raise, once by what was done and their type."""

    def __init__(self) -> None:
        self._told: set[tuple[str, int, type[BaseException]]] = set()

    def tell(self, doing: str, service: int, error: BaseException) -> None:
        """Log `error`, which came up while `doing` something for the service of that number."""
        key = doing, service, type(error)
        if key in self._told:
            return
        self._told.add(key)
        _log.error(
            "event=bacnet_failure doing=%s service=%d error=%s",
            doing,
            service,
            type(error).__name__,
            exc_info=error,
        )
