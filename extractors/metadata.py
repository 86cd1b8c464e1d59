"""What a page says about its story: headline, byline, when published, section, site, canonical address, lead image, paywall.

JSON-LD is believed first, meta elements next, visible parts last. A wrong date harms an event data set more than a missing one,
so every date keeps where it was read.
"""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from extractors.authors import read_authors
from extractors.genres import find_genre
from extractors.html import inner_text
from extractors.instants import Instant
from extractors.loosejson import read_loose
from extractors.published import read_dates
from extractors.titles import find_title

_ARTICLE_TYPES = re.compile(r"(?:Article|BlogPosting|Report|LiveBlogPosting|Story)$", re.IGNORECASE)
_SECTIONS = (
    "article:section",
    "section",
    "parsely-section",
    "cxenseparse:section",
    "sailthru.section",
    "dc.subject.section",
    "articlesection",
)
_SHOWS = frozenset(("VideoObject", "ImageGallery", "MediaGallery", "VideoGallery"))
_TOKEN = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]|[^\W_]+")
_ADDRESS = re.compile(r"https?://[^/?#]*(/[^?#]+)")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What was found; None where the page does not say."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    published: Instant | None = None
    published_from: str | None = None
    modified: Instant | None = None
    section: str | None = None
    genre: str = "news"
    site: str | None = None
    canonical_url: str | None = None
    description: str | None = None
    lead_image: str | None = None
    paywalled: bool | None = None
    language: str | None = None
    article_body: str = ""
    is_article: bool = False
    """The page says of itself that it is one (JSON-LD type or og:type)."""
    is_video: bool = False


def read_metadata(
    tree: etree._Element,
    url: str | None = None,
    latest: datetime | None = None,
    listed: datetime | None = None,
    listed_title: str | None = None,
) -> Metadata:
    """Read everything a page says about its story.

    Args:
        tree: from `extractors.html.parse`; not changed.
        url: the page's address, for relative links and a date in its path.
        latest: no published date after this one is believed (the day of the fetch).
        listed: when the listing that named the page says it was published.
        listed_title: what that listing calls it, for a page that has no title.
    """
    meta = _meta(tree)
    things = list(_json_ld(tree))
    canonical = _link(tree, "canonical") or _clean(meta.get("og:url"))
    heads = [inner_text(h) for h in islice(tree.iter("h1"), 5)]
    titles = [*_stated_titles(tree, meta, {}), *heads]
    story = _story(things, titles, [a for a in (url, canonical, meta.get("og:url")) if a])
    site = _clean(meta.get("og:site_name")) or _name(story.get("publisher")) or _clean(meta.get("application-name"))
    titles = _stated_titles(tree, meta, story)
    title = find_title(tree, titles, site, url) or _clean(listed_title)
    dates = read_dates(tree, meta, story, things, url, title, latest, listed, [*titles, title or ""])
    section = _text(story.get("articleSection")) or _clean(next((s for k in _SECTIONS if (s := meta.get(k))), None))
    image = _image(story.get("image")) or _clean(meta.get("og:image"))
    return Metadata(
        title=title,
        authors=read_authors(tree, story, things, site),
        published=dates.published,
        published_from=dates.published_from,
        modified=dates.modified,
        section=section,
        genre=find_genre(
            [k for t in things if t is story or "LiveBlogPosting" in _types(t) for k in _types(t)],
            [section, meta.get("article:section"), _text(story.get("genre"))],
            url or canonical,
            next((t for t in titles if t), title),
        ),
        site=site,
        canonical_url=urljoin(url or "", canonical) if canonical else None,
        description=_clean(meta.get("og:description") or meta.get("description")) or _text(story.get("description")),
        lead_image=urljoin(url or "", image) if image else None,
        paywalled=_paywalled(story),
        language=(tree.get("lang") or tree.get("xml:lang") or "")[:2].lower() or None,
        article_body=_text(story.get("articleBody")) or "",
        is_video=any(k in _SHOWS for t in things for k in _types(t)) or (meta.get("og:type") or "").startswith("video"),
        is_article=bool(story) or (meta.get("og:type") or "").lower() in ("article", "news", "newsarticle"),
    )


def _clean(text: str | None) -> str | None:
    return " ".join(text.split()) or None if text else None


def _text(value: Any) -> str | None:
    """A JSON-LD value as text: the first of a list."""
    if isinstance(value, list):
        value = next((v for v in value if v), None)
    if isinstance(value, dict):
        value = value.get("name") or value.get("@value") or value.get("text")
    return _clean(_unescape(value)) if isinstance(value, str) else None


def _unescape(text: str) -> str:
    if "&" in text:
        from html import unescape

        return unescape(text)
    return text


def _name(value: Any) -> str | None:
    return _text(value)


def _image(value: Any) -> str | None:
    if isinstance(value, list):
        value = value[0] if value else None
    if isinstance(value, dict):
        value = value.get("url") or value.get("contentUrl")
    return value if isinstance(value, str) and len(value) < 2000 else None


