"""Who signed a story: people as they sign, and the agency or desk where no person does.

JSON-LD is believed first, meta elements next, visible bylines last; roles, addresses, reading times and the labels of comment forms
are no names.
"""

from __future__ import annotations

import re
import tomllib
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from lxml import etree

from extractors.html import inner_text
from extractors.shown_dates import leads_elsewhere


def _words(names: str) -> frozenset[str]:
    return frozenset(names.split())


_META = (
    "article:author", "og:article:author", "article:author_name", "author", "parsely-author", "sailthru.author", "cxenseparse:author", "byl", "dc.creator", "dcterms.creator",
    "citation_author", "dc.contributor.author", "twitter:misc:written by", "authors", "dcsext.author", "rbauthors", "article.author", "news_author", "creator",
)  # fmt: skip
_WRITTEN_BY = re.compile(
    r"writ|verfasst|geschr|écrit|ecrit|auteur|autor|author|escrit|scritto|skre|skri|kirjo|napisa|yazan|автор|作者|著者|by\b|par\b|von\b",
    re.IGNORECASE,
)
_LABEL = re.compile(
    r"^\W*(?:by|von|por|par|di|door|av|af|de|od|przez|yazan|text|texte|texto|testo|tekst|foto|words|story|report|written by|posted by|published by|reported by|article by|author|autor(?:in|es|a)?|auteure?s?|redakt(?:eur(?:in)?|or)|"
    r"(?:erstellt|verfasst|geschrieben|eingestellt|veröffentlicht|gepostet) von|ein (?:beitrag|artikel|gastbeitrag|kommentar) von|eine analyse von|(?:publié|écrit|posté|rédigé) par|(?:escrito|publicado) por|(?:scritto|pubblicato) da|"
    r"über|about|mehr (?:artikel )?von|more (?:from|by|posts by)|alle (?:artikel|beiträge) von|(?:view )?all posts by|profil von|autor:|作者|记者|記者|文|撰文|責任編集|責编)(?:[:：\s]+|$)",
    re.IGNORECASE,
)
_SPLIT = re.compile(
    r"\s*(?:[,;|/、，·•]|&|\s(?:and|und|et|y|e|og|och|en|ja|ve|oraz|и|та|with|mit|avec)\s)\s*", re.IGNORECASE
)
_TAIL = re.compile(
    r"\s*(?:\([^()]{0,60}\)|\[[^\[\]]{0,60}\]|(?:\s[-–—|•·]\s|,\s).*|\s+(?:says?|sagt|schreibt|writes|記者|记者|기자|특파원|shares|→|»|contributor)\s*\W*|\s+(?:@\S+|https?:\S+))$",
    re.IGNORECASE,
)
_ROLE = re.compile(
    r"\b(?:staff|writers?|editors?|editorial|editor-in-chief|reporters?|correspondents?|journalists?|columnists?|producers?|contributors?|photographers?|analysts?|redakteur(?:in)?|redaktion|redacci[oó]n|rédaction|redazione|redactie|redakce|"
    r"reportage|korrespondent(?:in)?|chefredakteur(?:in)?|journalistin|autorin|newsroom|desk|team|bureau|chief|senior|special to|for the|updated?|published|posted|publiziert|veröffentlicht|minutes?|min read|uhr|read|comments?|kommentare?|"
    r"share|follow|email|subscribe|sign|login|copyright|image|photo|foto|getty|more|mehr|name|required|website|add|move|reply|antworten|admin|administrator|webmaster|unknown|anonymous|guest|gast|root|user|press|online|service|services|reports?|wire|"
    r"news|zeitung|times|post|gmbh|inc|ltd|llc|verlag|e\.?v|ag|kg|ministerium|bundesministerium|bundesverband|verband|university|universität|institute?|deutschland|germany|world|today|media|magazin|magazine|blog|tv|radio|kitchens?|company)\b",
    re.IGNORECASE,
)
_OFFICE = re.compile(
    r"\b(?:staff|writer|editor|reporter|correspondent|journalist|columnist|producer|contributor|photographer|analyst|redakteur(?:in)?|korrespondent(?:in)?|journalistin|chief|bureau|desk)\b",
    re.IGNORECASE,
)
_NEVER = re.compile(
    r"https?:|www\.|@|//|\.(?:com|org|net|php|html?)\b|^\W*$|\d{3}|[?<>{}=\[\]\"*_#%$+]|^(?:admin|administrator|root|user|webmaster|unknown|anonymous|guest|null|none|undefined|editor|author|autor|redaktion|name|test)$",
    re.IGNORECASE,
)
_AGENCIES = _words(
    "afp ap dpa reuters efe ansa tass xinhua apa sda ats belga anp ritzau tt ntb stt pap čtk mti agerpres anadolu aa kyodo yonhap "
    "pti ani ians bernama antara upi interfax ria tasr stringer sid kna epd dapd dts lusa europa-press bloomberg cnn bbc npr pa "
    "aap cp"
) | frozenset(
    (
        "associated press", "the associated press", "agence france-presse", "agence france presse", "thomson reuters", "deutsche presse-agentur", "anadolu ajansı", "anadolu agency", "press association", "canadian press", "the canadian press",
        "europa press", "press trust of india", "kyodo news", "bbc news", "xinhua news agency", "keystone-sda", "bloomberg news", "cnn wire", "pa media", "australian associated press", "united press international",
    )
)  # fmt: skip
_BYLINE = re.compile(
    r"(?:^|[\s_-])(?:authors?|autore?s?|autorin|auteure?s?|by[-_]?line|byline[-_]?name|writers?|reporters?|signature|firma|redakteur|verfasser|vcard|fn|contributors?)(?=$|[\s_-])",
    re.IGNORECASE,
)
_NOT_BYLINE = re.compile(
    r"comment(?!ary)|respond|related|bio|avatar|image|img|photo|social|follow|title|job|role|popular|sidebar|widget|recommend|desc|label|teaser|navigation|list[-_]?item",
    re.IGNORECASE,
)
_SIGNS = re.compile(
    r"(?:by|von|par|por|di|door|av|af|przez|autor(?:in)?:|text:|texto:|testo:)\s+(?=[^\W\d_])", re.IGNORECASE
)
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af·]{2,12}")
_MOST = 12


