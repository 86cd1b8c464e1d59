"""URL → capture. One class, `Fetcher`, is all that reaches the network; it is polite, bounded, and takes everything fetched for hostile.

http and https only; public addresses only, checked at every hop on the connected socket; robots.txt with its crawl delay; one
connection and a pause a host; Retry-After and back-off; validators, so that what did not change is not sent; limits on
time, size, growth and redirects. Cookies, credentials and proxies from the environment are not used.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from itertools import count
from typing import TYPE_CHECKING

from extractors.links import without_userinfo
from extractors.records import Capture
from flows.readers.files import DOCUMENT_LIMIT, HTML, JSON, TEXT, Failure, failure, sniff

if TYPE_CHECKING:
    import ssl

    import httpx

    from flows.readers.connecting import Resolve
    from flows.readers.hosts import Host
    from flows.readers.robots import Rules

_KEPT_HEADERS = ("content-type", "content-language", "date", "etag", "last-modified", "server")
HEADER_LIMIT = 1000
"""Characters of a header that is kept."""
PAGE = "text/html,application/xhtml+xml,text/plain;q=0.8,*/*;q=0.1"
FEED = "application/rss+xml,application/atom+xml,application/feed+json,application/xml;q=0.9,text/xml;q=0.9,*/*;q=0.5"
_RETRIED = (
    "http_429",
    "http_500",
    "http_502",
    "http_503",
    "http_504",
    "timeout",
    "connect_failed",
    "truncated",
    "protocol",
)
"""What may be gone in a moment."""
PASSING = (
    *_RETRIED,
    "unknown_host",
    "postponed",
    "host_down",
    "robots_unavailable",
    "tls_failed",
    "http_408",
    "http_425",
    "unexpected_answer",
)
"""What may be gone by the next run: the page is asked for again."""
_NO_HOST = ("private_address", "unknown_host", "connect_failed", "tls_failed", "host_down", "postponed")
_NO_PAGE = ("image/", "video/", "audio/", "font/", "application/pdf", "application/zip", "application/octet-stream")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may take. Times in seconds, sizes in bytes."""

    connect: float = 10.0
    read: float = 10.0
    """Without a byte."""
    total: float = 30.0
    """One attempt, redirects and body included; waiting for the host's turn is not."""
    body: int = DOCUMENT_LIMIT
    """After decompression."""
    redirects: int = 5
    attempts: int = 3
    backoff: float = 2.0
    """Before the second attempt, twice as much before each further one, unless the host says how long."""
    patience: float = 120.0
    """A host that is not to be asked for longer is left to a later run."""
    connections: int = 20
    """To all hosts together."""


@dataclass(frozen=True, slots=True)
class Request:
    """One address to be fetched, and how."""

    url: str
    source: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    """capture_id of what was there last: the same body again is no news, whatever the validators say."""
    pause: float = 2.0
    allow_private: bool = False
    robots: bool = True
    accept: str = PAGE
    limit: int | None = None
    """Bytes, when another than that of `Limits`."""
    cut: bool = False
    """Whether of a longer body the beginning will do."""


