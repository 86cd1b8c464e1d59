"""An own rule says what words mean, whatever the tagger reads there: an event of a type, or none at all.

    [[rule]]
    id = "own.sail"                    # stored in events.rule_id
    type = "MOBILIZE"                  # a PLOVER type, an x_ type, or "none": these words are silent
    mode = "troops"
    words = ["sail ~ fleet"]           # in any of their forms; ~ is a gap of a few words, a|b one of two
    codes = "France sailed its fleet to Libya."
    skips = "Tourists sailed to Libya."

A rule finds words and no sides: who did it to whom is asked of the tagger, at the words that the rule has found.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Protocol

from extractors.records import record
from extractors.sentences import Sentence, tokenize
from extractors.tagger.proposals import Proposal
from extractors.wordforms import word_forms

_LEXICONS = Path(__file__).parent / "lexicons"
OURS = _LEXICONS / "own"
TYPES = _LEXICONS / "rules" / "types.toml"
NONE = "none"
"""The type of a rule that silences."""
GAP = 5
"""Words that a `~` may stand for, at most: "imposed a set of new sanctions"."""
UNMEASURED = 0.8
"""Confidence of a rule that nobody has measured: its author meant it."""
_BREAKS = frozenset(";:")
"""Marks that a gap does not reach over."""
_OWN_TYPE = re.compile(r"x_[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class OwnRule:
    """One rule; `id` is stored with every event it codes."""

    id: str
    type: str
    words: tuple[str, ...]
    codes: str
    """A sentence that it must code, or silence."""
    skips: str
    """A sentence that it must leave alone."""
    mode: str | None = None
    tagged: str = ""
    """Where set, the rule speaks only at a trigger to which the tagger gives this type: it then says more of an act, and finds none."""
    confidence: float = UNMEASURED
    """How often it was right where that was measured; of a rule with `tagged`, at such triggers."""
    note: str = ""


Part = frozenset[str] | None
"""The written forms of one word of a pattern and its alternatives; None is a gap."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One entry of a rule's `words`. A pattern begins and ends with a word."""

    rule: OwnRule
    parts: tuple[Part, ...]
    count: int
    """Words in it: of two patterns in one place the one with more words speaks."""


@dataclass(frozen=True, slots=True)
class RuleBook:
    """All own rules, and their patterns by the written forms that begin them."""

    rules: Mapping[str, OwnRule]
    starts: Mapping[str, tuple[Pattern, ...]]
    types: Mapping[str, Mapping[str, Any]]
    """Quad class, score and modes by type, as `types.toml` has them, and what a workspace says of x_ types of its own."""


@record
class Hit:
    """A rule's words in a sentence: tokens [first, last), and the stretches of the text that the words take, gaps left out."""

    rule: OwnRule
    first: int
    last: int
    spans: tuple[tuple[int, int], ...]
    """Half-open, in code points of the text, in order."""

    @property
    def start(self) -> int:
        """Where its first word begins in the text."""
        return self.spans[0][0]

    @property
    def end(self) -> int:
        """Where its last word ends in the text."""
        return self.spans[-1][1]


class Coded(Protocol):
    """What a check must know of an event."""

    @property
    def event_type(self) -> str | None: ...
    @property
    def rule_id(self) -> str: ...
    @property
    def status(self) -> str: ...


