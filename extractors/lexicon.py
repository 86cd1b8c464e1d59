"""The lexicons: who and what words can stand for. Data files, read once, held as one look-up table of phrases.

A phrase is found by its first token, longest first, so matching costs a dictionary look-up a token whatever the size of the
lexicons. Users' own files (same names and columns, in the workspace) are read after ours and win.
"""

from __future__ import annotations

import csv
import hashlib
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from extractors import inflection
from extractors.rules import RuleBook, read_rules
from extractors.sentences import Sentence, tokenize

DATA = Path(__file__).parent / "lexicons"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one phrase may stand for."""

    phrase: str
    kind: str
    """country, adjective, plural, capital, metonym, people, partial, actor, person, agent, title or body."""
    name: str | None
    country: str | None
    sector: str | None
    others: tuple[str, ...] = ()
    valid_from: str = ""
    valid_to: str = ""
    ambiguous: bool = False
    weak: bool = False
    file: str = ""

    def holds(self, day: date | None) -> bool:
        """Whether the entry is valid on that day; an unknown day may be any."""
        if day is None or not (self.valid_from or self.valid_to):
            return True
        iso = day.isoformat()
        return iso[: len(self.valid_from)] >= self.valid_from and (
            not self.valid_to or iso[: len(self.valid_to)] <= self.valid_to
        )


@dataclass(slots=True)
class Lexicons:
    """Everything the coder looks up. Built once by `load_lexicons`, never changed afterwards."""

    phrases: dict[str, list[tuple[tuple[str, ...], tuple[Entry, ...]]]]
    """First token → (all tokens, entries), longest first. Tokens are folded: lower case, no accents."""
    words: dict[str, frozenset[str]]
    """The closed classes and word groups of `words.toml`."""
    verbs: dict[str, tuple[tuple[str, str], ...]]
    """Written form → (lemma, form) with form base, third, past, participle, gerund."""
    noun_prone: frozenset[str]
    """Base forms which are at least as often nouns."""
    rules: RuleBook
    governors: dict[str, str]
    """Verb lemma → what it makes of its complement: pass, planned, negated, hypothetical."""
    vetoes: dict[str, dict[str, float]]
    contexts: dict[str, tuple[str, ...]]
    version: str
    shorts: dict[str, tuple[Entry, ...]] = field(default_factory=dict)
    """Last word of a person's name → the persons so named."""


def fold(token: str) -> str:
    """Lower case without accents; typographic apostrophes made plain."""
    low = token.lower()
    if low.isascii():
        return low
    plain = unicodedata.normalize("NFKD", low.replace("’", "'"))
    return "".join(c for c in plain if not unicodedata.combining(c))


def phrase_tokens(phrase: str) -> tuple[str, ...]:
    """A phrase cut and folded exactly as running text is."""
    return tuple(fold(w) for w in tokenize(phrase, 0, len(phrase)).words)


def load_lexicons(extra: Path | None = None) -> Lexicons:
    """Read all lexicons and rules.

    Args:
        extra: a folder of the user's own files of the same names; its rows come first and hide equal phrases of ours.
    Raises:
        ValueError: a row or rule is malformed; the message names file and line.
    """
    folders = [f for f in (extra, DATA) if f is not None and f.is_dir()]
    words = {k: frozenset(v.split()) for k, v in _toml("words.toml").items()}
    verb_rows = list(_rows(folders, "verbs.tsv"))
    rules = read_rules([f / "rules" for f in reversed(folders)])
    phrases, shorts = _phrases(folders)
    return Lexicons(
        phrases=phrases,
        words=words,
        verbs=_verb_forms(verb_rows, rules.verb_lemmas() | frozenset(rules.governors), words),
        noun_prone=frozenset(r["lemma"] for r in verb_rows if "noun" in r["note"]) | rules.noun_prone(),
        rules=rules,
        governors=rules.governors,
        vetoes=_vetoes(_toml("vetoes.toml")),
        contexts={k: tuple(v.split("|")) for k, v in _toml("contexts.toml").items()},
        version=_version(folders),
        shorts=shorts,
    )


def _toml(name: str) -> dict[str, Any]:
    with open(DATA / name, "rb") as file:
        return tomllib.load(file)


def _vetoes(raw: dict[str, Any]) -> dict[str, dict[str, float]]:
    return {
        topic: {
            w: weight
            for weight, ws in ((1.0, g.get("strong", "")), (0.5, g.get("weak", "")))
            for w in ws.split("|")
            if w
        }
        for topic, g in raw.items()
    }


