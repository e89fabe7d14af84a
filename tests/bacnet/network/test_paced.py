import asyncio

from submeter.bacnet.network.paced import Paced


async def test_many_are_few() -> None:
    done: list[int] = []
    paced = Paced(lambda: done.append(1), 0.05)
    for _ in range(100):
        paced()
    assert len(done) == 1
    await asyncio.sleep(0.2)
    assert len(done) == 2  # what was asked for meanwhile, once
    paced()
    assert len(done) == 3


async def test_closed() -> None:
    done: list[int] = []
    paced = Paced(lambda: done.append(1), 0.01)
    paced()
    paced()
    paced.close()
    paced.close()
    await asyncio.sleep(0.05)
    assert done == [1]
