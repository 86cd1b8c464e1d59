"""Word classes, decided by closed lists, verb forms and the neighbours: no model.

One letter a token: D determiner · N noun, name or adjective · # number · P preposition · T "to" before a verb · V finite verb form ·
E participle after be or have, or a reduced passive · G gerund as verb · B be · H have · O do · M modal · X negation · A adverb ·
R pronoun · W relative · S subordinator · C conjunction · s possessive · , ; " . punctuation · Z words set aside: in brackets, or the
marks of a quotation of a word or two, which the clause runs on over.
"""

from __future__ import annotations

from bisect import bisect_left

from extractors.lexicon import Lexicons
from extractors.sentences import Sentence
from extractors.verbhood import (
    acts,
    attributive,
    class_before,
    disagrees,
    neighbour,
    noun_follows,
    starts_verb,
    verb_class,
)
from extractors.wordclasses import POINTING

_QUOTES = frozenset(('"', "“", "”", "«", "»", "'", "‘", "’"))
_ASIDE = _QUOTES | frozenset("()[]-,")
# A bracket of up to 12 words is an acronym, a party or an age; a quotation of up to 5 is a word used with distance.
_BRACKETED, _QUOTED = 13, 6
_PARTY_MARKS = frozenset(("r-", "d-", "i-"))


def tag(sentence: Sentence, lexicons: Lexicons, nominal: frozenset[int] = frozenset(), begin: int = 0) -> list[str]:
    """Give every token its class.

    Args:
        nominal: token indices inside matched names and agents, which are never verbs.
        begin: offset at which the story begins; the dateline before it is set aside.
    """
    fixed = lexicons.classes.fixed
    aside = _set_aside(sentence)
    if sentence.char_start < begin:
        aside.update(range(bisect_left(sentence.starts, begin)))
    tags: list[str] = []
    for i, low in enumerate(sentence.lower):
        if i in aside:
            tags.append("Z")
        elif i in nominal:
            tags.append("N")
        else:
            tags.append(fixed.get(low) or _tag_one(i, low, sentence, lexicons, tags))
    return tags


def _set_aside(sentence: Sentence) -> set[int]:
    """Tokens in short brackets; the marks around a quoted word or two; the hyphen inside "5-strong"."""
    lower, aside = sentence.lower, set[int]()
    if _ASIDE.isdisjoint(lower):
        return aside
    opened, quote = -1, -1
    for i in [n for n, low in enumerate(lower) if low in _ASIDE]:
        low = lower[i]
        if low in "([":
            opened = i
        elif low in ")]":
            if opened >= 0 and i - opened <= _BRACKETED:
                aside.update(range(opened, i + 1))
            opened = -1
        elif low in _QUOTES:
            if quote >= 0 and i - quote <= _QUOTED and not (quote and lower[quote - 1] in ",:") and quote:
                aside.update((quote, i))
                quote = -1
            else:
                quote = i
        elif low == "," and i + 1 < len(lower) and lower[i + 1][:2] in _PARTY_MARKS and len(lower[i + 1]) > 2:
            close = next((k for k in range(i + 2, min(i + 7, len(lower))) if lower[k] == ","), -1)
            aside.update(range(i, close + 1))  # "Mr Smith, R-W.Va., said"
        elif low == "-" and 0 < i < len(lower) - 1 and sentence.ends[i - 1] == sentence.starts[i]:
            aside.add(i)
    return aside


def _tag_one(i: int, low: str, sentence: Sentence, lexicons: Lexicons, tags: list[str]) -> str:
    """The class of a word that its neighbours have a say in: a small word that is turned, a number, an open word."""
    if low in lexicons.classes.context:
        letter = _small(i, low, sentence.lower, lexicons, tags)
        if letter:
            return letter
    elif low[0].isdigit():
        return "#"
    return _open(i, low, sentence, lexicons, tags)


def _small(i: int, low: str, lower: list[str], lexicons: Lexicons, tags: list[str]) -> str:
    """The class of a small word as its neighbours turn it, '' for one that is no small word here."""
    words = lexicons.words
    following = lower[i + 1] if i + 1 < len(lower) else "."
    if low in ("'s", "'"):
        return "s" if neighbour(tags) in "N#D" else '"'
    if low == "to":
        return "T" if starts_verb(lower, i + 1, lexicons) else "P"
    if low in words["weekdays"] and following != "'s" and neighbour(tags) in "NVEA" and class_before(tags) != "D":
        return "A"  # "Arafat Wednesday rejected", "said Monday"
    if low in words["rounding"] and _rounds(lower, i, words):
        return "A"
    if (
        low == "what"
        and following.endswith("s")
        and any(lemma in lexicons.noun_prone for lemma, _ in lexicons.verbs.get(following, ()))
    ):
        return "D"  # "what charges does he face"
    if low == "so" and following == "far":
        return "A"
    if low == "according" and following == "to":
        return "P"
    letter = lexicons.classes.turned.get(low)
    return _closed(letter, low, following, tags, words) if letter else ""


