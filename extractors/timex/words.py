"""Time words: a text as tokens, each with the classes of `lexicons/dates.toml`, and the rules over those classes.

Every set of classes a token can have gets one character, so that a text becomes a string of characters, one a token, and a rule a
regular expression over it. Most tokens have no class and are passed over at the speed of a regular expression.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from extractors.records import record

DATA = Path(__file__).parent.parent / "lexicons" / "dates.toml"
_NONE = "."
_FIRST_LETTER = 0x100
_REACH = 8
"""Tokens of an expression before its first core word: "more than two and a half consecutive"."""
_RUN = 40
"""Tokens up to which a run is kept with its readings."""
_KEPT = 1 << 14
_MARKS = {
    ",": "COMMA", ".": "STOP", "!": "STOP", "?": "STOP", "-": "DASH", "–": "DASH", "—": "DASH", "‐": "DASH", "‑": "DASH", "/": "SLASH",
    "'": "APOS", "’": "APOS", "(": "OPEN", ")": "CLOSE", "\n": "LINE", "+": "SIGN", "−": "SIGN",
}  # fmt: skip
_NUMBERS = re.compile(
    r"(?P<iso>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\w-]))"
    r"|(?P<numeric>\d{1,2}(?:/\d{1,2}/|-\d{1,2}-|[.]\d{1,2}[.])(?:\d{4}|\d\d)(?![\w/-])|9/11(?![\w/]))"
    r"|(?P<clock>\d{1,2}[:.]\d\d(?::\d\d)?[  ]?[apAP](?:\.[mM]\.?|[mM]\b)|\d{1,2}:\d\d(?::\d\d)?(?![\w:])|\d{1,2}(?:[ap]m|[AP]M)\b)"
    r"|(?P<decade>['’]?\d{2,4}['’]?s\b)"
    r"|(?P<ordinal>\d{1,4}(?:st|nd|rd|th)\b)"
    r"|(?P<number>\d{1,20}(?:[.,]\d{1,20}){0,9})(?P<glued>\w+)?"
)
"""Everything that begins with a digit, and '90s."""
_SYMBOL = re.compile(r"\{(\w+):|\}|[A-Z][A-Z_]+|[A-Za-z][a-z.]*\b\.?|\s+")


