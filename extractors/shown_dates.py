"""The dates a page shows to its readers, and which of them is the story's.

A date counts by what stands beside it (a word that says published, the name of its element) or by its place: between the headline and
the text, or closely above the headline. Dates in the text, in comments, boxes, captions and tables, and the one that the masthead wears,
say nothing of when the story was published; words and names that say changed give the day of the change.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from itertools import islice
from typing import Any

from lxml import etree

from extractors.html import inner_text
from extractors.instants import Instant, find_instants, parse_instant, words

_PUBLISHED_NAME = re.compile(
    r"(?:^|[\s_-])(?:date[-_]?published|publish(?:ed|ing)?(?:[-_]?(?:date|time|at|on))?|publication[-_]?date|pub[-_]?(?:date|time)|entry[-_]?(?:date|time)|post(?:ed)?[-_]?(?:date|on|time)|date[-_]?(?:posted|created)|"
    r"(?:article|story|news)[-_]{1,2}(?:publish(?:ed)?[-_]?)?(?:date|time)(?:time)?)(?=$|[\s_-])",
    re.IGNORECASE,
)
_DATE_NAME = re.compile(
    r"(?:^|[\s_-])(?:(?:content|meta|byline|c|node|item)[-_]{1,2}date(?:time)?|date[-_]?(?:time|line|stamp|display)?|time[-_]?stamp|created|submitted|datum|fecha|data|dato|dag)(?=$|[\s_-])",
    re.IGNORECASE,
)
_CHANGED_NAME = re.compile(r"modif|updat|edited|geändert|aktualis|correct|amend|revis", re.IGNORECASE)
_OTHER_NAME = re.compile(r"comment(?!ary)|respon|related|event|copyright|archive|weather|expire|birth", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"comment(?!ary)|respond|related|sidebar|recommend|most[-_]?(?:read|popular)|popular|navigation|menu|teaser|slider|ticker|disqus|tweet|instagram|embed|social|newsletter|read[-_]?(?:more|next|also)|more[-_](?:stories|news|from|on)|latest|recent|next[-_]?(?:story|article|post)|prev(?:ious)?[-_]?(?:story|article|post)|events?(?:$|[\s_-])|calendar|licen[cs]e|copyright",
    re.IGNORECASE,
)
_BOXES = re.compile(
    r"comment(?!ary)|respond|related|recommend|most[-_]?(?:read|popular)|navigation|menu|disqus|tweet|embed|read[-_]?(?:more|next|also)|more[-_](?:stories|news|from|on)|next[-_]?(?:story|article|post)|events?(?:$|[\s_-])|calendar",
    re.IGNORECASE,
)
_ASIDES = frozenset(("aside", "nav", "blockquote", "figure", "figcaption", "form", "dialog", "select", "svg", "video"))
_STORY_HEAD = re.compile(r"(?:^|[\s_-])(?:entry|post|article|story)[-_](?:title|head(?:line)?)", re.IGNORECASE)
_SITE_HEAD = re.compile(r"site|logo|brand|menu", re.IGNORECASE)
_DATED = (
    "h1", "h2", "h3", "time", "span", "abbr", "div", "p", "li", "small", "em", "td", "th", "dt", "a", "dd", "nobr", "strong", "font", "b", "i", "meta", "address", "section", "header", "footer", "cite", "sup", "sub", "center",
)  # fmt: skip
_PROSE = frozenset(("p", "div", "td", "li", "section", "font"))
_RIGHTS = re.compile(r"©|\(c\)|\bcc[\s-]by\b", re.IGNORECASE)
_DIGIT = re.compile(r"\d")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_SEPARATOR = re.compile(r"[|•·;/(\[–—»›]|\s-\s|[.!?…](?=\s|$)")
_PARTS = re.compile(r"[|•·;,/(\[–—»›:]|\s-\s|[.!?…](?=\s|$)")
_END = re.compile(r"[a-zß-ÿа-яё)][.!?…][\s”\"’)]*$|\d{4}[.!?…]$")
_NEAR, _FAR, _BEFORE = 60, 1500, 15
"""Elements behind the headline in which a date line is believed, or a marked one; elements above it."""
_MOST_WEIGHED = 12
"""Dates behind the text whose boxes are weighed; the bound keeps hostile pages linear."""
_LONG, _FEW = 80, 4
"""Characters from which an element is a paragraph; words that may stand beside a date in a line that is no sentence."""


_long_texts: Any = etree.XPath("descendant::text()[string-length(normalize-space(.)) > 30]", smart_strings=False)


@dataclass(slots=True)
class Shown:
    """What the page shows. `sure`: marked as the day of publication; `near`: a date line at the headline, and where it was read."""

    first: Instant | None = None
    sure: Instant | None = None
    near: tuple[str, Instant] | None = None
    modified: Instant | None = None
    other: bool = False
    """There are dates that say nothing of the story."""

    @property
    def published(self) -> Instant | None:
        """The date that is marked as that of publication."""
        return self.first or self.sure


@dataclass(frozen=True, slots=True)
class _Reading:
    """One date of one element: `first`, `published`, `modified` or `other` by its words or names, else `plain`."""

    kind: str
    instant: Instant
    strict: bool = False
    """The kind is said for machines, or by a name that only dates of publication have."""


def read_shown(tree: etree._Element, title: str | None, latest: datetime | None, home: str | None) -> Shown:
    """Read the dates that a page shows.

    Args:
        title: the headline, beside which dates stand.
        latest: no date after this one is believed.
        home: the publisher's country, alpha-2 in small letters.
    """
    shown = Shown()
    head = _headline(tree, title)
    if head is None:
        _without_headline(tree, shown, latest, home)
        return shown
    paragraphs = since = weighed = 0
    late: list[tuple[str, Instant]] = []
    for at, element in enumerate(islice(_following(head), _FAR)):
        if _is_paragraph(element):
            paragraphs += 1
        beside = paragraphs < 2 and at <= _NEAR
        readings = _readings(element, latest, home)
        if not readings:
            since += shown.sure is not None
            continue
        sure = beside and any(r.strict and r.kind in ("first", "published") for r in readings)
        if _elsewhere(element, head, beside, sure):
            shown.other = True
        else:
            _take(shown, readings, beside, element)
            if not beside and weighed < _MOST_WEIGHED and shown.near is None and shown.sure is None:
                weighed += 1
                if _is_apart(element, readings, head):
                    late.append(("time" if element.tag == "time" else "text", readings[0].instant))
        since += shown.sure is not None
        if shown.first or since > _BEFORE:
            return shown
    if shown.sure is None and shown.near is None:
        _above(tree, head, shown, latest, home)
    if shown.sure is None and shown.near is None and late and len({i.at.date() for _, i in late}) == 1:
        shown.near = late[0]
    return shown


def _is_apart(element: etree._Element, readings: list[_Reading], head: etree._Element) -> bool:
    """Whether behind the text an element that is called a date stands alone, in no box that has a text of its own, as comments have."""
    if (
        element.tag in ("a", "h2", "h3", "td", "th", "li")
        or len(readings) > 1
        or readings[0].kind not in ("plain", "published")
    ):
        return False
    if (element.tag != "time" and readings[0].kind == "plain") or len(_others(_line(element) or "")) > 0:
        return False
    story = set(head.iterancestors())
    at: etree._Element | None = element
    while at is not None and at not in story:
        if next(iter(_long_texts(at)), None) is not None:
            return False
        at = at.getparent()
    return at is not None and at.tag not in ("body", "html")


def _take(shown: Shown, readings: list[_Reading], beside: bool, element: etree._Element) -> None:
    for reading in readings:
        if reading.kind == "modified":
            shown.modified = shown.modified or reading.instant
        elif reading.kind == "first" and (beside or reading.strict):
            shown.first = shown.first or reading.instant
        elif reading.kind == "published" and (beside or (reading.strict and shown.near is None)):
            shown.sure = shown.sure or reading.instant
        elif reading.kind == "plain" and beside and element.tag not in ("h1", "h2", "h3", "a", "th"):
            shown.near = shown.near or ("time" if element.tag == "time" else "text", reading.instant)
        else:
            shown.other = True


def _is_paragraph(element: etree._Element) -> bool:
    """Whether an element is a paragraph of prose, and no line of names, dates and links."""
    if element.tag not in _PROSE:
        return False
    if element.tag == "p":
        text = inner_text(element)
        if len(text) < _LONG:
            return False
        links = sum(len(a.text or "") for a in element.iter("a"))
        return len(text) - links >= _LONG
    return len(element.text or "") >= _LONG and len((element.text or "").split()) > 8


def _headline(tree: etree._Element, title: str | None) -> etree._Element | None:
    heads = list(islice(tree.iter("h1"), 40))
    key = _key(title or "")
    lower = list(islice(tree.iter("h2", "h3"), 60))
    for head in [*heads, *lower] if key else heads:
        if key and _key(inner_text(head)) == key:
            return head
    named = (h for h in [*heads, *lower] if _STORY_HEAD.search(h.get("class") or ""))
    return next(
        named, next((h for h in heads if not _SITE_HEAD.search(f"{h.get('class') or ''} {h.get('id') or ''}")), None)
    )


def _key(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _following(head: etree._Element) -> Iterator[etree._Element]:
    """The elements inside and behind one, in reading order."""
    yield from head.iter(*_DATED)
    at: etree._Element | None = head
    while at is not None:
        for sibling in at.itersiblings():
            yield from sibling.iter(*_DATED)
        at = at.getparent()


def _above(tree: etree._Element, head: etree._Element, shown: Shown, latest: datetime | None, home: str | None) -> None:
    """The last date closely above the headline, in the same part of the page, which is not the masthead's."""
    before: deque[etree._Element] = deque(maxlen=4 * _BEFORE)
    for element in tree.iter(*_DATED):
        if element is head:
            break
        before.append(element)
    around = _part_of(head)
    for distance, element in enumerate(reversed(before)):
        readings = [] if element.tag in ("h1", "a") else _readings(element, latest, home)
        if not readings:
            continue
        if _elsewhere(element, head) or _in_masthead(element, head):
            shown.other = True
            continue
        marked = next((r for r in readings if r.kind in ("first", "published") and r.strict), None)
        if marked is not None:
            shown.sure = marked.instant
            return
        modified = next((r.instant for r in readings if r.kind == "modified"), None)
        shown.modified = shown.modified or modified
        plain = next((r for r in readings if r.kind in ("plain", "published")), None)
        if (
            plain is not None
            and shown.near is None
            and distance < _BEFORE
            and around is not None
            and around in element.iterancestors()
        ):
            shown.near = ("time" if element.tag == "time" else "text"), plain.instant


