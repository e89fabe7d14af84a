"""What the subscriptions of all devices of a face have together."""

from submeter.bacnet.cov.clients import Clients
from submeter.bacnet.cov.pace import Pace
from submeter.bacnet.settings import CovSettings


class CovShare:
    """`clients` have so many subscriptions at all devices, `pace` is that of all notifications."""

    def __init__(self, settings: CovSettings) -> None:
        self.clients = Clients(settings)
        self.pace = Pace()