def _paywalled(story: dict[str, Any]) -> bool | None:
    """Only what the publisher states for machines; phrase lists flag free pages."""
    free = story.get("isAccessibleForFree")
    if isinstance(free, str):
        free = {"true": True, "false": False}.get(free.strip().lower())
    return (not free) if isinstance(free, bool) else None


def _meta(tree: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for element in tree.iter("meta"):
        key = element.get("property") or element.get("name") or element.get("itemprop") or element.get("http-equiv")
        content = element.get("content")
        if key and content and content.strip():
            found.setdefault(key.strip().lower(), content.strip())
    return found


def _link(tree: etree._Element, rel: str) -> str | None:
    for element in tree.iter("link"):
        if (element.get("rel") or "").lower() == rel and element.get("href"):
            return _clean(element.get("href"))
    return None


def _json_ld(tree: etree._Element) -> Iterator[dict[str, Any]]:
    """The things of all blocks; those that a list of stories holds come last."""
    listed: list[dict[str, Any]] = []
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "").lower() or not script.text:
            continue
        raw = script.text.strip().removeprefix("<!--").removesuffix("-->").strip().rstrip(";")
        try:
            blocks: list[Any] = [json.loads(raw, strict=False)]
        except (ValueError, RecursionError):
            blocks = read_loose(raw)
        queue = deque((block, False) for block in blocks)
        for _ in range(2000):  # a bound against hostile nesting; real pages have some dozens
            if not queue:
                break
            value, in_list = queue.popleft()
            if isinstance(value, list):
                queue.extend((v, in_list) for v in value)
            elif isinstance(value, dict):
                thing = _with_small_keys(value)
                if in_list:
                    listed.append(thing)
                else:
                    yield thing
                queue.extend(
                    (v, in_list or k == "itemListElement")
                    for k, v in thing.items()
                    if k in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item")
                    and isinstance(v, dict | list)
                )
    yield from listed


def _with_small_keys(thing: dict[str, Any]) -> dict[str, Any]:
    """A thing whose "@TYPE" is called "@type"."""
    if any(k[:1] == "@" and not k.islower() for k in thing if k != "@graph"):
        return {k.lower() if k[:1] == "@" else k: v for k, v in thing.items()}
    return thing


def _types(thing: dict[str, Any]) -> list[str]:
    kind = thing.get("@type")
    return [k for k in (kind if isinstance(kind, list) else [kind]) if isinstance(k, str)]


def _story(things: list[dict[str, Any]], titles: list[str], addresses: list[str]) -> dict[str, Any]:
    """The thing the page is about: the article whose headline or address is the page's, of several the one that says most of itself.

    An article that has neither is another story's: nothing it says is of this page.
    """
    stories = [t for t in things if any(_ARTICLE_TYPES.search(k) for k in _types(t))]
    dated = [t for t in stories if t.get("headline") or t.get("datePublished")]
    if not dated:
        return stories[0] if stories else {}
    ours = {_path(a) for a in addresses} - {""}
    wanted = [_tokens(t) for t in titles]
    fits = [_fit(t, wanted, ours) for t in dated]
    best = max(fits)
    if best < 0:
        return {}
    same = [t for t, fit in zip(dated, fits, strict=True) if fit == best]
    # A list page holds many articles, none of which it is about.
    headlines = {str(t.get("headline")) for t in same}
    return max(same, key=len) if len(headlines) <= 3 else same[0]


def _fit(story: dict[str, Any], titles: list[set[str]], addresses: set[str]) -> int:
    """2: its address is the page's, or its headline says what the page's titles say; 1: a good part; 0: nothing known; -1: another story."""
    entity = story.get("mainEntityOfPage")
    said = [story.get("url"), entity.get("@id") if isinstance(entity, dict) else entity]
    paths = {_path(a) for a in said if isinstance(a, str)} - {""}
    if paths & addresses:
        return 2
    headline = _tokens(_text(story.get("headline")) or _text(story.get("name")) or "")
    shares = [len(headline & title) / min(len(headline), len(title)) for title in titles if title] if headline else []
    if not shares:
        return 0
    best = max(shares)
    return 2 if best > 0.8 else 1 if best > 0.3 else -1 if best < 0.1 or paths else 0


def _tokens(text: str) -> set[str]:
    return set(_TOKEN.findall(text.lower()))


def _path(address: str) -> str:
    """The path of an address, by which it is known again under another host or scheme."""
    found = _ADDRESS.match(address.strip())
    return found[1].rstrip("/").lower() if found else ""


def _stated_titles(tree: etree._Element, meta: dict[str, str], story: dict[str, Any]) -> list[str]:
    element = next(tree.iter("title"), None)
    said = (
        _clean(_unescape(meta.get("og:title", ""))),
        _text(story.get("headline")),
        _clean(meta.get("twitter:title")),
        _clean(element.text) if element is not None else None,
    )
    return [s[:500] for s in said if s]
