"""Clauses without a parser: a sentence cut into noun chunks, verb groups and stretches that hold one claim each.

A *chunk* is a noun phrase without its prepositional tail ("the Israeli foreign minister"); a *group* is a verb with its auxiliaries;
a *clause* is a stretch with at most one finite group, a kind that says how it hangs on the others, and the chunks that can be its subject.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from extractors.lexicon import Lexicons
from extractors.sentences import Sentence


@dataclass(slots=True)
class Chunk:
    """Tokens [start, end) of a noun phrase; `prep` is the preposition before it, lower case, or ''."""

    start: int
    end: int
    prep: str
    index: int = 0


@dataclass(slots=True)
class Group:
    """A verb group. `head` is the token of the main verb, `start` that of its first auxiliary."""

    start: int
    head: int
    lemmas: tuple[str, ...]
    passive: bool = False
    negated: bool = False
    modal: str = ""
    future: bool = False
    perfect: bool = False
    finite: bool = True
    form: str = ""
    """finite, infinitive, gerund, participle (a reduced passive)."""
    copula: bool = False


@dataclass(slots=True)
class Clause:
    """A stretch of tokens [start, end) around one finite group and the infinitives and gerunds that depend on it."""

    start: int
    end: int
    kind: str
    """main, rel, part, sub, comp, coord, resume, attrib."""
    groups: list[Group] = field(default_factory=list)
    parent: int = -1
    """Index of the clause it takes its subject from, where it has none of its own."""
    quoted: bool = False
    future: int = -1
    """Token of its first verb in the future, -1 without one."""


@dataclass(slots=True)
class Parse:
    """All that is known of a sentence's build."""

    tags: list[str]
    chunks: list[Chunk]
    chunk_at: list[int]
    """Token → index of its chunk, -1 outside chunks."""
    clauses: list[Clause]
    starts: list[int] = field(default_factory=list)
    """The first token of each chunk."""

    def __post_init__(self) -> None:
        self.starts = [c.start for c in self.chunks]

    def within(self, start: int, end: int) -> list[Chunk]:
        """The chunks inside tokens [start, end)."""
        found = []
        for chunk in self.chunks[bisect_left(self.starts, start) :]:
            if chunk.end > end:
                break
            found.append(chunk)
        return found

    def starting(self, start: int, end: int) -> list[Chunk]:
        """The chunks that begin in tokens [start, end)."""
        return self.chunks[bisect_left(self.starts, start) : bisect_left(self.starts, end)]


def parse(sentence: Sentence, tags: list[str], lexicons: Lexicons) -> Parse:
    """Chunks, verb groups and clauses of a tagged sentence."""
    chunks, chunk_at = _chunks(sentence, tags, lexicons.words)
    groups = _groups(sentence, tags, lexicons)
    return Parse(tags, chunks, chunk_at, _clauses(sentence, tags, groups, chunk_at, lexicons))


def _chunks(sentence: Sentence, tags: list[str], words: dict[str, frozenset[str]]) -> tuple[list[Chunk], list[int]]:
    chunks: list[Chunk] = []
    chunk_at = [-1] * len(tags)
    i, count = 0, len(tags)
    while i < count:
        if tags[i] not in "DN#":
            i += 1
            continue
        start = i
        while i < count and (
            tags[i] in "DN#s" or (tags[i] == "A" and i + 1 < count and tags[i + 1] == "N" and tags[i - 1] == "D")
        ):
            if tags[i] == "D" and i > start and tags[i - 1] not in "Ds":
                break
            if i == start + 1 and _ends_date(sentence, tags, start, words):
                break
            i += 1
        before = start - 1
        while before >= 0 and tags[before] in "AZ":
            before -= 1
        prep = ""
        if before >= 0 and (tags[before] == "P" or (tags[before] == "S" and not _verb_ahead(tags, i))):
            prep = sentence.lower[before]  # "since October", "as a member" govern a noun, "since Iran left" a clause
        for j in range(start, i):
            chunk_at[j] = len(chunks)
        chunks.append(Chunk(start, i, prep, len(chunks)))
    return chunks, chunk_at


