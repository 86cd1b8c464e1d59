"""English inflection by rule: from a lemma to its written forms. Irregular forms come from data (`lexicons/verbs.tsv`).

The rules are the regular ones of any grammar (Quirk et al. 1985, ch. 3 and 5): final e, consonant + y, sibilants, and the
doubling of a final consonant in stressed one-syllable stems. Wrong extra forms do no harm: they match nothing.
"""

from __future__ import annotations

_VOWELS = "aeiou"
# Stems of more than one syllable that double their last consonant because the stress falls on it.
_DOUBLING = frozenset(
    [
        "admit",
        "allot",
        "begin",
        "commit",
        "compel",
        "confer",
        "control",
        "defer",
        "deter",
        "embed",
        "equip",
        "excel",
        "expel",
        "extol",
        "forget",
        "infer",
        "incur",
        "occur",
        "omit",
        "patrol",
        "permit",
        "prefer",
        "propel",
        "quarrel",
        "rebel",
        "rebut",
        "recur",
        "refer",
        "regret",
        "remit",
        "repel",
        "submit",
        "transfer",
        "transmit",
        "travel",
        "cancel",
        "counsel",
        "signal",
        "label",
        "model",
        "shovel",
        "worship",
        "kidnap",
    ]
)


def plural(noun: str) -> str:
    """The regular plural of a noun; of a compound, that of its last word.

    >>> plural("embassy"), plural("march"), plural("chief of staff"), plural("strike")
    ('embassies', 'marches', 'chiefs of staff', 'strikes')
    """
    head, joint, tail = noun.partition(" of ")
    if joint:
        return plural(head) + joint + tail
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        return noun + "es"
    if noun.endswith("y") and noun[-2:-1] not in _VOWELS:
        return noun[:-1] + "ies"
    if noun.endswith("man") and noun not in ("german", "human", "roman", "shaman", "talisman", "ottoman"):
        return noun[:-3] + "men"
    return noun + "s"


def _doubles(stem: str) -> bool:
    if len(stem) < 3 or stem[-1] in "wxyaeiouhk" or stem[-2] not in _VOWELS or stem[-3] in _VOWELS:
        return False
    return stem in _DOUBLING or sum(c in _VOWELS for c in stem) == 1


def third_person(lemma: str) -> str:
    """
    >>> third_person("deny"), third_person("attack"), third_person("clash")
    ('denies', 'attacks', 'clashes')
    """
    if lemma == "have":
        return "has"
    if lemma.endswith(("s", "x", "z", "ch", "sh", "o")):
        return lemma + "es"
    return plural(lemma) if not lemma.endswith("man") else lemma + "s"


def past(lemma: str) -> str:
    """The regular past and past participle.

    >>> past("accuse"), past("deny"), past("ban"), past("visit"), past("permit")
    ('accused', 'denied', 'banned', 'visited', 'permitted')
    """
    if lemma.endswith("e"):
        return lemma + "d"
    if lemma.endswith("y") and lemma[-2:-1] not in _VOWELS:
        return lemma[:-1] + "ied"
    return lemma + lemma[-1] + "ed" if _doubles(lemma) else lemma + "ed"


def gerund(lemma: str) -> str:
    """
    >>> gerund("strike"), gerund("hit"), gerund("agree"), gerund("die"), gerund("begin")
    ('striking', 'hitting', 'agreeing', 'dying', 'beginning')
    """
    if lemma.endswith("ie"):
        return lemma[:-2] + "ying"
    if lemma.endswith("e") and not lemma.endswith(("ee", "oe", "ye")) and lemma != "be":
        return lemma[:-1] + "ing"
    return lemma + lemma[-1] + "ing" if _doubles(lemma) else lemma + "ing"
