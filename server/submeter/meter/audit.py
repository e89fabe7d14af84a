"""What is to be remembered of who did what, until the next commit takes it."""

from typing import NamedTuple


class Entry(NamedTuple):
    """One line of the audit log: UTC seconds, and what happened.

    `meter` is empty where the whole program is meant; `who` is a face and an address, `cli`, or
    empty where nobody asked; `detail` is key=value text.
    """

    at: int
    event: str
    meter: str
    who: str
    detail: str
