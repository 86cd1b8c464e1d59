"""Background: acts that a sentence names without telling that they happened: wishes, purposes, habits, things said in passing.

An article's first sentences tell its news, so a bare noun ("talks", "the attack") counts as an event there; further down the
same noun mostly points back at something told before.
"""

from __future__ import annotations

from extractors.actors import Reading
from extractors.candidates import Candidate
from extractors.clauses import Chunk, Clause, Group

# Types whose verbs are words, not deeds: in the present tense they report a standing position ("Spain supports the plan").
_SPEECH = frozenset(("AGREE", "SUPPORT", "REQUEST", "ACCUSE", "REJECT", "THREATEN", "CONCEDE", "CONSULT"))
_UTTERED = frozenset(("REQUEST", "ACCUSE", "REJECT", "THREATEN", "SUPPORT"))
# Behind these a noun may tell an event: "died in an attack", "came under fire"; not "a book about the siege".
_PLACES = frozenset(("in", "by", "after", "following", "during"))
_LEAD_PLACES = _PLACES | {"under", "amid", "despite", "since", "before"}
_INDEFINITE = frozenset(
    ("what", "which", "possible", "potential", "any", "future", "further", "more", "whether", "such", "every", "each")
)
_TELLING = frozenset(("by", "after", "before", "while", "since", "following", "in", "when"))


def unreal(reading: Reading, clause: Clause, group: Group, candidate: Candidate) -> str:
    """Why a verb group tells of no particular act, or ''."""
    tags, lower = reading.parse.tags, reading.sentence.lower
    at = group.start - 1
    while at >= 0 and tags[at] in "AZX":
        at -= 1
    before = lower[at] if at >= 0 else ""
    words = reading.lexicons.words
    asking = candidate.type == "REQUEST" and ("ask" in group.lemmas or "demand" in group.lemmas)
    if asking and _asks(reading, candidate.last):
        return "a question, not a request"
    if _priced(reading, group):
        return "a price or a feeling, not an act"
    if "insist" in group.lemmas and lower[candidate.last - 1] == "that" and not _subjunctive(reading, clause):
        return "a claim, not a request"
    if group.form == "participle" and "oppose" in group.lemmas and lower[group.head + 1 : group.head + 2] == ["to"]:
        return "a stance, not an act"
    if group.form == "infinitive" and (before in words["intent"] or lower[group.start - 1] in words["intent"]):
        return "only intended"
    if group.form == "gerund" and lower[group.start - 1] in words["decrees"]:
        return ""  # "signed an order imposing tariffs"
    if candidate.rule.type == "THREATEN" and "warn" in group.lemmas and _feared(reading, clause):
        return "a fear, not a threat"
    if candidate.rule.habitual and not reading.lead and _present(reading, group):
        return "a habit, not an act"
    if group.form == "gerund" and at >= 0 and tags[at] == "P" and before not in _TELLING:
        return "named, not told"
    if group.form == "gerund" and before in words["intent"]:
        return "only intended"
    if decided(reading, group):
        return ""
    both = candidate.actors and candidate.recipients and clause.kind == "part"
    if not reading.lead and group.form in ("gerund", "infinitive") and candidate.rule.type not in _UTTERED and not both:
        return "a circumstance of another act"
    if candidate.rule.type in ("REJECT", "CONSULT", "REQUEST") and _to_reporters(reading, candidate):
        return "said or refused to reporters"
    if candidate.rule.type not in _SPEECH and _habitual(reading, clause, group):
        return "a habit, not an act"
    return ""


def decided(reading: Reading, group: Group) -> Chunk | None:
    """The phrase of the decision an infinitive carries out: "Israel's decision in March to block all aid"; None without one."""
    if group.form != "infinitive":
        return None
    for at in (group.start - 1, group.start - 3, group.start - 4):
        if (
            at >= 0
            and reading.sentence.lower[at] in reading.lexicons.words["decisions"]
            and reading.parse.chunk_at[at] >= 0
        ):
            return reading.parse.chunks[reading.parse.chunk_at[at]]
    return None


def _asks(reading: Reading, at: int) -> bool:
    """Whether a question follows: "asked him whether …", "asked about …"; up to four words may name who was asked."""
    lower, tags = reading.sentence.lower, reading.parse.tags
    for k in range(at, min(at + 5, len(lower))):
        if lower[k] in reading.lexicons.words["questions"]:
            return True
        if tags[k] not in "DNR#AsZ" and lower[k] != "by":
            return False
    return False


