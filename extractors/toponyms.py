"""A toponym is a name used for a place. Which capitalised words are toponyms is told by the gazetteer and by the words around them.

"in Jackson", "Jackson, Mississippi", "the town of Jackson" and "Jackson County" are places; "Mr Jackson", "Jackson said" and
"Jackson State University" are not. Every name of the gazetteer in a sentence gets a score: how well known the place is, and what
its neighbours say. What reaches the threshold is a toponym; a name that is one somewhere in the article is one elsewhere in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from extractors.gazetteer import Gazetteer
from extractors.personnames import mark_people
from extractors.placecues import load_cues
from extractors.placehood import score
from extractors.placeline import THRESHOLD, Line, Toponym
from extractors.placenames import mentions_again, names_at
from extractors.qualifiers import qualify
from extractors.sentences import Sentence


def find_toponyms(
    sentences: Sequence[Sentence], taken: Sequence[Iterable[tuple[int, int]]], gazetteer: Gazetteer
) -> list[Toponym]:
    """The toponyms of an article, in order.

    Args:
        taken: for each sentence the token spans of persons and organisations that the lexicons know.
    Returns:
        Those with a score of at least THRESHOLD. Never raises.
    """
    cues = load_cues()
    lines = [Line(n, s, spans, gazetteer, cues) for n, (s, spans) in enumerate(zip(sentences, taken, strict=True))]
    for line in lines:
        mark_people(line)
    people = frozenset().union(*(line.surnames for line in lines)) if lines else frozenset()
    read = [_read(line, people) for line in lines]
    unlisted = {
        line.sentence.words[t.first]: t
        for line, row in zip(lines, read, strict=True)
        for t in row
        if t.sure and not t.senses
    }
    if unlisted:
        for line, row in zip(lines, read, strict=True):
            row.extend(mentions_again(line, unlisted, row))
            row.sort(key=lambda t: t.first)
    found = [t for row in read for t in row]
    _agree(found, people)
    _at_home(found)
    return [t for t in found if t.score >= THRESHOLD and not t.barred]


def _read(line: Line, people: frozenset[str]) -> list[Toponym]:
    """Every name in the sentence that may be a place's, scored."""
    found: list[Toponym] = []
    until = 0
    for i in line.capitals:
        if i >= until and (new := names_at(line, i)):
            found.extend(new)
            until = max(t.last for t in new)
    qualify(line, found)
    for t in found:
        score(line, t, people)
    for t in found:
        if t.inside is not None and not t.barred and t.inside.score < THRESHOLD:
            t.inside.score = THRESHOLD
    return found


def _agree(found: list[Toponym], people: frozenset[str]) -> None:
    """One name in one article is mostly one thing: what is surely a place once lends its other mentions weight, also in lists."""
    sure = {t.key for t in found if t.sure and t.score >= THRESHOLD + 1}
    for t in found:
        if not t.barred and t.key in sure:
            t.score += 1.0 if t.key in people else 2.0
    for one, two in pairwise(found):
        # "Leeds, Bradford and York": neighbours in a list are of one kind.
        if one.at == two.at and two.first - one.last in (1, 2) and not one.barred and not two.barred:
            if one.score >= THRESHOLD > two.score:
                two.score += 1.2
            elif two.score >= THRESHOLD > one.score:
                one.score += 1.0


def _at_home(found: list[Toponym]) -> None:
    """A bare "Harrisburg" is believed more where the article names Pennsylvania."""
    regions = {s.spot.index for t in found if t.score >= THRESHOLD for s in t.senses if s.spot.kind == "region"}
    for t in found:
        if (
            THRESHOLD - 1 <= t.score < THRESHOLD
            and not t.doubt
            and any(s.spot.region in regions and s.spot.population >= 5_000 and not s.alternate for s in t.senses)
        ):
            t.score += 0.8