def _open(i: int, low: str, sentence: Sentence, lexicons: Lexicons, tags: list[str]) -> str:
    """The class of an open word: adverb, noun, or one of the verb's forms."""
    lower, words = sentence.lower, lexicons.words
    if low.endswith("ly") and len(low) > 4 and low not in words["not_adverbs"]:
        return "A"
    if low in words["forenames"] and _is_forename(i, sentence, tags):
        return "N"
    following = lower[i + 1] if i + 1 < len(lower) else "."
    if low == "charged" and following == "with":
        return "E"  # "a man charged with murder", never "charged with murder a man"
    if low == "held" and following in ("captive", "hostage", "prisoner"):
        return "E"
    if low == "far" and i and lower[i - 1] == "so":
        return "A"
    forms = lexicons.verbs.get(low)
    if forms is None:
        return "E" if low.endswith("ed") and _is_passive(low, following, tags, lexicons) else "N"
    if (
        low in words["not_verbs"]
        and not (low.endswith("ing") and tags and tags[-1] == "B")
        and not (low.endswith("ed") and (class_before(tags) in "BH" or acts(tags, lower, following, lexicons)))
    ):
        return "N"
    if low == "back" and (following == "home" or following in words["prepositions"]) and neighbour(tags) not in "TM":
        return "A"  # "flew him back home", "went back to Lima"
    if low.endswith("ed") and low in words["attributive"] and attributive(i, sentence, tags, lexicons):
        return "N"
    if disagrees(i, lower, forms, tags):
        return "N"
    if i and sentence.words[i][0].isupper() and not sentence.words[i].isupper() and tags[-1] not in '".':
        return "N"
    return verb_class(i, lower, forms, following, tags, lexicons)


def _is_forename(i: int, sentence: Sentence, tags: list[str]) -> bool:
    """A name's first word: two words with capitals that begin a sentence or stand after a mark or small word."""
    written = sentence.words[i : i + 2]
    return (
        len(written) == 2 and all(w[0].isupper() and not w.isupper() for w in written) and (not tags or tags[-1] != "N")
    )


def _is_passive(low: str, following: str, tags: list[str], lexicons: Lexicons) -> bool:
    """A word in -ed which the lexicon lacks, after "be" and before no noun: "was scuttled by"."""
    return len(low) > 4 and low.isalpha() and class_before(tags) == "B" and not noun_follows(following, lexicons)


def _rounds(lower: list[str], i: int, words: dict[str, frozenset[str]]) -> bool:
    """Whether token i and the next ones round a number: "at least 20", "up to 100", "more than a dozen"; not "to 40" or "at 40"."""
    for k in range(i + 1, min(i + 4, len(lower))):
        low = lower[k]
        number = low[0].isdigit() or low in words["numerals"] or (low == "one" and k > i)
        if number or (low == "a" and k + 1 < len(lower) and lower[k + 1] in words["numerals"]):
            return k > i + 1 or lower[i] not in _PLAIN or (i > 0 and lower[i - 1] in words["rounding"])
        if low not in words["rounding"]:
            return False
    return False


# These round a number only with another such word ("to 40" is no rounding, "up to 40" is); "around" and "some" may do so alone.
_PLAIN = frozenset(("to", "at", "as", "many", "most", "close", "up"))


def _closed(letter: str, low: str, following: str, tags: list[str], words: dict[str, frozenset[str]]) -> str:
    """The class of a small word as its neighbours turn it."""
    before = neighbour(tags)
    if letter == "W" and low == "that" and (before in "PVs." or before == ",") and following not in words["modals"]:
        return "D" if following not in words["determiners"] and before == "P" else "W"
    if letter == "M" and ((low in ("will", "may", "might") and before in "Ds") or (low == "may" and before in "P#")):
        return "N"  # "a will", "in May", "2 May"
    if low == "yet" and (
        before in "HXBMV" or following == "to"
    ):  # "has not yet recognised", "nations yet to recognise"
        return "A"
    if letter == "D" and low == "her" and not following.isalpha():
        return "R"
    if (
        letter == "D"
        and low in POINTING
        and (following in words["be"] or following in words["modals"] or following in words["have"])
    ):
        return "R"
    return letter
