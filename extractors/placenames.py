"""Names that may be places: the longest the gazetteer has at a word, halves of hyphened words, and those it lacks but the words around call a place."""

from __future__ import annotations

from extractors.gazetteer import Sense, place_key
from extractors.placeline import THRESHOLD, Line, Toponym, known

LONGEST = 6
"""Tokens of the longest name looked up."""
_TYPES_ALONE = frozenset(
    ("county", "township", "province", "prefecture", "oblast", "governorate", "parish", "borough", "river", "creek", "valley",
     "island", "islands", "mountains", "peninsula", "bay", "lake", "district", "municipality", "canyon", "sound", "strait", "raion")
)  # fmt: skip


def names_at(line: Line, i: int) -> list[Toponym]:
    """The longest name that begins at token i; both halves of "India-Pakistan"."""
    words, groups = line.sentence.words, line.cues.groups
    end = i + 1
    while end < len(words) and end - i < LONGEST:
        if not (line.upper[end] or words[end] in ("'s", "’s", "&") or line.sentence.lower[end] in groups["connectors"]):
            break
        end += 1
    for j in range(end, i, -1):
        if not line.upper[j - 1] or (j - i > 1 and words[j - 1] == "I"):
            continue
        senses = line.senses(i, j)
        if senses:
            return [_made(line, i, j, senses)]
        if j - i > 1 and (found := _suffixed(line, i, j)):
            return found
    if words[i] in line.cues.abbreviations and line.cues.abbreviations[words[i]][2]:
        return [_made(line, i, i + 1, abbreviated(line, words[i]))]
    if "-" in words[i] and (found := _hyphened(line, i)):
        return found
    return _typed(line, i, end) or _unlisted(line, i)


def _made(line: Line, a: int, b: int, senses: tuple[Sense, ...], hint: str = "") -> Toponym:
    s, groups = line.sentence, line.cues.groups
    last = b
    if not hint:
        hint = line.hint(s.lower[b - 1]) if b - a > 1 else ""
        if b < len(s.words) and line.upper[b] and s.lower[b] in groups["types"] and not line.goes_on(b + 1):
            hint, last = line.hint(s.lower[b]), b + 1
    return Toponym(line.at, a, last, s.starts[a], s.ends[last - 1], place_key(line.text(a, b)), senses, hint)


def _suffixed(line: Line, i: int, j: int) -> list[Toponym]:
    """ "Fort Lauderdale-based": a name of several words before a suffix."""
    s = line.sentence
    stem, _, tail = s.words[j - 1].rpartition("-")
    if not stem or tail not in line.cues.groups["suffixes"]:
        return []
    text = line.text(i, j)[: -len(tail) - 1]
    senses = line.gazetteer.senses(place_key(text), text.isupper())
    if not senses:
        return []
    return [Toponym(line.at, i, j, s.starts[i], s.starts[i] + len(text), place_key(text), senses, score=2.0, sure=True)]


def _hyphened(line: Line, i: int) -> list[Toponym]:
    s = line.sentence
    word, start = s.words[i], s.starts[i]
    found = []
    cut = 0
    for part in word.split("-"):
        if part[:1].isupper() and len(part) > 1:
            senses = line.gazetteer.senses(place_key(part), part.replace(".", "").isupper())
            if senses:
                found.append(Toponym(line.at, i, i + 1, start + cut, start + cut + len(part), place_key(part), senses))
        cut += len(part) + 1
    if word[:2] in ("R-", "D-", "I-") and len(found) == 1:
        found[0].score, found[0].sure = 2.0, True  # "Rep. Lloyd Doggett, D-Texas"
        return found
    tail = word.rsplit("-", 1)[1]
    if tail in line.cues.groups["suffixes"]:
        for t in found:
            t.sure = tail in ("based", "born", "area")
            t.score = 2.0 if t.sure else 0.5
        return found[:1]
    # "Israel-Gaza": only where both sides are places; "Coca-Cola" and "Jean-Paul" are not.
    whole = len(found) == word.count("-") + 1
    return found if whole and all(known(t.senses) >= 2.5 for t in found) else []


