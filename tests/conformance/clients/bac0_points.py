"""BAC0 finds the device, reads it and makes its list of points: HOST TARGET DEVICE_ID NAMES."""

import asyncio
import json
import sys
from typing import Any

import BAC0  # type: ignore[import-not-found]

BAC0.log_level("silence")


async def main(host: str, target: str, number: str, names: str) -> None:
    """Print what it found; `names` are points whose values are read."""
    async with BAC0.start(ip=host) as bacnet:
        found: dict[str, Any] = {"devices": []}
        for device in await bacnet.who_is():
            found["devices"].append([device.iAmDeviceIdentifier[1], device.vendorID])
        found["name"] = await bacnet.read(f"{target} analogInput 1 objectName")
        found["several"] = await bacnet.readMultiple(
            f"{target} analogInput 1 objectName description units"
        )
        made = await BAC0.device(target, int(number), bacnet, poll=0)
        found["points"] = [each.properties.name for each in made.points]
        found["values"] = {name: float(await made[name].value) for name in names.split(",")}
        found["units"] = {each.properties.name: _units(each) for each in made.points}
    print(json.dumps(found))


def _units(point: Any) -> str:
    return str(point.properties.units_state)


asyncio.run(main(*sys.argv[1:]))