def _part_of(head: etree._Element) -> etree._Element | None:
    """The part of the page that a headline opens: an article, or some elements around it without the site's menu."""
    around = None
    for level, element in enumerate(head.iterancestors()):
        if element.tag in ("body", "html") or next(element.iter("nav"), None) is not None or level > 4:
            break
        around = element
        if element.tag == "article":
            break
    return around


@cache
def _masthead() -> re.Pattern[str]:
    return re.compile(r"(?:^|[\s_-])(?:" + "|".join(words()["masthead"]) + r")(?=$|[\s_-])", re.IGNORECASE)


def _in_masthead(element: etree._Element, head: etree._Element | None) -> bool:
    """Whether an element is of the site's head, which shows the day on which the page was made."""
    above = set(head.iterancestors()) if head is not None else set()
    at: etree._Element | None = element
    while at is not None and at not in above:
        names = f"{at.get('class') or ''} {at.get('id') or ''}"
        if at.tag in ("header", "nav") or (len(names) > 1 and _masthead().search(names)):
            return True
        at = at.getparent()
    return False


def _without_headline(tree: etree._Element, shown: Shown, latest: datetime | None, home: str | None) -> None:
    """On a page without a headline: what is marked, or the one day that all its date lines say."""
    plain: list[tuple[str, Instant]] = []
    for element in islice(tree.iter(*_DATED), _FAR):
        readings = _readings(element, latest, home)
        if not readings:
            continue
        if _elsewhere(element, None) or _in_masthead(element, None):
            shown.other = True
            continue
        for reading in readings:
            if reading.kind in ("first", "published") and (reading.strict or element.tag == "time"):
                shown.sure = shown.sure or reading.instant
            elif reading.kind == "modified":
                shown.modified = shown.modified or reading.instant
            elif reading.kind in ("plain", "published"):
                plain.append(("time" if element.tag == "time" else "text", reading.instant))
    timed = [p for p in plain if p[0] == "time"]
    if shown.sure is None and timed and len({p[1].at.date() for p in plain}) == 1:
        shown.near = timed[0]
    shown.other = shown.other or bool(plain)