def _typed(line: Line, i: int, end: int) -> list[Toponym]:
    """ "Conewago Township", "Lake Wallenpaupack": a name with a place's word that the gazetteer does not have."""
    s, groups = line.sentence, line.cues.groups
    for j in range(i + 1, min(end, i + 4)):
        low = s.lower[j]
        if not line.upper[j] or low in groups["organisations"] or s.lower[j - 1] in groups["offices"]:
            return []
        if low in _TYPES_ALONE:
            if s.lower[i] in groups["types"] or s.lower[i] in groups["refused"] or line.goes_on(j + 1):
                return []
            return [
                Toponym(
                    line.at,
                    i,
                    j + 1,
                    s.starts[i],
                    s.ends[j],
                    place_key(line.text(i, j + 1)),
                    (),
                    line.hint(low),
                    0.0,
                    True,
                )
            ]
    if s.lower[i] in ("lake", "mount", "cape") and i + 1 < end and line.upper[i + 1] and not line.goes_on(i + 2):
        return [Toponym(line.at, i, i + 2, s.starts[i], s.ends[i + 1], place_key(line.text(i, i + 2)), (), "water")]
    return []


def _unlisted(line: Line, i: int) -> list[Toponym]:
    """A name the gazetteer lacks, which the words around it call a place: "the village of Kesra", "Kesra district"."""
    s, groups = line.sentence, line.cues.groups
    if (
        i == 0  # all that calls it a place stands before it
        or i in line.person
        or i in line.adjectives
        or i in line.body
        or line.loud
        or (i and line.upper[i - 1] and s.lower[i - 1] not in groups["function"])
    ):
        return []
    end = i
    while end < len(s.words) and end - i < 4 and s.words[end][0].isalpha():
        low = s.lower[end]
        if not line.upper[end]:
            if end > i and low in groups["particles"] and end + 1 < len(s.words) and line.upper[end + 1]:
                end += 1
                continue
            break
        if (
            low in groups["organisations"]
            or low in groups["months"]
            or low in groups["offices"]
            or low in groups["refused"]
        ):
            return []
        end += 1
    if end == i or end - i == 4 or (end == i + 1 and (len(s.words[i]) < 4 or s.words[i].isupper())):
        return []
    called = i > 1 and s.lower[i - 1] in ("of", "called", "named") and s.lower[i - 2] in groups["settlements"]
    after = s.lower[end] if end < len(s.words) else ""
    noun = after in groups["settlements"] and not (
        end + 1 < len(s.words) and s.lower[end + 1] in ("attorney", "court", "council")
    )
    if after == "," and i and _holder(line, end + 1):
        called = called or s.lower[i - 1] in groups["sure"] | groups["likely"] or s.words[i - 1] in (";", "and")
    placed = i > 0 and end == i + 1 and s.lower[i - 1] in ("in", "near", "outside") and after not in ("'s", "’s")
    if not (called or placed or (noun and i)):
        return []
    if place_key(s.words[i]) in line.cues.forenames and not called:
        return []
    known = Toponym(line.at, i, end, s.starts[i], s.ends[end - 1], place_key(line.text(i, end)), ())
    known.hint = line.hint(after) if noun else line.hint(s.lower[i - 2]) if called else ""
    known.sure = called or noun
    return [known]


def _holder(line: Line, k: int) -> bool:
    """Whether token k names a country or division that a town before it may lie in."""
    s = line.sentence
    if k >= len(s.words) or not line.upper[k] or (k + 1 < len(s.words) and s.words[k + 1] in ("'s", "’s")):
        return False
    return any(x.spot.kind in ("country", "region") and not x.alternate for x in line.senses(k, k + 1))


def mentions_again(line: Line, names: dict[str, Toponym], found: list[Toponym]) -> list[Toponym]:
    """Other mentions of unlisted names."""
    s = line.sentence
    taken = {k for t in found for k in range(t.first, t.last)}
    more = []
    for i, word in enumerate(s.words):
        model = names.get(word) if line.upper[i] and i not in taken and i not in line.person else None
        if model is None:
            continue
        end = i + model.last - model.first
        if end <= len(s.words) and place_key(line.text(i, end)) == model.key:
            more.append(Toponym(line.at, i, end, s.starts[i], s.ends[end - 1], model.key, (), score=THRESHOLD))
    return more


def abbreviated(line: Line, word: str) -> tuple[Sense, ...]:
    name, country, _ = line.cues.abbreviations[word]
    senses = line.gazetteer.senses(place_key(name))
    return tuple(s for s in senses if s.spot.kind == "region" and s.spot.country == country)
