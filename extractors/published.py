"""When a page says its story was published: the statements made for machines first, the words beside the headline second, guesses last.

A wrong date harms an event data set more than a missing one. So every date keeps where it was read, marks of publication go before
marks that may mean a change, a date far from the headline counts only when no other day stands beside it, and an address that names the
day is asked to confirm it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import islice
from typing import Any

from lxml import etree

from extractors.html import inner_text
from extractors.instants import Instant, instant_in_url, parse_instant

_PUBLISHED = (
    "article:published_time", "article:published", "og:article:published_time", "og:published_time", "datepublished", "date.published", "published_time", "publishdate",
    "publish_date", "publish-date", "pubdate", "pub_date", "parsely-pub-date", "sailthru.date", "dc.date.issued", "dcterms.issued", "dcterms.available",
    "article_date_original", "originalpublicationdate", "cxenseparse:recs:publishtime", "cxenseparse:publishtime", "iso-8601-publish-date", "article.published", "date-publish",
    "citation_publication_date", "citation_date", "bt:pubdate", "ptime", "displaydate", "article-publication-date", "rnews:datepublished", "prism.publicationdate",
    "dateposted", "article:post_date", "nrk:date", "vr:published_time", "firstpublished", "first_published", "publication_date", "publicationdate", "article.publicationdate",
)  # fmt: skip
_LOOSE = (
    "dc.date.created",
    "dcterms.created",
    "dc.date",
    "dcterms.date",
    "date",
    "article.created",
    "datecreated",
    "created",
    "creation_date",
    "release_date",
)
_MODIFIED = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "dc.date.modified",
    "lastmod",
    "article:modified",
    "last-modified",
    "revised",
)
_MARKED = re.compile(
    r"(?:^|[\s_-])(?:date[-_]?published|publish(?:ed|ing)?(?:[-_]?(?:date|time|at|on))?|pub[-_]?(?:date|time)|entry[-_]?date|post(?:ed)?[-_]?(?:date|on|time)|(?:article|story|news|content|meta|byline|c|node|item)[-_]{1,2}?date(?:time)?|"
    r"date[-_]?(?:time|line|created|posted|stamp|display)?|time[-_]?stamp|created|submitted|datum|fecha|data|dato|dag)(?=$|[\s_-])",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    r"modif|updat|edited|geändert|aktualis|comment|respon|related|event|copyright|archive|weather", re.IGNORECASE
)
_ELSEWHERE = re.compile(
    r"comment(?!ary)|respond|related|sidebar|recommend|most[-_]?(?:read|popular)|popular|navigation|menu|teaser|slider|ticker",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"\b(?:published|posted|publication date|date published|first published|released|issued|veröffentlicht|erschienen|erstellt|publié|mis en ligne|publicad[oa]|pubblicato|data di pubblicazione|gepubliceerd|"
    r"geplaatst|publicerad|publisert|udgivet|julkaistu|opublikowano|zveřejněno|megjelent|publicat|yayın(?:lanma)?|objavljeno|опубликовано|опубліковано|نشر)\b[^\d<>]{0,30}(?=\d|\w{3,12}\.? \d)",
    re.IGNORECASE,
)
_IN_SCRIPT = re.compile(
    r'"(?:date_?published|publish(?:ed|ing)?_?(?:at|date|time|on)?|pub_?date|publication_?date|first_?published(?:_?(?:at|date))?|cms_?publish(?:ing|ed)?_?date|article_?date|display_?date)"\s*:\s*"([^"\\]{8,40})"',
    re.IGNORECASE,
)
_DATED = (
    "h1",
    "h2",
    "time",
    "span",
    "abbr",
    "div",
    "p",
    "li",
    "small",
    "em",
    "td",
    "a",
    "dd",
    "nobr",
    "strong",
    "font",
    "b",
    "i",
    "meta",
)
_DIGIT = re.compile(r"\d")
_SAYS_ITSELF = frozenset(("time", "meta", "abbr"))
_NEAR, _FAR, _BEFORE = 45, 400, 12
"""Elements behind the headline in which any date line, or only a marked one, is believed; dates kept from above it."""
_SUMMER_TIME = frozenset(
    [
        "de",
        "at",
        "ch",
        "li",
        "lu",
        "fr",
        "be",
        "nl",
        "it",
        "es",
        "pl",
        "cz",
        "sk",
        "hu",
        "si",
        "hr",
        "se",
        "no",
        "dk",
        "fi",
        "ee",
        "lv",
        "lt",
        "gr",
        "ro",
        "bg",
        "cy",
        "rs",
        "ba",
        "me",
        "mk",
        "al",
        "mt",
        "ad",
        "mc",
        "sm",
        "va",
    ]
)
_HOURS: dict[str, float] = dict.fromkeys(_SUMMER_TIME, 1) | dict.fromkeys(["fi", "ee", "lv", "lt", "gr", "ro", "bg", "cy"], 2) | {
    "tr": 3, "sa": 3, "iq": 3, "qa": 3, "kw": 3, "ke": 3, "et": 3, "by": 3, "ir": 3.5, "ae": 4, "om": 4, "ge": 4, "am": 4, "az": 4, "pk": 5, "uz": 5, "in": 5.5, "lk": 5.5, "np": 5.75, "bd": 6, "th": 7, "vn": 7, "kh": 7,
    "cn": 8, "hk": 8, "tw": 8, "sg": 8, "my": 8, "ph": 8, "jp": 9, "kr": 9, "za": 2, "eg": 2, "zw": 2, "bw": 2, "ng": 1, "dz": 1, "tn": 1, "ar": -3, "uy": -3, "br": -3, "bo": -4, "ve": -4, "pe": -5, "co": -5, "ec": -5, "gt": -6, "cr": -6, "sv": -6, "hn": -6, "ni": -6,
}  # fmt: skip
"""Hours from UTC in countries of one time, by the top-level domain; in `_SUMMER_TIME` one more from April to October."""
_short_texts: Any = etree.XPath(
    "//body//text()[string-length(.) < 160 and string-length(.) > 12][not(parent::script or parent::style or parent::a or parent::option)]",
    smart_strings=False,
)


@dataclass(frozen=True, slots=True)
class Dates:
    """What a page says of its times. `published_from` names where it was read; `undecided` when no day is surely the story's."""

    published: Instant | None = None
    published_from: str | None = None
    modified: Instant | None = None