def _elsewhere(element: etree._Element, head: etree._Element | None, beside: bool = False, sure: bool = False) -> bool:
    """Whether an element stands in comments, teasers, tables of days or the margins, and not in the part of the headline.

    Args:
        beside: it stands between headline and text, where the names of boxes lie more often.
        sure: there it is even marked as the day of publication.
    """
    story = set(islice(head.iterancestors(), 60)) if head is not None else set()
    at: etree._Element | None = element
    for _ in range(14):
        if at is None or at in story or at is head:
            return False
        if at.tag in _ASIDES or (at.tag == "footer" and not _in_story(at)):
            return True
        if sure:
            at = at.getparent()
            continue
        if at.tag == "table" and _days_in(at) > 1:
            return True
        names = f"{at.get('class') or ''} {at.get('id') or ''}"
        if (
            len(names) > 1
            and at.tag not in ("body", "html", "main")
            and (_BOXES if beside else _ELSEWHERE).search(names)
        ):
            return True
        if at.tag in ("li", "article", "div", "section") and at is not element and leads_elsewhere(at, beside):
            return True
        at = at.getparent()
    return False


def _in_story(element: etree._Element) -> bool:
    return any(a.tag in ("article", "main") for a in element.iterancestors())


def _days_in(table: etree._Element) -> int:
    return sum(
        1
        for cell in islice(table.iter("td", "th"), 60)
        if _DIGIT.search(cell.text or "") and find_instants((cell.text or "")[:90])
    )


