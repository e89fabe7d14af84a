"""What all alarms of a device have in common."""

from typing import NamedTuple

from submeter.bacnet.objects.notification_class import flags, priorities
from submeter.bacnet.settings import AlarmReporting


class Policy(NamedTuple):
    """How alarms are reported; tuples go by to-offnormal, to-fault, to-normal. `delay` is in s."""

    enabled: tuple[bool, bool, bool]
    priorities: tuple[int, int, int]
    acknowledge: tuple[bool, bool, bool]
    delay: int

    @classmethod
    def of(cls, settings: AlarmReporting) -> "Policy":
        """Return what `settings` say."""
        return cls(
            flags(settings.events),
            priorities(settings),
            flags(settings.acknowledge),
            settings.delay,
        )