def find(sentence: Sentence, book: RuleBook) -> list[Hit]:
    """The rules that speak in a sentence, in its order. Linear: a pattern reaches only so far.

    Hits do not overlap. Of two in one place the one with more words speaks, then the one that silences, then the earlier;
    those that wait for the tagger (`tagged`) come after all others.
    """
    if sentence.lower and book.starts.keys().isdisjoint(sentence.lower):
        return []
    found = [
        (pattern.rule.tagged != "", -pattern.count, pattern.rule.type != NONE, at, pattern.rule.id, runs, pattern.rule)
        for at, word in enumerate(sentence.lower)
        for pattern in book.starts.get(word, ())
        if (runs := _match(sentence.lower, at, pattern.parts))
    ]
    taken: set[int] = set()
    hits = []
    for *_, runs, rule in sorted(found, key=lambda entry: entry[:5]):
        tokens = {token for run in runs for token in range(*run)}
        if taken.isdisjoint(tokens):
            taken |= tokens
            spans = tuple((sentence.starts[a], sentence.ends[b - 1]) for a, b in runs)
            hits.append(Hit(rule, runs[0][0], runs[-1][1], spans))
    return sorted(hits, key=lambda hit: hit.first)


def _match(words: Sequence[str], at: int, parts: Sequence[Part]) -> tuple[tuple[int, int], ...]:
    """The runs of tokens that a pattern takes when it begins at a token, by the shortest gaps; none where it does not fit."""
    ways: dict[int, tuple[tuple[int, int], ...]] = {at: ((at, at),)}
    for part in parts:
        ways = _over_gap(words, ways) if part is None else _by_word(words, ways, part)
    return ways[min(ways)] if ways else ()


Ways = dict[int, tuple[tuple[int, int], ...]]
"""Token that comes next → the runs taken up to it."""


def _by_word(words: Sequence[str], ways: Ways, part: frozenset[str]) -> Ways:
    fitting = {at: runs for at, runs in ways.items() if at < len(words) and words[at] in part}
    return {at + 1: (*runs[:-1], (runs[-1][0], at + 1)) for at, runs in fitting.items()}


def _over_gap(words: Sequence[str], ways: Ways) -> Ways:
    reached: Ways = {}
    for at, runs in ways.items():
        for wide in range(GAP + 1):
            reached.setdefault(at + wide, runs if not wide else (*runs, (at + wide, at + wide)))
            if at + wide >= len(words) or words[at + wide] in _BREAKS:
                break
    return reached


def apply_rules(
    proposals: Iterable[Proposal], hits: Iterable[Hit], sides_for: Callable[[int, int, str], Proposal]
) -> list[Proposal]:
    """Let the own rules speak beside the tagger.

    Args:
        proposals: what the tagger read in a text.
        hits: what `find` gave for its sentences.
        sides_for: asked where the tagger has no trigger at a rule's words: (start, end, type) → a proposal with the sides of that
            trigger. The span is half-open, in code points of the text.
    Returns:
        All proposals in the order of the text. One of a rule keeps sides, status and core of the likeliest that it replaces. A trigger
        is one act: of several rules with words in it one speaks, one that silences before others, one that waits for the tagger last.
    """
    hits = sorted(hits, key=lambda hit: (hit.rule.tagged != "", hit.rule.type != NONE, hit.start))
    left, met = _parted(sorted(proposals, key=lambda p: (p.start, p.end)), hits)
    taken: set[int] = set()
    for hit, replaced in zip(hits, met, strict=True):
        if (hit.rule.tagged and not replaced) or not taken.isdisjoint(map(id, replaced)):
            continue
        taken.update(map(id, replaced))
        if hit.rule.type != NONE:
            base = max(replaced, key=lambda p: p.score, default=None)
            left.append(_spoken(base or sides_for(hit.start, hit.end, hit.rule.type), hit))
    return sorted(left, key=lambda p: (p.start, p.end))


def _parted(proposals: Sequence[Proposal], hits: Sequence[Hit]) -> tuple[list[Proposal], list[list[Proposal]]]:
    """The proposals to which no rule speaks, and for each hit those to which it does: they share words with it."""
    spans = sorted((start, end, n) for n, hit in enumerate(hits) for start, end in hit.spans)
    left: list[Proposal] = []
    met: list[list[Proposal]] = [[] for _ in hits]
    at = 0
    for proposal in proposals:
        while at < len(spans) and spans[at][1] <= proposal.start:
            at += 1
        touched: dict[int, None] = {}
        reach = at
        while reach < len(spans) and spans[reach][0] < proposal.end:
            number = spans[reach][2]
            if hits[number].rule.tagged in ("", proposal.type):
                touched[number] = None
            reach += 1
        for n in touched:
            met[n].append(proposal)
        if not touched:
            left.append(proposal)
    return left, met


