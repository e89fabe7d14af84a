"""The file descriptors of this process, shared out to the listeners."""

import resource

_RESERVE = 150  # for everything else, and for connections that are refused at this moment
_WANTED = 16384

_taken = 0


def take(wanted: int) -> int:
    """Return how many of `wanted` connections there are descriptors for, 1 or more.

    The limit is raised as far as the system lets us, within reason. `give_back` what was taken.
    """
    global _taken
    granted = min(wanted, max(1, _limit() - _RESERVE - _taken))
    _taken += granted
    return granted


def give_back(granted: int) -> None:
    """Let other listeners have what `take` returned."""
    global _taken
    _taken -= granted


def _limit() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _WANTED if soft == resource.RLIM_INFINITY else soft
