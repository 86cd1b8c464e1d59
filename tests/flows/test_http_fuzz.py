"""One answer of one server never ends a run: `fetch` returns a typed outcome for whatever comes over the wire."""

from __future__ import annotations

import asyncio
import random
import time
import zlib

import pytest

from extractors.records import Capture
from flows.readers.files import Failure
from flows.readers.http import Fetched, Fetcher, Limits, Request
from tests.flows.newsserver import Handler, NewsServer, Seen, Wire, answer, story

QUICK = Limits(connect=5.0, read=5.0, total=10.0, attempts=1, backoff=0.0, patience=0.5)
VALUES = ("", "0", "-1", "²", "1e300", "9" * 400, "nan", "Fri, 31 Dec 9999 23:59:59 -2359", "Mon, 01 Jan 0001 00:00:00 +2359", "soon", "\x00", "é",
          "//[", "http://a.example:99999/", "http://127.0.0.1:0/", "http://[::1", "https://" + "a" * 300, "javascript:1", "http://\u2488.example/", "/x",
          "http://user:pw@127.0.0.1/", "\xff\xfe", "W/\"" + "x" * 5000, "gzip", "gzip, gzip, gzip", "zstd", "br", "identity", "chunked", "text/html; charset=\x00",
          "text/html; charset=utf-7", "image/png", "; ;=;", "=", "close", "bytes", "http://xn--a.example/", "http://127.1:65536", "?", "#", "\t")  # fmt: skip
NAMES = ("Retry-After", "Location", "Content-Type", "Content-Encoding", "Content-Length", "Transfer-Encoding", "ETag", "Last-Modified", "Date",
         "Server", "Content-Language", "Connection", "X", "Set-Cookie", "\xe9", "")  # fmt: skip
ROBOTS = (
    "User-agent: *\nCrawl-delay: {}",
    "User-agent: *\nRequest-rate: 1/{}",
    "User-agent: *\nRequest-rate: {}/1",
    "Disallow: {}",
    "{}",
)


def random_answer(chance: random.Random) -> bytes:
    """An answer of headers that matter with values that hurt."""
    status = chance.choice(
        (
            "200",
            "200",
            "200",
            "301",
            "302",
            "308",
            "304",
            "204",
            "401",
            "404",
            "429",
            "503",
            "100",
            "099",
            "999",
            "abc",
            "",
        )
    )
    body = chance.choice(
        (
            story(1),
            b"",
            b"\x1f\x8bbroken",
            zlib.compress(story(2)),
            b"x" * 50_000,
            b"0\r\n\r\n",
            b"FFFFFFFFFFFFFFFFF\r\nx",
            b"\0" * 9,
        )
    )
    lines = [
        f"{chance.choice(('HTTP/1.1', 'HTTP/1.1', 'HTTP/1.0', 'HTTP/9', 'ICY', ''))} {status} {chance.choice(('OK', '', 'é' * 9))}"
    ]
    lines += [f"{chance.choice(NAMES)}: {chance.choice(VALUES)}" for _ in range(chance.randrange(5))]
    if chance.random() < 0.6:
        lines.append(f"Content-Length: {len(body)}")
    end = chance.choice(("\r\n\r\n", "\r\n\r\n", "\r\n\r\n", "\n\n", "\r\n"))
    whole = "\r\n".join(lines).encode("latin-1", "replace") + end.encode() + body
    return whole[: chance.randrange(len(whole) + 1)] if chance.random() < 0.1 else whole


def random_robots(chance: random.Random) -> bytes:
    """An answer to the question for robots.txt: mostly a file with a value that hurts."""
    if chance.random() < 0.3:
        return random_answer(chance)
    return answer(
        200,
        chance.choice(ROBOTS).format(chance.choice(VALUES)).encode("utf-8", "replace"),
        {"Content-Type": "text/plain"},
    )


def last(make: bytes) -> Handler:
    async def handler(_: Seen, writer: Wire) -> None:
        writer.write(make)
        await writer.drain()
        writer.close()

    return handler


async def fetched(server: NewsServer, request: Request) -> Fetched:
    async with Fetcher(QUICK) as fetcher:
        return await fetcher.fetch(request)


async def fuzz(count: int, seed: int) -> None:
    """So many answers, each of a host of its own: what one asks for is nothing to the others."""
    chance = random.Random(seed)
    with NewsServer() as server:
        for first in range(0, count, 200):
            async with Fetcher(QUICK) as fetcher:
                for number in range(first, min(first + 200, count)):
                    server.handlers["/robots.txt"] = last(random_robots(chance))
                    server.handlers["/a"] = last(random_answer(chance))
                    url = server.url("/a", host=number % 200 + 1)
                    got = await fetcher.fetch(Request(url, allow_private=True, pause=0, robots=chance.random() < 0.5))
                    check(got, (seed, number))
                assert all(until < time.time() + 1e6 for until in fetcher.asked_until.values())


def check(got: Fetched, which: tuple[int, int]) -> None:
    assert isinstance(got.content, Capture | Failure), which
    # `unexpected_answer` is the net below: whatever falls into it is to be mended where it fell.
    assert got.reason != "unexpected_answer", (which, got.content)
    assert got.fetches
    for row in got.fetches:
        "".join(x for x in (row.etag, row.last_modified, row.error) if x).encode()


def test_random_answers_are_typed_outcomes() -> None:
    asyncio.run(fuzz(300, 1))


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_many_random_answers_are_typed_outcomes(seed: int) -> None:
    asyncio.run(fuzz(400, seed))


@pytest.mark.parametrize(
    ("path", "raw", "reason"),
    [
        ("/a", answer(429, b"", {"Retry-After": "9" * 400}), "http_429"),
        ("/a", answer(503, b"", {"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"}), "http_503"),
        ("/a", answer(302, b"", {"Location": "http://127.0.0.1:99999/"}), "bad_redirect"),
        ("/robots.txt", answer(200, b"User-agent: *\nRequest-rate: 1/" + b"9" * 400), None),
        ("/robots.txt", answer(200, b"User-agent: *\nCrawl-delay: 1e300"), None),
        ("/robots.txt", answer(200, "User-agent: *\nDisallow: /".encode("utf-16-le")), "robots_unavailable"),
        ("/robots.txt", answer(200, "User-agent: *\nDisallow: /".encode("utf-16")), "robots_disallowed"),
        ("/robots.txt", answer(200, b"User-agent: *\nDisallow: /\n" + b"#" * 900_000), "robots_disallowed"),
    ],
)
def test_answers_that_ended_runs(path: str, raw: bytes, reason: str | None) -> None:
    with NewsServer({"/a": story(1)}) as server:
        server.handlers[path] = last(raw)
        got = asyncio.run(fetched(server, Request(server.url("/a"), allow_private=True, pause=0)))
    assert got.reason == reason


def test_a_wait_beyond_reason_postpones_the_second_page() -> None:
    async def both(server: NewsServer) -> list[str | None]:
        async with Fetcher(QUICK) as fetcher:
            urls = [server.url("/a"), server.url("/b")]
            return [(await fetcher.fetch(Request(url, allow_private=True, pause=0))).reason for url in urls]

    robots = b"User-agent: *\nCrawl-delay: 1e300"
    with NewsServer({"/a": story(1), "/b": story(2), "/robots.txt": robots}) as server:
        assert asyncio.run(both(server)) == [None, "postponed"]
