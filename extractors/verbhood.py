"""Verbhood: whether a word that may be a verb is one here, told by its form, the classes before it and the word behind it.

"Rebels attack the town" against "the rebel attack". Letters as in `tagging.py`; `tags` always ends before the word in question.
"""

from __future__ import annotations

from extractors.lexicon import Lexicons
from extractors.sentences import Sentence

_VERBAL_BEFORE = frozenset("TMOX")
_STRETCH = 60
"""Tokens looked back over for the verb of a stretch without marks."""


def class_before(tags: list[str]) -> str:
    """The class before the token, adverbs and negations passed over."""
    for letter in reversed(tags):
        if letter not in "AXZ":
            return letter
    return "."


def neighbour(tags: list[str]) -> str:
    """The class of the token before, words set aside passed over."""
    for letter in reversed(tags):
        if letter != "Z":
            return letter
    return "."


def acts(tags: list[str], lower: list[str], following: str, lexicons: Lexicons) -> bool:
    """ "Guerrillas wounded two soldiers", not "two wounded soldiers": a noun before, an object behind, and no verb yet."""
    words = lexicons.words
    return (
        neighbour(tags) in "NR"
        and (following[:1].isdigit() or any(following in words[g] for g in ("determiners", "numerals", "pronouns")))
        and not _has_verb(tags, lower, lexicons)
    )


def attributive(i: int, sentence: Sentence, tags: list[str], lexicons: Lexicons) -> bool:
    """ "and elected officials remain", not "was elected", "elected Mr Diaz", "elected a council": a plain noun right behind, no auxiliary before."""
    if class_before(tags) in "BHNR" or i + 1 >= len(sentence.words):
        return False
    following = sentence.words[i + 1]
    return following.islower() and following.isalpha() and noun_follows(following, lexicons)


def disagrees(i: int, lower: list[str], forms: tuple[tuple[str, str], ...], tags: list[str]) -> bool:
    """ "a U.S. group that …": a bare verb form cannot follow a subject in the singular."""
    if any(form != "base" for _, form in forms):
        return False
    for k in range(i - 1, -1, -1):
        if tags[k] == "D":
            return lower[k] in ("a", "an", "each", "every", "another")
        if tags[k] not in "N":
            return False
    return False


def starts_verb(lower: list[str], i: int, lexicons: Lexicons) -> bool:
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


def noun_follows(following: str, lexicons: Lexicons) -> bool:
    """Whether the next word, lower case, may be a noun: a word that is in no closed class."""
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


def verb_class(
    i: int, lower: list[str], forms: tuple[tuple[str, str], ...], following: str, tags: list[str], lexicons: Lexicons
) -> str:
    """The class of a word that has a verb's forms: V, E, G, or N where it is a noun here.

    Args:
        forms: (lemma, form) of each verb it may belong to; `following` is the word behind it, "." at the end.
    """
    low, words = lower[i], lexicons.words
    names = {form for _, form in forms}
    before, direct = class_before(tags), neighbour(tags)
    if "gerund" in names:
        if before == "B":
            return "G"
        if direct in "Ds#" or (direct == "N" and following in ("of", ",", ".")):
            return "N"
        if direct == "N" and "-" in lower[i - 1] and noun_follows(following, lexicons):
            return "N"  # "a pro-government lobbying group"
        return "G"
    if "past" in names or ("participle" in names):
        if before in "B":
            return "E"
        if before == "H":
            return "E"
        if direct in "Ds#" or (direct == "P" and noun_follows(following, lexicons)):
            return "N"
        acting = {form for _, form in lexicons.verbs.get(lower[i - 1], ())} & {"past", "gerund"} if i else set()
        if (
            (direct in "VG" or (direct == "E" and class_before(tags[:-1]) == "H"))
            and acting
            and "participle" in names
            and noun_follows(following, lexicons)
        ):
            return "N"  # "arrested suspended councillor X"
        if following == "by" and "participle" in names:
            return "E"
        if "past" not in names and "base" not in names:
            return "E"
        if "participle" in names and direct in "NAZ" and _has_verb(tags, lower, lexicons):
            return "E"  # "signed an agreement reached in May": the stretch has its verb
        if "participle" in names and direct == "." and following in words["prepositions"]:
            return "E"  # "Accused of fraud, the minister …"
        if "base" in names and direct == "N" and _in_phrase(tags) and following not in words["determiners"]:
            return "N"  # "in a televised broadcast"
        if direct == "N" or direct in ',RA.CW"X' or "base" not in names:
            return "V"
    if before in _VERBAL_BEFORE or direct in _VERBAL_BEFORE:
        return "V"
    if direct == "R" or direct == "W":
        return "V"
    if direct in "Ds#P":
        return "N"
    lemma = forms[0][0]
    if direct in "NA" and "past" not in names and _has_verb(tags, lower, lexicons):
        return "N"  # "released three Italian engineers", "spoke in a phone call": the stretch has its verb
    if (
        direct == "N"
        and (following == "to" or following in words["prepositions"])
        and _auxiliary_later(lower, i + 1, words)
    ):
        return "N"  # "U.S. aid to Tunisia was suspended"
    if lemma not in lexicons.noun_prone:
        return "V" if direct in "NAC,." or before == "N" else "N"
    return _noun_or_verb(lower, low, following, tags, lexicons)