def read_authors(
    tree: etree._Element, story: dict[str, Any], things: list[dict[str, Any]], site: str | None
) -> tuple[str, ...]:
    """Names as signed, in order, each once: persons where any sign, else the organisation.

    Args:
        story: the JSON-LD thing the page is about; `things` are all of them.
        site: the site's name, which signs nothing a meta element says.
    """
    publisher = story.get("publisher")
    own = {_fold(site or ""), _fold(str(publisher.get("name"))) if isinstance(publisher, dict) else ""}
    people, offices = _json_names(story, things)
    own |= {_fold(n) for n in offices}
    # Many sites name themselves in JSON-LD, and the writer elsewhere.
    names = [n for n in people if _fold(n) not in own]
    if not names:
        names = [n for n in _unique(_meta_names(tree)) if _fold(n) not in own]
    if not names:
        names = [n for n in _visible_names(tree) if _fold(n) not in own] or [*people, *offices]
    return tuple(names[:_MOST])


def wire_of(authors: Iterable[str]) -> str | None:
    """The news agency among those who sign."""
    return next((name for name in authors if name.lower() in _AGENCIES), None)


def _fold(text: str) -> str:
    return "".join(c for c in text.lower() if c.isalnum())


def _unique(names: Iterable[str]) -> list[str]:
    found: dict[str, str] = {}
    for name in names:
        found.setdefault(_fold(name), name)
    return list(found.values())


def _json_names(story: dict[str, Any], things: list[dict[str, Any]]) -> tuple[list[str], list[str]]:
    """Persons and organisations that JSON-LD names, however they are wrapped."""
    named = {str(t["@id"]): t for t in things if t.get("@id") and (t.get("name") or t.get("familyName"))}
    queue = deque([story.get("author") or story.get("creator")])
    people: list[str] = []
    offices: list[str] = []
    for _ in range(100):
        if not queue:
            break
        one = queue.popleft()
        if isinstance(one, list):
            queue.extendleft(reversed(one[:50]))
            continue
        if isinstance(one, dict) and one.get("@id") in named and not one.get("name"):
            one = named[str(one["@id"])]
        kinds = str(one.get("@type")) if isinstance(one, dict) else ""
        raw = _name_of(one) if isinstance(one, dict) else one
        if isinstance(raw, list | dict):
            queue.append(raw)
        elif isinstance(raw, str):
            found = offices if "Organization" in kinds else people
            found.extend(split_names(_plain(raw), trusted=True, stated=True))
    return _unique(people), _unique(offices)