def _spoken(base: Proposal, hit: Hit) -> Proposal:
    rule = hit.rule
    others = [(name, p) for name, p in base.types if name != rule.type]
    mode = (base.mode, base.mode_probability) if base.type == rule.type and not rule.mode else (rule.mode, 1.0)
    return replace(
        base,
        start=hit.start,
        end=hit.end,
        type=rule.type,
        types=((rule.type, rule.confidence), *others)[:3],
        mode=mode[0],
        mode_probability=mode[1],
        rule_id=rule.id,
    )


def load_own_rules(extra: Path | None = None) -> RuleBook:
    """The rules that come with the package, and the user's.

    Args:
        extra: the user's lexicons; rules lie in their folder `rules`.
    Raises:
        ValueError: as `read_own_rules`.
    """
    folders = [OURS] if extra is None else [OURS, extra / "rules"]
    return read_own_rules(folders, _load(TYPES)["types"])


def read_own_rules(folders: Sequence[Path], types: Mapping[str, Mapping[str, Any]]) -> RuleBook:
    """Read every rule file of the folders; a rule of a later folder replaces the earlier one of the same id.

    Args:
        types: PLOVER's and our own, from `types.toml`.
    Raises:
        ValueError: a rule cannot be used; the message names file and rule, and of a rule in the form of old shows it rewritten.
    """
    from extractors.oldrules import rewritten

    rules: dict[str, OwnRule] = {}
    known = dict(types)
    for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
        raw = rewritten(_load(path), path.name)
        known |= raw.get("types", {})
        for item in raw.get("rule", []):
            rule = read_rule(item, path.name, known)
            rules[rule.id] = rule
    return RuleBook(rules, _starts(rules.values()), known)


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path.name}: {error}") from error


_KEYS = tuple(f.name for f in fields(OwnRule))
_TEXTS = ("id", "type", "mode", "codes", "skips", "tagged", "note")
_NEEDED = ("id", "type", "words", "codes", "skips")


def read_rule(item: Mapping[str, Any], where: str, types: Mapping[str, Mapping[str, Any]]) -> OwnRule:
    """One rule as TOML has it.

    Args:
        where: what holds it, for the errors.
    Raises:
        ValueError: a key is missing, unknown or wrong.
    """

    def wrong(message: str) -> ValueError:
        return ValueError(f"{where}: rule {item.get('id', '?')}: {message}")

    strange = [key for key in item if key not in _KEYS]
    if strange:
        raise wrong(f"no such key {', '.join(strange)}; there is {', '.join(_KEYS)}")
    missing = [key for key in _NEEDED if not item.get(key)]
    if missing:
        raise wrong(f"{', '.join(missing)} is missing")
    words = item["words"] if isinstance(item["words"], list) else [item["words"]]
    texts = (*words, *(item[key] for key in _TEXTS if key in item))
    if not all(isinstance(text, str) for text in texts):
        raise wrong(f"{', '.join(_TEXTS)} are texts, words a list of them")
    confidence = item.get("confidence", UNMEASURED)
    if type(confidence) not in (int, float) or not 0 < confidence <= 1:
        raise wrong(f"confidence = {confidence!r}: a number above 0, at most 1")
    problem = type_problem(item["type"], item.get("mode"), types) or next(filter(None, map(words_problem, words)), "")
    if problem:
        raise wrong(problem)
    return OwnRule(**{**item, "words": tuple(words), "confidence": float(confidence)})


