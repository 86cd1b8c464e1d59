"""The fetcher against a real server on loopback that misbehaves: every misbehaviour ends in a typed outcome, within its deadline."""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest

from extractors.records import Capture
from flows.readers import address, connecting
from flows.readers.files import Failure
from flows.readers.http import Fetched, Fetcher, Limits, Request, host_of, read_url, user_agent
from tests.flows.newsserver import Handler, NewsServer, Seen, Wire, answer, packed, story

HTML = {"Content-Type": "text/html; charset=utf-8"}
QUICK = Limits(connect=1.0, read=0.4, total=1.0, attempts=2, backoff=0.05, patience=3.0)
PAGE = story(1)
BOMB = packed(50 << 20)


def send(raw: bytes) -> Handler:
    async def handler(_: Seen, writer: Wire) -> None:
        writer.write(raw)

    return handler


def misbehave(server: NewsServer) -> None:
    """Every way to misbehave, by path."""
    calls: dict[str, int] = {}

    def on(path: str, raw: bytes) -> None:
        server.handlers[path] = send(raw)

    async def slow_headers(_: Seen, writer: Wire) -> None:
        for byte in answer(200, PAGE, HTML):
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.1)

    async def slow_body(_: Seen, writer: Wire) -> None:
        writer.write(answer(200, b"<html>", HTML, length=10_000))
        for _n in range(200):
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(0.1)

    async def silent(_: Seen, writer: Wire) -> None:
        await asyncio.sleep(30)

    async def endless(_: Seen, writer: Wire) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")
            await writer.drain()

    async def broken_off(_: Seen, writer: Wire) -> None:
        writer.write(answer(200, b"<html><p>half", HTML, length=5000))
        writer.close()

    async def closed(_: Seen, writer: Wire) -> None:
        writer.close()

    async def second_time(seen: Seen, writer: Wire) -> None:
        calls[seen.path] = calls.get(seen.path, 0) + 1
        first = calls[seen.path] == 1
        if seen.path == "/busy-once":
            writer.write(answer(429, b"", {"Retry-After": "1"}) if first else answer(200, PAGE, HTML))
        else:
            writer.write(answer(500) if first else answer(200, PAGE, HTML))

    async def lying_tag(seen: Seen, writer: Wire) -> None:
        calls["tag"] = calls.get("tag", 0) + 1
        writer.write(answer(200, PAGE, {**HTML, "ETag": f'"{calls["tag"]}"'}))

    server.handlers |= {"/slow-headers": slow_headers, "/slow-body": slow_body, "/silent": silent, "/endless": endless,
                        "/broken-off": broken_off, "/closed": closed, "/500-then-200": second_time,
                        "/busy-once": second_time, "/lying-tag": lying_tag}  # fmt: skip
    on("/bomb", answer(200, BOMB, {**HTML, "Content-Encoding": "gzip"}))
    on("/double-bomb", answer(200, gzip.compress(BOMB), {**HTML, "Content-Encoding": "gzip, gzip"}))
    on("/too-large", answer(200, gzip.compress(bytes(range(256)) * 50_000, 0), {**HTML, "Content-Encoding": "gzip"}))
    on("/half-gzip", answer(200, gzip.compress(PAGE)[:200], {**HTML, "Content-Encoding": "gzip"}))
    on("/no-gzip", answer(200, PAGE, {**HTML, "Content-Encoding": "gzip"}))
    on("/garbage-gzip", answer(200, b"\x1f\x8bgarbage", {**HTML, "Content-Encoding": "gzip"}))
    on("/odd-encoding", answer(200, PAGE, {**HTML, "Content-Encoding": "rot13"}))
    on("/wrong-charset", answer(200, PAGE, {"Content-Type": "text/html; charset=klingon-8"}))
    on("/loop", answer(302, b"", {"Location": "/loop"}))
    on("/to-file", answer(302, b"", {"Location": "file:///etc/passwd"}))
    on("/to-nowhere", answer(302))
    on("/moved", answer(301, b"", {"Location": "/page"}))
    on("/busy", answer(429, b"", {"Retry-After": "3600"}))
    on("/unavailable", answer(503))
    on("/picture", answer(200, b"\x89PNG", {"Content-Type": "image/png"}))
    on("/no-http", b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    on("/header-flood", b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"y" * 400_000 + b"\r\n\r\n")
    on("/cookie", answer(200, PAGE, {**HTML, "Set-Cookie": "id=1"}))
    server.pages["/page"] = PAGE


@pytest.fixture
def server() -> Iterator[NewsServer]:
    with NewsServer() as server:
        misbehave(server)
        yield server


def fetch(*requests: Request, limits: Limits = QUICK) -> list[Fetched]:
    async def run() -> list[Fetched]:
        async with Fetcher(limits) as fetcher:
            return [await fetcher.fetch(r) for r in requests]

    return asyncio.run(run())


def request(url: str, **more: object) -> Request:
    return Request(url, "wire", pause=0.0, allow_private=True, **more)  # type: ignore[arg-type]


def test_a_page_is_captured_with_where_it_came_from(server: NewsServer) -> None:
    (got,) = fetch(request(server.url("/moved")))
    page = got.content
    assert isinstance(page, Capture)
    assert (page.body, page.charset, page.media_type, page.source) == (PAGE, "utf-8", "text/html", "wire")
    assert (page.url, page.final_url) == (server.url("/moved"), server.url("/page"))
    assert dict(page.headers)["etag"]
    robots, row = got.fetches
    assert (robots.url, robots.status, robots.error) == (server.url("/robots.txt"), 404, "http_404")
    assert (row.status, row.error, row.robots, row.capture_id) == (200, None, "allowed", page.capture_id)
    assert row.seconds is not None
    asked = server.asked("/page")[0].headers
    assert asked["user-agent"] == user_agent()
    assert "zstd" in asked["accept-encoding"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/slow-headers", "timeout"),
        ("/slow-body", "timeout"),
        ("/silent", "timeout"),
        ("/endless", "too_large"),
        ("/bomb", "bomb"),
        ("/double-bomb", "bomb"),
        ("/too-large", "too_large"),
        ("/half-gzip", "truncated"),
        ("/garbage-gzip", "bad_encoding"),
        ("/odd-encoding", "bad_encoding"),
        ("/broken-off", "truncated"),
        ("/closed", "protocol"),
        ("/no-http", "protocol"),
        ("/header-flood", "protocol"),
        ("/loop", "redirect_loop"),
        ("/to-file", "bad_redirect"),
        ("/to-nowhere", "bad_redirect"),
        ("/busy", "http_429"),
        ("/unavailable", "http_503"),
        ("/picture", "unsupported_media"),
        ("/none", "http_404"),
    ],
)
def test_every_misbehaviour_has_its_word_and_its_end(server: NewsServer, path: str, reason: str) -> None:
    began = time.monotonic()
    (got,) = fetch(request(server.url(path)))
    assert isinstance(got.content, Failure)
    assert got.reason == reason
    assert got.fetches[-1].error == reason
    assert time.monotonic() - began < QUICK.attempts * QUICK.total + 1.0
    assert got.content.url == server.url(path)


