"""The BACnet face: a meter's readings as objects of a device."""

from submeter.bacnet.face import BacnetFace
from submeter.bacnet.settings import BacnetSettings, ServedMeter

__all__ = ["BacnetFace", "BacnetSettings", "ServedMeter"]
