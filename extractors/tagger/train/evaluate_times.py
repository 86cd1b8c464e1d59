"""How often when, where and how many are right, given the coded events: their triggers, types, statuses and the words coders saw.

    python -m extractors.tagger.train.evaluate_times ARTICLES.jsonl.gz --split valid [--gazetteer FILE] [--sides coded] [--blind]

A day is right where the two intervals overlap, a place where its country is the coded one, a toll where killed and injured are as coded.
`words`: date or place words are coded; `open`: the words are not, the day or country is; `all`: both. By kind of article.
Days also by the step that found them; `coded`: though the coders saw words. Sides have the country that the
lexicons know of their own words, or with `--sides coded` the coders'. With `--blind` the coded words are withheld: what is left if the
tagger saw none.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from extractors.dateline import find_dateline
from extractors.dates import find_dates
from extractors.events.magnitudes import pooled, read_numbers, share_magnitudes
from extractors.events.speaker import find_speaker
from extractors.events.when import When, find_when, read_times, status_by_time
from extractors.events.where import Setting, find_where, read_setting
from extractors.gazetteer import open_gazetteer
from extractors.lexicon import Lexicons, load_lexicons
from extractors.matching import Match, matches
from extractors.places import find_places, is_no_place
from extractors.records import Actor, Magnitude
from extractors.sentences import Sentence, tokenize
from extractors.tagger.proposals import Proposal, Words

_PEOPLES = frozenset(("adjective", "plural", "people"))
_OWN_CODES = {"KOS": "XKX"}
"""Codes of PLOVER that the gazetteer has another for."""
Counts = dict[tuple[str, str], list[int]]
"""(what, of what kind) → judged, right."""


@dataclass(slots=True)
class _Read:
    """An article as the coder would have it."""

    sentences: list[Sentence]
    found: list[list[Match]]
    setting: Setting


def main(argv: Sequence[str] | None = None) -> None:
    """Print the figures of one split."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("--split", default="valid")
    parser.add_argument("--gazetteer", type=Path, help="a compiled one; without it countries and capitals are known")
    parser.add_argument("--sides", choices=("known", "coded"), default="known")
    parser.add_argument("--blind", action="store_true")
    given = parser.parse_args(argv)
    lexicons = load_lexicons(gazetteer=open_gazetteer(given.gazetteer) if given.gazetteer else None)
    counts: Counts = defaultdict(lambda: [0, 0])
    for article in read_lines(given.articles):  # `data.read_lines` would bring torch in
        if article["split"] == given.split:
            for what, right in judge(article, lexicons, coded_sides=given.sides == "coded", blind=given.blind):
                for kind in ("all", _kind(article["kind"])):
                    counts[what, kind][0] += 1
                    counts[what, kind][1] += right
    for line in table(counts):
        print(line)


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a gzipped JSON Lines file."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def table(counts: Counts) -> Iterator[str]:
    """The figures, a line a question, a column a kind of article."""
    kinds = ("all", "world", "home", "rest")
    yield f"{'':28}" + "".join(f"{kind:>16}" for kind in kinds)
    for what in sorted({what for what, _ in counts}):
        cells = [counts[what, kind] for kind in kinds]
        yield f"{what:28}" + "".join(f"{f'{r / n:.3f} of {n}' if n else '':>16}" for n, r in cells)


def judge(
    article: dict[str, Any], lexicons: Lexicons, *, coded_sides: bool = False, blind: bool = False
) -> Iterator[tuple[str, bool]]:
    """What of a coded article is right: a name of the question and the answer, several an event."""
    published = date.fromisoformat(article["published"][:10]) if article["published"] else None
    line = find_dateline(article["text"])
    times = read_times(
        article["text"], find_dates(article["text"], published, None), published, line.end if line else 0
    )
    read = _read(article, lexicons)
    proposals = [proposal(e, blind) for e in article["events"]]
    for event, p in zip(article["events"], proposals, strict=True):
        sentence = read.sentences[p.sentence]
        when = find_when(p, sentence, times)
        if event["date_start"]:
            right, seen = _overlaps(when, event), "words" if event["date"] else "open"
            yield f"date {seen}", right
            yield "date", right
            yield f"date by {_step(when, bool(p.dates), bool(event['date']))}", right
        if event["status"] in ("actual", "historical"):
            found = status_by_time("actual", when, published)
            yield f"status {event['status']}", found == event["status"]
        sides = [_side(event[name], read, coded_sides) for name in ("actors", "recipients")]
        place = find_where(p, sentence, sides[0], sides[1], read.setting)
        if event["place_country"]:
            wanted = _OWN_CODES.get(event["place_country"], event["place_country"])
            right = place is not None and place.country == wanted
            yield f"place {'words' if event['place'] else 'open'}", right
            yield "place", right
        if event["by"]:
            yield "speaker", find_speaker(p, sentence) is not None
    yield from _tolls(article["events"], proposals, read)