def leads_elsewhere(element: etree._Element, beside: bool = False) -> bool:
    """Whether a small box is the teaser of another story: a linked headline and little else."""
    if next(islice(element.iter(), 40, None), None) is not None:
        return False
    for heading in element.iter("h2", "h3", "h4", "h5"):
        if next(heading.iter("a"), None) is not None or next(heading.iterancestors("a"), None) is not None:
            return True
    return not beside and any(len((a.text or "").split()) > 4 for a in element.iter("a"))


def _readings(element: etree._Element, latest: datetime | None, home: str | None) -> list[_Reading]:
    """The dates of one element that is a date, or a short line with dates."""
    names = f"{element.get('class') or ''} {element.get('itemprop') or ''} {element.get('id') or ''}".strip()
    if element.tag == "meta":
        said = element.get("content") if "datePublished" in names or "dateModified" in names else None
        found = _plausible(parse_instant(said, home) if said else None, latest)
        return [_Reading("published" if "datePublished" in names else "modified", found, True)] if found else []
    line = _line(element)
    stated = None
    if element.tag in ("time", "abbr") or (line is not None and element.get("datetime")):
        values = [element.get("datetime"), element.get("content"), element.get("title")]
        stated = next((f for v in values if v and (f := _plausible(parse_instant(v, home), latest))), None)
    elif element.get("content") and "datePublished" in names:
        stated = _plausible(parse_instant(element.get("content") or "", home), latest)
    if line is None and stated is None:
        return []
    named = _named(element, names)
    readings = _read_line(line, named, _before(element), latest, home) if line is not None else []
    if stated is not None:
        same = [n for n, r in enumerate(readings) if r.instant.at.date() == stated.at.date()]
        if same:
            readings[same[0]] = _Reading(readings[same[0]].kind, stated, readings[same[0]].strict)
        elif len(readings) < 2:
            own = (readings[0].kind, readings[0].strict) if readings else None
            kind, strict = own or _label(_before(element))[0] or named
            readings = [_Reading(kind, stated, strict)]
    return readings