@dataclass(frozen=True, slots=True)
class Fetch:
    """One attempt, as the table `fetches` has it."""

    url: str
    source: str | None
    at: datetime
    status: int | None = None
    etag: str | None = None
    last_modified: str | None = None
    byte_count: int | None = None
    seconds: float | None = None
    robots: str | None = None
    error: str | None = None
    capture_id: str | None = None


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of a request."""

    request: Request
    content: Capture | Failure | None
    """None: nothing has changed."""
    fetches: tuple[Fetch, ...]
    """Every attempt, that of robots.txt included."""

    @property
    def reason(self) -> str | None:
        """Why there is no capture; None when there is one, or nothing changed."""
        return self.content.reason if isinstance(self.content, Failure) else None


class _Failed(Exception):
    """An attempt that gave no body."""

    def __init__(self, reason: str, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.reason, self.status = reason, status


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes
    url: str
    received: int
    """Bytes of the body as sent."""
    seconds: float


def is_url(given: str) -> bool:
    """
    >>> is_url("https://example.org/a"), is_url("folder/a.html")
    (True, False)
    """
    return given.lower().startswith(("http://", "https://"))


def user_agent(contact: str | None = None) -> str:
    """Who we say we are, with the address under which the person who runs us can be reached.

    >>> user_agent("mailto:desk@example.org")
    'Dateline/0.1 (news event coder; +mailto:desk@example.org)'
    """
    who = f"+{contact}" if contact else "run by its user, no contact given"
    printable = "".join(c for c in who if " " <= c <= "~")
    return f"Dateline/0.1 (news event coder; {printable})"


class Fetcher:
    """Fetches pages, feeds and robots.txt within one event loop. Close it with `async with`."""

    def __init__(
        self,
        limits: Limits | None = None,
        contact: str | None = None,
        resolver: Resolve | None = None,
        robots: dict[str, str] | None = None,
        until: dict[str, float] | None = None,
    ) -> None:
        """
        Args:
            resolver: how names become addresses; the system's way by default.
            robots: texts of robots.txt that are fresh, by origin; what is fetched is added.
            until: hosts that asked to be left alone, each until when in seconds since 1970.
        """
        from flows.readers import connecting

        self.limits = limits or Limits()
        self.robots = robots if robots is not None else {}
        self._resolver = resolver or connecting.resolve
        self._until = until or {}
        self._hosts: dict[tuple[str, bool], Host] = {}
        self._context: ssl.SSLContext | None = None
        self._everywhere = asyncio.Semaphore(self.limits.connections)
        self._agent = user_agent(contact)

    async def __aenter__(self) -> Fetcher:
        return self

    async def __aexit__(self, *_: object) -> None:
        for host in self._hosts.values():
            await host.close()

    @property
    def asked_until(self) -> dict[str, float]:
        """The hosts that asked to be left alone, and until when."""
        return {host.name: host.asked_until for host in self._hosts.values() if host.asked_until > time.time()}

    async def fetch(self, request: Request) -> Fetched:
        """Fetch one address, again after a failure that may pass. Never raises on what the network does, or a server says."""
        fetches: list[Fetch] = []
        try:
            return await self._attempts(request, fetches)
        except Exception as error:  # one answer of one server must not end a run for all sources
            reason = "unexpected_answer"
            fetches.append(Fetch(request.url, request.source, datetime.now(UTC), error=reason, robots="unknown"))
            return Fetched(request, _failure(request, reason, f"{type(error).__name__}: {error}"[:300]), tuple(fetches))

    async def _attempts(self, request: Request, fetches: list[Fetch]) -> Fetched:
        before: _Failed | None = None
        for number in count(1):
            began, row = time.monotonic(), Fetch(without_userinfo(request.url), request.source, datetime.now(UTC))
            try:
                answer, verdict = await self._follow(request, fetches)
                break
            except _Failed as failed:
                if before is not None and failed.reason in ("postponed", "host_down"):  # not asked a second time
                    return Fetched(request, _failure(request, before.reason, str(before)), tuple(fetches))
                fetches.append(replace(row, status=failed.status, error=failed.reason, robots=_verdict(request, failed.reason),
                                       seconds=_since(began)))  # fmt: skip
                if failed.reason not in _RETRIED or number == self.limits.attempts:
                    return Fetched(request, _failure(request, failed.reason, str(failed)), tuple(fetches))
                before = failed
        capture = None if answer.status == 304 else _capture(request, answer)
        digest = capture.capture_id if capture is not None else request.digest
        same = capture is None
        fetches.append(
            replace(
                row,
                status=answer.status,
                etag=_said(answer, "etag") or (request.etag if same else None),
                last_modified=_said(answer, "last-modified") or (request.last_modified if same else None),
                byte_count=answer.received,
                seconds=_since(began),
                robots=verdict,
                capture_id=digest,
            )
        )
        return Fetched(request, None if digest == request.digest else capture, tuple(fetches))

    def pause_of(self, request: Request) -> float:
        """Seconds kept between two requests to the host of a request, as far as its robots.txt is known."""
        host = self._hosts.get((host_of(request.url), request.allow_private))
        delays = [rules.delay for rules in host.rules.values()] if host is not None and request.robots else []
        return max([request.pause, *delays])

    async def release(self, name: str, allow_private: bool) -> None:
        """Close the connection to a host (as `host_of`) that has no more requests."""
        host = self._hosts.get((name, allow_private))
        if host is not None and not host.busy:
            await host.close()

    async def _follow(self, request: Request, fetches: list[Fetch]) -> tuple[_Answer, str]:
        """One attempt through its redirects, and what robots.txt said of it.

        Raises:
            _Failed: it came to nothing.
        """
        url, left, verdict = _parse(request.url), self.limits.total, "unknown"
        own = _host_name(url)
        for _ in range(self.limits.redirects + 1):
            host = self._host(url, request.allow_private)
            delay = 0.0
            if request.robots:
                rules = await self._rules(url, request, host, fetches)
                _check_robots(rules, url)
                verdict, delay = "allowed", rules.delay
            answer = await self._exchange(url, request, host, max(request.pause, delay), left)
            if host.name != own and not host.busy:
                await host.close()  # a host on the way: connections to many of them would add up
            left -= answer.seconds
            if answer.status not in (301, 302, 303, 307, 308):
                return _usable(answer, request), verdict
            url = _target(url, answer)
        raise _Failed("redirect_loop", f"more than {self.limits.redirects} redirects", answer.status)

    async def _rules(self, url: httpx.URL, request: Request, host: Host, fetches: list[Fetch]) -> Rules:
        """robots.txt of the address's origin, fetched once."""
        from flows.readers.robots import READ, Rules

        origin = f"{url.scheme}://{url.netloc.decode('ascii')}"
        async with host.robots_lock:
            if origin not in host.rules:
                text = self.robots.get(origin)
                if text is None:
                    asked = replace(request, url=f"{origin}/robots.txt", robots=False, accept="text/plain,*/*;q=0.1",
                                    etag=None, last_modified=None, digest=None, limit=READ, cut=True)  # fmt: skip
                    got = await self.fetch(asked)
                    fetches.extend(got.fetches)
                    text = _robots_text(got)
                    if text is not None:
                        self.robots[origin] = text
                host.rules[origin] = Rules(text)
            return host.rules[origin]

    async def _exchange(self, url: httpx.URL, request: Request, host: Host, pause: float, left: float) -> _Answer:
        """One request and its answer, in the host's turn.

        Raises:
            _Failed: no answer, an answer that cannot be used, or one that says to come later.
        """
        from flows.readers.connecting import Refused

        try:
            async with host.turn(pause, self.limits.patience, self._everywhere):
                began = time.monotonic()
                try:
                    answer = replace(await self._get(url, request, host, left), seconds=_since(began))
                except _Failed as failed:
                    if failed.reason in PASSING:
                        self._back_off(host, None)
                    raise
                if answer.status == 429 or answer.status >= 500:
                    self._back_off(host, _retry_after(answer))
                    raise _Failed(f"http_{answer.status}", f"the server answered {answer.status}", answer.status)
                host.failures = 0
                return answer
        except Refused as refused:
            raise _Failed(refused.reason, str(refused)) from refused

    def _back_off(self, host: Host, asked: float | None) -> None:
        host.failed(self.limits.backoff * 2**host.failures if asked is None else asked, asked is not None)

    async def _get(self, url: httpx.URL, request: Request, host: Host, left: float) -> _Answer:
        """Send a GET and read what comes, within the limits.

        Raises:
            _Failed: typed.
            Refused: by the connect step.
        """
        import httpcore

        from flows.readers.decoding import BadBody

        try:
            async with asyncio.timeout(max(left, 0.001)):
                return await self._read(url, request, host)
        except (TimeoutError, httpcore.TimeoutException) as error:
            raise _Failed("timeout", f"no whole answer in {self.limits.total:g} s ({type(error).__name__})") from error
        except BadBody as error:
            raise _Failed(error.reason, str(error), 200) from error
        except httpcore.ConnectError as error:
            said = str(error) or "no connection"
            secure = "ssl" in said.lower() or "certificate" in said.lower()
            raise _Failed("tls_failed" if secure else "connect_failed", f"{url.host}: {said}") from error
        except httpcore.RemoteProtocolError as error:
            short = "without sending complete message body" in str(error)
            raise _Failed("truncated" if short else "protocol", str(error)) from error
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError) as error:
            raise _Failed("protocol", f"{type(error).__name__}: {error}") from error

    async def _read(self, url: httpx.URL, request: Request, host: Host) -> _Answer:
        import httpcore
        import httpx

        from flows.readers.decoding import BadBody, Body

        limits = self.limits
        asked = httpcore.Request(
            "GET",
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=self._headers(url, request),
            extensions={"timeout": {"connect": limits.connect, "read": limits.read, "write": limits.read, "pool": limits.total}},
        )  # fmt: skip
        response = await host.pool.handle_async_request(asked)
        try:
            headers = httpx.Headers(response.headers)
            status, usable = response.status, response.status in (200, 203)
            kind = headers.get("content-type", "").strip().lower()
            if usable and request.accept is PAGE and kind.startswith(_NO_PAGE):
                raise _Failed("unsupported_media", f"no page: {kind[:60]}", status)
            limit = request.limit or limits.body
            body = Body(headers.get("content-encoding", "") if usable else "", limit)
            async for chunk in response.aiter_stream():
                try:
                    body.add(chunk)
                except BadBody as error:
                    if request.cut and error.reason == "too_large":
                        return _Answer(status, headers, bytes(body.bytes[:limit]), str(url), body.received, 0.0)
                    raise
                if not usable and body.received > _DRAINED:
                    break
            return _Answer(status, headers, body.end(), str(url), body.received, 0.0)
        finally:
            await response.aclose()

    def _headers(self, url: httpx.URL, request: Request) -> list[tuple[bytes, bytes]]:
        from flows.readers.decoding import ACCEPTED

        headers = [
            (b"Host", url.netloc),
            (b"User-Agent", self._agent.encode("ascii")),
            (b"Accept", request.accept.encode("ascii")),
            (b"Accept-Encoding", ACCEPTED.encode("ascii")),
        ]
        for name, value in ((b"If-None-Match", request.etag), (b"If-Modified-Since", request.last_modified)):
            sent = (value or "").encode("latin-1", "ignore").translate(None, b"\r\n\0")
            if sent:
                headers.append((name, sent))
        return headers

    def _host(self, url: httpx.URL, allow_private: bool) -> Host:
        """The host of an address, with its connection and what it has told us."""
        import httpx

        from flows.readers.hosts import Host

        name = _host_name(url)
        found = self._hosts.get((name, allow_private))
        if found is None:
            if self._context is None:
                self._context = httpx.create_ssl_context()
            until = self._until.get(name, 0.0)
            found = Host(name, allow_private, self._context, self._resolver, until)
            self._hosts[name, allow_private] = found
        return found


