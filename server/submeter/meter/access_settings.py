"""What the configuration says of who may write."""

import ipaddress
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from submeter.meter import unlock_code

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

SERIAL = "serial"  # stands for the pollers on a serial line, which have no IP address
NO_CODE = "none"

_MAPPED = ipaddress.IPv6Network("::ffff:0:0/96")


class AccessSettings(BaseModel):
    """Who may write: nobody by default.

    A peer within `networks` gives the unlock code and may then write for `lease` minutes. Networks
    without a code have to be wanted: `unlock: none`; and not even so may everybody write.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    networks: list[str] = Field(
        default_factory=list,
        description="From where writing is possible, such as 192.0.2.0/24; 'serial' for the "
        "pollers on a serial line; empty: from nowhere",
    )
    unlock: str | None = Field(
        default=None,
        description="The hash that 'submeter settings passwd' prints, or 'none' for no code",
    )
    lease: int = Field(
        default=10, ge=1, le=1440, description="Minutes that a peer may write after the code"
    )
    attempts: int = Field(
        default=5, ge=1, le=100, description="Wrong codes of one peer before it has to wait"
    )

    @property
    def ranges(self) -> tuple[Network, ...]:
        """The IP networks; those of IPv4-mapped IPv6 addresses as IPv4."""
        return tuple(network(text) for text in self.networks if text != SERIAL)

    @property
    def code(self) -> str | None:
        """The hash of the unlock code, None where none is asked for."""
        return None if self.unlock == NO_CODE else self.unlock

    @field_validator("networks")
    @classmethod
    def _networks(cls, texts: list[str]) -> list[str]:
        for text in texts:
            if text != SERIAL:
                network(text)
        return texts

    @field_validator("unlock")
    @classmethod
    def _unlock(cls, text: str | None) -> str | None:
        if text is not None and text != NO_CODE:
            unlock_code.check(text)
        return text

    @model_validator(mode="after")
    def _agree(self) -> "AccessSettings":
        if self.networks and self.unlock is None:
            raise ValueError(
                "networks without an unlock code; add 'unlock' with the hash that "
                "'submeter settings passwd' prints, or 'unlock: none' to let them write without"
            )
        if self.unlock is not None and not self.networks:
            raise ValueError(
                "an unlock code without networks lets nobody write; add 'networks', such as "
                "[192.0.2.0/24], or remove 'unlock'"
            )
        if self.code is None and is_everybody(self.ranges):
            raise ValueError(
                "everybody could write without a code; name smaller networks, or set 'unlock'"
            )
        return self


def network(text: str) -> Network:
    """Return the network that `text` names; raises ValueError with a line that says what is right.

    >>> network("::ffff:192.0.2.0/120")
    IPv4Network('192.0.2.0/24')
    """
    try:
        found = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError(f"'{text}' is no network; write it as 192.0.2.0/24") from None
    if "/" in text and str(found.network_address) != _address_of(text):
        raise ValueError(f"'{text}' has bits beyond its length; write {found}")
    if isinstance(found, ipaddress.IPv6Network) and found.subnet_of(_MAPPED):
        low = int(found.network_address) & 0xFFFFFFFF
        return ipaddress.IPv4Network((low, found.prefixlen - 96))
    return found


def is_everybody(ranges: Sequence[Network]) -> bool:
    """Tell whether `ranges` together are all of IPv4, or all of IPv6."""
    v4 = [each for each in ranges if isinstance(each, ipaddress.IPv4Network)]
    v6 = [each for each in ranges if isinstance(each, ipaddress.IPv6Network)]
    unions: tuple[Network, ...] = (
        *ipaddress.collapse_addresses(v4),
        *ipaddress.collapse_addresses(v6),
    )
    return any(each.prefixlen == 0 for each in unions)


def _address_of(text: str) -> str:
    return str(ipaddress.ip_address(text.partition("/")[0]))
