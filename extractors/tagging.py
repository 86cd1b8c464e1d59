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
from extractors.wordclasses import POINTING

_VERBAL_BEFORE = frozenset("TMOX")
_QUOTES = frozenset(('"', "“", "”", "«", "»", "'", "‘", "’"))
_ASIDE = _QUOTES | frozenset("()[]-,")
_STRETCH = 60
"""Tokens looked back over for the verb of a stretch without marks."""
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
        return "s" if _direct(tags) in "N#D" else '"'
    if low == "to":
        return "T" if _starts_verb(lower, i + 1, lexicons) else "P"
    if low in words["weekdays"] and following != "'s" and _direct(tags) in "NVEA" and _previous(tags) != "D":
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
        and not (low.endswith("ed") and (_previous(tags) in "BH" or _acts(tags, lower, following, lexicons)))
    ):
        return "N"
    if low == "back" and (following == "home" or following in words["prepositions"]) and _direct(tags) not in "TM":
        return "A"  # "flew him back home", "went back to Lima"
    if low.endswith("ed") and low in words["attributive"] and _attributive(i, sentence, tags, lexicons):
        return "N"
    if _disagrees(i, lower, forms, tags):
        return "N"
    if i and sentence.words[i][0].isupper() and not sentence.words[i].isupper() and tags[-1] not in '".':
        return "N"
    return _verb_class(i, lower, forms, following, tags, lexicons)


def _is_forename(i: int, sentence: Sentence, tags: list[str]) -> bool:
    """A name's first word: two words with capitals that begin a sentence or stand after a mark or small word."""
    written = sentence.words[i : i + 2]
    return (
        len(written) == 2 and all(w[0].isupper() and not w.isupper() for w in written) and (not tags or tags[-1] != "N")
    )


def _is_passive(low: str, following: str, tags: list[str], lexicons: Lexicons) -> bool:
    """A word in -ed which the lexicon lacks, after "be" and before no noun: "was scuttled by"."""
    return len(low) > 4 and low.isalpha() and _previous(tags) == "B" and not _noun_follows(following, lexicons)


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
    before = _direct(tags)
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


def _previous(tags: list[str]) -> str:
    """The class before the token, adverbs and negations passed over."""
    for letter in reversed(tags):
        if letter not in "AXZ":
            return letter
    return "."


def _direct(tags: list[str]) -> str:
    """The class of the token before, words set aside passed over."""
    for letter in reversed(tags):
        if letter != "Z":
            return letter
    return "."


def _acts(tags: list[str], lower: list[str], following: str, lexicons: Lexicons) -> bool:
    """ "Guerrillas wounded two soldiers", not "two wounded soldiers": a noun before, an object behind, and no verb yet."""
    words = lexicons.words
    return (
        _direct(tags) in "NR"
        and (following[:1].isdigit() or any(following in words[g] for g in ("determiners", "numerals", "pronouns")))
        and not _has_verb(tags, lower, lexicons)
    )


def _attributive(i: int, sentence: Sentence, tags: list[str], lexicons: Lexicons) -> bool:
    """ "and elected officials remain", not "was elected", "elected Mr Diaz", "elected a council": a plain noun right behind, no auxiliary before."""
    if _previous(tags) in "BHNR" or i + 1 >= len(sentence.words):
        return False
    following = sentence.words[i + 1]
    return following.islower() and following.isalpha() and _noun_follows(following, lexicons)


def _disagrees(i: int, lower: list[str], forms: tuple[tuple[str, str], ...], tags: list[str]) -> bool:
    """ "a U.S. group that …": a bare verb form cannot follow a subject in the singular."""
    if any(form != "base" for _, form in forms):
        return False
    for k in range(i - 1, -1, -1):
        if tags[k] == "D":
            return lower[k] in ("a", "an", "each", "every", "another")
        if tags[k] not in "N":
            return False
    return False


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
    low, words = lower[i], lexicons.words
    names = {form for _, form in forms}
    before, direct = _previous(tags), _direct(tags)
    if "gerund" in names:
        if before == "B":
            return "G"
        if direct in "Ds#" or (direct == "N" and following in ("of", ",", ".")):
            return "N"
        if direct == "N" and "-" in lower[i - 1] and _noun_follows(following, lexicons):
            return "N"  # "a pro-government lobbying group"
        return "G"
    if "past" in names or ("participle" in names):
        if before in "B":
            return "E"
        if before == "H":
            return "E"
        if direct in "Ds#" or (direct == "P" and _noun_follows(following, lexicons)):
            return "N"
        acting = {form for _, form in lexicons.verbs.get(lower[i - 1], ())} & {"past", "gerund"} if i else set()
        if (
            (direct in "VG" or (direct == "E" and _previous(tags[:-1]) == "H"))
            and acting
            and "participle" in names
            and _noun_follows(following, lexicons)
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
    direct = _direct(tags)
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