_DRAINED = 1 << 16
"""Bytes of an answer nobody wants that are read so that its connection can be used again."""


def read_url(url: str, source: str | None = None, allow_private: bool = False) -> Capture | Failure:
    """Fetch one page, robots.txt and limits as for all others.

    Returns:
        The capture, with the address it ended at and the headers worth keeping; a `Failure` (`timeout`, `too_large`,
        `private_address`, `http_404` …) that says why. Never raises on what the network does.
    """

    async def once() -> Capture | Failure:
        async with Fetcher() as fetcher:
            got = await fetcher.fetch(Request(url, source, allow_private=allow_private))
        assert got.content is not None, "a request without validators has an answer"
        return got.content

    return asyncio.run(once())


def host_of(url: str) -> str:
    """The host a page is asked of, with its port when that is none of the usual; '' of what is no address."""
    try:
        return _host_name(_parse(url))
    except _Failed:
        return ""


def _parse(url: str) -> httpx.URL:
    import httpx

    try:
        parsed = httpx.URL(url)
        if parsed.port is not None and not 0 < parsed.port < 65536:
            raise ValueError(f"no port: {parsed.port}")
        if parsed.scheme in ("http", "https") and parsed.host and not parsed.userinfo and len(url) <= 4096:
            return parsed
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise _Failed("bad_address", f"no address: {error}") from error
    raise _Failed("bad_address", "only http:// and https:// with a host, without a password, are fetched")