def _in_phrase(tags: list[str]) -> bool:
    """Whether the nouns just before are governed by a preposition."""
    for letter in reversed(tags):
        if letter not in "NAsZ#D":
            return letter == "P"
    return False


def _has_verb(tags: list[str], lower: list[str], lexicons: Lexicons) -> bool:
    """Whether a finite verb stands in the stretch since the last mark, conjunction or subordinator.

    A verb of saying or thinking does not count: its complement, with a verb of its own, may follow without "that".
    """
    words = lexicons.words
    for k in range(len(tags) - 1, max(len(tags) - _STRETCH, 0) - 1, -1):
        letter = tags[k]
        if letter in ',;".SWC':
            return False
        if letter in "VE":
            lemmas = [lemma for lemma, _ in lexicons.verbs.get(lower[k], ())]
            if any(lemma in words["saying"] or lemma in words["clausal"] for lemma in lemmas):
                return False
        if letter in "VBHM":
            return True
    return False


def _auxiliary_later(lower: list[str], at: int, words: dict[str, frozenset[str]]) -> bool:
    """Whether "was", "has" or "will" follows before any mark, conjunction or relative."""
    for low in lower[at : at + 12]:
        if not low[0].isalnum() or any(
            low in words[g] for g in ("conjunctions", "relatives", "subordinators", "pronouns")
        ):
            return False
        if low in words["be"] or low in words["have"] or low in words["modals"]:
            return True
    return False


def _headline_verb(lower: list[str], tags: list[str], lexicons: Lexicons) -> bool:
    """ "Farmers protest in Lima": a plural, the bare form, and no other verb in the sentence."""
    at = len(tags)
    words, subject = lexicons.words, lower[at - 1]
    if tags[-1] != "N" or not subject.endswith("s") or subject.endswith("ss") or lower[at].endswith("s"):
        return False
    if not any(w in words["prepositions"] or w in words["determiners"] for w in lower[at + 1 : at + 2]):
        return False
    closed = ("be", "have", "do", "modals")
    rest = lower[at + 1 : at + 40]
    return lower[at + 1 : at + 2] != ["of"] and not any(
        any(w in words[g] for g in closed) or {form for _, form in lexicons.verbs.get(w, ())} & {"past", "third"}
        for w in rest
    )


def _joins_third(lower: list[str], low: str, following: str, tags: list[str], lexicons: Lexicons) -> bool:
    """ "opposes the plan and calls on both sides": a second verb in the third person, with a particle or an object."""
    words = lexicons.words
    if not any(form == "third" for _, form in lexicons.verbs.get(low, ())):
        return False
    goes_on = (
        following in words["determiners"]
        or following in words["pronouns"]
        or following in ("for", "on", "that", "upon")
    )
    return goes_on and any(
        tags[k] == "V" and any(form == "third" for _, form in lexicons.verbs.get(lower[k], ()))
        for k in range(len(tags))
    )


def _noun_or_verb(lower: list[str], low: str, following: str, tags: list[str], lexicons: Lexicons) -> str:
    """ "Rebels attack the town" against "the rebel attack": a verb needs a noun before it and an object or preposition after it, and the only finite verb of its stretch."""
    words = lexicons.words
    direct = neighbour(tags)
    after_adverb = direct == "A" and sum(t in "VBHM" for t in tags) == 0 and "N" in tags  # "Ghana greatly values …"
    if after_adverb and following not in words["prepositions"] and following not in words["conjunctions"]:
        return "V"
    if len(tags) in (1, 2) and _headline_verb(lower, tags, lexicons):
        return "V"
    if direct == "C" and _joins_third(lower, low, following, tags, lexicons):
        return "V"
    if direct != "N" or (
        following not in words["determiners"]
        and not following[:1].isdigit()
        and following not in ("to", "over", "against", "with")
        and following in words["prepositions"]
    ):
        return "N"
    if low.endswith("s") and lexicons.verbs.get(low, (("", ""),))[0][1] == "third":
        after = {form for _, form in lexicons.verbs.get(following, ())}
        if after == {"third"} and not _has_verb(tags, lower, lexicons):
            return "V"  # "the prime minister holds talks"
    if (following[:1].isdigit() or following in words["numerals"]) and not _has_verb(tags, lower, lexicons):
        return "V"  # "the editor faces 18 charges"
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
