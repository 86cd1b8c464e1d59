"""Word classes, decided by closed lists, verb forms and the neighbours: no model.

One letter a token: D determiner · N noun, name or adjective · # number · P preposition · T "to" before a verb · V finite verb form ·
E participle after be or have, or a reduced passive · G gerund as verb · B be · H have · O do · M modal · X negation · A adverb ·
R pronoun · W relative · S subordinator · C conjunction · s possessive · , ; " . punctuation.
"""

from __future__ import annotations

from extractors.lexicon import Lexicons
from extractors.sentences import Sentence

_FIXED = {
    ",": ",",
    ";": ";",
    ":": ";",
    "—": ";",
    "–": ";",
    "(": ";",
    ")": ";",
    "[": ";",
    "]": ";",
    '"': '"',
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    ".": ".",
    "!": ".",
    "?": ".",
    "…": ".",
}
_VERBAL_BEFORE = frozenset("TMOX")


def tag(sentence: Sentence, lexicons: Lexicons, nominal: frozenset[int] = frozenset()) -> list[str]:
    """Give every token its class.

    Args:
        nominal: token indices inside matched names and agents, which are never verbs.
    """
    words = lexicons.words
    lower = sentence.lower
    tags: list[str] = []
    for i, low in enumerate(lower):
        tags.append("N" if i in nominal else _tag_one(i, low, sentence, lexicons, words, tags))
    return tags


def _tag_one(
    i: int, low: str, sentence: Sentence, lexicons: Lexicons, words: dict[str, frozenset[str]], tags: list[str]
) -> str:
    lower = sentence.lower
    if low in _FIXED:
        return _FIXED[low]
    if low[0].isdigit():
        return "#"
    if low in ("'s", "'"):
        return "s" if tags and tags[-1] in "N#D" else '"'
    following = lower[i + 1] if i + 1 < len(lower) else "."
    if low == "to":
        return "T" if _starts_verb(lower, i + 1, lexicons) else "P"
    for group, letter in _CLOSED:
        if low in words[group]:
            return _closed(letter, low, following, tags, lexicons, words)
    if low in words["adverbs"] or (
        low.endswith("ly")
        and len(low) > 4
        and low
        not in (
            "family",
            "july",
            "italy",
            "assembly",
            "ally",
            "supply",
            "rally",
            "reply",
            "anomaly",
            "monopoly",
            "bully",
            "only",
            "friendly",
            "early",
        )
    ):
        return "A"
    forms = lexicons.verbs.get(low)
    if forms is None:
        if (
            low.endswith("ed")
            and len(low) > 4
            and low.isalpha()
            and _previous(tags) == "B"
            and not _noun_follows(following, lexicons)
        ):
            return "E"
        return "N"
    if (
        low in words["not_verbs"]
        and not (low.endswith("ing") and tags and tags[-1] == "B")
        and not (low.endswith("ed") and _previous(tags) in "BH")
    ):
        return "N"
    if i and sentence.words[i][0].isupper() and not sentence.words[i].isupper() and tags[-1] not in '".':
        return "N"
    return _verb_class(i, lower, forms, following, tags, lexicons)


_CLOSED = (
    ("negations", "X"), ("modals", "M"), ("be", "B"), ("have", "H"), ("do", "O"), ("relatives", "W"), ("pronouns", "R"),
    ("determiners", "D"), ("conjunctions", "C"), ("subordinators", "S"), ("prepositions", "P"),
)  # fmt: skip


def _closed(
    letter: str, low: str, following: str, tags: list[str], lexicons: Lexicons, words: dict[str, frozenset[str]]
) -> str:
    before = tags[-1] if tags else "."
    if letter == "W" and low == "that" and (before in "PVs." or before == ",") and following not in words["modals"]:
        return "D" if following not in words["determiners"] and before == "P" else "W"
    if letter == "M" and low in ("will", "may", "might") and before in "Ds":
        return "N"
    if low == "yet" and (
        before in "HXBMV" or following == "to"
    ):  # "has not yet recognised", "nations yet to recognise"
        return "A"
    if letter == "D" and low == "her" and not following.isalpha():
        return "R"
    if (
        letter == "D"
        and low in ("this", "that", "these", "those", "both", "all", "each", "some", "many", "several")
        and (following in words["be"] or following in words["modals"] or following in words["have"])
    ):
        return "R"
    return letter


def _previous(tags: list[str]) -> str:
    """The class before the token, adverbs and negations passed over."""
    for letter in reversed(tags):
        if letter not in "AX":
            return letter
    return "."