def type_problem(event_type: str, mode: str | None, types: Mapping[str, Mapping[str, Any]]) -> str:
    """What is wrong with a rule's type and mode; '' when nothing is."""
    if event_type not in types and event_type != NONE and not _OWN_TYPE.fullmatch(event_type):
        return f'no event type {event_type}: one of {", ".join(types)}, an x_ type of your own, or "{NONE}"'
    modes = types.get(event_type, {}).get("modes", {})
    if mode is not None and mode not in modes:
        return f"{event_type} has no mode {mode}" + (f": one of {', '.join(modes)}" if modes else "")
    return ""


def words_problem(text: str) -> str:
    """What is wrong with one pattern; '' when nothing is.

    >>> words_problem("call off ~ talks|visit"), words_problem("sail ~")
    ('', "'sail ~': a pattern begins and ends with a word, and between two gaps stands one")
    """
    parts = text.split()
    if not parts or "~" in (parts[0], parts[-1]) or "~ ~" in " ".join(parts):
        return f"{text!r}: a pattern begins and ends with a word, and between two gaps stands one"
    for word in (word for part in parts if part != "~" for word in part.split("|")):
        if len(tokenize(word, 0, len(word)).words) != 1:
            return f"{text!r}: {word!r} is not one word"
    return ""


def _starts(rules: Iterable[OwnRule]) -> dict[str, tuple[Pattern, ...]]:
    index: dict[str, list[Pattern]] = {}
    for rule in rules:
        for text in rule.words:
            parts = tuple(_part(part) for part in text.split())
            pattern = Pattern(rule, parts, sum(part is not None for part in parts))
            for form in parts[0] or ():
                index.setdefault(form, []).append(pattern)
    return {form: tuple(patterns) for form, patterns in index.items()}


def _part(part: str) -> Part:
    if part == "~":
        return None
    return frozenset(form for word in part.split("|") for form in word_forms(word.lower().replace("’", "'")))


@dataclass(frozen=True, slots=True)
class Failure:
    """A sentence that a rule codes and should not, or should and does not."""

    rule: str
    sentence: str
    message: str

    def __str__(self) -> str:
        return f"{self.rule} {self.message}: {self.sentence}"


def check_rule(rule: OwnRule, book: RuleBook, code: Callable[[str], Iterable[Coded]]) -> Iterator[Failure]:
    """What of a rule's two sentences goes wrong.

    Args:
        code: the coder, from a text to its events. A rule that silences must leave none in the sentence it `codes`.
    """
    if not _speaks(rule, rule.codes, book):
        yield Failure(rule.id, rule.codes, "does not find its words in")
    else:
        events = list(code(rule.codes))
        mine = [e for e in events if e.rule_id == rule.id and e.event_type == rule.type]
        if rule.type == NONE and events:
            yield Failure(rule.id, rule.codes, f"does not silence ({_told(events)})")
        elif rule.type != NONE and not mine:
            yield Failure(rule.id, rule.codes, f"does not code ({_told(events)})")
    if _speaks(rule, rule.skips, book) and (
        rule.type == NONE or any(e.rule_id == rule.id and e.status != "negated" for e in code(rule.skips))
    ):
        yield Failure(rule.id, rule.skips, "silences" if rule.type == NONE else "codes")


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a rule says by its words alone."""

    event_type: str
    rule_id: str
    status: str = "actual"


def spoken_by(text: str, book: RuleBook) -> list[Spoken]:
    """What the rules say of a sentence without any tagger."""
    found = find(tokenize(text, 0, len(text)), book)
    return [Spoken(hit.rule.type, hit.rule.id) for hit in found if hit.rule.type != NONE]


def _speaks(rule: OwnRule, text: str, book: RuleBook) -> bool:
    return any(hit.rule.id == rule.id for hit in find(tokenize(text, 0, len(text)), book))


def _told(events: Iterable[Coded]) -> str:
    return ", ".join(f"{e.event_type} by {e.rule_id}" for e in events) or "nothing is coded"