def _ends_date(sentence: Sentence, tags: list[str], at: int, words: dict[str, frozenset[str]]) -> bool:
    """ "On Sunday Turkey shot down …", "In 2019 Israel …", "Last week Iran …": the name behind the date begins a phrase of its own."""
    lower, following = sentence.lower, sentence.words[at + 1]
    year = len(lower[at]) == 4 and lower[at].isdigit()
    if not (year or lower[at] in words["time"]) or not following[0].isupper() or lower[at + 1] in words["time"]:
        return False
    before = lower[at - 1] if at else ""
    return before in ("on", "in", "since", "by", "last", "this", "early", "late") and (at < 3 or tags[at - 2] in ',;".')


def _verb_ahead(tags: list[str], i: int) -> bool:
    """Whether a finite verb follows before the next mark, relative or subordinator, or a conjunction of verbs."""
    for j in range(i, min(i + 30, len(tags))):
        letter = tags[j]
        if letter in ',;".SW' or (letter == "C" and j + 1 < len(tags) and tags[j + 1] in "VMBH"):
            return False
        if letter in "MVBHO":
            return True
    return False


def _groups(sentence: Sentence, tags: list[str], lexicons: Lexicons) -> list[Group]:
    groups: list[Group] = []
    i, count = 0, len(tags)
    while i < count:
        if tags[i] not in "MBHOTVEGX":
            i += 1
            continue
        start, last = i, -1
        j = i
        while j < count and tags[j] in "MBHOTXAVEG":
            letter = tags[j]
            if letter == "T" and last >= 0:
                break
            if letter in "VEG":
                last = j
                j += 1
                break
            if letter in "BHO":
                last = j
            j += 1
        if last < 0:
            i = j if j > i else i + 1
            continue
        groups.append(_group(sentence, tags, start, last, lexicons))
        i = last + 1
    return groups


def _group(sentence: Sentence, tags: list[str], start: int, head: int, lexicons: Lexicons) -> Group:
    lower = sentence.lower
    letter = tags[head]
    if start == head and letter == "V":  # most groups are one word in a finite form
        return Group(head, head, _lemmas(lower[head], lexicons), form="finite")
    inside = tags[start:head]
    be_before = "B" in inside or any(
        lower[k] in ("get", "gets", "got", "getting", "been", "being") for k in range(start, head)
    )
    lemmas = _lemmas(lower[head], lexicons)
    modal = next((lower[k] for k in range(start, head) if tags[k] == "M"), "")
    group = Group(start, head, lemmas, modal=modal, copula=letter in "BHO")
    group.negated = "X" in inside
    group.future = modal in ("will", "'ll", "wo", "shall", "would", "'d") or _about_to(tags, lower, start)
    group.perfect = "H" in inside
    group.passive = (letter == "E" and be_before and lower[head - 1] != "having") or (
        letter == "E" and "H" not in inside
    )
    if "H" in inside and letter == "E" and not any(lower[k] in ("been", "being") for k in range(start, head)):
        group.passive = False
    if "T" in inside:
        group.finite, group.form = False, "infinitive"
    elif letter == "G" and "B" not in inside:
        group.finite, group.form = False, "gerund"
    elif letter == "E" and not inside.count("B") and not inside.count("H"):
        group.finite, group.form = False, "participle"
    else:
        group.form = "finite"
    return group


def _lemmas(word: str, lexicons: Lexicons) -> tuple[str, ...]:
    """The verbs a word may be a form of, each once."""
    return tuple(dict.fromkeys([lemma for lemma, _ in lexicons.verbs.get(word, ())]))


def _about_to(tags: list[str], lower: list[str], start: int) -> bool:
    """ "is going to meet", "was about to sign": the infinitive that begins at `start` lies ahead."""
    return tags[start] == "T" and start >= 2 and lower[start - 1] in ("going", "about") and tags[start - 2] in "BXA"


def _clauses(
    sentence: Sentence, tags: list[str], groups: list[Group], chunk_at: list[int], lexicons: Lexicons
) -> list[Clause]:
    builder = _Builder(sentence, tags, groups, chunk_at, lexicons)
    return builder.run()