def read_dates(
    tree: etree._Element,
    meta: dict[str, str],
    story: dict[str, Any],
    things: list[dict[str, Any]],
    url: str | None,
    title: str | None,
    latest: datetime | None,
) -> Dates:
    """Read when a story was published and changed.

    Args:
        meta: the page's meta elements by lower-case name.
        story: the JSON-LD thing the page is about; `things` are all of them.
        url: the page's address.
        title: the headline, beside which dates for readers stand.
        latest: no published date after this one is believed (the day of the fetch).
    """
    modified = _first([_value(story, "dateModified"), *(meta.get(k) for k in _MODIFIED)], latest)
    address = next(
        (f for a in (url, meta.get("og:url")) if a and (f := instant_in_url(a)) and _plausible(f, latest)), None
    )
    for where, instant in _statements(tree, meta, story, things, title, latest):
        if address is None and not instant.zoned and instant.precision != "day":
            marked, near = _beside_headline(tree, title, latest)
            shown = marked or (near[1] if near else None)
            return Dates(_local(instant, shown) if shown else _at_home(instant, url), where, modified)
        return Dates(*_agree(instant, where, address, modified), modified)
    if address:
        return Dates(address, "url", modified)
    for where, instant in _hints(tree, latest):
        return Dates(instant, where, modified)
    return Dates(None, "undecided" if next(_any_date(tree, latest), None) else None, modified)


def _any_date(tree: etree._Element, latest: datetime | None) -> Iterator[Instant]:
    """Dates the page shows anywhere, none of which says that it is the story's."""
    for element in tree.iter("time", "span", "p", "li", "td"):
        found = _dated(element, latest)
        if found:
            yield found[0]


