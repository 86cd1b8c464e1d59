"""Magnitudes: how many were killed, injured, displaced, arrested; how many took part; how much money.

A quantity is a number in digits or words with what qualifies it ("at least", "more than", "some"); what it counts is told by the
nearest cue around it. Vague words give a lower figure and the qualifier `about`: "dozens" is not 24 exactly.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from extractors.records import Magnitude, record
from extractors.sentences import Sentence
from extractors.storable import LARGEST

_BEYOND = 2.0 * LARGEST
_FILE = Path(__file__).parent / "lexicons" / "quantities.toml"


@record
class Quantity:
    """Tokens [start, end) that say a number."""

    start: int
    end: int
    value: int
    value_max: int | None
    qualifier: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class Words:
    """The number words and cues of `quantities.toml`."""

    units: dict[str, int]
    scales: dict[str, int]
    vague: dict[str, int]
    qualifiers: dict[tuple[str, ...], str]
    cues: dict[str, str]
    people: frozenset[str]
    currencies: dict[str, str]
    not_counts: frozenset[str]
    openers: frozenset[str]
    """Words of letters alone that a number may begin with."""


@lru_cache(maxsize=1)
def words() -> Words:
    """Read the data file once."""
    with open(_FILE, "rb") as file:
        raw = tomllib.load(file)
    cues = {w: kind for kind, ws in raw["cues"].items() for w in ws.split()}
    qualifiers = {tuple(q.split()): name for name, qs in raw["qualifiers"].items() for q in qs.split("|")}
    return Words(
        raw["units"],
        raw["scales"],
        raw["vague"],
        qualifiers,
        cues,
        frozenset(raw["people"].split()),
        raw["currencies"],
        frozenset(raw["not_counts"].split()),
        frozenset((*raw["units"], *raw["vague"], "half", "a", "an")),
    )


def find_magnitudes(sentence: Sentence) -> tuple[Magnitude, ...]:
    """All magnitudes of a sentence, in order of their numbers. Linear in its length."""
    data = words()
    quantities = find_quantities(sentence)
    found: list[Magnitude] = []
    for n, quantity in enumerate(quantities):
        left = quantities[n - 1].end if n else 0
        right = quantities[n + 1].start if n + 1 < len(quantities) else len(sentence.lower)
        kind, cue = ("money", quantity.end) if quantity.unit else _kind(sentence, quantity, left, right, data)
        if kind:
            start, end = min(quantity.start, cue), max(quantity.end, cue)
            found.append(
                Magnitude(
                    kind,
                    quantity.value,
                    sentence.span(start, end),
                    sentence.starts[start],
                    sentence.ends[end - 1],
                    quantity.value_max,
                    quantity.qualifier,
                    quantity.unit,
                )
            )
    return tuple(found)


def _kind(sentence: Sentence, quantity: Quantity, left: int, right: int, data: Words) -> tuple[str, int]:
    """What the number counts and the token (exclusive end, or start) of the word that says so."""
    lower = sentence.lower
    if quantity.end < len(lower) and lower[quantity.end] in data.not_counts:
        return "", 0
    before = _before(sentence, quantity, left, data)
    if before[0] and quantity.end < len(lower) and lower[quantity.end] in _PEOPLE_CUES:
        return before  # "killed two protesters", "arrested 40 demonstrators": the verb counts, not the noun
    # behind: "23 people were killed", "37,000 civilian deaths", "12 missing"
    for k in range(quantity.end, min(right, quantity.end + 9)):
        if lower[k] in (";", ".") or (lower[k] == "," and k > quantity.end + 3):
            break
        cue = data.cues.get(lower[k], "")
        if cue:
            between = lower[quantity.end : k]
            if k == quantity.end or _links(
                between[:-1] if between[-1:] == ["to"] and lower[k] == "flee" else between, data
            ):
                return cue, k + 1
            break
        if lower[k] in data.not_counts:
            break
    return before


def _before(sentence: Sentence, quantity: Quantity, left: int, data: Words) -> tuple[str, int]:
    """The cue in front of the number: "killed at least 23 people", "death toll rose to 40", "wounding two"."""
    lower = sentence.lower
    for k in range(quantity.start - 1, max(left, quantity.start - 7) - 1, -1):
        if lower[k] in (";", "."):
            break
        cue = data.cues.get(lower[k], "")
        if cue:
            gap = lower[k + 1 : quantity.start]
            return ("", 0) if any(g in (",", "who", "which", "that") for g in gap) else (cue, k)
    return "", 0


# Nouns that say who they are rather than what befell them.
_PEOPLE_CUES = frozenset(
    ("demonstrators", "protesters", "marchers", "rioters", "strikers", "refugees", "evacuees", "hostages")
)


def _links(between: list[str], data: Words) -> bool:
    """Whether the words between the number and its cue let the one count the other."""
    if any(
        w in (",", "that", "which", "to", "in", "on", "with", "from", "by", "when", "after", "and", "while")
        for w in between
    ):
        return False
    return len(between) <= 6


def find_quantities(sentence: Sentence) -> list[Quantity]:
    """All numbers of a sentence but years, in order, whatever they count. Linear in its length."""
    data = words()
    found: list[Quantity] = []
    lower, count = sentence.lower, len(sentence.lower)
    until = 0
    for i in [n for n, word in enumerate(lower) if word in data.openers or not word.isalpha()]:
        parsed = _number(lower, i, data) if i >= until else None
        if parsed is None:
            continue
        value, end, vague = parsed
        top = None
        opener = lower[i - 1] if i else ""
        if opener == "no" or lower[end : end + 2] == ["-", "year"]:  # "no one", "a 63 - year - old"
            continue
        joint = lower[end] if end + 1 < count else ""
        if (joint in ("to", "-", "–", "or") and opener != "from") or (joint == "and" and opener == "between"):
            second = _number(lower, end + 1, data)
            if second is not None and second[0] > value and (lower[end] != "or" or second[0] < value * 4):
                top, end = second[0], second[1]
        start, qualifier = _qualified(lower, i, data)
        unit = _currency(lower, i, end, data)
        if unit is not None and lower[i - 1 if i else 0] in data.currencies:
            start = min(start, i - 1)
        found.append(Quantity(start, end, value, top, "about" if vague and qualifier == "exact" else qualifier, unit))
        until = end
    # "$20,000,000 trillion": the sentence keeps the words, no column the number
    return [quantity for quantity in found if max(quantity.value, quantity.value_max or 0) <= LARGEST]


def _number(lower: list[str], i: int, data: Words) -> tuple[int, int, bool] | None:
    """A number at token i: (value, end, whether it is vague)."""
    word = lower[i]
    if word in data.vague:
        value, end = data.vague[word], i + 1
        if word == "tens" and lower[i + 1 : i + 3] == ["of", "thousands"]:
            return 20_000, i + 3, True
        if word == "hundreds" and lower[i + 1 : i + 3] == ["of", "thousands"]:
            return 200_000, i + 3, True
        return value, end, True
    if word[0].isdecimal():
        return _digits(lower, i, data)
    if word == "half" and lower[i + 1 : i + 2] in (["a"], ["million"]):
        at = i + 2 if lower[i + 1] == "a" else i + 1
        if at < len(lower) and lower[at] in ("million", "billion"):
            return data.scales[lower[at]] // 2, at + 1, False
    if word in data.units or (
        word in ("a", "an") and i + 1 < len(lower) and lower[i + 1] in ("hundred", "thousand", "million", "dozen")
    ):
        return _spelt(lower, i, data)
    first, _, second = word.partition("-")
    if second and first in data.units and second in data.units:
        return _scaled(data.units[first] + data.units[second], lower, i + 1, data)
    return None


def _digits(lower: list[str], i: int, data: Words) -> tuple[int, int, bool] | None:
    word = lower[i]
    factor = 1
    for suffix, scale in (("bn", 10**9), ("m", 10**6), ("k", 10**3)):
        if word.endswith(suffix) and word[: -len(suffix)].replace(",", "").replace(".", "").isdecimal():
            word, factor = word[: -len(suffix)], scale
    plain = word.replace(",", "")
    if not plain.replace(".", "", 1).isdecimal() or len(plain) > 15 or ":" in word:
        return None
    grouped = "," in word and all(len(part) == 3 for part in word.split(",")[1:])
    if "," in word and not grouped and "." not in word:
        return None
    value = float(plain) * factor
    if (
        1900 <= value <= 2099
        and "," not in lower[i]
        and factor == 1
        and (i + 1 >= len(lower) or lower[i + 1] not in data.people)
    ):
        return None  # a year
    return _scaled(value, lower, i + 1, data)


def _scaled(value: float, lower: list[str], end: int, data: Words) -> tuple[int, int, bool]:
    while end < len(lower) and lower[end] in data.scales:
        value *= data.scales[lower[end]]
        end += 1
    return round(min(value, _BEYOND)), end, False


def _spelt(lower: list[str], i: int, data: Words) -> tuple[int, int, bool] | None:
    total, current, end = 0, 0, i
    while end < len(lower):
        word = lower[end]
        if word in data.units:
            current += data.units[word]
        elif word in ("a", "an") and end == i:
            current = 1
        elif word in ("hundred", "dozen"):
            current = max(current, 1) * data.scales[word]
        elif word in data.scales:
            total, current = total + max(current, 1) * data.scales[word], 0
        elif not (
            word == "and"
            and end > i
            and end + 1 < len(lower)
            and lower[end - 1] in data.scales
            and lower[end + 1] in data.units
        ):
            break
        end += 1
    value = total + current
    return (value, end, False) if value else None


def _qualified(lower: list[str], i: int, data: Words) -> tuple[int, str]:
    for size in (3, 2, 1):
        if i >= size:
            name = data.qualifiers.get(tuple(lower[i - size : i]))
            if name:
                return i - size, name
    return i, "exact"


def _currency(lower: list[str], i: int, end: int, data: Words) -> str | None:
    if i and lower[i - 1] in data.currencies:
        return data.currencies[lower[i - 1]]
    for k in range(end, min(end + 2, len(lower))):
        if lower[k] in data.currencies and lower[k] not in "$£€¥":
            return data.currencies[lower[k]]
    return None
