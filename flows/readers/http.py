"""One URL → one capture: a plain GET with limits. Politeness, robots.txt and resuming are the fetcher's, not here yet.

Everything fetched is hostile: http and https only, at most 5 redirects, 10 MB after decompression, one deadline for the whole.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from extractors.records import Capture
from flows.readers.files import DOCUMENT_LIMIT, HTML, JSON, TEXT, Failure, failure, sniff

USER_AGENT = "Dateline/0.1 (news event coder; run by its user)"
DEADLINE = 30.0
"""Seconds for one URL, redirects and body included."""
_KEPT_HEADERS = ("content-type", "content-language", "date", "etag", "last-modified", "server")


def is_url(given: str) -> bool:
    """
    >>> is_url("https://example.org/a"), is_url("folder/a.html")
    (True, False)
    """
    return given.lower().startswith(("http://", "https://"))


def read_url(url: str, source: str | None = None) -> Capture | Failure:
    """Fetch one page.

    Returns:
        The capture, with the address it ended at and the headers worth keeping; a `Failure` (`fetch_failed`, `too_large`,
        `http_404` …) that says why. Never raises on what the network does.
    """
    import httpx

    started = time.monotonic()
    headers = {"User-Agent": USER_AGENT, "Accept": "text/html,application/xhtml+xml,text/plain;q=0.8,*/*;q=0.1"}
    try:
        with (
            httpx.Client(
                follow_redirects=True, max_redirects=5, timeout=10.0, headers=headers, trust_env=True
            ) as client,
            client.stream("GET", url) as answer,
        ):
            body = bytearray()
            for chunk in answer.iter_bytes(65536):
                body += chunk
                if len(body) > DOCUMENT_LIMIT:
                    return _failed(url, source, "too_large", f"more than {DOCUMENT_LIMIT >> 20} MB")
                if time.monotonic() - started > DEADLINE:
                    return _failed(url, source, "fetch_failed", f"not finished after {DEADLINE:.0f} s")
            if answer.status_code != 200:
                return _failed(url, source, f"http_{answer.status_code}", f"the server answered {answer.status_code}")
            kind = answer.headers.get("content-type", "").split(";")[0].strip().lower()
            return Capture(
                body=bytes(body),
                input=url,
                media_type=_media(kind, bytes(body)),
                charset=answer.charset_encoding,
                url=url,
                source=source,
                fetched_at=datetime.now(UTC).replace(microsecond=0),
                headers=tuple((k, answer.headers[k]) for k in _KEPT_HEADERS if k in answer.headers),
                final_url=str(answer.url),
            )
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return _failed(url, source, "fetch_failed", f"{type(error).__name__}: {error}")


def _failed(url: str, source: str | None, reason: str, message: str) -> Failure:
    base = failure(url, reason, message)
    return Failure(url, reason, message, base.digest, source, url)


def _media(kind: str, body: bytes) -> str:
    if kind in (HTML, "application/xhtml+xml"):
        return HTML
    guessed = sniff(body)
    return TEXT if guessed == JSON else guessed
