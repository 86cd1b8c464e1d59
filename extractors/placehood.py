"""How surely a name in its sentence is a place: how well known the place is, what else the name may be, and what its neighbours say."""

from __future__ import annotations

from extractors.gazetteer import place_key
from extractors.placeline import Line, Toponym, best_kind, known


def score(line: Line, t: Toponym, people: frozenset[str]) -> None:
    """Weigh for and against a name being a place, from its neighbours and the people the text names; may bar it."""
    a, b = t.first, t.last
    if _phrase(line, a, b) in line.cues.groups["not_places"]:
        t.barred = True
    if not line.person.isdisjoint(range(a, b)):
        t.barred = True
    if not t.inside and not line.body.isdisjoint(range(a, b)):
        t.barred = True
    if b - a == 1 and a in line.adjectives and "-" not in line.sentence.words[a] and not t.inside:
        t.barred = True
    score = t.score + _bare(line, t)
    if t.hint and b - a > 1:
        score += 2.0
    before = _before(line, t)
    after = _after(line, t)
    score += before + after
    if t.inside is not None:
        score += 4.0
    if t.holds:
        score += 2.0
    if t.key in people and known(t.senses) < 3.0 and t.inside is None:
        score -= 1.0 if before >= 2.0 else 2.5
    t.doubt = before <= -1.5 or after <= -1.5
    if before <= -3.0 or after <= -4.0:
        t.barred = t.barred or t.inside is None
    if before >= 2.0 or t.inside is not None or t.holds:
        t.sure = True
    t.score = score


def _phrase(line: Line, a: int, b: int) -> str:
    return "_".join(line.sentence.lower[a:b])


def _bare(line: Line, t: Toponym) -> float:
    """The name by itself: how well known, and what else it may be."""
    s, groups = line.sentence, line.cues.groups
    if not t.senses:
        return 2.0 if t.sure else 0.8
    score = known(t.senses)
    if t.last - t.first == 1 and (s.lower[t.first] in groups["refused"] or s.lower[t.first] in groups["months"]):
        t.barred = t.inside is None or s.lower[t.first] in groups["months"]
        return score - 3.0
    if all(w in groups["directions"] or w in groups["types"] for w in s.lower[t.first : t.last]):
        return 0.3
    first = t.first == 0
    town = score < 2.55 and best_kind(t.senses) in ("city", "district")
    if t.last - t.first == 1:
        if t.key in line.cues.words:
            return score - (2.5 if town else 0.5 if score >= 2.55 else 1.2) - 0.3 * first
        if t.key in line.cues.forenames:
            return score - (2.0 if town and score < 1.9 else 0.8 if town else 0.3) - 0.3 * first
        if t.key in line.cues.surnames:
            return score - (0.8 if town and score < 2.2 else 0.3 if town else 0.0) - 0.3 * first
    elif town and s.lower[t.first] not in line.cues.forenames:
        return score + 0.6  # two words are rarely both a town and something else
    return score


def _before(line: Line, t: Toponym) -> float:
    """What the words before say."""
    s, groups = line.sentence, line.cues.groups
    k = t.first - 1
    gain = 0.0
    while k >= 0 and (
        s.lower[k] in groups["directions"] or s.lower[k] in ("the", "capital", "city", "town", "village")
    ):
        if s.lower[k] in groups["directions"] or s.lower[k] in groups["before_nouns"]:
            gain = 1.5 if not line.upper[k] else 0.8
        k -= 1
        if t.first - k > 4:
            break
    if _files(line, t):
        return 2.5
    if k >= 0 and s.words[k] == "$":
        return -6.0
    if k < 0:
        return gain
    low = s.lower[k]
    if low in groups["sure"]:
        return gain + (3.5 if t.key in line.cues.words or t.key in line.cues.forenames else 2.5)
    if low == "of":
        return gain + _of(line, k, t)
    if low in groups["conquest"]:
        return gain + 1.9
    if low in groups["likely"] or low in groups["motion"]:
        return gain + 1.3
    if low in groups["weak"]:
        return gain + 0.5
    if low in groups["before_nouns"]:
        return gain + 1.5
    if low in ("called", "named", "dubbed") and k and s.lower[k - 1] in groups["settlements"]:
        return gain + 3.0
    if s.words[k] in (",", "and", "or", "(", "—", "–", ":", '"', "“", "”", "'", "’", "‘", ";", "/"):
        return gain
    if k == t.first - 1 and line.upper[k] and not line.loud and low not in groups["function"]:
        return gain + _name_before(line, k, t)
    return gain