def _starts_verb(lower: list[str], i: int, lexicons: Lexicons) -> bool:
    """Whether an infinitive begins at token i ("to [quickly] attack Iran", not "to attacks")."""
    words = lexicons.words
    for j in range(i, min(i + 3, len(lower))):
        low = lower[j]
        if low in ("be", "have", "do"):
            return True
        if any(form == "base" for _, form in lexicons.verbs.get(low, ())):
            after = lower[j + 1] if j + 1 < len(lower) else "."
            # "to attack on" or "to talks" read as nouns only where the base is noun-prone and nothing can be its object
            return not (
                low in lexicons.noun_prone
                and (after in ("of", "by", "between") or (after in ("on", "in") and low in ("attack", "visit")))
            )
        if low not in words["adverbs"] and not low.endswith("ly"):
            return False
    return False


def _noun_follows(following: str, lexicons: Lexicons) -> bool:
    words = lexicons.words
    return following.isalpha() and not any(
        following in words[g]
        for g in (
            "prepositions",
            "conjunctions",
            "subordinators",
            "adverbs",
            "determiners",
            "pronouns",
            "relatives",
            "be",
            "modals",
            "have",
        )
    )


def _verb_class(
    i: int, lower: list[str], forms: tuple[tuple[str, str], ...], following: str, tags: list[str], lexicons: Lexicons
) -> str:
    low = lower[i]
    names = {form for _, form in forms}
    before, direct = _previous(tags), tags[-1] if tags else "."
    if "gerund" in names:
        if before == "B":
            return "G"
        if direct in "Ds#" or (direct == "N" and following in ("of", ",", ".")):
            return "N"
        return "G"
    if "past" in names or ("participle" in names):
        if before in "B":
            return "E"
        if before == "H":
            return "E"
        if direct in "Ds#" or (direct == "P" and _noun_follows(following, lexicons)):
            return "N"
        if following == "by" and "participle" in names:
            return "E"
        if "past" not in names and "base" not in names:
            return "E"
        if direct == "N" or direct in ',RA.CW"X' or "base" not in names:
            return "V"
    if before in _VERBAL_BEFORE or direct in _VERBAL_BEFORE:
        return "V"
    if direct == "R" or direct == "W":
        return "V"
    if direct in "Ds#P":
        return "N"
    lemma = forms[0][0]
    if names == {"third"} and direct == "N" and _has_verb(tags, lower, lexicons):
        return "N"  # "released three Italian engineers": the stretch has its verb
    if lemma not in lexicons.noun_prone:
        return "V" if direct in "NAC,." or before == "N" else "N"
    return _noun_or_verb(i, low, following, tags, lexicons)


def _has_verb(tags: list[str], lower: list[str], lexicons: Lexicons) -> bool:
    """Whether a finite verb stands in the stretch since the last mark, conjunction or subordinator, not a saying one."""
    for k in range(len(tags) - 1, -1, -1):
        if tags[k] in ',;".SWC':
            return False
        if tags[k] == "V":
            return all(lemma not in lexicons.words["saying"] for lemma, _ in lexicons.verbs.get(lower[k], ()))
    return False


def _noun_or_verb(i: int, low: str, following: str, tags: list[str], lexicons: Lexicons) -> str:
    """ "Rebels attack the town" against "the rebel attack": a verb needs a noun before it and an object or preposition after it, and the only finite verb of its stretch."""
    words = lexicons.words
    direct = tags[-1] if tags else "."
    after_adverb = direct == "A" and sum(t in "VBHM" for t in tags) == 0 and "N" in tags  # "Ghana greatly values …"
    if after_adverb and following not in words["prepositions"] and following not in words["conjunctions"]:
        return "V"
    if direct != "N" or (
        following not in words["determiners"]
        and not following[:1].isdigit()
        and following not in ("to", "over", "against", "with")
        and following in words["prepositions"]
    ):
        return "N"
    stretch = 0
    for letter in reversed(tags):
        if letter in ',;".S':
            break
        if letter in "VBHM":
            return "N"
        stretch += 1
    if following in words["determiners"] or following in words["pronouns"]:
        return "V"
    return (
        "V"
        if stretch <= 4
        and following.isalpha()
        and following not in words["prepositions"]
        and not any(following in words[g] for g in ("be", "have", "modals", "conjunctions"))
        and lexicons.verbs.get(following) is None
        else "N"
    )
