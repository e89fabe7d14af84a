"""The file descriptors of this process, shared out to the listeners."""

import resource

_RESERVE = 150  # for everything else, and for connections that are refused at this moment
_WANTED = 16384


class Share:
    """What one listener has of the descriptors, for the `wanted` connections.

    `granted` is less where they are scarce: then all listeners have theirs in proportion, 1 or
    more. It changes while others `take` theirs or give it back.
    """

    def __init__(self, wanted: int) -> None:
        self.wanted = wanted
        self.granted = wanted


_shares: list[Share] = []


def take(wanted: int) -> Share:
    """Return a share for `wanted` connections; `give_back` it.

    The limit is raised as far as the system lets us, within reason.
    """
    share = Share(wanted)
    _shares.append(share)
    _share_out()
    return share


def give_back(share: Share) -> None:
    """Let other listeners have what `take` returned."""
    _shares.remove(share)
    _share_out()


def _share_out() -> None:
    room = max(0, _limit() - _RESERVE)
    wanted = sum(share.wanted for share in _shares)
    for share in _shares:
        share.granted = max(1, share.wanted * min(room, wanted) // wanted)


def _limit() -> int:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED if hard == resource.RLIM_INFINITY else min(hard, _WANTED)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
        return wanted
    return _WANTED if soft == resource.RLIM_INFINITY else soft
