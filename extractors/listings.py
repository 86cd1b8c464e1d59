"""What lists articles: feeds (RSS 0.9 to 2.0, RDF, Atom, JSON Feed), sitemaps with their indexes, front pages. Bytes in, entries out.

A feed that is not well-formed is read by the tolerant parser. A document that declares entities is refused: no feed needs
them, and expanding them is how a small one becomes a large one.
"""

from __future__ import annotations

import io
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from extractors.links import clean_link, site_of
from extractors.records import ExtractionError
from extractors.storable import has_utc

ENTRIES_LIMIT = 50_000
"""Of one document; the protocol of sitemaps has the same."""
UNPACKED_LIMIT = 50 * 1024 * 1024
"""Bytes of a sitemap that is a gzip file, unpacked; the protocol has the same."""
_TOLERANT_LIMIT = 1 << 18
"""Bytes of a broken feed that are read: the tolerant parser takes a second for so many of the worst kind."""
ATTRIBUTES_LIMIT = 100
"""Of one element of a feed; the others are passed over."""
_LONG_TAG = 4096
"""Bytes between two tags from which it is worth looking at attributes."""
_CONTENT_LIMIT = 1 << 20
_LEAST_CONTENT = 400
"""Characters from which the content of an entry is a text of its own, and no teaser."""
_FEED_TYPES = ("application/rss+xml", "application/atom+xml", "application/feed+json", "application/rdf+xml")


class NotAListing(ExtractionError):
    """The document lists no articles in any way we know."""

    reason = "not_a_listing"


@dataclass(frozen=True, slots=True)
class Entry:
    """One article as a listing names it."""

    url: str
    title: str | None = None
    published_at: datetime | None = None
    modified_at: datetime | None = None
    html: str | None = None
    """The text when the listing carries it whole, as HTML."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a document lists."""

    kind: str
    """feed, sitemap, index or page."""
    entries: tuple[Entry, ...] = ()
    more: tuple[str, ...] = ()
    """Further listings it names: the sitemaps of an index, the feeds of a page."""
    title: str | None = None


def read_listing(body: bytes, url: str, charset: str | None = None) -> Listing:
    """Read whatever lists articles, by what it looks like.

    Args:
        url: where it was found; relative links count from there.
    Raises:
        NotAListing: it is none.
    """
    head = _head(body)
    if body[:2] == b"\x1f\x8b" or b"<urlset" in head or b"<sitemapindex" in head:
        return read_sitemap(body, url)
    if re.search(rb"<(?:!doctype html|html|body)\b", head, re.IGNORECASE):
        return read_front_page(body, url, charset)
    try:
        return read_feed(body, url)
    except NotAListing:
        if head.lstrip()[:4].lower() == b"http":
            return read_sitemap(body, url)
        raise


def read_feed(body: bytes, url: str) -> Listing:
    """The entries of a feed, in its order.

    Raises:
        NotAListing: it is no feed.
    """
    import fastfeedparser

    refuse_entities(body)
    body = _tame(body)
    try:
        feed: Any = fastfeedparser.parse(body, include_tags=False, include_media=False, include_enclosures=False)
    except Exception:  # whatever a parser stumbles over, the tolerant one may not
        feed = None
    found = _entries(feed, url)
    # Of a feed that is not well-formed, and of RSS 0.90, the fast parser finds no entries.
    if feed is None or (not found and _ENTRY.search(body)):
        feed = _tolerant(body)
        found = _entries(feed, url)
    title = _text(feed.feed.get("title"))
    if not found and not title and not feed.entries:
        raise NotAListing("no feed: it has neither a title nor entries")
    return Listing("feed", found, title=title)


def _tame(body: bytes) -> bytes:
    """A feed without elements of hundreds of attributes, on which its parsers take quadratic time; another feed as it is."""
    tags = body.split(b"<")
    if all(len(tag) <= _LONG_TAG for tag in tags):
        return body
    return b"<".join(tag if len(tag) <= _LONG_TAG else _with_few_attributes(tag) for tag in tags)


