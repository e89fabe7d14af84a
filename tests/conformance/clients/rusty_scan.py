"""rusty-bacnet finds devices by broadcast and reads one: HOST PORT BROADCAST TARGET OBJECT_NAME."""

import asyncio
import json
import sys

import rusty_bacnet as rusty

WAIT = 0.3  # s for answers to a broadcast


async def main(host: str, port: str, broadcast: str, target: str, name: str) -> None:
    """Print the devices found, who has an object of that name, and what the first input shows."""
    client = rusty.BACnetClient(host, int(port), broadcast_address=broadcast, apdu_timeout_ms=300)
    async with client:
        await client.who_is()
        await asyncio.sleep(WAIT)
        found = [each.object_identifier.instance for each in await client.discovered_devices()]
        has = await client.who_has_replies(name, timeout_ms=int(WAIT * 1000))
        one = rusty.ObjectIdentifier(rusty.ObjectType.ANALOG_INPUT, 1)
        try:
            answer = await client.read_property(target, one, rusty.PropertyIdentifier.OBJECT_NAME)
            read = answer.value
        except rusty.BacnetError as error:
            read = f"{type(error).__name__}: {error}"
    print(json.dumps({"devices": sorted(found), "has": len(has), "read": read}))


asyncio.run(main(*sys.argv[1:]))