def proposal(event: dict[str, Any], blind: bool = False) -> Proposal:
    """What a perfect tagger proposes for a coded event.

    Args:
        blind: as if it had not seen the words for date and place.
    """

    def words(*spans: list[int] | None) -> tuple[Words, ...]:
        return tuple(Words(span[0], span[1], 1.0) for span in spans if span)

    kind = event["type"] or "other"
    return Proposal(
        event["sentence"],
        event["trigger"][0],
        event["trigger"][1],
        kind,
        1.0,
        ((kind, 1.0),),
        event["mode"],
        event["status"],
        float(event["priority"] == "core"),
        actors=words(*(side["span"] for side in event["actors"])),
        recipients=words(*(side["span"] for side in event["recipients"])),
        dates=() if blind else words(event["date"]),
        places=() if blind else words(event["place"]),
        speakers=words(event["by"]),
    )


def _read(article: dict[str, Any], lexicons: Lexicons) -> _Read:
    sentences = [tokenize(article["text"], begin, end) for begin, end in article["sentences"]]
    found = [matches(sentence, lexicons) for sentence in sentences]
    line = find_dateline(article["text"])
    entries = [entries[0] for row in found for _, _, entries in row]
    places = find_places(
        sentences,
        lexicons.gazetteer,
        taken=[[(a, b) for a, b, some in row if is_no_place(some[0], b - a)] for row in found],
        adjectives=[e.country for e in entries if e.country and e.kind in _PEOPLES],
        dateline=(0, line.end) if line and line.place else None,
    )
    return _Read(sentences, found, read_setting(sentences, found, places, line, lexicons.gazetteer))


def _side(coded: list[dict[str, Any]], read: _Read, as_coded: bool) -> list[Actor]:
    """A coded side with the country that the coders, or the lexicons in its words, say."""
    side = []
    for one in coded:
        start, end = one["span"] or (0, 0)
        countries = [one["country"]] if as_coded else _known(start, end, read)
        side += [Actor(one["text"] or "", None, country, one["sector"], start, end) for country in countries]
    return side


def _known(start: int, end: int, read: _Read) -> list[str]:
    for sentence, row in zip(read.sentences, read.found, strict=True):
        if sentence.char_start <= start < sentence.char_end:
            return [
                entries[0].country
                for a, b, entries in row
                if entries[0].country and sentence.starts[a] < end and sentence.ends[b - 1] > start
            ]
    return []


def _overlaps(when: When, event: dict[str, Any]) -> bool:
    first, last = (event["date_start"], event["date_end"] or event["date_start"])
    return (
        when.first is not None
        and when.first <= date.fromisoformat(last)
        and (when.last or when.first) >= date.fromisoformat(first)
    )


def _step(when: When, given: bool, coded: bool) -> str:
    """Which step found a day: the words given, another time of the sentence, or its precision; and whether the coders saw words."""
    if when.precision in ("inherited", "publication", "unknown"):
        step = when.precision
    else:
        step = "words" if given else "sentence"
    return f"{step}, coded" if coded and step != "words" else step


def _tolls(events: list[dict[str, Any]], proposals: list[Proposal], read: _Read) -> Iterator[tuple[str, bool]]:
    """Whether killed and injured are as coded: of the telling coded, and with the sentences that retell it."""
    numbers = [read_numbers(sentence) for sentence in read.sentences]
    rows: dict[int, list[int]] = defaultdict(list)
    for n, p in enumerate(proposals):
        rows[p.sentence].append(n)
    told: dict[int, tuple[Magnitude, ...]] = {}
    for at, row in rows.items():
        row.sort(key=lambda n: proposals[n].start)
        told |= zip(row, share_magnitudes([proposals[n] for n in row], read.sentences[at], numbers[at]), strict=True)
    for n, event in enumerate(events):
        wanted = {k: v for k, v in event["counts"].items() if k in ("killed", "injured")}
        if not event["type"]:
            continue
        if not wanted:
            yield "toll none", not any(m.kind in ("killed", "injured") for m in told[n])
            continue
        again = [m for at in event["again"] for m in numbers[at].magnitudes]
        for name, found in (("toll", told[n]), ("toll with retellings", pooled([told[n], again]))):
            values = {m.kind: m.value for m in reversed(found)}
            yield name, all(values.get(k) == v for k, v in wanted.items())


def _kind(kind: str) -> str:
    return kind if kind in ("world", "home") else "rest"


if __name__ == "__main__":
    main()
