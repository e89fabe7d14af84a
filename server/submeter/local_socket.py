"""A socket beside the store, where the same user asks the running program how things are.

One line of JSON in, one line of JSON out, then it is closed.
"""

import asyncio
import contextlib
import json
import logging
import os
import socket
import stat
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from submeter.errors import NoAnswerError

Json = dict[str, Any]
Answer = Callable[[Json], Json]

LONGEST_PATH = 107  # octets; sockaddr_un has room for 108, with a zero at the end (unix(7))
LONGEST_QUESTION = 4096  # octets
LONGEST_ANSWER = 1 << 20  # octets
MOST_CLIENTS = 16
PATIENCE = 5.0  # s, for a question to come and for its answer to be taken

_log = logging.getLogger(__name__)


def beside(store: Path) -> Path:
    """Return where the socket of the program with the store `store` is."""
    return store.with_name(store.name + ".sock")


class LocalSocket:
    """Answers questions at `path` by `answer`, which gets each as it came, decoded.

    Only the user who runs the program may connect. Whatever is wrong with it, the program goes on
    without it: the log says why.
    """

    def __init__(self, path: Path, answer: Answer) -> None:
        self._path = path
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._clients: set[asyncio.Task[None]] = set()
        self._inode: int | None = None
        self._broken = False

    @property
    def where(self) -> str:
        """The path of the socket."""
        return str(self._path)

    async def start(self) -> None:
        """Listen, in place of a socket that a killed program left; or tell the log why not."""
        try:
            bound = _bound(self._path)
        except OSError as error:
            reason = error.strerror or str(error)
            _log.warning('event=local_socket_off path=%s reason="%s"', self._path, reason)
            return
        self._inode = self._path.stat().st_ino
        self._server = await asyncio.start_unix_server(
            self._connected, sock=bound, limit=LONGEST_QUESTION
        )

    async def stop(self) -> None:
        """Stop listening, and remove the socket unless another program's stands there now."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for task in self._clients:
            task.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)
        with contextlib.suppress(OSError):
            if self._path.stat().st_ino == self._inode:
                self._path.unlink()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        try:
            if task is None or len(self._clients) >= MOST_CLIENTS:
                writer.write(_line({"error": "too many ask at once; ask again"}))
                return
            self._clients.add(task)
            async with asyncio.timeout(PATIENCE):
                writer.write(await self._answered(reader))
                writer.close()
                await writer.wait_closed()
        except (OSError, TimeoutError):
            pass  # one who goes away, or is too slow
        finally:
            if task:
                self._clients.discard(task)
            _leave(writer)

    async def _answered(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return self._reply(await reader.readline())
        except ValueError:  # a line without end
            return _line({"error": f"a question has {LONGEST_QUESTION} bytes at most"})

    def _reply(self, line: bytes) -> bytes:
        try:
            question = json.loads(line)
            if not isinstance(question, dict):
                raise ValueError
        except (ValueError, RecursionError):
            return _line({"error": "a question is one line with a JSON object"})
        try:
            reply = _line(self._answer(question))
        except Exception:
            if not self._broken:
                self._broken = True
                _log.exception("event=local_socket_failed path=%s", self._path)
            return _line({"error": "the program failed at this question; its log says why"})
        if len(reply) > LONGEST_ANSWER:
            return _line({"error": "the answer is too long"})
        return reply


def ask(path: Path, question: Mapping[str, Any], patience: float = PATIENCE) -> Json | None:
    """Return the answer of the program that listens at `path`; None if none runs there.

    Raises NoAnswerError where one does, and does not answer.
    """
    if len(os.fsencode(path)) > LONGEST_PATH:
        return None
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        client.settimeout(patience)
        try:
            client.connect(str(path))
            with contextlib.suppress(BrokenPipeError):  # refused before it could ask
                client.sendall(_line(question))
            reply = _read(client, patience)
        except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
            return None
        except PermissionError:
            message = f"may not ask at {path}; ask as the user that the server runs as"
            raise NoAnswerError(message) from None
        except OSError as error:
            message = f"no answer at {path}: {error.strerror or error}"
            raise NoAnswerError(message) from None
    if not reply:
        raise NoAnswerError(f"no answer at {path}: the connection was closed")
    try:
        decoded = json.loads(reply)
    except (ValueError, RecursionError):
        decoded = None
    if not isinstance(decoded, dict):
        raise NoAnswerError(f"no answer at {path}: what listens there says something else")
    return decoded


def _leave(writer: asyncio.StreamWriter) -> None:
    """Close the connection; what was not taken by now is not kept."""
    if writer.transport.get_write_buffer_size():
        writer.transport.abort()
    writer.close()


def _read(client: socket.socket, patience: float) -> bytes:
    """Return all that comes until the other side closes; raises OSError.

    It must come within `patience` seconds in all, and be no longer than an answer may be.
    """
    reply = bytearray()
    end = time.monotonic() + patience
    while part := _part(client, begun=bool(reply)):
        reply += part
        if len(reply) > LONGEST_ANSWER + 1:
            raise OSError(None, "the answer is too long")
        client.settimeout(max(0.001, end - time.monotonic()))
    return bytes(reply)


def _part(client: socket.socket, begun: bool) -> bytes:
    try:
        return client.recv(65536)
    except ConnectionResetError:
        # Who answers before the whole question was read ends with this.
        if begun:
            return b""
        raise


def _line(content: Mapping[str, Any]) -> bytes:
    return json.dumps(content, ensure_ascii=False).encode() + b"\n"


def _bound(path: Path) -> socket.socket:
    """Return a socket bound to `path` that only its owner can connect to; raises OSError."""
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise OSError(None, f"the path has more than {LONGEST_PATH} octets; shorten store.path")
    _remove_stale(path)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.bind(str(path))
        # Nobody can connect before it listens.
        path.chmod(0o600)
    except OSError:
        bound.close()
        raise
    return bound


def _remove_stale(path: Path) -> None:
    """Remove a socket that nobody listens at; raises OSError for anything else there."""
    try:
        mode = path.lstat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(mode):
        raise OSError(None, "something that is no socket stands there; remove it")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(None, "another program listens there")