@dataclass(slots=True)
class Tokens:
    """The tokens of a text. The lists run in parallel; `codes` has one character a token."""

    text: str
    low: list[str]
    starts: list[int]
    ends: list[int]
    codes: str

    def word(self, at: int) -> str:
        """A token as written; '' beyond the ends."""
        return self.text[self.starts[at] : self.ends[at]] if 0 <= at < len(self.low) else ""

    def lower(self, at: int) -> str:
        """A token in lower case; '' beyond the ends."""
        return self.low[at] if 0 <= at < len(self.low) else ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A sequence of classes that is an expression, and the kind of reading it gets."""

    kind: str
    pattern: re.Pattern[str]
    value: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    """Words before an expression that belong to it."""

    types: frozenset[str]
    pattern: re.Pattern[str]


@record
class Match:
    """A rule that fits: tokens `first` to `last` (exclusive), and the tokens of its named parts in order."""

    rule: Rule
    first: int
    last: int
    parts: dict[str, list[tuple[int, int]]]


@dataclass(slots=True)
class Grammar:
    """`dates.toml`, compiled."""

    words: dict[str, tuple[tuple[str, bool], ...]]
    """Lower-case word → (class, whether only capitalised)."""
    values: dict[str, dict[str, str]]
    """Class → lower-case word → value."""
    letters: dict[frozenset[str], str]
    rules: tuple[Rule, ...]
    any_rule: re.Pattern[str]
    core: re.Pattern[str]
    left: tuple[Left, ...]
    token: re.Pattern[str]
    holidays: dict[str, str]
    refuse: dict[str, frozenset[str]]
    tense: dict[str, frozenset[str]]
    around: dict[str, frozenset[str]]
    governing: dict[str, frozenset[str]]
    small: dict[str, str]
    """Word without a capital, or mark → its character."""
    capital: dict[str, str]
    """Word in small letters → its character where it has a capital."""

    def letter(self, token: str) -> str:
        """The character of a token that is no word in small letters."""
        if token[0].isalpha():
            return (self.capital if token[0].isupper() else self.small).get(token.lower().replace("’", "'"), _NONE)
        return self.letters.get(_classes(token), _NONE)

    def value(self, name: str, word: str) -> str:
        """The value of a word in a class."""
        return self.values.get(name, {}).get(word, "")

    def starts(self, codes: str, at: int) -> Iterator[int]:
        """Where an expression may begin from `at` on: not far before a core word, at a token that has a class."""
        for found in self.core.finditer(codes, at):
            here = found.start()
            begin = here
            while begin > at and begin > here - _REACH and codes[begin - 1] != _NONE:
                begin -= 1
            yield from range(begin, here + 1)
            at = here + 1

    def matches(self, codes: str, at: int) -> Iterator[Match]:
        """The readings of the tokens from `at` on, in the order of the rules.

        No rule goes on over a token that has no class, so what is read hangs on the characters up to the next such token alone.
        """
        stop = codes.find(_NONE, at, at + _RUN)
        if stop >= 0 or len(codes) <= at + _RUN:
            for rule, length, parts in _readings(codes[at : stop + 1] if stop >= 0 else codes[at:]):
                shifted = {name: [(a + at, b + at) for a, b in spans] for name, spans in parts.items()}
                yield Match(rule, at, at + length, shifted)
            return
        for rule, length, parts in self.read(codes, at):
            yield Match(rule, at, at + length, parts)

    def read(self, codes: str, at: int) -> Iterator[tuple[Rule, int, dict[str, list[tuple[int, int]]]]]:
        """Every rule that fits from `at` on, how many tokens it takes, and the spans of its parts."""
        found = self.any_rule.match(codes, at)
        if found is None or found.lastgroup is None:
            return
        for rule in self.rules[int(found.lastgroup[1:]) :]:
            match = rule.pattern.match(codes, at)
            if match and match.end() > at:
                yield rule, match.end() - at, _parts(match)


def _parts(match: re.Match[str]) -> dict[str, list[tuple[int, int]]]:
    """The spans of the rule's parts, each as often as it occurs."""
    parts: dict[str, list[tuple[int, int]]] = {}
    for name, group in sorted(match.re.groupindex.items(), key=lambda item: item[1]):
        if match.start(group) >= 0:
            parts.setdefault(name.rpartition("_")[0], []).append(match.span(group))
    return parts


@cache
def grammar() -> Grammar:
    """Our time words, read and compiled once."""
    with open(DATA, "rb") as file:
        data = tomllib.load(file)
    words, values, phrases = _words(data)
    macros = data["macros"]
    sources = [_expand(r["pattern"], macros) for r in data["rule"]]
    lefts = [_expand(r["pattern"], macros) for r in data["left"]]
    for source in (*sources, *lefts):
        for symbol in re.findall(r"\{\w+:|[A-Z][A-Z_]+|[A-Za-z][A-Za-z.]*", source):
            if not symbol.startswith("{") and not symbol.isupper() and (symbol, False) not in words.get(symbol, ()):
                words[symbol.lower()] = (*words.get(symbol.lower(), ()), (symbol.lower(), symbol[0].isupper()))
    letters = _letters(words)
    rules = tuple(
        Rule(r["kind"], re.compile(_compiled(s, letters)), r.get("value", ""))
        for r, s in zip(data["rule"], sources, strict=True)
    )
    left = tuple(
        Left(frozenset(r["types"]), re.compile(_compiled(s, letters))) for r, s in zip(data["left"], lefts, strict=True)
    )
    unnamed = (re.sub(r"\((?!\?)|\(\?P<\w+>", "(?:", r.pattern.pattern) for r in rules)
    core = frozenset(data["core"].split())
    return Grammar(
        words,
        values,
        letters,
        rules,
        re.compile("|".join(f"(?P<r{n}>{source})" for n, source in enumerate(unnamed))),
        re.compile("[" + "".join(letter for classes, letter in letters.items() if classes & core) + "]"),
        left,
        _token_pattern(phrases),
        {k.lower(): v for k, v in data["holidays"].items()},
        {k: frozenset(w.lower() for w in v) for k, v in data["refuse"].items()},
        {k: frozenset(v) for k, v in data["tense"].items()},
        {k: frozenset(v) for k, v in data["around"].items()},
        {k: frozenset(v) for k, v in data["governing"].items()},
        *_plain(words, letters),
    )


