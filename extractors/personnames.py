"""Names of people, told by what stands before them (an honorific, a given name) or behind them (an age), so that none is taken for a place."""

from __future__ import annotations

from extractors.gazetteer import place_key
from extractors.placeline import Line


def mark_people(line: Line) -> None:
    """Mark the tokens of names of people: an honorific or a given name, then capitalised words."""
    lower, words, groups = line.sentence.lower, line.sentence.words, line.cues.groups
    until = 0
    for i in line.capitals:
        if i < until or not words[i][0].isalpha():
            continue
        end = 0
        if lower[i] in groups["honorifics"] and not (words[i].isupper() and len(words[i]) > 1 and not line.loud):
            end = _name_end(line, i + 1)
            if end > i + 1 and (_is_place_run(line, i + 1, end) or _place_ahead(line, i)):
                end = 0
        elif lower[i] in line.cues.forenames and not words[i].isupper():
            end = _name_end(line, i + 1, after_forename=True)
            if end <= i + 1 or _is_place_run(line, i, end) or (end == i + 2 and _is_place_like(line, i + 1)):
                end = 0
        elif _aged(line, i):
            end = i + 2
        if end > i + 1:
            first = i + 1 if lower[i] in groups["honorifics"] else i
            line.person.update(range(first, end))
            line.surnames.add(place_key(words[end - 1]))
            until = end


def _name_end(line: Line, i: int, after_forename: bool = False) -> int:
    """The end of the capitalised words that go on a name of a person from token i."""
    words, lower = line.sentence.words, line.sentence.lower
    groups = line.cues.groups
    end = i
    while end < len(words) and end - i < 4:
        word = words[end]
        initial = len(word) <= 2 and word[0].isupper() and (word.endswith(".") or len(word) == 1)
        if initial and end + 1 < len(words) and words[end + 1] == ".":
            end += 2
            continue
        particle = lower[end] in ("bin", "al", "van", "von", "de", "der", "la", "da", "dos", "el", "ben") and (
            end + 1 < len(words) and line.upper[end + 1]
        )
        if not (line.upper[end] or particle) or not word[0].isalpha() or lower[end] in groups["months"]:
            break
        if after_forename and (lower[end] in groups["organisations"] or lower[end] in groups["types"]):
            return i
        end += 1
    while end > i and words[end - 1] == ".":
        end -= 1
    return end


def _is_place_run(line: Line, a: int, b: int) -> bool:
    """Whether the very words are a well-known place: "Virginia Beach", "San Jose"; "King George" is not."""
    return b - a > 1 and any(
        s.spot.kind != "city" or s.spot.population >= (30_000 if s.alternate else 20_000) for s in line.senses(a, b)
    )


def _place_ahead(line: Line, i: int) -> bool:
    """ "Prince Edward Island", "Queen Anne's County": the title is part of the place's name."""
    return any(
        _is_place_run(line, i, j) for j in range(i + 2, min(i + 6, len(line.sentence.words) + 1)) if line.upper[j - 1]
    )


def _is_place_like(line: Line, i: int) -> bool:
    """Whether token i is a country, a division with a name of its own, or a very big city: nobody's surname by rule."""
    if place_key(line.sentence.words[i]) in line.cues.surnames:
        return False
    return any(s.spot.kind in ("country", "continent") and not s.alternate for s in line.senses(i, i + 1))


def _aged(line: Line, i: int) -> bool:
    """ "Xxx Yyy, 34," is a person whatever the words."""
    words = line.sentence.words
    return (
        i + 4 < len(words)
        and line.upper[i + 1]
        and words[i + 2] == ","
        and words[i + 3].isdigit()
        and len(words[i + 3]) <= 2
        and words[i + 4] in (",", ".", "and")
        and line.sentence.lower[i] not in line.cues.groups["months"]
    )
