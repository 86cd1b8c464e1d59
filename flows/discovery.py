"""What an address is, before it becomes a source: a feed, a sitemap, a page that declares feeds, a front page. And names for sources."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path

from extractors.listings import Listing
from extractors.records import Capture, ExtractionError
from flows.config import Workspace
from flows.configured import LOCAL, Source
from flows.listing import read_safely
from flows.readers.files import Failure
from flows.readers.http import FEED, PAGE, Fetcher, Request


@dataclass(frozen=True, slots=True)
class Found:
    """What an address came to."""

    kind: str
    """feed, sitemap or site."""
    address: str
    """The address given, or that of the feed its page declares."""
    listing: Listing
    also: tuple[str, ...] = ()
    """Further feeds its page declares."""


class NotFound(Exception):
    """An address that could not be looked at, or lists nothing. The message says why."""


def discover(url: str, allow_private: bool = False, contact: str | None = None) -> Found:
    """Fetch an address and say what kind of source it is; a page that declares feeds comes to the first that can be read.

    Raises:
        NotFound: it cannot be had, or lists nothing.
    """
    return asyncio.run(_discover(url, allow_private, contact))


async def _discover(url: str, allow_private: bool, contact: str | None) -> Found:
    async with Fetcher(contact=contact) as fetcher:
        listing = await look(fetcher, Request(url, accept=FEED, allow_private=allow_private, pause=1.0))
        if listing.kind != "page":
            return Found("feed" if listing.kind == "feed" else "sitemap", url, listing)
        for number, feed in enumerate(listing.more):
            try:
                inner = await look(fetcher, Request(feed, accept=FEED, allow_private=allow_private, pause=1.0))
            except NotFound:
                continue
            if inner.kind == "feed":
                others = listing.more[:number] + listing.more[number + 1 :]
                return Found("feed", feed, inner, others)
        if not listing.entries:
            raise NotFound(f"{url}: a page without feeds and without links that look like articles")
        return Found("site", url, listing)


async def look(fetcher: Fetcher, request: Request) -> Listing:
    """Fetch and read one listing.

    Raises:
        NotFound: it cannot be had, or is none.
    """
    got = await fetcher.fetch(request)
    if isinstance(got.content, Failure):
        raise NotFound(f"{request.url}: {got.content.reason}: {got.content.message}")
    assert isinstance(got.content, Capture), "a request without validators has an answer"
    try:
        return await read_safely(got.content.body, got.content.final_url or request.url, got.content.charset)
    except ExtractionError as error:
        raise NotFound(f"{request.url}: {error}") from error


NEWEST = 2
"""Pages of a source that are shown."""


def newest_pages(source: Source, space: Workspace, contact: str | None) -> tuple[str, list[Capture | Failure | str]]:
    """The first pages a source names, and a line on what it is; of a local one its paths.

    Raises:
        NotFound: its listing cannot be had, or names nothing.
    """
    if source.kind in LOCAL:
        return f"{source.name}: a {source.kind}", [str(path) for path in source.paths(space)]

    async def run() -> tuple[str, list[Capture | Failure | str]]:
        async with Fetcher(contact=contact) as fetcher:

            def ask(url: str, accept: str) -> Request:
                return Request(url, source.name, pause=source.pause.total_seconds(), robots=source.robots,
                               allow_private=source.allow_private, accept=accept)  # fmt: skip

            urls, said = list(source.address), f"{len(source.address)} addresses"
            if source.kind != "urls":
                listing = await look(fetcher, ask(urls[0], FEED))
                if listing.kind == "index" and listing.more:
                    listing = await look(fetcher, ask(listing.more[0], FEED))
                urls, said = [e.url for e in listing.entries], f"a {listing.kind}, {len(listing.entries):,} entries"
            if not urls:
                raise NotFound(f"{source.name}: {said}")
            got = [await fetcher.fetch(ask(url, PAGE)) for url in urls[:NEWEST]]
            pause = fetcher.pause_of(got[0].request)
            polite = f"robots.txt {'obeyed' if source.robots else 'not asked'}, {pause:g} s between requests"
            return f"{source.name}: {said}; {polite}", [g.content for g in got if g.content is not None]

    return asyncio.run(run())


def local_kind(path: Path) -> str:
    """folder or warc, by the name.

    >>> local_kind(Path("CC-NEWS-20260302.warc.gz")), local_kind(Path("clippings"))
    ('warc', 'folder')
    """
    return "warc" if path.name.lower().endswith((".warc", ".warc.gz")) else "folder"


def name_for(title: str, taken: Container[str]) -> str:
    """A source's name made of a title, unlike all that are taken.

    >>> name_for("Example News: World!", {"example-news-world"})
    'example-news-world-2'
    """
    slug = re.sub(r"[^a-z0-9]+", "-", title.lower().replace("://", "-")).strip("-")[:50].strip("-") or "source"
    name, number = slug, 1
    while name in taken:
        number += 1
        name = f"{slug}-{number}"
    return name