def _words(
    data: dict[str, Any],
) -> tuple[dict[str, tuple[tuple[str, bool], ...]], dict[str, dict[str, str]], list[str]]:
    """The vocabulary, the values, and what is written in several tokens."""
    words: dict[str, tuple[tuple[str, bool], ...]] = {}
    values: dict[str, dict[str, str]] = {}
    phrases = []
    for name, given in data["words"].items():
        if isinstance(given, str):
            given = {"": given}
        elif isinstance(given, list):
            given = {str(n): w for n, w in enumerate(given, 1)}
        for value, listed in given.items():
            for word in listed.split():
                word = word.replace("_", " ")
                low = word.lower()
                words[low] = (*words.get(low, ()), (name, word[0].isupper()))
                values.setdefault(name, {})[low] = value
                if not word.isalpha():
                    phrases.append(word)
    for word in data["holidays"]:
        words[word.lower()] = (("HOLIDAY", True),)
        if not word.isalpha():
            phrases.append(word)
    return words, values, phrases


def _expand(pattern: str, macros: dict[str, str]) -> str:
    """Put the macros in, innermost last."""
    for _ in range(4):
        pattern = re.sub(r"[A-Z][A-Z_]+", lambda m: macros.get(m[0], m[0]), pattern)
    return pattern


def _letters(words: dict[str, tuple[tuple[str, bool], ...]]) -> dict[frozenset[str], str]:
    """One character for every set of classes that can occur."""
    sets = {frozenset((mark,)) for mark in _MARKS.values()}
    for classes in words.values():
        sets.add(frozenset(c for c, _ in classes))
        sets.add(frozenset(c for c, capital in classes if not capital))
    for number in (_number_classes(str(n).zfill(width)) for n in range(2400) for width in (1, 2, 4)):
        sets.add(number)
    sets |= {frozenset((c,)) for c in ("ISO", "NUMERIC", "CLOCK", "DECADE", "DAYORD", "ORDNUM", "COUNT")}
    sets.discard(frozenset())
    return {s: chr(_FIRST_LETTER + n) for n, s in enumerate(sorted(sets, key=sorted))}


def _number_classes(digits: str) -> frozenset[str]:
    """What a plain whole number may be, by its digits."""
    value, width = int(digits), len(digits)
    classes = {"COUNT"}
    if 1 <= value <= 31 and width <= 2:
        classes.add("DAYNUM")
    if value <= 24 and width <= 2:
        classes.add("HOUR")
    if width == 2:
        classes.add("YY")
    if width == 4 and 1000 <= value < 2200:
        classes.add("YEAR")
    if width == 4 and value // 100 < 24 and value % 100 < 60:
        classes.add("MIL")
    return frozenset(classes)


def _compiled(pattern: str, letters: dict[frozenset[str], str]) -> str:
    """A rule's pattern as a regular expression over characters; every part's name gets a number of its own."""
    count = 0

    def symbol(match: re.Match[str]) -> str:
        nonlocal count
        if match[1]:
            count += 1
            return f"(?P<{match[1]}_{count}>"
        if match[0] == "}":
            return ")"
        if match[0].isspace():
            return ""
        name = match[0] if match[0].isupper() and len(match[0]) > 1 else match[0].lower()
        members = "".join(letter for classes, letter in letters.items() if name in classes)
        if not members:
            raise ValueError(f"no word is in the class {name} of the rule {pattern}")
        return f"[{members}]"

    return (
        _SYMBOL.sub(symbol, pattern.replace("(?=", "\x01").replace("(?!", "\x02"))
        .replace("\x01", "(?=")
        .replace("\x02", "(?!")
    )


