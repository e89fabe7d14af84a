"""What several listen to, while some of them come and go."""

import asyncio

from submeter.sources.board.hearing import Hearing


class Reading:
    """A port that takes its time to close; `most` is how often it was open at once."""

    def __init__(self) -> None:
        self.begun = self.open = self.most = 0

    async def read(self) -> None:
        self.begun += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.02)
            self.open -= 1


async def test_who_comes_while_the_last_one_leaves_listens_to_a_reading_of_its_own() -> None:
    reading, heard = Reading(), list[str]()
    hearing: Hearing[str] = Hearing(reading.read)
    first = asyncio.create_task(hearing.listen("first"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert reading.open == 1, "it still closes"
    others = [asyncio.create_task(hearing.listen(name)) for name in ("second", "third")]
    await asyncio.sleep(0.06)
    assert not any(each.done() for each in others)
    assert (reading.begun, reading.most) == (2, 1)
    hearing.tell(heard.append)
    assert heard == ["second", "third"]
    for each in others:
        each.cancel()
    await asyncio.gather(first, *others, return_exceptions=True)
    assert reading.open == 0