def _with_few_attributes(tag: bytes) -> bytes:
    name = _TAG_NAME.match(tag)
    at, count, kept = name.end() if name else 0, 0, 0
    while name and (found := _ATTRIBUTE.match(tag, at)):
        at, count = found.end(), count + 1
        kept = at if count <= ATTRIBUTES_LIMIT else kept
    return tag[:kept] + tag[at:] if count > ATTRIBUTES_LIMIT else tag


_TAG_NAME = re.compile(rb"[A-Za-z_][\w:.-]*")
_ATTRIBUTE = re.compile(rb"""\s+[^\s=<>/"']{1,1000}(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s<>"']+))?""")


def _entries(feed: Any, url: str) -> tuple[Entry, ...]:
    entries = (_entry(given, url) for given in feed.entries[:ENTRIES_LIMIT]) if feed is not None else ()
    return tuple({e.url: e for e in entries if e is not None}.values())


_ENTRY = re.compile(rb"<(?:item|entry)\b")
_FEED = re.compile(rb"<(?:\w+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)


def _tolerant(body: bytes) -> Any:
    import feedparser

    if not _FEED.search(_head(body)):
        raise NotAListing("no feed: neither RSS, RDF, Atom nor JSON Feed")
    try:
        return feedparser.parse(io.BytesIO(body[:_TOLERANT_LIMIT]), sanitize_html=False, resolve_relative_uris=False)
    except Exception as error:
        raise NotAListing(f"no feed: {type(error).__name__}: {error}"[:300]) from error


def _entry(given: Any, url: str) -> Entry | None:
    link = given.get("link") or ""
    if not link:
        alternate = (a.get("href") for a in given.get("links") or () if a.get("rel", "alternate") == "alternate")
        link = next(filter(None, alternate), "") or given.get("id") or ""
    address = clean_link(str(link), url)
    if address is None:
        return None
    content = max((str(c.get("value") or "") for c in given.get("content") or ()), key=len, default="")
    html = content if _LEAST_CONTENT <= len(content) <= _CONTENT_LIMIT else None
    return Entry(
        address, _text(given.get("title")), _instant(given.get("published")), _instant(dict.get(given, "updated")), html
    )


def read_sitemap(body: bytes, url: str) -> Listing:
    """The pages of a sitemap, plain, news or text, or the sitemaps of an index; also as a gzip file.

    Raises:
        NotAListing: it is none.
    """
    if body[:2] == b"\x1f\x8b":
        body = _gunzip(body)
    if body.lstrip()[:4].lower() == b"http":
        lines = body.decode("utf-8", "replace").splitlines()[:ENTRIES_LIMIT]
        links = dict.fromkeys(link for line in lines if (link := clean_link(line, url)))
        return Listing("sitemap", tuple(Entry(link) for link in links))
    refuse_entities(body)
    entries, more = _sitemap_rows(body, url)
    if not entries and not more and not re.search(rb"<(?:\w+:)?(?:urlset|sitemapindex)\b", body[:4096]):
        raise NotAListing("no sitemap: neither <urlset> nor <sitemapindex>")
    if more:
        newest = sorted(more, key=lambda e: e.modified_at or datetime.min.replace(tzinfo=UTC), reverse=True)
        return Listing("index", more=tuple(e.url for e in newest))
    return Listing("sitemap", tuple({e.url: e for e in entries}.values()))


def _sitemap_rows(body: bytes, url: str) -> tuple[list[Entry], list[Entry]]:
    """Pages and sitemaps, element by element, each forgotten once it is read."""
    from lxml import etree

    found: dict[str, str] = {}
    rows: dict[str, list[Entry]] = {"url": [], "sitemap": []}
    try:
        events = etree.iterparse(
            io.BytesIO(body), events=("end",), resolve_entities=False, no_network=True, load_dtd=False, recover=True
        )
        for _, element in events:
            name = etree.QName(element).localname if isinstance(element.tag, str) else ""
            if name in rows:
                link = clean_link(found.get("loc", ""), url)
                if link is not None:
                    published = _instant(found.get("publication_date"))
                    rows[name].append(Entry(link, found.get("title"), published, _instant(found.get("lastmod"))))
                found = {}
                element.clear()
                while element.getprevious() is not None:
                    del element.getparent()[0]
                if len(rows[name]) >= ENTRIES_LIMIT:
                    break
            elif name in ("loc", "lastmod", "publication_date", "title") and name not in found:
                found[name] = (element.text or "").strip()
    except (etree.XMLSyntaxError, ValueError, UnicodeError) as error:
        if not rows["url"] and not rows["sitemap"]:
            raise NotAListing(f"no sitemap: {error}"[:300]) from error
    return rows["url"], rows["sitemap"]


def read_front_page(body: bytes, url: str, charset: str | None = None) -> Listing:
    """The links of a page that look like articles of its site, in its order, and the feeds it declares.

    Raises:
        NotAListing: it cannot be read as HTML.
    """
    from lxml import etree, html

    from extractors.html import decode, tame

    try:
        tree = html.document_fromstring(tame(decode(body, charset)[: 4 << 20]))
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, ExtractionError) as error:
        raise NotAListing(f"no page: {error}"[:300]) from error
    base = url
    for element in tree.iter("base"):
        base = clean_link(element.get("href") or "", url) or url
        break
    feeds: dict[str, None] = {}
    for element in tree.iter("link"):
        if "alternate" in (element.get("rel") or "").lower() and (element.get("type") or "").lower() in _FEED_TYPES:
            link = clean_link(element.get("href") or "", base)
            if link:
                feeds[link] = None
    links: dict[str, str] = {}
    for element in tree.iter("a"):
        link = clean_link(element.get("href") or "", base)
        if link and link not in links and site_of(link) == site_of(url) and looks_like_article(link):
            links[link] = " ".join("".join(map(str, element.itertext())).split())[:300]
    entries = tuple(Entry(link, title or None) for link, title in list(links.items())[:ENTRIES_LIMIT])
    named = next((t.text for t in tree.iter("title")), None)
    return Listing("page", entries, tuple(feeds), _text(named))


