"""The article: one capture read as a headline, a body, and what is known about them.

Three doors by media type: a web page, a plain text, one line of JSON. Each gives the same record or says why there is none.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from extractors import body as bodies
from extractors import html
from extractors.blocks import rules
from extractors.dateline import find_dateline
from extractors.instants import Instant, parse_instant
from extractors.language import find_language
from extractors.metadata import Metadata, read_metadata
from extractors.records import Article, Capture, NotAnArticle, Undecodable

_MINIMUM_WORDS = 25
_MINIMUM_GIVEN_WORDS = 4
"""Of plain text: somebody chose it, so a brief of one sentence counts, "Sign in" does not."""
_WORD = re.compile(r"\w+")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\u0e00-\u0e7f]")
_DATE_LINE = re.compile(r"\s*date[ \t:]+(\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?)(?=\s|$)", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t\r\f\v\u00a0]*\n")


@dataclass(slots=True)
class _Draft:
    """What a door found, before it is one record."""

    paragraphs: tuple[str, ...]
    meta: Metadata = field(default_factory=Metadata)
    url: str | None = None
    source: str | None = None
    method: str = "text"
    confidence: float = 1.0


def read_article(capture: Capture) -> Article:
    """Read one capture.

    Args:
        capture: a page, a plain text or one JSON line, by `media_type`; compressed bodies are unpacked before.
    Returns:
        The article, all offsets into its `text`.
    Raises:
        NotAnArticle: `empty`, `too_short`, `list_page` or `consent_page`.
        Undecodable: `too_large`, `binary`, `bad_json` or `media_type`.
    """
    kind = capture.media_type.partition(";")[0].strip().lower()
    if kind in ("text/html", "application/xhtml+xml", "application/xml", "text/xml"):
        draft = _page(html.decode(capture.body, capture.charset), capture, capture.final_url or capture.url)
    elif kind == "application/json":
        draft = _line(capture)
    elif kind.startswith("text/"):
        draft = _plain(html.decode(capture.body, capture.charset), capture.url)
    else:
        raise Undecodable(f"no reader for {kind}", "media_type")
    return _finish(draft, capture)


def _page(text: str, capture: Capture, url: str | None) -> _Draft:
    if not text.strip():
        raise NotAnArticle("the page is empty", "empty")
    tree = html.parse(text)
    meta = read_metadata(tree, url, capture.fetched_at)
    body = bodies.find_body(tree, meta.article_body, meta.title)
    _refuse(body, meta)
    if meta.published is None:
        meta = _with_guessed_date(text, tree, meta, url, capture.fetched_at)
    return _Draft(body.paragraphs, meta, url, None, body.method, body.confidence)


def _refuse(body: bodies.Body, meta: Metadata) -> None:
    if sum(map(len, body.paragraphs)) > 4000:
        return
    words = sum(map(count_words, body.paragraphs))
    if words < 250:
        known = rules()["consent"]["words"]
        found = _WORD.findall(" ".join(body.paragraphs).lower())
        if found and sum(w in known for w in found) > max(4, len(found) * 0.06):
            raise NotAnArticle("the page asks for consent or a check instead of telling a story", "consent_page")
    if body.linked_headlines >= 15 and not meta.is_article and words < 12 * body.linked_headlines and words < 150:
        raise NotAnArticle(f"a list of {body.linked_headlines} links", "list_page")
    if not body.paragraphs:
        if body.linked_headlines >= 5:
            raise NotAnArticle(f"nothing but {body.linked_headlines} links", "list_page")
        raise NotAnArticle("no text in the page", "empty")


def _with_guessed_date(text: str, tree: Any, meta: Metadata, url: str | None, latest: datetime | None) -> Metadata:
    from dataclasses import replace

    from extractors.pagedates import guess_published

    found = guess_published(text, tree, url, latest)
    return replace(meta, published=found, published_from="htmldate") if found else meta


def _plain(text: str, url: str | None = None) -> _Draft:
    published = None
    header = _DATE_LINE.match(text)
    if header:
        published = parse_instant(header[1])
        text = text[header.end() :]
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    pieces = [p for p in (" ".join(piece.split()) for piece in _BLANK_LINES.split(text)) if p]
    title = None
    # A headline is a short line of its own that is no sentence.
    if (
        len(pieces) > 1
        and len(pieces[0]) <= 150
        and pieces[0][-1] not in '.!?:;,…”"'
        and "\n" not in text[: len(pieces[0])]
    ):
        title = pieces.pop(0)
    meta = Metadata(title=title, published=published, published_from="header" if published else None)
    return _Draft(tuple(pieces), meta, url)


def _line(capture: Capture) -> _Draft:
    from dataclasses import replace

    try:
        line = json.loads(html.decode(capture.body, capture.charset))
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"not JSON: {error}", "bad_json") from error
    if not isinstance(line, dict):
        raise Undecodable("not a JSON object", "bad_json")
    given = {k: v for k, v in line.items() if isinstance(v, str) and v.strip()}
    url = given.get("url") or capture.final_url or capture.url
    if "html" in given:
        draft = _page(given["html"], capture, url)
    elif "text" in given:
        draft = _plain(given["text"], url)
        found = draft.meta.title
        if found and "title" in given and bodies.fold(found) != bodies.fold(given["title"]):
            # the first line is body when the title came apart from it
            draft.paragraphs = (found, *draft.paragraphs)
    else:
        raise NotAnArticle("neither `text` nor `html` in the line", "empty")
    meta = draft.meta
    if "title" in given:
        meta = replace(meta, title=" ".join(given["title"].split()))
    published = parse_instant(given.get("published_at", ""))
    if published:
        meta = replace(meta, published=published, published_from="input")
    draft.meta, draft.url, draft.source = meta, url, given.get("source")
    return draft


def count_words(text: str) -> int:
    """Words; of scripts without blanks two characters make one."""
    dense = len(_CJK.findall(text))
    return len(_WORD.findall(_CJK.sub(" ", text) if dense else text)) + (dense + 1) // 2


def _finish(draft: _Draft, capture: Capture) -> Article:
    paragraphs = tuple(" ".join(p.split()) for p in draft.paragraphs)
    paragraphs = tuple(p for p in paragraphs if p)
    text = "\n\n".join(paragraphs)
    words = count_words(text)
    if not words:
        raise NotAnArticle("no text", "empty")
    if words < (_MINIMUM_GIVEN_WORDS if draft.method == "text" else _MINIMUM_WORDS):
        raise NotAnArticle(f"only {words} words", "too_short")
    meta = draft.meta
    canonical = _canonical(meta.canonical_url, draft.url)
    article_id = _digest(canonical or text)
    text_hash = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    # Behind a standfirst the dateline opens the second paragraph.
    filed = next((found for p in paragraphs[:3] if (found := find_dateline(p))), None)
    published: Instant | None = meta.published
    return Article(
        article_id=article_id,
        version_id=_digest(article_id + text_hash),
        text=text,
        paragraphs=_spans(paragraphs),
        text_hash=text_hash,
        word_count=words,
        language=find_language(text),
        url=draft.url,
        canonical_url=canonical,
        source=draft.source or capture.source,
        site=meta.site,
        title=meta.title,
        authors=meta.authors,
        published_at=published.at if published else None,
        published_precision=published.precision if published else None,
        published_from=meta.published_from,
        modified_at=meta.modified.at if meta.modified else None,
        section=meta.section,
        dateline=filed.place if filed else None,
        wire=filed.wire if filed else None,
        description=meta.description,
        lead_image=meta.lead_image,
        paywalled=meta.paywalled,
        extract_method=draft.method,
        extract_confidence=draft.confidence,
    )


def _spans(paragraphs: tuple[str, ...]) -> tuple[tuple[int, int], ...]:
    spans, at = [], 0
    for paragraph in paragraphs:
        spans.append((at, at + len(paragraph)))
        at += len(paragraph) + 2
    return tuple(spans)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _canonical(stated: str | None, url: str | None) -> str | None:
    """The address one article has: what the page states if it is a full address on any host, else where it was found."""
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


def _is_front(url: str) -> bool:
    return url.partition("://")[2].partition("/")[2].strip("/") == ""
