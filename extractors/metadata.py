"""What a page says about its story: headline, byline, when published, section, site, canonical address, lead image, paywall.

JSON-LD is believed first, meta elements next, visible parts last. A wrong date harms an event data set more than a missing one,
so every date keeps where it was read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from lxml import etree

from extractors.authors import read_authors
from extractors.instants import Instant
from extractors.published import read_dates
from extractors.titles import find_title

_ARTICLE_TYPES = re.compile(r"(?:Article|BlogPosting|Report|LiveBlogPosting|Story)$")


@dataclass(frozen=True, slots=True)
class Metadata:
    """What was found; None where the page does not say."""

    title: str | None = None
    authors: tuple[str, ...] = ()
    published: Instant | None = None
    published_from: str | None = None
    modified: Instant | None = None
    section: str | None = None
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
    story = _story(things)
    site = _clean(meta.get("og:site_name")) or _name(story.get("publisher")) or _clean(meta.get("application-name"))
    titles = _stated_titles(tree, meta, story)
    title = find_title(tree, titles, site, url) or _clean(listed_title)
    dates = read_dates(tree, meta, story, things, url, title, latest, listed, [*titles, title or ""])
    canonical = _link(tree, "canonical") or _clean(meta.get("og:url"))
    image = _image(story.get("image")) or _clean(meta.get("og:image"))
    return Metadata(
        title=title,
        authors=read_authors(tree, story, things, site),
        published=dates.published,
        published_from=dates.published_from,
        modified=dates.modified,
        section=_text(story.get("articleSection")) or _clean(meta.get("article:section")),
        site=site,
        canonical_url=urljoin(url or "", canonical) if canonical else None,
        description=_clean(meta.get("og:description") or meta.get("description")) or _text(story.get("description")),
        lead_image=urljoin(url or "", image) if image else None,
        paywalled=_paywalled(story),
        language=(tree.get("lang") or tree.get("xml:lang") or "")[:2].lower() or None,
        article_body=_text(story.get("articleBody")) or "",
        is_video=any("VideoObject" in _types(t) for t in things) or (meta.get("og:type") or "").startswith("video"),
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
    for script in tree.iter("script"):
        if "ld+json" not in (script.get("type") or "") or not script.text:
            continue
        raw = (
            script.text.strip()
            .removeprefix("<!--")
            .removesuffix("-->")
            .replace("<![CDATA[", "")
            .replace("]]>", "")
            .strip()
            .rstrip(";")
        )
        try:
            queue = [json.loads(raw, strict=False)]
        except (ValueError, RecursionError):
            continue
        for _ in range(2000):  # a bound against hostile nesting; real pages have some dozens
            if not queue:
                break
            value = queue.pop(0)
            if isinstance(value, list):
                queue.extend(value)
            elif isinstance(value, dict):
                yield value
                queue.extend(
                    v
                    for k, v in value.items()
                    if k in ("@graph", "mainEntity", "mainEntityOfPage", "itemListElement", "item")
                    and isinstance(v, dict | list)
                )


def _types(thing: dict[str, Any]) -> list[str]:
    kind = thing.get("@type")
    return [k for k in (kind if isinstance(kind, list) else [kind]) if isinstance(k, str)]


def _story(things: list[dict[str, Any]]) -> dict[str, Any]:
    """The thing the page is about: the article that says most of itself."""
    stories = [t for t in things if any(_ARTICLE_TYPES.search(k) for k in _types(t))]
    dated = [t for t in stories if t.get("headline") or t.get("datePublished")]
    if not dated:
        return stories[0] if stories else {}
    # A list page holds many articles, none of which it is about.
    headlines = {str(t.get("headline")) for t in dated}
    return max(dated, key=len) if len(headlines) <= 3 else dated[0]


def _stated_titles(tree: etree._Element, meta: dict[str, str], story: dict[str, Any]) -> list[str]:
    element = next(tree.iter("title"), None)
    said = (
        _clean(_unescape(meta.get("og:title", ""))),
        _text(story.get("headline")),
        _clean(meta.get("twitter:title")),
        _clean(element.text) if element is not None else None,
    )
    return [s[:500] for s in said if s]