def _host_name(url: httpx.URL) -> str:
    return url.host if url.port is None else f"{url.host}:{url.port}"


def _check_robots(rules: Rules, url: httpx.URL) -> None:
    if not rules.known:
        raise _Failed("robots_unavailable", f"robots.txt of {url.host} could not be had, so nothing is asked for")
    if not rules.allow(str(url)):
        remedy = "with the publisher's leave, set `robots = false` of the source"
        raise _Failed("robots_disallowed", f"robots.txt of {url.host} forbids it; {remedy}")


def _robots_text(got: Fetched) -> str | None:
    """The text; '' when there is no such file; None when it could not be had, or is no text.

    Raises:
        _Failed: the host itself cannot be asked.
    """
    from flows.readers.robots import text_of

    if isinstance(got.content, Capture):
        return text_of(got.content.body)
    assert got.content is not None, "robots.txt is asked for without validators"
    reason = got.content.reason
    if reason in _NO_HOST:
        raise _Failed(reason, got.content.message)
    return "" if reason.startswith("http_4") and reason != "http_429" else None


def _target(url: httpx.URL, answer: _Answer) -> httpx.URL:
    import httpx

    given = answer.headers.get("location", "").strip()
    if not given:
        raise _Failed("bad_redirect", "a redirect without an address", answer.status)
    try:
        return _parse(str(url.join(given)))
    except (httpx.InvalidURL, ValueError) as error:
        raise _Failed("bad_redirect", f"a redirect to no address: {error}", answer.status) from error
    except _Failed as failed:
        raise _Failed(
            "bad_redirect", f"a redirect to {without_userinfo(given)[:100]}: {failed}", answer.status
        ) from failed


