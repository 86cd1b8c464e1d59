"""When a page says its story was published: the statements made for machines first, the words beside the headline second, guesses last.

A wrong date harms an event data set more than a missing one. So every date keeps where it was read, marks of publication go before
marks that may mean a change, a date far from the headline counts only when no other day stands beside it, and an address that names the
day is asked to confirm it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any

from lxml import etree

from extractors.instants import Instant, find_instants, instant_in_url, parse_instant
from extractors.shown_dates import Shown, read_shown

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
_IN_SCRIPT = re.compile(
    r'"(?:date_?published|publish(?:ed|ing)?_?(?:at|date|time|on)?|pub_?date|publication_?date|first_?published(?:_?(?:at|date))?|cms_?publish(?:ing|ed)?_?date|article_?date|display_?date)"\s*:\s*"([^"\\]{8,40})"',
    re.IGNORECASE,
)
_COUNTRY = re.compile(r"^https?://[^/?#]*\.([a-z]{2})(?::\d+)?(?:[/?#]|$)", re.IGNORECASE)
_DAYS_UNTIL = re.compile(r"\d\.?\s*[–—-]$")
_EDGES = "|,;:–—-·•/(["
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
        "uk",
        "ie",
        "pt",
        "ua",
        "md",
        "il",
        "ca",
    ]
)
_HOURS: dict[str, float] = dict.fromkeys(_SUMMER_TIME, 1) | dict.fromkeys(["fi", "ee", "lv", "lt", "gr", "ro", "bg", "cy", "ua", "md", "il"], 2) | {
    "uk": 0, "ie": 0, "pt": 0, "ca": -5, "mx": -6, "cl": -4, "ru": 3, "au": 10, "nz": 12, "tr": 3, "sa": 3, "iq": 3, "qa": 3, "kw": 3, "ke": 3, "et": 3, "by": 3, "ir": 3.5, "ae": 4, "om": 4, "ge": 4, "am": 4, "az": 4, "pk": 5, "uz": 5, "in": 5.5, "lk": 5.5, "np": 5.75, "bd": 6, "th": 7, "vn": 7, "kh": 7,
    "cn": 8, "hk": 8, "tw": 8, "sg": 8, "my": 8, "ph": 8, "jp": 9, "kr": 9, "za": 2, "eg": 2, "zw": 2, "bw": 2, "ng": 1, "dz": 1, "tn": 1, "ar": -3, "uy": -3, "br": -3, "bo": -4, "ve": -4, "pe": -5, "co": -5, "ec": -5, "gt": -6, "cr": -6, "sv": -6, "hn": -6, "ni": -6,
}  # fmt: skip
"""Hours from UTC in countries of one time, by the top-level domain; in `_SUMMER_TIME` one more from April to October."""


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
    listed: datetime | None = None,
    titles: Sequence[str] = (),
) -> Dates:
    """Read when a story was published and changed.

    Args:
        meta: the page's meta elements by lower-case name.
        story: the JSON-LD thing the page is about; `things` are all of them.
        url: the page's address.
        title: the headline, beside which dates for readers stand.
        latest: no published date after this one is believed (the day of the fetch).
        listed: when the listing that named the page says it was published.
        titles: all that the page gives as its title; a day in one of them is the last resort.
    """
    home = _home(meta, url)
    address = next(
        (f for a in (url, meta.get("og:url")) if a and (f := instant_in_url(a)) and _plausible(f, latest)), None
    )
    modified = _first([_value(story, "dateModified"), *(meta.get(k) for k in _MODIFIED)], latest, home)
    # What readers see is looked at only where machines are not told all: it costs more than all the rest.
    stated = next(_stated(meta, story, things, latest, home), None)
    if stated and (address or stated[1].zoned or stated[1].precision == "day"):
        return Dates(*_agree(stated[1], stated[0], address, modified), modified)
    shown = read_shown(tree, title, latest, home)
    modified = modified or shown.modified
    if stated:
        beside = shown.published or (shown.near[1] if shown.near else None)
        return Dates(_local(stated[1], beside) if beside else _at_home(stated[1], url), stated[0], modified)
    for where, instant in _seen(meta, story, shown, address, latest, home):
        if address is None and not instant.zoned and instant.precision != "day":
            beside = shown.published or (shown.near[1] if shown.near else None)
            return Dates(_local(instant, beside) if beside else _at_home(instant, url), where, modified)
        return Dates(*_agree(instant, where, address, modified), modified)
    named = _at_home(Instant(listed, "second", utc=True), url) if listed else None
    if named and _plausible(named, latest) and (address is None or abs((named.at.date() - address.at.date()).days) < 2):
        return Dates(named, "listing", modified)
    if address:
        return Dates(address, "url", modified)
    for where, instant in _hints(tree, titles, latest, home):
        return Dates(instant, where, modified)
    return Dates(None, "undecided" if shown.other else None, modified)


def _home(meta: dict[str, str], url: str | None) -> str | None:
    """The country the page is made for, by its locale or its address."""
    locale = re.match(r"[a-z]{2,3}[_-]([a-z]{2})\b", meta.get("og:locale", ""), re.IGNORECASE)
    if locale:
        return locale[1].lower()
    country = _COUNTRY.search(url or "")
    return {"uk": "gb"}.get(country[1].lower(), country[1].lower()) if country else None


def _stated(
    meta: dict[str, str],
    story: dict[str, Any],
    things: list[dict[str, Any]],
    latest: datetime | None,
    home: str | None,
) -> Iterator[tuple[str, Instant]]:
    """The dates of publication that a page states for machines, the surest first."""
    stated = _first([_value(story, "datePublished"), _value(story, "uploadDate")], latest, home)
    if stated:
        yield "json-ld", stated
    stated = _first([meta.get(k) for k in _PUBLISHED], latest, home)
    if stated:
        yield "meta", stated
    stated = _first([_value(t, "datePublished") for t in things if "WebPage" in str(t.get("@type"))][:1], latest, home)
    if stated:
        yield "json-ld", stated


def _seen(
    meta: dict[str, str],
    story: dict[str, Any],
    shown: Shown,
    address: Instant | None,
    latest: datetime | None,
    home: str | None,
) -> Iterator[tuple[str, Instant]]:
    """The dates that a page shows as that of publication, and those for machines that may be of something else."""
    if shown.published:
        yield "time", shown.published
    stated = _first([_value(story, "dateCreated")], latest, home)
    if stated:
        yield "json-ld", stated
    stated = _first([meta.get(k) for k in _LOOSE], latest, home)
    if stated:
        yield "meta", stated
    # A day in the address is surer than a line that only stands beside the headline.
    if shown.near and (address is None or abs((shown.near[1].at.date() - address.at.date()).days) < 2):
        yield shown.near


def _hints(
    tree: etree._Element, titles: Sequence[str], latest: datetime | None, home: str | None
) -> Iterator[tuple[str, Instant]]:
    """Dates that count because the page has no better one and they do not contradict each other."""
    scripted = [
        f
        for script in tree.iter("script")
        if script.text and len(script.text) < 500_000 and "ld+json" not in (script.get("type") or "").lower()
        for value in _IN_SCRIPT.findall(script.text)[:50]
        if (f := _first([value], latest, home))
    ]
    if scripted and len({f.at.date() for f in scripted}) == 1:
        yield "script", scripted[0]
    for title in titles:
        for start, end, found in find_instants(title[:300], home):
            # At its edge: "Evening news, 7 May 2024"; what happened "on 12 March 1998" is another day.
            before, after = title[:start].rstrip(), title[end:].strip(" )].")
            apart = (not before or (before[-1] in _EDGES and not _DAYS_UNTIL.search(before))) and not after
            apart = apart or bool(not before and after and after[0] in _EDGES)
            if apart and found.precision == "day" and _plausible(found, latest):
                yield "title", found


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
    country = _COUNTRY.search(url or "")
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


def _first(values: list[str | None], latest: datetime | None, home: str | None = None) -> Instant | None:
    for value in values:
        found = parse_instant(value, home) if value else None
        if found and _plausible(found, latest):
            return found
    return None
