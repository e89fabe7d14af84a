"""Who a meter says it is: function 43/14, function 17 and identification registers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Identification:
    """The texts of one meter; V1.1b3, 6.21: objects 0 to 6, then our own from 0x80 on."""

    vendor: str = "submeter"
    product_code: str = "SM-53"
    revision: str = ""
    url: str = ""
    product_name: str = "submeter"
    model: str = ""
    application: str = ""
    serial: str = ""