def _named(element: etree._Element, names: str) -> tuple[str, bool]:
    """What an element's names say of its date, and whether only dates of publication are called so."""
    if "datePublished" in names or element.get("pubdate") is not None:
        return "published", True
    if not names or len(names) > 160:
        return "plain", False
    strict = bool(_PUBLISHED_NAME.search(names))
    # The theme of many blogs calls its only date "entry-date published updated".
    if _CHANGED_NAME.search(names) and not strict:
        return "modified", False
    if _OTHER_NAME.search(names) and not strict:
        return "other", False
    return ("published", True) if strict else ("published" if _DATE_NAME.search(names) else "plain", False)


def _line(element: etree._Element) -> str | None:
    """An element's text when it is short enough to be a date line and has digits."""
    text = element.text or ""
    if len(text) > 200:
        return None
    if len(element):
        if next(islice(element.iter(), 14, None), None) is not None:
            return None
        # Apart, as they are seen: "<b>Ann Weller</b><i>7 May</i>" are no one word.
        text = " ".join(" ".join(map(str, element.itertext())).split())
    elif _DIGIT.search(text):
        text = " ".join(text.split())
    return text if 6 <= len(text) <= 160 and _DIGIT.search(text) else None


_LABELLING = frozenset(("span", "b", "strong", "em", "i", "small", "label", "dt", "th", "td", "p", "div"))


def _before(element: etree._Element) -> str:
    """The few words that stand directly before an element: they may say what its date is."""
    at: etree._Element | None = element
    for _ in range(3):
        parent = at.getparent() if at is not None else None
        if at is None or parent is None:
            return ""
        previous = at.getprevious()
        said = (previous.tail if previous is not None else parent.text) or ""
        if said.strip():
            return " ".join(said.split())[-60:]
        if previous is not None:
            said = inner_text(previous, 4) if previous.tag in _LABELLING else ""
            return said if len(said) <= 40 else ""
        at = parent
    return ""


def _read_line(
    line: str, named: tuple[str, bool], before: str, latest: datetime | None, home: str | None
) -> list[_Reading]:
    """The dates of a line by the words beside them, else by its names; of a sentence only what says that the page was changed."""
    found = find_instants(line, home)
    readings: list[_Reading] = []
    at = beside = 0
    for n, (start, end, instant) in enumerate(found):
        lead, last = line[at:start], n + 1 == len(found)
        at = end
        label, other = _label(lead)
        beside += other
        if label is None and n == 0 and not _WORD.search(lead):
            label, _ = _label(before)
        if label is None and last:
            label = _label_behind(line[end:], lead)
            beside -= other if label and label[1] else 0
        kind, strict = label or _kind_of(named, lead, other, alone=len(found) == 1)
        if _plausible(instant, latest) is not None:
            readings.append(_Reading(kind, instant, strict))
    after = len(_others(line[at:])) if found else 0
    if any(r.strict for r in readings) and not beside:
        sentence = after > 3 * _FEW or (
            after > _FEW and bool(_END.search(line)) and not _behind_subject(_WORD.findall(line.lower()))
        )
    else:
        sentence = beside + after > 3 * _FEW or (beside + after > 1 and bool(_END.search(line)))
    if not sentence:
        return readings
    return [_Reading(r.kind if r.kind == "modified" else "other", r.instant) for r in readings]


def _kind_of(named: tuple[str, bool], lead: str, other: int, alone: bool) -> tuple[str, bool]:
    """What a date without a label is: by the names of its element, unless words before it introduce it as something else."""
    part = _SEPARATOR.split(lead)[-1]
    if _RIGHTS.search(lead):
        return "other", False
    if other and (":" in part or any(w[0].islower() for w in _others(part))):
        return "other", False
    return named if alone or named[0] == "other" else ("plain", False)


