"""The headline: the words above the story, without the site's name and the section around them.

Pages say it several times: for search engines, for sharing, and to readers. The heading readers see wins where it agrees with what the page
says of itself; a heading that is only the site's name is none.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from lxml import etree

from extractors.html import inner_text

_SEPARATOR = re.compile(r"\s+[|»«•·—–:~/-]+\s+|\s*\|\s*|\s+::\s+")
_MOST_HEADINGS = 40
_NAMING = ("class", "id", "itemprop")
_HEADLINE = re.compile(
    r"\b(?:(?:entry|post|article|story|news|content)[-_]{0,2}(?:title|head(?:line|ing)?)|headline)\b", re.IGNORECASE
)
_KICKER = re.compile(
    r"\b(?:kicker|overline|eyebrow|topline|top-?line|dachzeile|spitzmarke|roofline|supertitle|pre-?title|antetitulo|volanta|occhiello|surtitre|topic|category|rubrik|label)",
    re.IGNORECASE,
)
_SITE = re.compile(
    r"\b(?:site|blog)[-_]?(?:title|name|logo|brand)\b|\b(?:logo|brand|menu|breadcrumbs?)\b|widget[-_]title|screen[-_]reader|sr[-_]only|visually[-_]hidden",
    re.IGNORECASE,
)


def find_title(tree: etree._Element, stated: list[str], site: str | None, url: str | None) -> str | None:
    """Choose the headline.

    Args:
        stated: what the page's meta elements, JSON-LD and title element say, the most careful first.
        site: the site's name, as stated.
        url: the page's address, whose host names the site too.
    """
    owners = {k for k in (_key(site or ""), *_host_names(url)) if k}
    plain = [p for s in stated if (p := strip_site(s, site)) and _key(p) not in owners]
    wanted = {_key(p) for p in plain} | {_key(s) for s in stated}
    parts = {_key(part) for s in stated for part in _SEPARATOR.split(s)}
    best: tuple[float, str] | None = None
    for heading in _headings(tree):
        text = _printed(heading)
        key = _key(text)
        if not 8 < len(text) < 300 or not key or key in owners:
            continue
        said: dict[str, str] = dict(heading.items())  # type: ignore[arg-type]
        names = " ".join(f"{k} {v}" for k, v in said.items() if k in _NAMING or k.startswith("data-"))[:300]
        if _SITE.search(names):
            continue
        # Of equals the one that the page names as its headline; so named it is printed, whatever the page says to others.
        named = bool(_HEADLINE.search(names))
        rank = _rank(heading.tag, key, wanted, parts) + 0.5 * named
        rank = 2.5 if named and rank < 2.5 and heading.tag == "h1" else rank if rank >= 1 else 0
        if rank and (best is None or rank > best[0]):
            best = (rank, text)
            if rank > 5:
                break
    if best and (best[0] > 1.5 or not plain or _key(best[1]) not in parts):
        return _without_kicker(best[1], plain)
    if plain:
        return plain[0]
    if stated:
        return stated[0]
    return best[1] if best else next((t for h in _headings(tree) if 8 < len(t := inner_text(h)) < 300), None)


def _printed(heading: etree._Element) -> str:
    """A heading's words without the topic that is set above them in an element of its own."""
    whole = inner_text(heading)
    if not whole:
        return whole
    kickers = [
        e
        for e in heading.iter("span", "small", "div", "strong", "a", "p")
        if e is not heading and _KICKER.search(e.get("class") or "")
    ]
    for kicker in kickers:
        said = inner_text(kicker)
        if said and whole.startswith(said) and len(whole) - len(said) > 8:
            whole = whole[len(said) :].lstrip(" :|–—-/•")
    return whole


def _headings(tree: etree._Element) -> list[etree._Element]:
    found = []
    for heading in tree.iter("h1", "h2", "h3"):
        found.append(heading)
        if len(found) >= _MOST_HEADINGS:
            break
    return [h for h in found if h.tag == "h1"] + [h for h in found if h.tag != "h1"]


def _rank(tag: str, key: str, wanted: set[str], parts: set[str]) -> int:
    """5 and 4: says exactly what the page says; 3 and 2: a good part of it; 1: a piece of it; 0: something else."""
    if key in wanted:
        return 5 if tag == "h1" else 4
    if key in parts and len(key) > (12 if tag == "h1" else 20):
        return 3 if tag == "h1" else 2
    if tag != "h1":
        return 0
    if any(key in w or (len(w) > 20 and w in key) for w in wanted):
        return 2 if any(2 * len(key) >= len(w) for w in wanted if key in w or w in key) else 1
    return 0


def _without_kicker(heading: str, plain: list[str]) -> str:
    """A heading whose end is the stated headline carries the topic in front of it."""
    key = _key(heading)
    for text in plain:
        own = _key(text)
        if 2 * len(own) > len(key) > len(own) and key.endswith(own) and ":" not in heading[: len(heading) - len(text)]:
            return text
    return heading


def _host_names(url: str | None) -> list[str]:
    try:
        host = urlsplit(url or "").hostname or ""
    except ValueError:
        return []
    labels = [label for label in host.removeprefix("www.").split(".") if len(label) > 2]
    return [_key(host.removeprefix("www.")), *(_key(label) for label in labels[:2])]


def _key(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def strip_site(title: str, site: str | None) -> str:
    """Take " | Site" off: the site's own name, or a short last part behind a strong separator.

    >>> strip_site("Bridge opens in Lowmere | The Post", None)
    'Bridge opens in Lowmere'
    """
    cuts = list(_SEPARATOR.finditer(title))
    if not cuts:
        return title
    last = cuts[-1]
    head, tail = title[: last.start()].strip(), title[last.end() :].strip()
    own = _key(site or "")
    if own and head and _key(tail) and (_key(tail) == own or own in _key(tail) or _key(tail) in own):
        return _strip_once_more(head)
    if own and _key(title[: cuts[0].start()]) == own:
        return title[cuts[0].end() :].strip()
    if ("|" in last.group() or "»" in last.group()) and len(head) >= 15 and len(tail) < 40:
        return _strip_once_more(head)
    if len(head) >= 25 and len(tail.split()) <= 3 and ":" not in last.group() and tail[:1].isupper():
        return head
    return title


def _strip_once_more(head: str) -> str:
    left, bar, right = head.rpartition(" | ")
    return left.strip() if bar and len(left) >= 15 and len(right) < 30 else head