@pytest.mark.parametrize("path", ["/500-then-200", "/busy-once", "/no-gzip", "/wrong-charset"])
def test_what_can_be_had_is_had(server: NewsServer, path: str) -> None:
    began = time.monotonic()
    (got,) = fetch(request(server.url(path)))
    assert isinstance(got.content, Capture)
    assert got.content.body == PAGE
    if path == "/busy-once":  # it said: in a second
        assert [f.error for f in got.fetches[1:]] == ["http_429", None]
        assert time.monotonic() - began >= 1.0


@pytest.fixture
def first_host_public(monkeypatch: pytest.MonkeyPatch) -> None:
    """127.0.0.1 stands for a public address, the rest of loopback for a network of one's own."""
    monkeypatch.setattr(connecting, "is_public", lambda a: a == "127.0.0.1" or address.is_public(a))


def guarded(url: str, *answers: list[str]) -> tuple[Fetched, Fetched]:
    """Fetch twice without leave for private addresses; every name resolves to the next of the answers."""
    left = list(answers)

    async def resolver(host: str, _: int) -> list[str]:
        return left.pop(0) if left else [host]

    async def run() -> tuple[Fetched, Fetched]:
        async with Fetcher(QUICK, resolver=resolver) as fetcher:
            first = await fetcher.fetch(Request(url, pause=0.0, robots=False))
            await fetcher.release(host_of(url), False)
            return first, await fetcher.fetch(Request(url, pause=0.0, robots=False))

    return asyncio.run(run())


def test_a_redirect_to_a_private_address_is_not_followed(server: NewsServer, first_host_public: None) -> None:
    server.handlers["/inwards"] = send(answer(302, b"", {"Location": server.url("/page", 2)}))
    first, _ = guarded(server.url("/inwards"))
    assert first.reason == "private_address"
    assert isinstance(first.content, Failure)
    assert "--allow-private" in first.content.message
    assert {s.host for s in server.seen} == {"127.0.0.1"}


def test_a_name_that_changes_its_address_gains_nothing(server: NewsServer, first_host_public: None) -> None:
    first, second = guarded(f"http://news.example:{server.port}/page", ["127.0.0.1"], ["127.0.0.2"])
    assert (first.reason, second.reason) == (None, "private_address")
    mixed, _ = guarded(f"http://news.example:{server.port}/page", ["127.0.0.3", "127.0.0.1"], ["127.0.0.1"])
    assert mixed.reason is None
    assert {s.host for s in server.seen} == {"127.0.0.1"}


def test_the_peer_of_the_connected_socket_counts(server: NewsServer, monkeypatch: pytest.MonkeyPatch) -> None:
    said = iter([True, False])  # as if the connection had ended elsewhere than at the address that was checked
    monkeypatch.setattr(connecting, "is_public", lambda _: next(said))
    got, _ = guarded(f"http://news.example:{server.port}/page", ["127.0.0.1"], [])
    assert got.reason == "private_address"
    assert server.seen == []