def _usable(answer: _Answer, request: Request) -> _Answer:
    if answer.status in (200, 203) or (answer.status == 304 and (request.etag or request.last_modified)):
        return answer
    raise _Failed(f"http_{answer.status}", f"the server answered {answer.status}", answer.status)


def _retry_after(answer: _Answer) -> float | None:
    """Seconds the server asks us to wait, at most a day; None when it does not say."""
    given = answer.headers.get("retry-after", "").strip()
    if given.isascii() and given.isdecimal():
        return min(float(given[:20]), 86400.0)
    try:
        at = parsedate_to_datetime(given[:100])
        return min(max(at.replace(tzinfo=at.tzinfo or UTC).timestamp() - time.time(), 0.0), 86400.0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def _said(answer: _Answer, name: str) -> str | None:
    """A header worth keeping: a longer one than people send is none."""
    value: str | None = answer.headers.get(name)
    return value if value is not None and len(value) <= HEADER_LIMIT else None


def _capture(request: Request, answer: _Answer) -> Capture:
    said, _, rest = answer.headers.get("content-type", "").partition(";")
    charset = next((v for k, _, v in (p.partition("=") for p in rest.split(";")) if k.strip().lower() == "charset"), "")
    return Capture(
        body=answer.body,
        input=request.url,
        media_type=_media(said.strip().lower(), answer.body),
        charset=charset.strip(" \"'\t")[:40] or None,
        url=request.url,
        source=request.source,
        fetched_at=datetime.now(UTC).replace(microsecond=0),
        headers=tuple((k, value) for k in _KEPT_HEADERS if (value := _said(answer, k)) is not None),
        final_url=answer.url,
    )


def _media(kind: str, body: bytes) -> str:
    if kind in (HTML, "application/xhtml+xml"):
        return HTML
    guessed = sniff(body)
    return TEXT if guessed == JSON else guessed


def _failure(request: Request, reason: str, message: str) -> Failure:
    url = without_userinfo(request.url)
    return Failure(url, reason, message, failure(url, reason, message).digest, request.source, url)


def _verdict(request: Request, reason: str) -> str:
    if not request.robots or reason in ("robots_unavailable", "bad_address", *_NO_HOST):
        return "unknown"
    return "disallowed" if reason == "robots_disallowed" else "allowed"


def _since(began: float) -> float:
    return round(time.monotonic() - began, 4)
