"""Who, measured: coded sides, given their words in the article, against what `coding/roles.py` makes of them.

    python -m extractors.tagger.train.evaluate_sides ARTICLES.jsonl.gz --split valid --gazetteer PLACES.bin

Country: of the sides that have one, how many are given it. None: of those that have none, how many are given none. Sector: of the sides
that have one, how many are given it first. By kind of article, and the United States apart, whose articles name their country least.
Errors may be read (`--errors N`) in the split that is learnt from, never in the one that judges.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from extractors.dateline import find_dateline
from extractors.events.roles import Act, Cast, read_text
from extractors.gazetteer import open_gazetteer
from extractors.lexicon import Lexicons, load_lexicons
from extractors.places import article_places
from extractors.records import Actor

_KINDS = ("world", "home")
_SIDES = ("actors", "recipients")
_CODES = {"KOS": "XKX", "": None}


class Judged(NamedTuple):
    """One coded side, and whom its words were taken for."""

    article: dict[str, Any]
    event: dict[str, Any]
    role: str
    side: dict[str, Any]
    actor: Actor | None

    @property
    def country(self) -> str | None:
        """The coded country in our codes."""
        return _CODES.get(self.side["country"], self.side["country"])


def judge(article: dict[str, Any], lexicons: Lexicons, placed: bool) -> Iterator[Judged]:
    """The coded sides of an article that have words in it.

    Args:
        placed: whether the coded country of the event's place is given as well.
    """
    text, stamp = article["text"], article["published"]
    sides = [(e, role, s) for e in article["events"] for role in _SIDES for s in e[role] if s["span"]]
    published = _day(stamp)
    readings = read_text(text, lexicons, published)
    places = article_places(find_dateline(text), readings, lexicons, None, None)
    cast = Cast(readings, lexicons, published, [tuple(s["span"]) for _, _, s in sides], places)
    for event, role, side in sides:
        place = event["place_country"] if placed else None
        act = Act(event["type"] or "other", event["mode"], role, place, _day(event["date_start"]))
        start, end = side["span"]
        found = cast.who(start, end, act)
        yield Judged(article, event, role, side, found[0] if found else None)


def _day(iso: str | None) -> date | None:
    return date.fromisoformat(iso[:10]) if iso else None


def figures(rows: Sequence[Judged]) -> str:
    """A line of figures: sides, and the shares that are right."""
    n: Counter[str] = Counter()
    for row in rows:
        country, sector = (row.actor.country, row.actor.sector) if row.actor else (None, None)
        n["country" if row.country else "none"] += 1
        n["country+" if row.country else "none+"] += country == row.country
        if row.side["sector"]:
            n["sector"] += 1
            n["sector+"] += sector == row.side["sector"]
            n["unsaid"] += sector is None
        else:
            n["bare"] += 1
            n["bare+"] += sector is None
        n["lost"] += row.country is not None and country is None
    shares = "  ".join(f"{k} {n[k + '+'] / max(1, n[k]):.3f} of {n[k]}" for k in ("country", "none", "sector", "bare"))
    return f"{shares}  (no country said {n['lost'] / max(1, n['country']):.3f}, no sector {n['unsaid'] / max(1, n['sector']):.3f})"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--split", default="valid")
    parser.add_argument("--gazetteer", type=Path, help="a compiled gazetteer; countries and capitals are known without")
    parser.add_argument("--placed", action="store_true", help="give the coded country of each event's place")
    parser.add_argument("--errors", type=int, default=0, metavar="N", help="show N wrong sides drawn with a seed")
    given = parser.parse_args()
    lexicons = load_lexicons(gazetteer=open_gazetteer(given.gazetteer) if given.gazetteer else None)
    groups: dict[str, list[Judged]] = defaultdict(list)
    with gzip.open(given.articles, "rt", encoding="utf-8") as file:
        articles = [json.loads(line) for line in file]
    for article in articles:
        if article["split"] == given.split:
            kind = article["kind"] if article["kind"] in _KINDS else "rest"
            for row in judge(article, lexicons, given.placed):
                for group in ("all", kind, "USA" if row.country == "USA" else "elsewhere"):
                    groups[group].append(row)
    for group in ("all", *_KINDS, "rest", "USA", "elsewhere"):
        print(f"{group:10}{figures(groups[group])}")
    if given.errors:
        for line in random.Random(1).sample([e for row in groups["all"] if (e := _error(row))], given.errors):
            print(line)


def _error(row: Judged) -> str:
    side, actor = row.side, row.actor
    got = (actor.country, actor.sector, actor.how) if actor else (None, None, None)
    if got[:2] == (row.country, side["sector"]):
        return ""
    begin, end = row.article["sentences"][row.event["sentence"]]
    says = f"{side['text']!r} is {row.country}/{side['sector']}, not {got[0]}/{got[1]} by {got[2]}"
    return f"{says} | {row.event['type']} {row.role} | {row.article['text'][begin:end][:300]!r}"


if __name__ == "__main__":
    main()