def _plain(
    words: dict[str, tuple[tuple[str, bool], ...]], letters: dict[frozenset[str], str]
) -> tuple[dict[str, str], dict[str, str]]:
    small = {mark: letters[frozenset((name,))] for mark, name in _MARKS.items()}
    capital = {}
    for word, classes in words.items():
        capital[word] = letters[frozenset(c for c, _ in classes)]
        uncapitalised = frozenset(c for c, only_capital in classes if not only_capital)
        if uncapitalised:
            small[word] = letters[uncapitalised]
    return small, capital


def _token_pattern(phrases: list[str]) -> re.Pattern[str]:
    """Tokens: what needs several characters to be recognised first, then words, then single marks."""
    listed = "|".join(re.escape(p).replace("'", "['’]") for p in sorted(phrases, key=len, reverse=True))
    return re.compile(
        r"(?:[b-oq-z]|[ap](?=[a-z]))[a-z]*\b"
        rf"|(?=[A-Z])(?:{listed})(?!\w)"
        r"|[apAP]\.[mM](?:\.|\b)"
        r"|[^\W\d_]\w*"
        rf"|{re.sub('[?]P<[a-z]+>', '?:', _NUMBERS.pattern)}"
        r"|[^\w\s]|\n"
    )


def tokenize(text: str) -> Tokens:
    """Cut a text into tokens and give each its character; without a word of time in it there are no tokens to look at."""
    words = grammar()
    written = words.token.findall(text)
    codes = "".join([_LETTERS[w] for w in written])
    if words.core.search(codes) is None:
        return Tokens(text, [], [], [], "")
    starts, at = [], 0
    for token in written:  # between tokens lie only blanks and underscores, so the next place of its text is its own
        at = text.index(token, at)
        starts.append(at)
        at += len(token)
    low = [w.lower() for w in written]
    if "’" in text:
        low = [w.replace("’", "'") if len(w) > 1 else w for w in low]
    return Tokens(text, low, starts, [a + len(w) for a, w in zip(starts, written, strict=True)], codes)


class _Letters(dict[str, str]):
    """Token → its character, for the tokens met so far."""

    def __missing__(self, token: str) -> str:
        words = grammar()
        letter = words.small.get(token)
        if letter is None:
            letter = _NONE if token.islower() and token.isalpha() else words.letter(token)
        if len(self) < _KEPT:
            self[token] = letter
        return letter


_LETTERS = _Letters()


@lru_cache(maxsize=_KEPT)
def _readings(run: str) -> tuple[tuple[Rule, int, dict[str, list[tuple[int, int]]]], ...]:
    """What a run of characters may be, from its first on: "on Monday" and "on Friday" are one run."""
    return tuple(grammar().read(run, 0))


def _classes(word: str) -> frozenset[str]:
    """The classes of a token that begins with a digit or an apostrophe."""
    match = _NUMBERS.fullmatch(word)
    kind = match.lastgroup if match else None
    if kind == "number" and word.isascii():
        return _number_classes(word) if word.isdigit() and len(word) < 5 else frozenset(("COUNT",))
    if kind == "ordinal":
        return frozenset(("DAYORD",)) if 1 <= int(word[:-2]) <= 31 else frozenset(("ORDNUM",))
    if kind == "decade":
        digits = re.sub(r"\D", "", word)
        return frozenset(("DECADE",)) if digits.endswith("0") and len(digits) in (2, 4) else frozenset()
    return frozenset((kind.upper(),)) if kind in ("iso", "numeric", "clock") else frozenset()
