"""From a word to its written forms, as a noun and as a verb, by rule; what is irregular comes from `lexicons/irregular.tsv`.

Meant for finding: a form that no English word has ("taked", "visitted") does no harm, for it matches nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_IRREGULAR = Path(__file__).parent / "lexicons" / "irregular.tsv"
_HISSING = re.compile(r"(?:s|x|z|ch|sh|o)\Z")
_CONSONANT_Y = re.compile(r"[^aeiou]y\Z")
_SHORT = re.compile(r"[^aeiou][aeiou][^aeiouwxy]\Z")
"""Ends as "ban" and "admit" do: the last letter may be doubled."""


def word_forms(word: str) -> frozenset[str]:
    """A word in lower case with all its forms.

    >>> sorted(word_forms("deny")), sorted(word_forms("take"))
    (['denied', 'denies', 'deny', 'denying'], ['take', 'taked', 'taken', 'takes', 'taking', 'took'])
    """
    doubled = word + word[-1] if _SHORT.search(word) else word
    verbal = (form(stem) for stem in (word, doubled) for form in (_past, _gerund))
    return frozenset((word, _with_s(word), *verbal, *_irregular().get(word, ())))


def _with_s(word: str) -> str:
    """The plural of a noun, the third person of a verb."""
    if _CONSONANT_Y.search(word):
        return word[:-1] + "ies"
    return word + ("es" if _HISSING.search(word) else "s")


def _past(word: str) -> str:
    if word.endswith("e"):
        return word + "d"
    return word[:-1] + "ied" if _CONSONANT_Y.search(word) else word + "ed"


def _gerund(word: str) -> str:
    if word.endswith("ie"):
        return word[:-2] + "ying"
    silent = word.endswith("e") and not word.endswith(("ee", "oe", "ye"))
    return (word[:-1] if silent else word) + "ing"


@cache
def _irregular() -> Mapping[str, tuple[str, ...]]:
    lines = _IRREGULAR.read_text(encoding="utf-8").splitlines()[1:]
    return {word: tuple(forms.split()) for word, forms in (line.split("\t")[:2] for line in lines)}
