"""Word classes of closed lists: what a word is whatever stands beside it, and what a few words are that their neighbours may turn.

Letters as in `tagging.py`. Made once from `words.toml`, so that most tokens of a text cost one look-up.
"""

from __future__ import annotations

from dataclasses import dataclass

_MARKS = {
    ",": ",", ";": ";", ":": ";", "—": ";", "–": ";", "(": ";", ")": ";", "[": ";", "]": ";", '"': '"', "“": '"', "”": '"', "«": '"',
    "»": '"', "‘": '"', "-": ";", ".": ".", "!": ".", "?": ".", "…": ".",
}  # fmt: skip
_GROUPS = (
    ("negations", "X"), ("modals", "M"), ("be", "B"), ("have", "H"), ("do", "O"), ("relatives", "W"), ("pronouns", "R"),
    ("determiners", "D"), ("conjunctions", "C"), ("subordinators", "S"), ("prepositions", "P"), ("adverbs", "A"),
)  # fmt: skip
POINTING = frozenset(("this", "that", "these", "those", "both", "all", "each", "some", "many", "several"))
"""Determiners that stand alone before an auxiliary: "this is", "many have"."""
_TURNED = POINTING | {"to", "'s", "'", "that", "will", "may", "might", "yet", "her", "what", "so", "according"}
"""Words which `tagging.py` asks the neighbours of before their list is believed: whoever adds such a question adds its word here."""


@dataclass(frozen=True, slots=True)
class WordClasses:
    """Word → letter. `fixed` needs no context; `turned` holds words of closed classes which their neighbours may turn."""

    fixed: dict[str, str]
    turned: dict[str, str]
    context: frozenset[str]
    """All words the neighbours may turn, also those of no closed class."""


def word_classes(words: dict[str, frozenset[str]]) -> WordClasses:
    """Make both tables.

    Args:
        words: the word groups of `words.toml`; of two groups that hold a word the first in the order of `_GROUPS` decides.
    """
    closed = {word: letter for group, letter in reversed(_GROUPS) for word in words[group]}
    context = _TURNED | words["weekdays"] | words["rounding"]
    fixed = {w: letter for w, letter in closed.items() if w not in context and not w[0].isdigit()}
    return WordClasses(fixed | _MARKS, {w: letter for w, letter in closed.items() if w in context}, context)
