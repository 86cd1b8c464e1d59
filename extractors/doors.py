"""The doors: a web page, a plain text or one line of JSON as paragraphs and what is said about them.

A page is read by the general extractor, and by its publisher's own rules where there are some; text that only a script would show is taken
from the data the page carries for it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import unescape

from lxml import etree

from extractors import html
from extractors.body import Body, find_body, fold
from extractors.instants import parse_instant
from extractors.metadata import Metadata, read_metadata
from extractors.records import Capture, NotAnArticle, Undecodable
from extractors.refusals import LIST_LINKS, refuse
from extractors.siterules import SiteRules, apply_rule, shipped_rules
from extractors.storable import whole
from extractors.walls import without_consent, without_offer

MINIMUM_WORDS = 25
_DATE_LINE = re.compile(r"\s*date[ \t:]+(\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:?\d{2})?)?)(?=\s|$)", re.IGNORECASE)
_BLANK_LINES = re.compile(r"\n[ \t\r\f\v\u00a0]*\n")
_THIN, _DOUBTFUL = 250, 0.3
"""Characters and confidence below which a body is looked for in other ways."""


@dataclass(frozen=True, slots=True)
class Cleaning:
    """How pages are cleaned beyond the general rules."""

    sites: SiteRules = field(default_factory=shipped_rules)
    second_opinion: bool = False
    """Ask trafilatura where our own result is thin; needs the extra `second-opinion`."""


@dataclass(slots=True)
class Draft:
    """What a door found, before it is one record."""

    paragraphs: tuple[str, ...]
    meta: Metadata = field(default_factory=Metadata)
    url: str | None = None
    source: str | None = None
    method: str = "text"
    confidence: float = 1.0


def read_page(text: str, capture: Capture, url: str | None, cleaning: Cleaning) -> Draft:
    """Read a web page, or the piece of one that a feed carries.

    Raises:
        NotAnArticle: see `extractors.refusals`.
    """
    if not text.strip():
        raise NotAnArticle("the page is empty", "empty")
    tree = html.parse(text)
    meta = read_metadata(tree, url, capture.fetched_at, capture.listed_at, capture.listed_title)
    body = _better(find_body(tree, meta.article_body, meta.title), text, tree, meta, cleaning)
    meta, body = _by_site(meta, body, text, capture, url, cleaning)
    told = without_consent(body.paragraphs)
    paragraphs, offered = without_offer(told or body.paragraphs)
    body, asked = replace(body, paragraphs=paragraphs), body.paragraphs
    if offered:
        meta = replace(meta, paywalled=True)
    refuse(tree, body, meta, MINIMUM_WORDS, asked)
    if meta.published is None and meta.published_from is None and meta.modified is None:
        meta = _with_guessed_date(text, tree, meta, url, capture.fetched_at)
    return Draft(body.paragraphs, meta, url, None, body.method, body.confidence)


def _better(body: Body, text: str, tree: etree._Element, meta: Metadata, cleaning: Cleaning) -> Body:
    """The body, or another reading of the page where it is too thin to be the story."""
    length = sum(map(len, body.paragraphs))
    if length >= _THIN and body.confidence >= _DOUBTFUL:
        return body
    if length < _THIN:
        from extractors.pagestate import stated_body

        stated = stated_body(tree, meta.article_body)
        if sum(map(len, stated)) > max(2 * _THIN, 1.5 * length):
            return Body(stated, "page-data", 0.5, body.linked_headlines)
    if cleaning.second_opinion and body.linked_headlines < LIST_LINKS:  # of a list it makes an article of headlines
        from extractors.secondopinion import second_opinion

        other = second_opinion(html.tame(text))
        if sum(map(len, other)) > 1.3 * length:
            return Body(other, "second-opinion", 0.5, body.linked_headlines)
    return body


def _by_site(
    meta: Metadata, body: Body, text: str, capture: Capture, url: str | None, cleaning: Cleaning
) -> tuple[Metadata, Body]:
    """What the publisher's own rule finds goes before what was found without it."""
    day = meta.published.at.date() if meta.published else capture.fetched_at.date() if capture.fetched_at else None
    rule = cleaning.sites.find(url or meta.canonical_url, day)
    if rule is None:
        return meta, body
    ruled = apply_rule(rule, html.tame(text))
    if ruled.published:
        meta = replace(meta, published=ruled.published, published_from="rule")
    meta = replace(meta, title=ruled.title or meta.title, authors=ruled.authors or meta.authors)
    if ruled.paragraphs:
        body = Body(ruled.paragraphs, f"site-rule {ruled.rule_id}", 1.0, body.linked_headlines)
    return meta, body


def _with_guessed_date(
    text: str, tree: etree._Element, meta: Metadata, url: str | None, latest: datetime | None
) -> Metadata:
    from extractors.pagedates import guess_published

    found = guess_published(html.tame(text), tree, url, latest)
    return replace(meta, published=found, published_from="htmldate") if found else meta


def read_plain(text: str, url: str | None = None) -> Draft:
    """Read a plain text: paragraphs by blank lines, a headline where the first is a short line, a leading `date 2024-06-19` as the day."""
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
    return Draft(tuple(pieces), meta, url)


def read_line(capture: Capture, cleaning: Cleaning) -> Draft:
    """Read one line of JSON: {"url"?, "html" | "text", "title"?, "published_at"?, "source"?}.

    Raises:
        Undecodable: `bad_json`.
        NotAnArticle: `empty` without `html` and `text`; see `extractors.refusals`.
    """
    try:
        line = json.loads(html.decode(capture.body, capture.charset))
    except (ValueError, RecursionError) as error:
        raise Undecodable(f"not JSON: {error}", "bad_json") from error
    if not isinstance(line, dict):
        raise Undecodable("not a JSON object", "bad_json")
    given = {k: whole(v) for k, v in line.items() if isinstance(v, str) and v.strip()}
    url = given.get("url") or capture.final_url or capture.url
    if "html" in given and (markup := _markup(given["html"])):
        draft = read_page(markup, capture, url, cleaning)
    elif "text" in given or "html" in given:
        draft = read_plain(html.repair(given.get("text") or given["html"]), url)
        found = draft.meta.title
        if found and "title" in given and fold(found) != fold(given["title"]):
            # the first line is body when the title came apart from it
            draft.paragraphs = (found, *draft.paragraphs)
    else:
        raise NotAnArticle("neither `text` nor `html` in the line", "empty")
    meta = draft.meta
    if "title" in given:
        meta = replace(meta, title=html.clean_text(html.repair(given["title"])))
    published = parse_instant(given.get("published_at") or given.get("published") or "")
    if published:
        meta = replace(meta, published=published, published_from="input")
    draft.meta, draft.url, draft.source = meta, url, given.get("source")
    return draft


def _markup(given: str) -> str | None:
    """The HTML of a line or of a feed's entry: feeds escape it once more, and some call plain text HTML."""
    text = html.repair(given)
    if "<" not in text and re.search(r"&lt;/?[a-zA-Z]", text):
        text = unescape(text)
    return text if re.search(r"<[a-zA-Z!/]", text) else None