def _version(folders: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for folder in folders:
        for path in sorted(p for p in folder.rglob("*") if p.suffix in (".tsv", ".toml", ".txt")):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def _rows(folders: Iterable[Path], name: str) -> Iterator[dict[str, str]]:
    for folder in folders:
        path = folder / name
        if not path.exists():
            continue
        with open(path, encoding="utf-8", newline="") as file:
            reader = csv.reader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
            header = next(reader)
            for number, cells in enumerate(reader, 2):
                if len(cells) > len(header):
                    raise ValueError(f"{path.name}:{number}: {len(cells)} columns, the header names {len(header)}")
                yield dict(zip(header, cells + [""] * (len(header) - len(cells)), strict=True))


def _entries(folders: list[Path]) -> Iterator[tuple[str, Entry]]:
    """Every phrase with its entry, in order of preference: what people know best comes first."""
    for row in _rows(folders, "countries.tsv"):
        sector = {"metonym": "GOV", "partial": "PRE"}.get(row["kind"])
        kind = {"name": "country", "former_name": "country"}.get(row["kind"], row["kind"])
        yield (
            row["phrase"],
            Entry(
                row["phrase"],
                kind,
                None,
                row["country"] or None,
                sector,
                (),
                row["valid_from"],
                row["valid_to"],
                "ambiguous" in row["note"],
                False,
                "countries.tsv",
            ),
        )
    for row in _rows(folders, "actors.tsv"):
        kind = "person" if row["kind"] == "person" else "actor"
        yield row["phrase"], _named(row, kind, "actors.tsv")
    for row in _rows(folders, "officeholders.tsv"):
        yield row["phrase"], _named(row, "person", "officeholders.tsv")
    for row in _rows(folders, "agents.tsv"):
        entry = Entry(
            row["phrase"],
            row["kind"],
            None,
            None,
            row["sector"] or None,
            _split(row["other_sectors"]),
            "",
            "",
            False,
            "weak" in row["note"],
            "agents.tsv",
        )
        yield row["phrase"], entry
        if row["kind"] != "body" or row["plural"]:
            yield row["plural"] or inflection.plural(row["phrase"]), entry
        else:
            yield inflection.plural(row["phrase"]), entry


def _split(cell: str) -> tuple[str, ...]:
    return tuple(s.strip() for s in cell.split(";") if s.strip())


def _named(row: dict[str, str], kind: str, file: str) -> Entry:
    ambiguous = "ambiguous" in row["note"]
    return Entry(
        row["phrase"],
        kind,
        row["name"] or row["phrase"],
        row["country"] or None,
        row["sector"] or None,
        _split(row["other_sectors"]),
        row["valid_from"],
        row["valid_to"],
        ambiguous,
        False,
        file,
    )


def _phrases(
    folders: list[Path],
) -> tuple[dict[str, list[tuple[tuple[str, ...], tuple[Entry, ...]]]], dict[str, tuple[Entry, ...]]]:
    by_tokens: dict[tuple[str, ...], list[Entry]] = {}
    shorts: dict[str, list[Entry]] = {}
    for phrase, entry in _entries(folders):
        # Most phrases are plain words, for which splitting at blanks is the tokeniser's answer at a tenth of its cost.
        tokens = (
            tuple(phrase.lower().split(" "))
            if phrase.replace(" ", "").isalpha() and phrase.isascii()
            else phrase_tokens(phrase)
        )
        if tokens:
            by_tokens.setdefault(tokens, []).append(entry)
        if entry.kind == "person" and len(tokens) > 1:
            shorts.setdefault(tokens[-1], []).append(entry)
    phrases: dict[str, list[tuple[tuple[str, ...], tuple[Entry, ...]]]] = {}
    for tokens, entries in by_tokens.items():
        phrases.setdefault(tokens[0], []).append((tokens, tuple(entries)))
    for group in phrases.values():
        group.sort(key=lambda pair: -len(pair[0]))
    return phrases, {k: tuple(v) for k, v in shorts.items()}


def _verb_forms(
    rows: list[dict[str, str]], lemmas: frozenset[str], words: dict[str, frozenset[str]]
) -> dict[str, tuple[tuple[str, str], ...]]:
    irregular = {r["lemma"]: r for r in rows}
    forms: dict[str, list[tuple[str, str]]] = {}

    def put(form: str, lemma: str, name: str) -> None:
        if (lemma, name) not in forms.setdefault(form, []):
            forms[form].append((lemma, name))

    for lemma in sorted(lemmas | irregular.keys() | words["saying"] | words["light"]):
        row = irregular.get(lemma, {})
        put(lemma, lemma, "base")
        put(inflection.third_person(lemma), lemma, "third")
        for form in (row.get("past") or inflection.past(lemma)).split("|"):
            put(form, lemma, "past")
        for form in (row.get("participle") or row.get("past") or inflection.past(lemma)).split("|"):
            put(form, lemma, "participle")
        put(inflection.gerund(lemma), lemma, "gerund")
    return {form: tuple(found) for form, found in forms.items()}


def matches(sentence: Sentence, lexicons: Lexicons) -> list[tuple[int, int, tuple[Entry, ...]]]:
    """The longest phrases of the lexicons in a sentence, left to right, not overlapping.

    Names need a capital where the lexicon has one; acronyms in capitals ("US", "WHO") must be written in capitals.
    Returns:
        (first token, last token exclusive, entries that fit).
    """
    found: list[tuple[int, int, tuple[Entry, ...]]] = []
    lower, words, phrases = sentence.lower, sentence.words, lexicons.phrases
    at, count = 0, len(lower)
    while at < count:
        step = 1
        token = lower[at]
        for tokens, entries in phrases.get(token if token.isascii() else fold(token), ()):
            size = len(tokens)
            if at + size > count or (size > 1 and not _same(lower, at, tokens)):
                continue
            fitting = tuple(e for e in entries if _case_fits(e, words, at))
            if fitting:
                found.append((at, at + size, fitting))
                step = size
                break
        at += step
    return found


def _same(lower: list[str], at: int, tokens: tuple[str, ...]) -> bool:
    return all(lower[at + i] == t or fold(lower[at + i]) == t for i, t in enumerate(tokens))


def _case_fits(entry: Entry, words: list[str], at: int) -> bool:
    phrase = entry.phrase
    if phrase.islower():
        return True
    word = words[at]
    if not word[:1].isupper():
        return not phrase[:1].isupper()
    if phrase.isupper() and len(phrase) <= 6 and phrase.isalpha():
        return word == phrase
    return True