_NO_ARTICLE = re.compile(
    r"/(?:tags?|topics?|category|categories|authors?|sections?|search|login|subscribe|account|about|contact|privacy|terms|newsletters?|live-?tv|podcasts?|videos?)(?:/|$)|\.(?:jpe?g|png|gif|svg|pdf|mp[34]|zip|css|js|xml)$"
)
_DATED = re.compile(r"/(?:19|20)\d\d[/-]?(?:[01]?\d|[a-z]{3})(?:[/-]|$)")


def looks_like_article(url: str) -> bool:
    """Whether an address may be that of an article: dated, numbered, or with a slug of some words.

    >>> [looks_like_article("https://a.example" + p) for p in ("/2026/03/02/x", "/world/talks-resume-in-the-capital", "/world", "/tag/talks-in-the-capital")]
    [True, True, False, False]
    """
    path = "/" + url.partition("://")[2].partition("/")[2].partition("?")[0].lower()
    if _NO_ARTICLE.search(path):
        return False
    last = path.rstrip("/").rpartition("/")[2]
    numbers = sum(c.isdigit() for c in last)
    return bool(_DATED.search(path)) or numbers >= 5 or last.count("-") + last.count("_") >= 3


def _head(body: bytes) -> bytes:
    return body[:4096].replace(b"\0", b"")


def refuse_entities(body: bytes) -> None:
    """Let no document through that declares entities.

    Raises:
        NotAListing: it does.
    """
    # Without NULs, so that UTF-16 hides nothing.
    if b"<!ENTITY" in body.replace(b"\0", b"").upper():
        raise NotAListing("it declares entities, which no feed needs")


def _gunzip(body: bytes) -> bytes:
    member = zlib.decompressobj(31)
    try:
        whole = member.decompress(body, UNPACKED_LIMIT)
    except zlib.error as error:
        raise NotAListing(f"a broken gzip file: {error}") from error
    if member.unconsumed_tail:
        raise NotAListing(f"more than {UNPACKED_LIMIT >> 20} MB unpacked")
    return whole


def _text(given: Any) -> str | None:
    text = " ".join(str(given or "").split())[:500]
    return text or None


def _instant(given: Any) -> datetime | None:
    """An instant in ISO 8601, or in the words of mail, aware; None of anything else."""
    from email.utils import parsedate_to_datetime

    text = str(given or "").strip()
    if not text or len(text) > 60:
        return None
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
        return found if has_utc(found) else None
    return None