def _statements(
    tree: etree._Element,
    meta: dict[str, str],
    story: dict[str, Any],
    things: list[dict[str, Any]],
    title: str | None,
    latest: datetime | None,
) -> Iterator[tuple[str, Instant]]:
    """The dates a page states, the surest first."""
    stated = _first([_value(story, "datePublished"), _value(story, "uploadDate")], latest)
    if stated:
        yield "json-ld", stated
    stated = _first([meta.get(k) for k in _PUBLISHED], latest)
    if stated:
        yield "meta", stated
    stated = _first([_value(t, "datePublished") for t in things if "WebPage" in str(t.get("@type"))][:1], latest)
    if stated:
        yield "json-ld", stated
    marked, near = _beside_headline(tree, title, latest)
    if marked:
        yield "time", marked
    stated = _first([_value(story, "dateCreated")], latest)
    if stated:
        yield "json-ld", stated
    stated = _first([meta.get(k) for k in _LOOSE], latest)
    if stated:
        yield "meta", stated
    if near:
        yield near


def _hints(tree: etree._Element, latest: datetime | None) -> Iterator[tuple[str, Instant]]:
    """Dates that count because the page has no better one and they do not contradict each other."""
    found = [
        f
        for text in _short_texts(tree)
        if (label := _LABEL.search(text)) and (f := _first([text[label.end() :]], latest))
    ]
    if found:
        yield "text", found[0]
    scripted = [
        f
        for script in tree.iter("script")
        if script.text and len(script.text) < 500_000
        for value in _IN_SCRIPT.findall(script.text)[:50]
        if (f := _first([value], latest))
    ]
    if scripted and len({f.at.date() for f in scripted}) == 1:
        yield "script", scripted[0]


def _agree(found: Instant, where: str, address: Instant | None, modified: Instant | None) -> tuple[Instant, str]:
    """Hold a stated date against the day in the address.

    A date in UTC one day off is the same instant in the publisher's zone; one days later, which is also that of the last change, is no
    publication.
    """
    if address is None:
        return found, where
    days = (found.at.date() - address.at.date()).days
    if abs(days) == 1 and not found.zoned and found.precision != "day":
        return _shifted(found, days), where
    if days > 1 and modified is not None and abs(modified.at - found.at) < timedelta(hours=1):
        return address, "url"
    return found, where


def _at_home(found: Instant, url: str | None) -> Instant:
    """An instant in UTC, in the time of the publisher's country where its address names one and the day is another there."""
    country = re.search(r"^https?://[^/?#]*\.([a-z]{2})(?::\d+)?(?:[/?#]|$)", url or "", re.IGNORECASE)
    hours = _HOURS.get(country[1].lower()) if country else None
    if hours is None or not found.utc:
        return found
    if country and country[1].lower() in _SUMMER_TIME and 4 <= found.at.month <= 10:
        hours += 1
    there = found.at.astimezone(timezone(timedelta(hours=hours)))
    return replace(found, at=there) if there.date() != found.at.date() else found


def _local(found: Instant, shown: Instant) -> Instant:
    """An instant in UTC as seen where its page shows the day before or after."""
    days = (found.at.date() - shown.at.date()).days
    return _shifted(found, days) if abs(days) == 1 else found


def _shifted(found: Instant, days: int) -> Instant:
    """The same instant in the nearest whole-hour offset in which its day is the one before (`days` 1) or after (-1)."""
    hours = found.at.hour
    offset = -(hours + 1) if days > 0 else 24 - hours
    if abs(offset) > 14:
        return found
    return replace(found, at=found.at.astimezone(timezone(timedelta(hours=offset))))


def _value(story: dict[str, Any], key: str) -> str | None:
    value = story.get(key)
    if isinstance(value, list):
        value = next((v for v in value if v), None)
    if isinstance(value, dict):
        value = value.get("@value")
    return str(value) if isinstance(value, str | int) else None


def _plausible(found: Instant, latest: datetime | None) -> bool:
    return 1990 <= found.at.year <= 2100 and (latest is None or (found.at - latest).days < 2)


def _first(values: list[str | None], latest: datetime | None) -> Instant | None:
    for value in values:
        found = parse_instant(value) if value else None
        if found and _plausible(found, latest):
            return found
    return None