def _priced(reading: Reading, group: Group) -> bool:
    """ "charged $3 for a coffee", "a jet valued at …", "I am devastated"."""
    tags, following = reading.parse.tags, reading.sentence.lower[group.head + 1 : group.head + 2]
    if "charge" in group.lemmas and following and following[0][0] in "$£€":
        return True
    if group.passive and "value" in group.lemmas:
        return True
    return group.passive and "devastate" in group.lemmas and group.start > 0 and tags[group.start - 1] == "R"


def _feared(reading: Reading, clause: Clause) -> bool:
    """ "warned that it might be used against critics": what may come to pass by itself."""
    following = next((c for c in reading.parse.clauses if c.start >= clause.end), None)
    group = following.groups[0] if following and following.groups else None
    return group is not None and group.modal in ("may", "might", "could")


def _present(reading: Reading, group: Group) -> bool:
    """Whether a group is one word in the simple present."""
    forms = {form for _, form in reading.lexicons.verbs.get(reading.sentence.lower[group.head], ())}
    return group.start == group.head and group.form == "finite" and "past" not in forms


def _subjunctive(reading: Reading, clause: Clause) -> bool:
    """ "insisted that Russia leave", not "that it was right": the next clause's verb is a bare form, or should or must."""
    following = next((c for c in reading.parse.clauses if c.start >= clause.end), None)
    group = following.groups[0] if following and following.groups else None
    if group is None:
        return following is not None  # a bare form behind a name reads as a noun
    if group.modal:
        return group.modal in ("should", "must")
    word = reading.sentence.lower[group.start]
    return word == "be" or {form for _, form in reading.lexicons.verbs.get(word, ())} == {"base"}


def _to_reporters(reading: Reading, candidate: Candidate) -> bool:
    """ "declined to comment", "when contacted by Reuters": how a report was made, not what it reports."""
    lower = reading.sentence.lower
    if any(w in reading.lexicons.words["reporting"] for w in lower[candidate.last : candidate.last + 3]):
        return True
    return candidate.rule.type == "CONSULT" and any(
        a.sector == "JRN" for a in (*candidate.actors, *candidate.recipients)
    )


def _habitual(reading: Reading, clause: Clause, group: Group) -> bool:
    """A pronoun and a verb in the simple present: "they help American companies"; "is usually held"; "whenever it raises tariffs"."""
    tags, lower = reading.parse.tags, reading.sentence.lower
    now = lower[group.start] in ("is", "are", "do", "does", "'s", "'re", "can") and not group.perfect
    if now and any(w in reading.lexicons.words["habitual"] for w in lower[group.start : group.head + 2]):
        return True
    if group.start != group.head or tags[group.head] != "V":
        return False
    forms = {form for _, form in reading.lexicons.verbs.get(lower[group.head], ())}
    if "past" in forms:
        return False
    opener = lower[clause.start - 1] if clause.start else ""
    if opener in ("when", "whenever") and clause.kind == "sub":
        return True
    parents = reading.parse.clauses
    if clause.kind == "coord" and clause.groups[0] is group and 0 <= clause.parent < len(parents):
        parent = parents[clause.parent]
        if parent.groups and parent is not clause and parent.groups[-1].start < group.start:
            return _habitual(reading, parent, parent.groups[-1])
    at = group.head - 1
    while at >= clause.start and tags[at] in "AZ":
        at -= 1
    return at < 0 or tags[at] in "RW"


def in_passing(reading: Reading, clause: Clause, chunk: Chunk, candidate: Candidate) -> str:
    """Why a noun below the article's lead tells no event of its own, or ''."""
    if reading.sentence.lower[chunk.start] in _INDEFINITE:
        return "no particular one"
    verb = next((g for g in reversed(clause.groups) if g.head < chunk.start), None)
    if (
        chunk.prep in ("to", "in", "with")
        and verb is not None
        and set(verb.lemmas) & reading.lexicons.words["outcomes"]
    ):
        return ""  # "led to the signing of …"
    if chunk.prep and chunk.prep not in (_LEAD_PLACES if reading.lead else _PLACES):
        return "named in passing"
    if reading.lead:
        return ""
    if not (candidate.actors and candidate.recipients) and not candidate.rule.reciprocal:
        return "a noun below the lead needs both sides"
    return ""
