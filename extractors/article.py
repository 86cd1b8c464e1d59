"""The article: one capture read as a headline, a body, and what is known about them.

Three doors by media type: a web page, a plain text, one line of JSON. Each gives the same record or says why there is none.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

from extractors import html
from extractors.authors import wire_of
from extractors.dateline import find_dateline
from extractors.doors import MINIMUM_WORDS, Cleaning, Draft, read_line, read_page, read_plain
from extractors.duplicates import near_duplicate_key
from extractors.instants import Instant
from extractors.language import find_language
from extractors.links import same_site, without_userinfo
from extractors.records import Article, Capture, NotAnArticle, Undecodable
from extractors.refusals import count_words
from extractors.storable import whole

_MINIMUM_GIVEN_WORDS = 4
"""Of plain text: somebody chose it, so a brief of one sentence counts, "Sign in" does not."""


def read_article(capture: Capture, cleaning: Cleaning | None = None) -> Article:
    """Read one capture.

    Args:
        capture: a page, a plain text or one JSON line, by `media_type`; compressed bodies are unpacked before.
        cleaning: the site rules to use, the package's own when nothing is said, and whether a second opinion is asked.
    Returns:
        The article, all offsets into its `text`.
    Raises:
        NotAnArticle: `empty`, `too_short`, `list_page`, `consent_page`, `error_page`, `paywall_stub`, `video_page` or `empty_shell`.
        Undecodable: `too_large`, `binary`, `bad_json` or `media_type`.
    """
    kind = capture.media_type.partition(";")[0].strip().lower()
    how = cleaning or Cleaning()
    if kind in ("text/html", "application/xhtml+xml", "application/xml", "text/xml"):
        text = html.decode(capture.body, capture.charset)
        draft = read_page(text, capture, capture.final_url or capture.url, how)
    elif kind == "application/json":
        draft = read_line(capture, how)
    elif kind.startswith("text/"):
        draft = read_plain(html.decode(capture.body, capture.charset), capture.url)
        if draft.meta.published is None and capture.listed_at is not None:
            listed = Instant(capture.listed_at, "second", utc=True)
            draft.meta = replace(draft.meta, published=listed, published_from="listing")
    else:
        raise Undecodable(f"no reader for {kind}", "media_type")
    return _finish(draft, capture)


def _finish(draft: Draft, capture: Capture) -> Article:
    paragraphs = tuple(html.clean_text(p) for p in draft.paragraphs)
    paragraphs = tuple(p for p in paragraphs if p)
    text = "\n\n".join(paragraphs)
    words = count_words(text)
    if not words:
        raise NotAnArticle("no text", "empty")
    if words < (_MINIMUM_GIVEN_WORDS if draft.method == "text" else MINIMUM_WORDS):
        raise NotAnArticle(f"only {words} words", "too_short")
    meta = draft.meta
    url, stated = (without_userinfo(given) if given else None for given in (draft.url, meta.canonical_url))
    canonical = _canonical(stated, url)
    article_id = _digest(_own(canonical, url) or text)
    text_hash = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    # Behind a standfirst the dateline opens the second paragraph.
    filed = next((found for p in paragraphs[:3] if (found := find_dateline(p))), None)
    published: Instant | None = meta.published
    article = Article(
        article_id=article_id,
        version_id=_digest(article_id + text_hash),
        text=text,
        paragraphs=_spans(paragraphs),
        text_hash=text_hash,
        word_count=words,
        language=find_language(text),
        url=url,
        canonical_url=canonical,
        source=draft.source or capture.source,
        site=meta.site,
        title=html.clean_text(meta.title) or None if meta.title else None,
        authors=meta.authors,
        published_at=published.at if published else None,
        published_precision=published.precision if published else None,
        published_from=meta.published_from,
        modified_at=meta.modified.at if meta.modified else None,
        section=meta.section,
        genre=meta.genre,
        dateline=filed.place if filed else None,
        wire=(filed.wire if filed else None) or wire_of(meta.authors),
        description=meta.description,
        lead_image=without_userinfo(meta.lead_image) if meta.lead_image else None,
        paywalled=meta.paywalled,
        near_duplicate_key=near_duplicate_key(text),
        extract_method=draft.method,
        extract_confidence=draft.confidence,
    )
    said: dict[str, Any] = {
        name: whole(value) for name in _TEXTS if (value := getattr(article, name)) is not None and not value.isascii()
    }
    return replace(
        article,
        authors=tuple(map(whole, article.authors)),
        **said,
    )


_TEXTS = ("url", "canonical_url", "source", "site", "title", "section", "dateline", "wire", "description", "lead_image")
"""Texts a page says of its article; the body is cleaned paragraph by paragraph."""


def _spans(paragraphs: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    spans, at = [], 0
    for paragraph in paragraphs:
        spans.append((at, at + len(paragraph)))
        at += len(paragraph) + 2
    return tuple(spans)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _canonical(stated: str | None, url: str | None) -> str | None:
    """The address of an article: what the page states if it is a full address on any host, else where it was found."""
    from courlan import clean_url

    for address in (stated, url):
        if address and address.lower().startswith(("http://", "https://")) and len(address) < 2000:
            if address is stated and url and _is_front(stated) and not _is_front(url):
                continue  # some sites name their front page as canonical of everything
            try:
                cleaned = clean_url(address)
            except (ValueError, TypeError, AttributeError):
                cleaned = None
            if cleaned:
                return str(cleaned)
    return None


def _own(canonical: str | None, url: str | None) -> str | None:
    """The address that names the article: what the page states only where it was found on the same site.

    Else any page could take the place of another publisher's article with a change that is said to be later.
    """
    if canonical and url and url.lower().startswith(("http://", "https://")) and not same_site(canonical, url):
        return _canonical(None, url)
    return canonical


def _is_front(url: str) -> bool:
    return url.partition("://")[2].partition("/")[2].strip("/") == ""