def _others(text: str) -> list[str]:
    """The words of a text that say nothing of dates or authors."""
    return [w for w in _WORD.findall(text) if w.lower() not in _between()]


@cache
def _labels() -> dict[str, str]:
    """Word or words → kind; what comes first in the data wins."""
    said = words()
    kinds: dict[str, str] = {}
    for kind in ("first", "modified", "published", "other"):
        for label in re.split(r"\s*[|\n]\s*", said[kind].strip()):
            kinds.setdefault(" ".join(_WORD.findall(label.lower())), kind)
    kinds.pop("", None)
    return kinds


@cache
def _between() -> frozenset[str]:
    """Words that may stand between a label and its date."""
    said = words()
    small = {w for name in ("between", "byline") for w in _WORD.findall(said[name])}
    return frozenset(said["weekdays"].split()) | small


@cache
def _subjects() -> frozenset[str]:
    return frozenset(" ".join(_WORD.findall(s.lower())) for s in re.split(r"[|\n]", words()["subject"]))


def _label(lead: str) -> tuple[tuple[str, bool] | None, int]:
    """What the words directly before a date say: the kind and whether nothing else stands before them in their part of the line;
    and how many other words there are.

    A word that stands in running text ("a study published on") says nothing of the page, but for one that says changed.
    """
    said = [(m.group().lower(), m.start(), m.end()) for m in _WORD.finditer(lead)]
    others = len(_others(lead))
    end, gap = len(said), len(lead)
    while end:
        # A sign of some other text between the word and the date: "under § 12.3.2001".
        if lead[said[end - 1][2] : gap].strip(" ,.:()[-–—|•·/：\xa0"):
            break
        for count in range(min(5, end), 0, -1):
            kind = _labels().get(" ".join(w for w, _, _ in said[end - count : end]))
            if kind is None:
                continue
            ahead = lead[: said[end - count][1]]
            part = " ".join(_WORD.findall(_PARTS.split(ahead)[-1].lower()))
            opens = not part or part in _subjects()
            if opens:
                return (kind, True), len(_others(ahead)) if part not in _subjects() else 0
            return ((kind, False) if kind in ("modified", "other") else None), others
        if said[end - 1][0] not in _between():
            break
        end, gap = end - 1, said[end - 1][1]
    first = _behind_subject([w for w, _, _ in said])
    if (
        end < len(said)
        and first + 2 <= end <= first + 10
        and said[first][0] in _signed()
        and not _SEPARATOR.search(lead)
    ):
        return ("published", True), 0
    return None, others


def _behind_subject(said: list[str]) -> int:
    """How many words of a line are its subject: "This entry was"."""
    return next((n for n in range(min(5, len(said)), 0, -1) if " ".join(said[:n]) in _subjects()), 0)


@cache
def _signed() -> frozenset[str]:
    return frozenset(w for w in _WORD.findall(words()["signed"]))


@cache
def _bylines() -> frozenset[str]:
    return frozenset(words()["byline"].split())


def _label_behind(after: str, lead: str) -> tuple[str, bool] | None:
    """The kind that the words behind a date say: "7 May 2024 (updated)", "Dieser Beitrag wurde am 7. Mai 2024 von … veröffentlicht"."""
    said = _WORD.findall(after.lower())[:20]
    before = _WORD.findall(lead.lower())
    if before and _behind_subject(before) and all(w in _between() for w in before[_behind_subject(before) :]):
        kinds = [k for w in said if (k := _labels().get(w)) in ("modified", "published")]
        return (kinds[-1], True) if kinds else None
    kind = _labels().get(" ".join(said)) if 0 < len(said) <= 5 else None
    return (kind, False) if kind in ("first", "modified", "published") else None


def _plausible(found: Instant | None, latest: datetime | None) -> Instant | None:
    if found is None or not 1990 <= found.at.year <= 2100:
        return None
    return found if latest is None or (found.at - latest).days < 2 else None