class _Builder:
    """Walks the tokens once and opens a new clause where the words ask for one."""

    def __init__(
        self, sentence: Sentence, tags: list[str], groups: list[Group], chunk_at: list[int], lexicons: Lexicons
    ) -> None:
        self.lower, self.tags, self.chunk_at, self.words = sentence.lower, tags, chunk_at, lexicons.words
        self.verbs = lexicons.verbs
        self.at_start = {g.start: g for g in groups}
        self.clauses: list[Clause] = [Clause(0, len(tags), "main")]
        self.quoted = False

    def run(self) -> list[Clause]:
        """The clauses of the sentence, in order, each with its verb groups."""
        i, count = 0, len(self.tags)
        while i < count:
            letter = self.tags[i]
            if letter == '"':
                self.quoted = self.lower[i] in "“«" or (self.lower[i] == '"' and not self.quoted)
                if self._current().groups or not self._has_subject(i):
                    self._open(i + 1, "main")
            elif letter == ";":
                self._mark(i)
            elif letter == ",":
                self._comma(i)
            elif letter == "W":
                self._relative(i)
            elif letter == "S" or (
                letter == "P"
                and self.lower[i] in ("after", "before", "since", "because", "following", "despite", "amid")
            ):
                self._subordinate(i)
            elif letter == "C":
                self._conjunction(i)
            group = self.at_start.get(i)
            if group is not None:
                self._add(group)
                i = group.head
            i += 1
        return [c for c in self.clauses if c.end > c.start]

    def _current(self) -> Clause:
        return self.clauses[-1]

    def _open(self, at: int, kind: str, parent: int = -1) -> None:
        current = self._current()
        if at <= current.start and not current.groups:
            current.kind, current.parent, current.quoted = kind, parent, self.quoted
            return
        current.end = min(at, current.end)
        self.clauses.append(Clause(at, len(self.tags), kind, parent=parent, quoted=self.quoted))

    def _finite(self, clause: Clause) -> Group | None:
        return next((g for g in clause.groups if g.finite), None)

    def _last_main(self) -> int:
        """The latest clause with a finite verb that is neither relative nor subordinate, else the latest one."""
        for n in range(len(self.clauses) - 1, -1, -1):
            if self.clauses[n].kind not in ("rel", "part", "sub", "attrib") and self._finite(self.clauses[n]):
                return n
        return len(self.clauses) - 1

    def _next_verb(self, i: int) -> str:
        """What begins at token i, adverbs passed over: the letter of a verb group's first token, or ''."""
        while i < len(self.tags) and self.tags[i] in "AZ":
            i += 1
        return self.tags[i] if i < len(self.tags) and self.tags[i] in "MBHOVEGX" else ""

    def _finite_ahead(self, i: int) -> bool:
        """A noun and then a finite verb, infinitives passed over, before the next mark of punctuation or conjunction of clauses."""
        noun, infinitive = False, False
        for j in range(i, min(i + 30, len(self.tags))):
            letter = self.tags[j]
            if letter in ',;".SW' or (letter == "C" and noun and self._next_verb(j + 1)):
                return False
            if letter == "T":
                if not noun:
                    return False
                infinitive = True
            elif infinitive:
                infinitive = letter in "ABHX"  # "to be resolved", "to quickly attack"
            elif letter in "MVBHO":
                return noun
            if letter in "NR#":
                noun = True
        return False

    def _comma(self, i: int) -> None:
        following = self._next_verb(i + 1)
        current = self._current()
        finite = self._finite(current)
        if following in ("E", "V") and finite is not None and finite.passive and self._shares_auxiliary(i, finite):
            self._open(i + 1, "coord", len(self.clauses) - 1)  # "was stopped, searched and seized"
        elif following in ("G", "E") and not (following == "E" and self.tags[i - 1] in "E"):
            self._open(i + 1, "part", self._last_main() if following == "G" else len(self.clauses) - 1)
        elif following and current.kind in ("rel", "part", "sub", "attrib"):
            self._open(i + 1, "resume", self._before_insert())
        elif following and self._finite(current):
            self._open(i + 1, "coord", self._last_main())
        elif self._finite_ahead(i + 1) and (current.groups or current.kind in ("sub", "part")):
            self._open(i + 1, "main")
        elif current.kind in ("rel", "part") and not self._list_goes_on(i):
            self._open(i + 1, "resume", self._before_insert())

    def _has_subject(self, i: int) -> bool:
        """Whether the clause so far is a subject alone, whose verb the quotation holds: "the ministry 'regrets' …"."""
        return any(self.chunk_at[k] >= 0 or self.tags[k] == "R" for k in range(self._current().start, i))

    def _mark(self, i: int) -> None:
        """A dash or semicolon: a verb behind it takes up the clause the insertion had cut ("Egypt - a broker - said")."""
        if self._next_verb(i + 1) in tuple("MBHOV"):
            for n in range(len(self.clauses) - 1, -1, -1):
                if not self._finite(self.clauses[n]) and self.clauses[n].kind == "main":
                    self._open(i + 1, "resume", n)
                    return
        self._open(i + 1, "main")

    def _list_goes_on(self, i: int) -> bool:
        return i + 1 < len(self.tags) and self.tags[i + 1] in "N#D"

    def _before_insert(self) -> int:
        """The clause which the inserted relative or participial clause interrupted."""
        n = len(self.clauses) - 1
        while n > 0 and self.clauses[n].kind in ("rel", "part", "sub", "attrib"):
            n -= 1
        return n

    def _relative(self, i: int) -> None:
        before = self.tags[i - 1] if i else "."
        current = self._current()
        if self.lower[i] == "that":
            verb_before = bool(current.groups) and current.groups[-1].head >= i - 3 and self.tags[i - 1] != "N"
            if verb_before or (before == "N" and not self._next_verb(i + 1)):
                self._open(i + 1, "comp")
                return
        if self.lower[i] == "where":
            self._open(i + 1, "sub")
            return
        if self._next_verb(i + 1) or self.lower[i] in ("who", "which", "whose", "whom"):
            self._open(i + 1, "rel", len(self.clauses) - 1)

    def _subordinate(self, i: int) -> None:
        if self._finite_ahead(i + 1) or (i + 1 < len(self.tags) and self._next_verb(i + 1) in ("G", "E", "B")):
            gerund = i + 1 < len(self.tags) and self._next_verb(i + 1) in ("G", "E")
            self._open(i + 1, "sub", self._last_main() if gerund else -1)

    def _conjunction(self, i: int) -> None:
        current = self._current()
        following = self._next_verb(i + 1)
        if following == "V" and self._joins_infinitive(i):
            return
        if following in tuple("MBHOVXE") and (finite := self._finite(current)) is not None:
            if not self._shares_auxiliary(i, finite) and following == "E":
                return
            self._share_modal(i, finite)
            self._open(i + 1, "coord", len(self.clauses) - 1)
        elif not following and self._finite(current) and self._finite_ahead(i + 1) and not self._noun_list(i):
            self._open(i + 1, "main")

    def _shares_auxiliary(self, i: int, first: Group) -> bool:
        """ "was convicted and sentenced", "has closed the port and jailed …": the second participle is governed as the first.

        A form that may be a past is one only where it has an object: "was released and visited his family".
        """
        at = i + 1
        while at < len(self.tags) and self.tags[at] in "AZ":
            at += 1
        group = self.at_start.get(i + 1) or self.at_start.get(at)
        if (
            group is None
            or group.head > at
            or not any(form == "participle" for _, form in self.verbs.get(self.lower[at], ()))
        ):
            return False
        if not (first.passive or first.perfect) or first.form != "finite":
            return False
        object_follows = at + 1 < len(self.tags) and self.tags[at + 1] in "DN#R"
        if self.tags[at] == "V" and (object_follows or not first.passive):
            return False
        group.finite, group.form, group.passive = True, "finite", first.passive
        group.negated = group.negated or (first.negated and self.lower[i] in ("or", "nor"))
        return True

    def _share_modal(self, i: int, first: Group) -> None:
        """ "should take the blame and resign": a bare form is governed by the modal before."""
        at = i + 1
        while at < len(self.tags) and self.tags[at] in "AZ":
            at += 1
        group = self.at_start.get(i + 1) or self.at_start.get(at)
        if group is None or group.modal or group.head != at or not first.modal:
            return
        if all(form == "base" for _, form in self.verbs.get(self.lower[at], ())) or self.lower[i] == "or":
            group.modal, group.future = first.modal, first.future
            group.negated = group.negated or (first.negated and self.lower[i] == "or")

    def _joins_infinitive(self, i: int) -> bool:
        """ "to prevent war and encourage trade": the second verb is an infinitive too."""
        last = self._current().groups[-1] if self._current().groups else None
        at = i + 1
        while at < len(self.tags) and self.tags[at] in "AZ":
            at += 1
        group = self.at_start.get(i + 1) or self.at_start.get(at)
        if (
            last is None
            or last.form != "infinitive"
            or group is None
            or (group.start != group.head and self.tags[group.start] != "A")
        ):
            return False
        if any(form != "base" for _, form in self.verbs.get(self.lower[group.head], ())):
            return False
        group.finite, group.form = False, "infinitive"
        return True

    def _noun_list(self, i: int) -> bool:
        """ "killed two soldiers and a policeman died" opens a clause; "said Iran and Iraq attacked" does not."""
        finite = self._finite(self._current())
        return (
            finite is not None
            and finite.head == i - 2
            and self.tags[i - 1] == "N"
            and any(lemma in self.words["saying"] for lemma in finite.lemmas)
        )

    def _add(self, group: Group) -> None:
        current = self._current()
        finite = self._finite(current)
        if finite is not None and self._is_past(finite, group):
            group.finite, group.form, group.passive = True, "finite", False
        if group.finite and finite is not None:
            if self._reduce(finite, group):
                pass
            elif self._chunk_between(finite.head, group.start) and self._takes_clause(finite):
                current.end = finite.head + 1
                self.clauses.append(Clause(finite.head + 1, len(self.tags), "comp", quoted=self.quoted))
            else:
                self._open(
                    group.start, "resume", self._before_insert() if current.kind == "rel" else len(self.clauses) - 1
                )
        current = self._current()
        current.groups.append(group)
        if group.future and current.future < 0:
            current.future = group.head

    def _is_past(self, first: Group, second: Group) -> bool:
        """ "people interviewed in Lima expressed concern": what looks like a participle has an object, the form before it has none."""
        at = second.head
        if (
            second.form != "participle"
            or second.start != at
            or at + 1 >= len(self.tags)
            or self.tags[at + 1] not in "DN#"
        ):
            return False
        naming = self.words["naming"]
        if any(lemma in naming for lemma in (*first.lemmas, *second.lemmas)) or self.tags[first.head + 1] not in "P":
            return False
        forms = {form for _, form in self.verbs.get(self.lower[at], ())}
        return "past" in forms and first.start == first.head and self.lower[at - 1] not in self.words["prepositions"]

    def _takes_clause(self, group: Group) -> bool:
        """Whether a clause without "that" may be the verb's complement."""
        return any(lemma in self.words["saying"] or lemma in self.words["clausal"] for lemma in group.lemmas)

    def _reduce(self, first: Group, second: Group) -> bool:
        """ "people killed in the attack were buried": the first form is a reduced passive after all."""
        at = first.head
        if (
            first.form != "finite"
            or first.start != at
            or self.tags[at] != "V"
            or at + 1 >= len(self.tags)
            or not self.lower[at].endswith(("ed", "en", "t", "d"))
        ):
            return False
        if (
            (self.tags[at + 1] not in "PAT" and self.lower[at + 1] not in self.words["time"])
            or self.chunk_at[at - 1] < 0
            or any(lemma in self.words["saying"] for lemma in first.lemmas)
        ):
            return False
        first.finite, first.form, first.passive = False, "participle", True
        return True

    def _chunk_between(self, left: int, right: int) -> bool:
        return any(self.chunk_at[k] >= 0 or self.tags[k] == "R" for k in range(left + 1, right))
