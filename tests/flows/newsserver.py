"""A real HTTP server on loopback that serves news and, where asked to, misbehaves on purpose. It counts what it sees.

It listens on every address of 127.0.0.0/8, so that 127.0.0.1, 127.0.0.2 … are hosts of their own.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import threading
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate

Headers = dict[str, str]
Wire = asyncio.StreamWriter


@dataclass
class Seen:
    """One request as it arrived."""

    host: str
    path: str
    headers: Headers
    at: float


Handler = Callable[["Seen", Wire], Awaitable[None]]


@dataclass
class NewsServer:
    """`with NewsServer() as server`: routes by path; `pages` maps a path to bytes, `handlers` to a coroutine that writes the answer itself."""

    pages: dict[str, bytes] = field(default_factory=dict)
    handlers: dict[str, Handler] = field(default_factory=dict)
    validators: bool = True
    seen: list[Seen] = field(default_factory=list)
    bodies: Counter[str] = field(default_factory=Counter)
    """Bodies of pages sent, by path."""
    most_open: Counter[str] = field(default_factory=Counter)
    """The most connections that were open at once, by host."""
    _open: Counter[str] = field(default_factory=Counter)
    port: int = 0

    def __enter__(self) -> NewsServer:
        started = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, args=(started,), daemon=True)
        self._thread.start()
        assert started.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def url(self, path: str, host: int = 1) -> str:
        return f"http://127.0.0.{host}:{self.port}{path}"

    def asked(self, path: str) -> list[Seen]:
        return [s for s in self.seen if s.path == path]

    def _run(self, started: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve(started))

    async def _serve(self, started: threading.Event) -> None:
        self._stop = asyncio.Event()
        server = await asyncio.start_server(self._connection, "0.0.0.0", self.port)
        self.port = server.sockets[0].getsockname()[1]
        started.set()
        await self._stop.wait()
        server.close()
        for task in asyncio.all_tasks():
            if task is not asyncio.current_task():
                task.cancel()

    async def _connection(self, reader: asyncio.StreamReader, writer: Wire) -> None:
        host = writer.get_extra_info("sockname")[0]
        self._open[host] += 1
        self.most_open[host] = max(self.most_open[host], self._open[host])
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                lines = head.decode("latin-1").split("\r\n")
                headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:] if line)}
                seen = Seen(host, lines[0].split(" ")[1], headers, time.monotonic())
                self.seen.append(seen)
                await self._answer(seen, writer)
                await writer.drain()
                if writer.is_closing():
                    break
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError, RuntimeError):
            pass
        finally:
            self._open[host] -= 1
            with contextlib.suppress(ConnectionError, RuntimeError):
                writer.close()

    async def _answer(self, seen: Seen, writer: Wire) -> None:
        if seen.path in self.handlers:
            await self.handlers[seen.path](seen, writer)
            return
        body = self.pages.get(f"{seen.host}{seen.path}", self.pages.get(seen.path))
        if body is None:
            writer.write(answer(404, b"nothing here", {"Content-Type": "text/plain"}))
            return
        kind = "application/xml" if body.startswith(b"<?xml") else "text/html; charset=utf-8"
        kind = "text/plain" if seen.path.endswith(".txt") else kind
        tag = f'"{hash(body)}"'
        headers = {"Content-Type": kind}
        if self.validators:
            headers |= {"ETag": tag, "Last-Modified": formatdate(1.7e9, usegmt=True)}
            if seen.headers.get("if-none-match") == tag:
                writer.write(answer(304, b"", headers))
                return
        self.bodies[seen.path] += 1
        writer.write(answer(200, body, headers))


def answer(status: int, body: bytes = b"", headers: Headers | None = None, length: int | None = None) -> bytes:
    """An answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status} Whatever"]
    lines += [f"{k}: {v}" for k, v in (headers or {}).items()]
    if status != 304:
        lines.append(f"Content-Length: {len(body) if length is None else length}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def story(number: int, day: str = "2026-03-02") -> bytes:
    """A page with an article, a little different for every number."""
    places = ("Nairobi", "Accra", "Lagos", "Cairo", "Tunis", "Dakar", "Kampala")
    place = places[number % len(places)]
    text = "".join(
        f"<p>The foreign minister of Ghana met delegate number {number * 7 + k} in {place} on Monday and signed paper {number}-{k}, officials said. "
        f"Both sides agreed to hold a further round of talks on border trade, and thanked the hosts for their patience.</p>"
        for k in range(6)
    )
    return (
        f"<html><head><title>Talks {number} in {place}</title><meta property='article:published_time' content='{day}T09:00:00Z'></head>"
        f"<body><article><h1>Talks {number} in {place}</h1>{text}</article></body></html>"
    ).encode()


def rss(urls: list[str], more: str = "") -> bytes:
    """An RSS feed of addresses."""
    items = "".join(
        f"<item><title>Story {n}</title><link>{u}</link><guid>{u}</guid></item>" for n, u in enumerate(urls)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}{more}</channel></rss>'.encode()


def packed(size: int) -> bytes:
    """A gzip of so many zeros."""
    return gzip.compress(b"\0" * size)