def _name_of(person: dict[str, Any]) -> Any:
    if person.get("name"):
        return person["name"]
    parts = [person.get(key) for key in ("givenName", "additionalName", "familyName")]
    return " ".join(p for p in parts if isinstance(p, str)) or person.get("author") or person.get("@list")


def _plain(text: str) -> str:
    if "&" in text:
        from html import unescape

        text = unescape(text)
    return re.sub(r"<[^>]{0,200}>", " ", text) if "<" in text else text


def _meta_names(tree: etree._Element) -> Iterator[str]:
    found: dict[str, list[str]] = {}
    labels: dict[str, str] = {}
    for element in tree.iter("meta"):
        key = (element.get("name") or element.get("property") or element.get("itemprop") or "").strip().lower()
        content = element.get("content") or ""
        if key in _META or key.startswith("twitter:data"):
            found.setdefault(key, []).append(content)
        elif key.startswith("twitter:label"):
            labels[key[-1]] = content
    for key in _META:
        names = [n for content in found.get(key, ())[:_MOST] for n in split_names(_plain(content), trusted=False)]
        if names:
            yield from names
            return
    for key, values in found.items():
        if key.startswith("twitter:data") and _WRITTEN_BY.match(labels.get(key[-1], "")):
            yield from split_names(_plain(values[0]), trusted=False)


def _visible_names(tree: etree._Element) -> list[str]:
    """The first byline: what is marked as author for machines before what is only named so, or begins with "By" below the headline.

    Others that are marked count only beside the first: those of the stories that the page recommends stand elsewhere.
    """
    marked: list[str] = []
    named: list[str] = []
    home: etree._Element | None = None
    for element in tree.iter(
        "a", "span", "p", "div", "address", "strong", "em", "li", "small", "b", "cite", "td", "meta"
    ):
        rel, prop = element.get("rel") or "", element.get("itemprop") or ""
        names = element.get("class") or ""
        sure = "author" in rel.split() or prop in ("author", "creator")
        if not sure and (named or not (names and _BYLINE.search(names))):
            continue
        if (names and _NOT_BYLINE.search(names)) or _elsewhere(element):
            continue
        if home is not None and home not in element.iterancestors():
            break
        text = element.get("content") if element.tag == "meta" else _short_text(element)
        found = split_names(text, trusted=sure or bool(_LABEL.match(text))) if text else []
        if sure and found:
            marked.extend(found)
            home = home if home is not None else _byline_of(element)
            if len(marked) > 4:
                break
        elif found and not named:
            named = found
    return _unique(marked)[:4] or named[:6] or _below_headline(tree)


def _byline_of(element: etree._Element) -> etree._Element | None:
    """The part of a page around an author in which others may sign the same story."""
    around = element.getparent()
    for at in islice(element.iterancestors(), 3):
        if at.tag in ("article", "main", "body", "html", "section"):
            break
        around = at
    return around


def _below_headline(tree: etree._Element) -> list[str]:
    """The names of a short line below the headline that begins with "By"."""
    head = next(tree.iter("h1"), None)
    if head is None:
        return []
    following = (e for level in (head, *islice(head.iterancestors(), 2)) for e in level.itersiblings())
    for element in islice(following, 6):
        for line in islice(element.iter("p", "div", "span"), 8):
            text = _short_text(line) or ""
            if (
                len(text) < 90
                and _SIGNS.match(text)
                and not _elsewhere(line)
                and (names := split_names(text, trusted=False))
            ):
                return names
    return []


def _short_text(element: etree._Element) -> str | None:
    text = inner_text(element, 14)
    return text if 2 < len(text) < 140 else None


