"""Dictionaries of earlier coders: the actor and agent files of TABARI and PETRARCH, turned into rows of our lexicons.

Both write a phrase in capitals with underscores and its codes in square brackets, each code with the days between which it holds:

    SADDAM_HUSSEIN_                     # a comment
    +PRESIDENT_SADDAM_                  another way to write the name above
            [IRQGOV 790716-030409]
            [IRQELI >030409]
    STUDENT_ {STUDENTS_} [~EDU]         an agent: any country's

A code is a country or kind of organisation and then sectors, three letters each. What has no counterpart here is left out and counted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from extractors.lexicon_check import NOT_COUNTRIES, SECTORS

_CODE = re.compile(r"\[([^\]]{1,80})\]")
_PLURAL = re.compile(r"\{([^}]{1,80})\}")
# CAMEO's sectors where PLOVER says otherwise.
_SECTORS = {
    "CIV": "CVL", "HLH": "MED", "MED": "JRN", "INS": "REB", "SEP": "REB", "RAD": "REB", "ENV": "SOC", "HRI": "SOC", "DEV": "SOC",
    "MOS": "REL", "CHR": "REL", "JEW": "REL", "BUD": "REL", "HIN": "REL", "LLY": "PRM", "ADM": "GOV", "TOP": "GOV", "MOD": "PTY",
    "NGO": "SOC", "STU": "EDU", "LAW": "COP",
}  # fmt: skip
_PLACES = {
    "ROM": "ROU",
    "ZAR": "COD",
    "TMP": "TLS",
    "BUR": "MMR",
    "KSV": "XKX",
    "KOS": "XKX",
    "GME": "DEU",
    "GMW": "DEU",
    "YUG": "SRB",
}
_ACRONYM = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{2,6}|U\.?S\.?A?\.?|U\.?N\.?|EU|UAE|UK")


@dataclass(slots=True)
class Imported:
    """Rows by file, ready to be written, and what was passed over."""

    actors: list[dict[str, str]] = field(default_factory=list)
    agents: list[dict[str, str]] = field(default_factory=list)
    skipped: list[tuple[int, str]] = field(default_factory=list)
    """Line number and why."""


def import_dictionary(lines: Iterable[str], source: str, countries: frozenset[str]) -> Imported:
    """Read an actor or agent dictionary.

    Args:
        lines: of the file, in order.
        source: what the rows name as their source.
        countries: ISO 3166-1 alpha-3 codes; a code that begins otherwise is passed over.
    Returns:
        Rows for `actors.tsv` and `agents.tsv`. Never raises on any text.
    """
    result = Imported()
    phrases: list[str] = []
    coded = False
    for number, raw in enumerate(lines, 1):
        line = raw.split("#", 1)[0].split(";", 1)[0].rstrip()
        if not line.strip() or line.lstrip().startswith(("<!--", "!", "=")):
            continue
        head = line.split("[", 1)[0].split("{", 1)[0].strip()
        if head:
            if not head.startswith("+") and (coded or not line.startswith("+")):
                phrases, coded = [], False
            phrases.append(_phrase(head.lstrip("+")))
        codes = _CODE.findall(line)
        coded = coded or bool(codes)
        if head.startswith("+") and codes == [] and coded:
            result.skipped.append((number, f"{head}: written after the codes of its name"))
        plural = _PLURAL.search(line)
        for code in codes:
            for phrase in phrases:
                _add(result, number, phrase, code, source, countries, _phrase(plural[1]) if plural else "")
    return result


def _add(
    result: Imported, number: int, phrase: str, code: str, source: str, countries: frozenset[str], plural: str
) -> None:
    letters, _, when = code.strip().partition(" ")
    agent = letters.startswith("~")
    parts = list(_triples(letters.lstrip("~")))
    country = ""
    if not agent and parts:
        country = _PLACES.get(parts[0], parts[0])
        if country not in countries | NOT_COUNTRIES:
            result.skipped.append((number, f"{phrase}: no country {parts[0]!r}"))
            return
        parts = parts[1:]
    sectors = list(dict.fromkeys(s for p in parts if (s := _SECTORS.get(p, p)) in SECTORS))
    row = {"phrase": phrase, "sector": sectors[0] if sectors else "", "other_sectors": ";".join(sectors[1:])}
    if agent:
        if not sectors:
            result.skipped.append((number, f"{phrase}: no sector in {code!r}"))
            return
        result.agents.append(row | {"phrase": phrase.lower(), "plural": plural.lower(), "kind": "agent", "note": ""})
        return
    start, end = _days(when)
    result.actors.append(
        row
        | {"name": phrase, "country": country, "kind": "org", "valid_from": start, "valid_to": end}
        | {"source": source, "note": ""}
    )


def _triples(letters: str) -> Iterator[str]:
    for at in range(0, len(letters) - len(letters) % 3, 3):
        yield letters[at : at + 3].upper()


def _phrase(head: str) -> str:
    """`UNITED_STATES_` → `United States`: names get their capitals back as well as can be told."""
    words = [w for w in head.strip().strip("_").replace("~", "").split("_") for w in w.split()]
    return " ".join(w if _ACRONYM.fullmatch(w) else w[:1].upper() + w[1:].lower() for w in words)


def _days(when: str) -> tuple[str, str]:
    """`790716-030409`, `>030409`, `<790716` → first and last day."""
    when = when.strip()
    if when.startswith(">"):
        return _day(when[1:]), ""
    if when.startswith("<"):
        return "", _day(when[1:])
    first, _, last = when.partition("-")
    return _day(first), _day(last)


def _day(digits: str) -> str:
    """Six digits YYMMDD (of 1930 to 2029) or eight YYYYMMDD; what is neither, or no day, says nothing."""
    digits = digits.strip()
    if len(digits) == 6 and digits.isascii() and digits.isdigit():
        digits = ("19" if digits[:2] >= "30" else "20") + digits
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        return ""
    if not ("01" <= digits[4:6] <= "12" and "01" <= digits[6:] <= "31"):
        return digits[:4]
    return f"{digits[:4]}-{digits[4:6]}-{digits[6:]}"