def _beside_headline(
    tree: etree._Element, title: str | None, latest: datetime | None
) -> tuple[Instant | None, tuple[str, Instant] | None]:
    """The date marked as that of publication, and the short line nearest to the headline that is a date, with where it was read."""
    head = _headline(tree, title)
    near: tuple[str, Instant] | None = None
    for at, element in enumerate(_following(head) if head is not None else ()):
        if at > (_NEAR if near else _FAR):
            break
        found = _dated(element, latest)
        if found is None or _elsewhere(element):
            continue
        instant, sure = found
        if sure:
            return instant, near
        if near is None and at <= _NEAR:
            near = _kind(element), instant
    if near is None:
        return _above(tree, head, latest)
    return None, near


def _following(head: etree._Element) -> Iterator[etree._Element]:
    """The elements inside and behind one, in reading order."""
    yield from head.iter(*_DATED)
    at: etree._Element | None = head
    while at is not None:
        for sibling in at.itersiblings():
            yield from sibling.iter(*_DATED)
        at = at.getparent()


def _above(
    tree: etree._Element, head: etree._Element | None, latest: datetime | None
) -> tuple[Instant | None, tuple[str, Instant] | None]:
    """The last dates before the headline; on a page without one, the dates of the page if they are of one day."""
    dates: deque[tuple[int, str, Instant, bool]] = deque(maxlen=_BEFORE)
    for at, element in enumerate(tree.iter(*_DATED)):
        if element is head:
            dates = deque((d for d in dates if d[0] >= at - _NEAR), maxlen=_BEFORE)
            break
        found = _dated(element, latest)
        if found and not _elsewhere(element):
            if element.get("itemprop") == "datePublished":
                return found[0], None
            dates.append((at, _kind(element), *found))
    if not dates or (head is None and len({instant.at.date() for _, _, instant, _ in dates}) > 1):
        return None, None
    marked = next((instant for _, _, instant, sure in reversed(dates) if sure), None)
    return marked, dates[-1][1:3]


def _kind(element: etree._Element) -> str:
    return "time" if element.tag == "time" else "text"


def _headline(tree: etree._Element, title: str | None) -> etree._Element | None:
    heads = list(islice(tree.iter("h1"), 40))
    key = _key(title or "")
    for head in [*heads, *islice(tree.iter("h2"), 40)] if key else heads:
        if key and _key(inner_text(head)) == key:
            return head
    return heads[0] if heads else None


def _key(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _dated(element: etree._Element, latest: datetime | None) -> tuple[Instant, bool] | None:
    """The date an element is, and whether it is marked as that of publication."""
    tag = element.tag
    line = None
    if tag not in _SAYS_ITSELF:
        line = _line(element)
        if line is None and not element.get("itemprop"):
            return None
    names = f"{element.get('class') or ''} {element.get('itemprop') or ''} {element.get('id') or ''}".strip()
    if tag == "meta":
        value = element.get("content") if names.startswith("datePublished") else None
        found = _first([value], latest)
        return (found, True) if found else None
    published = "datePublished" in names or element.get("pubdate") is not None
    if names and not published and _CHANGED.search(names) and "publish" not in names and "entry-date" not in names:
        return None
    if tag == "time" or (published and tag not in ("div",)):
        values = [element.get("datetime"), element.get("content"), element.get("title")]
        found = _first([*values, line or _line(element)], latest)
    elif tag == "abbr":
        found = _first([element.get("title")], latest)
    else:
        found = _first([element.get("datetime") or line], latest)
    if found is None:
        return None
    return found, published or bool(names and len(names) < 120 and _MARKED.search(names))


def _line(element: etree._Element) -> str | None:
    """An element's text when it is short enough to be a date line and has digits."""
    text = element.text or ""
    if len(text) > 160:
        return None
    if len(element):
        text = inner_text(element, 10)
    elif _DIGIT.search(text):
        text = " ".join(text.split())
    return text if 8 <= len(text) <= 90 and _DIGIT.search(text) else None


def _elsewhere(element: etree._Element) -> bool:
    """Whether an element stands in comments, teasers or the margins."""
    for _ in range(12):
        if element.tag in ("aside", "nav"):
            return True
        names = f"{element.get('class') or ''} {element.get('id') or ''}"
        if len(names) > 1 and element.tag not in ("body", "html", "main", "article") and _ELSEWHERE.search(names):
            return True
        parent = element.getparent()
        if parent is None:
            return False
        element = parent
    return False
