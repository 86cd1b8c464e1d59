"""What kind of text a page is: news, opinion, an interview … as its publisher says, by types for machines, section, address or title."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_COUNTED = re.compile(
    r"(?:the |die |les |las |los |os |as |i |le |de )?\d{1,3} \w+(?: \w+){0,6}(?: (?:you|that|to|for|which|die|que|pour|para|per|che)\b| of \d{4}\b)",
    re.IGNORECASE,
)
"""How a list is announced: "12 things you should know"; "9 killed in" is none."""
_PERSONS = re.compile(
    r"^\d+ (?:people|persons|dead|killed|injured|arrested|hurt|wounded|soldiers|police|civilians|children|years?|days?|hours?|months?|weeks?|per|percent|million|billion)\b",
    re.IGNORECASE,
)


def find_genre(types: Iterable[str], sections: Iterable[str | None], url: str | None, title: str | None) -> str:
    """The genre of a text.

    Args:
        types: what JSON-LD calls it.
        sections: names of the section it stands in.
        url: its address; the parts of its path are sections too.
        title: the headline, which may begin with the genre: "Opinion: …".
    Returns:
        `news` where nothing says otherwise.

    >>> find_genre(["NewsArticle"], ["World"], "https://a.example/opinion/2024/x", None)
    'opinion'
    """
    kinds = set(types)
    names = {s.strip().lower() for section in sections if section for s in re.split(r"[/>|,;]", section[:200])}
    names |= _parts(url)
    opening = _opening(title)
    for genre, said in _genres().items():
        if kinds & said["types"] or names & said["names"] or opening in said["titles"]:
            return genre
    if title and _COUNTED.match(title) and not _PERSONS.match(title):
        return "list"
    return "news"


@cache
def _genres() -> dict[str, dict[str, frozenset[str]]]:
    data: dict[str, dict[str, Any]] = tomllib.loads((Path(__file__).parent / "genres.toml").read_text(encoding="utf-8"))
    return {
        genre: {
            "types": frozenset(said["types"]),
            "names": frozenset(said["names"].split("|")) - {""},
            "titles": frozenset(said["titles"].split("|")) - {""},
        }
        for genre, said in data.items()
    }


def _parts(url: str | None) -> set[str]:
    """The folders of an address, not its last part, which is made of the headline."""
    try:
        path = unquote(urlsplit(url or "").path)[:500].lower()
    except ValueError:
        return set()
    return set(path.split("/")[:-1]) - {""}


def _opening(title: str | None) -> str:
    """What a headline says before its first colon, bar or dash."""
    before = re.split(r"\s*[:|]\s|\s[–—-]\s", (title or "")[:300], maxsplit=1)
    return before[0].strip().lower() if len(before) > 1 else ""
