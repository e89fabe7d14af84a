"""What all devices of a face have together: many of them take no more than one."""

from submeter.bacnet.application import limits
from submeter.bacnet.application.crowd import Crowd
from submeter.bacnet.application.memory import Memory
from submeter.bacnet.application.works import Works


class Shares:
    """`clients` have segments to come, `works` are under way, `plans` of answers are kept.

    `attempts` are works that count against who asks for them; the others leave them their places.
    `stations` have requests of ours; `answered` are the octets of all answers that wait.
    """

    def __init__(self) -> None:
        self.clients = Crowd(limits.MOST_TRANSACTIONS, limits.MOST_OF_ONE)
        self.stations = Crowd(limits.MOST_REQUESTS, limits.MOST_REQUESTS_TO_ONE)
        self.works = Works()
        self.attempts = Works()
        self.plans = Memory(limits.MOST_PLANNED)
        self.answered = 0
