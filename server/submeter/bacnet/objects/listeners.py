"""Telling listeners that an object changed: one that fails keeps nobody else from hearing it."""

import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

_log = logging.getLogger(__name__)
_told: set[tuple[str, type[Exception]]] = set()


def tell(listeners: Iterable[Callable[[T], None]], changed: T) -> None:
    """Call `listeners` in their order; the log says once of each which exceptions it raises.

    Once for all objects, too: the same listener follows thousands of them.
    """
    for listener in listeners:
        try:
            listener(changed)
        except Exception as error:
            _note(listener, changed, error)


def _note(listener: Callable[[T], None], changed: T, error: Exception) -> None:
    name = getattr(listener, "__qualname__", type(listener).__qualname__)
    key = name, type(error)
    if key in _told:
        return
    _told.add(key)
    _log.error(
        'event=bacnet_listener_failed listener=%s object="%s" error=%s',
        name,
        changed,
        type(error).__name__,
        exc_info=error,
    )