def _files(line: Line, t: Toponym) -> bool:
    """ "SPRINGFIELD — The council …": a dateline, also when it stands behind a byline."""
    s = line.sentence
    text = line.text(t.first, t.last)
    return len(text) > 3 and text.isupper() and t.last < len(s.words) and s.words[t.last] in ("—", "–", "-", "―")


def _of(line: Line, k: int, t: Toponym) -> float:
    s, groups = line.sentence, line.cues.groups
    j = k - 1
    while j >= 0 and s.lower[j] in ("city", "capital") and s.lower[j] not in groups["place_of"]:
        j -= 1
    if j < 0:
        return 0.5
    if s.lower[j] in groups["place_of"] and not t.hint:
        t.hint = line.hint(s.lower[j])
    if s.lower[j] in groups["other_of"]:
        return -3.0 if line.upper[j] or s.lower[j] in ("university", "college") else 0.5
    return 2.5 if s.lower[j] in groups["place_of"] else 0.8


def _name_before(line: Line, k: int, t: Toponym) -> float:
    """A capitalised word right before the name."""
    s, groups = line.sentence, line.cues.groups
    low = s.lower[k]
    if low in groups["honorifics"] or low in groups["clubs"]:
        return -4.0
    if low in groups["types"] or low in groups["offices"]:
        return -0.5
    if k == 0 or s.words[k - 1] in ('"', "“", "‘", ".", ":"):
        return -0.5 if place_key(low) not in line.cues.forenames else -3.0
    if low in groups["months"] or s.words[k].isupper():
        return -0.5
    return -3.0


def _after(line: Line, t: Toponym) -> float:
    """What the words behind say."""
    s, groups = line.sentence, line.cues.groups
    k = t.last
    if k >= len(s.words):
        return 0.3
    low = s.lower[k]
    if s.words[k] in ("'s", "’s"):
        after = s.lower[k + 1] if k + 1 < len(s.words) else ""
        return 1.0 if after in groups["directions"] or after in groups["before_nouns"] else 0.6
    if low in groups["place_nouns"] and not line.upper[k]:
        if not t.hint and t.last - t.first < 3:
            t.hint = line.hint(low)
        return 1.5
    if low in ("virus", "fever", "disease", "syndrome", "flu", "strain"):
        return -3.0
    if low == "$":
        return -6.0
    if low in groups["speech"] and len(s.words[t.first]) > 2 and known(t.senses) < 3.0:
        return -1.5
    if line.upper[k] and s.words[k][0].isalpha() and not line.loud and t.char_end == s.ends[t.last - 1]:
        return _name_after(line, k, t)
    return 0.0


def _name_after(line: Line, k: int, t: Toponym) -> float:
    """A capitalised word right behind the name."""
    s, groups = line.sentence, line.cues.groups
    low = s.lower[k]
    ahead = s.lower[k + 1] if k + 1 < len(s.words) and line.upper[k + 1] else ""
    if low in groups["months"] or (t.key in ("us", "uk") and low not in ("airways", "open", "steel", "today")):
        return 0.3
    if low in groups["organisations"] or (ahead in groups["organisations"] and ahead not in groups["offices"]):
        return -5.0
    if low in groups["statewide"] and not t.hint and any(x.spot.kind == "region" and not x.alternate for x in t.senses):
        t.hint = "region"
    if low in groups["townhall"]:
        return 1.8 if known(t.senses) >= 0.5 else 0.0
    if low in groups["offices"] or low in groups["honorifics"]:
        return 0.8 if known(t.senses) >= 1.5 else -0.5
    if ahead in groups["offices"]:
        return 0.0
    return -1.8 if known(t.senses) >= 3.0 else -2.8