def _elsewhere(element: etree._Element) -> bool:
    """Whether an element stands in comments, boxes about authors or other stories, or the margins."""
    at = element.getparent()
    for _ in range(10):
        if at is None or at.tag in ("body", "html"):
            return False
        if at.tag in ("aside", "nav", "footer", "form"):
            return True
        if at.tag in ("li", "article", "div", "section") and leads_elsewhere(at) and next(at.iter("h1"), None) is None:
            return True
        names = f"{at.get('class') or ''} {at.get('id') or ''}"
        if (
            len(names) > 1
            and at.tag not in ("main", "article")
            and re.search(
                r"comment(?!ary)|respond|related|sidebar|recommend|popular|widget-area|teaser|most-read|entry-footer|recent|latest|more-(?:stories|news|from|on)",
                names,
                re.IGNORECASE,
            )
        ):
            return True
        at = at.getparent()
    return False


def split_names(raw: str, trusted: bool, stated: bool = False) -> list[str]:
    """The names in a byline.

    Args:
        trusted: the text is marked as an author's name: then one word may be a name, and an organisation may sign.
        stated: the text is said for machines, so that one word behind a name is another name and no place.

    >>> split_names("By Ines Valtorta and Tom Brask", trusted=False)
    ['Ines Valtorta', 'Tom Brask']
    """
    text = " ".join(raw.split())[:300]
    names: list[str] = []
    for _ in range(2):
        text = _LABEL.sub("", text).strip(" .,:-–—|/")
    if not text or _NEVER.search(text):
        text = "" if "," not in text and " " not in text else text
    parts = [text] if trusted and _is_one(text) else _SPLIT.split(text)
    for part in map(_without_office, parts):
        name = _TAIL.sub("", _TAIL.sub("", _LABEL.sub("", part))).strip(" .,:-–—|/•")
        if names and _OFFICE.search(name):
            continue  # "Ines Valtorta, Harbour Correspondent"
        if (
            not stated
            and names
            and " " in names[0]
            and " " not in name
            and not _CJK.fullmatch(name)
            and name.lower() not in _AGENCIES
        ):
            continue  # "Ines Valtorta, Lowmere"
        if _is_name(name, trusted):
            names.append(_cased(name))
    return names


def _without_office(part: str) -> str:
    """A name without what follows it: an office ("Diplomatic editor"), a place ("in Lowmere"), whom it was written for."""
    words = part.split()
    small = [w.strip(".,:").lower() for w in words]
    if any(not w[:1].isupper() or _ROLE.search(w) for w in words[:2]):
        return part
    for at in range(1, len(words)):
        if at >= 2 and small[at] in _around()["after"]:
            return " ".join(words[:at])
        if at >= 2 and small[at] in _around()["office"]:
            while at > 2 and small[at - 1] in _around()["of"]:
                at -= 1
            return " ".join(words[:at])
    return part


@cache
def _around() -> dict[str, frozenset[str]]:
    """The data of `byline.toml`."""
    data = tomllib.loads((Path(__file__).parent / "byline.toml").read_text(encoding="utf-8"))
    return {name: _words(said) for name, said in data.items()}


def _is_one(text: str) -> bool:
    """Whether a text is one organisation's name, which may hold an "and"."""
    return len(text.split()) <= 5 and bool(_ROLE.search(text)) and not re.search(r"[,;|/]", text)


def _is_name(name: str, trusted: bool) -> bool:
    if not 2 <= len(name) <= 60 or _NEVER.search(name):
        return False
    if name.lower() in _AGENCIES:
        return True
    if _CJK.fullmatch(name):
        return len(name) <= (12 if trusted else 5)
    words = name.split()
    if len(words) > 5:
        return False
    if _ROLE.search(name):
        return trusted and name[0].isupper()
    if len(words) == 1:
        return trusted and len(name) > 1
    # "for seven years" is no name: most words of one begin large.
    return (
        sum(w[0].isupper() or not w[0].isalpha() for w in words) * 2 >= len(words) and words[-1][0].isupper()
    ) or not name.isascii()


def _cased(name: str) -> str:
    if not (name.isupper() and " " in name and name.lower() not in _AGENCIES):
        return name
    return name.title()