def test_a_host_that_asks_for_an_hour_is_left_alone(server: NewsServer) -> None:
    first, second, elsewhere = fetch(
        request(server.url("/busy")), request(server.url("/page")), request(server.url("/page", 2))
    )
    assert (first.reason, second.reason, elsewhere.reason) == ("http_429", "postponed", None)
    assert len(server.asked("/busy")) == 1


def test_the_hour_is_remembered_from_run_to_run(server: NewsServer) -> None:
    async def run(until: dict[str, float]) -> tuple[dict[str, float], str | None]:
        async with Fetcher(QUICK, until=until) as fetcher:
            got = await fetcher.fetch(request(server.url("/busy")))
            return fetcher.asked_until, got.reason

    until, reason = asyncio.run(run({}))
    assert reason == "http_429"
    assert asyncio.run(run(until)) == (until, "postponed")


def test_a_host_that_fails_and_fails_is_given_up(server: NewsServer) -> None:
    limits = Limits(read=0.05, total=0.1, attempts=1, backoff=0.0)
    got = fetch(*(request(server.url("/silent"), robots=False) for _ in range(8)), limits=limits)
    assert [g.reason for g in got] == ["timeout"] * 5 + ["host_down"] * 3
    assert len(server.asked("/silent")) == 5


def test_what_did_not_change_costs_no_body(server: NewsServer) -> None:
    (first,) = fetch(request(server.url("/page")))
    row = first.fetches[-1]
    (again,) = fetch(request(server.url("/page"), etag=row.etag, digest=row.capture_id))
    assert (again.content, again.fetches[-1].status, again.fetches[-1].etag) == (None, 304, row.etag)
    assert server.bodies["/page"] == 1
    # A tag that changes with every answer: the body tells.
    (first,) = fetch(request(server.url("/lying-tag")))
    row = first.fetches[-1]
    (again,) = fetch(request(server.url("/lying-tag"), etag=row.etag, digest=row.capture_id))
    assert (again.content, again.fetches[-1].status, again.fetches[-1].capture_id) == (None, 200, row.capture_id)


def test_robots_txt_is_asked_once_and_obeyed(server: NewsServer) -> None:
    server.pages["/robots.txt"] = (
        b"User-agent: *\nDisallow: /closed-to-all\nCrawl-delay: 0.3\n\nUser-agent: dateline\nDisallow: /page\nCrawl-delay: 0.3\n"
    )
    got = fetch(*(request(server.url(path)) for path in ("/page", "/lying-tag", "/lying-tag", "/page")))
    assert [g.reason for g in got] == ["robots_disallowed", None, None, "robots_disallowed"]
    assert [f.robots for f in got[0].fetches] == ["unknown", "disallowed"]
    assert len(server.asked("/robots.txt")) == 1
    first, second = (seen.at for seen in server.asked("/lying-tag"))
    assert second - first >= 0.3
    (got_with_leave,) = fetch(request(server.url("/page"), robots=False))
    assert isinstance(got_with_leave.content, Capture)


@pytest.mark.parametrize("how", ["/silent", "/unavailable"])
def test_without_robots_txt_nothing_is_asked(server: NewsServer, how: str) -> None:
    server.handlers["/robots.txt"] = server.handlers[how]
    got = fetch(request(server.url("/page")), request(server.url("/page")))
    assert [g.reason for g in got] == ["robots_unavailable"] * 2
    assert not server.asked("/page")
    assert len(server.asked("/robots.txt")) == QUICK.attempts


def test_one_connection_and_a_pause_a_host_while_hosts_go_in_parallel(server: NewsServer) -> None:
    pause = 0.2

    async def run() -> None:
        async with Fetcher(QUICK) as fetcher:
            many = [request(server.url("/page", host)) for _ in range(4) for host in range(1, 6)]
            await asyncio.gather(*(fetcher.fetch(Request(r.url, pause=pause, allow_private=True)) for r in many))

    began = time.monotonic()
    asyncio.run(run())
    assert time.monotonic() - began < 5 * 5 * pause * 0.8  # one after the other would take 25 pauses
    assert set(server.most_open.values()) == {1}
    for host in range(1, 6):
        times = [s.at for s in server.seen if s.host == f"127.0.0.{host}"]
        assert len(times) == 5
        assert min(b - a for a, b in pairwise(times)) >= pause * 0.95


def test_cookies_and_secrets_are_not_carried(server: NewsServer) -> None:
    fetch(request(server.url("/cookie")), request(server.url("/cookie")))
    assert all("cookie" not in seen.headers and "authorization" not in seen.headers for seen in server.seen)
    (got,) = fetch(request(f"http://me:secret@127.0.0.1:{server.port}/page"))
    assert got.reason == "bad_address"


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://", "http://[::1", "https://", "http://exa mple/", "ftp://a.example/", "http://a.example:99999/", "http://\x00/", "http://" + "a" * 5000])  # fmt: skip
def test_bad_addresses_never_raise(url: str) -> None:
    assert isinstance(read_url(url), Failure)
