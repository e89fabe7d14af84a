import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from store.pages import BEGIN, entry, index, opened
from submeter.errors import StoreError
from submeter.store import requests
from submeter.store.page import AnswerRow, Page
from submeter.store.requests import Answer
from submeter.store.store import Store


async def pending(store: Store) -> list[requests.Request]:
    for _ in range(200):
        if found := await store.requests():
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("no request came")


async def answer(store: Store, request: requests.Request, text: str, ok: bool = True) -> None:
    await store.commit(Page(answers=[AnswerRow(request.id, text, ok)]))


async def test_a_request_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    assert await store.requests() == []
    argument = {"old": 12.5, "new": None}
    asking = asyncio.to_thread(requests.ask, path, "swap", "main", argument, "cli root", 5.0)
    task = asyncio.create_task(asking)
    (request,) = await pending(store)
    assert request[2:] == ("cli root", "swap", "main", argument)
    assert await store.requests() == [request], "it has no answer yet"
    await store.commit(Page(indexes=[index(1)]))
    await answer(store, request, "booked")
    assert await task == Answer("booked", True)
    assert await store.requests() == []
    await answer(store, request, "again", ok=False)
    assert answers(path) == [("booked", 1)], "the first answer stays"
    await store.close()


def answers(path: Path) -> list[tuple[str | None, int | None]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT answer, ok FROM request ORDER BY id").fetchall()


async def test_an_answer_and_what_was_done_are_one_transaction(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    requests.ask(path, "swap", "main", 1, "cli", 0.0)
    (request,) = await store.requests()
    done = AnswerRow(request.id, "booked", True)
    with pytest.raises(StoreError):
        await store.commit(Page(answers=[done], audits=[entry(0)._replace(at=1 << 70)]))
    with pytest.raises(StoreError):
        await store.commit(Page(answers=[done._replace(request=1 << 70)], indexes=[index(1)]))
    assert store.saved_indexes() == {}
    assert answers(path) == [(None, None)]
    assert await store.requests() == [request]
    await store.commit(Page(answers=[done], indexes=[index(1)]))
    assert answers(path) == [("booked", 1)]
    assert await store.requests() == []
    await store.close()


async def test_an_answer_that_is_no_unicode_stops_no_commit(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    requests.ask(path, "a", "main", "\ud800", "cli", 0.0)
    (request,) = await store.requests()
    await answer(store, request, f"no sense: {request.argument}", ok=False)
    assert answers(path) == [("no sense: ?", 0)]
    await store.close()


async def test_a_refusal_is_an_answer(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    asking = asyncio.to_thread(requests.ask, path, "reset", "main", None, "cli", 5.0)
    task = asyncio.create_task(asking)
    (request,) = await pending(store)
    await answer(store, request, "sealed", ok=False)
    assert await task == Answer("sealed", False)
    await store.close()


async def test_nobody_answers_and_the_request_waits(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    assert requests.ask(path, "a", "main", 1, "cli", 0.1) is None
    await store.close()
    assert requests.ask(path, "b", "main", 2, "cli", 60.0) is None, "no program runs"
    store = opened(path)
    assert [(each.action, each.argument) for each in await store.requests()] == [("a", 1), ("b", 2)]
    await store.close()


async def test_only_a_change_by_another_costs_a_query(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    await store.requests()
    assert store._opened
    asked: list[str] = []
    store._opened.connection.set_trace_callback(asked.append)
    for total in range(3):
        await store.commit(Page(indexes=[index(total)]))
        asked.clear()
        await store.requests()
        assert asked == ["PRAGMA data_version"]
    await store.close()


async def test_answered_requests_are_let_go(tmp_path: Path) -> None:
    path = tmp_path / "s.db"
    store = opened(path)
    requests.ask(path, "a", "main", None, "cli", 0.0)
    requests.ask(path, "b", "main", None, "cli", 0.0)
    first, second = await store.requests()
    await answer(store, first, "done")
    await store.prune(BEGIN * 2)
    assert await store.requests() == [second]
    await store.close()


def test_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"s\.db: it cannot be opened; see that it is there"):
        requests.ask(tmp_path / "s.db", "a", "main", None, "cli", 0.0)
    assert list(tmp_path.iterdir()) == []
