"""Which numbers of a sentence belong to which of its events, and how many the victims are who are told without a number.

"Police shot dead two men and arrested five" is two events with a number each. A number goes to the nearest event whose type may carry
it. "The murder of a student" has no number and one victim.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from extractors.events.circumstances import apart, load_circumstances
from extractors.magnitudes import Quantity, find_magnitudes, find_quantities, words
from extractors.records import Magnitude
from extractors.sentences import Sentence
from extractors.tagger.proposals import Proposal, Words

_APART = 100
"""Cost in characters of a word between number and trigger that gives them to different acts."""
_AROUND = 4
"""Tokens around trigger and victims within which a word says what befell them."""
_TOLL = ("killed", "injured")
_HAPPENED = frozenset(("actual", "historical"))


@dataclass(frozen=True, slots=True)
class Numbers:
    """The numbers of one sentence: those that say what they count, and all."""

    magnitudes: tuple[Magnitude, ...]
    quantities: tuple[Quantity, ...]


def read_numbers(sentence: Sentence) -> Numbers:
    """Find the numbers of a sentence."""
    return Numbers(find_magnitudes(sentence), tuple(find_quantities(sentence)))


def share_magnitudes(
    proposals: Sequence[Proposal], sentence: Sentence, numbers: Numbers
) -> tuple[tuple[Magnitude, ...], ...]:
    """The magnitudes of each event of a sentence.

    Args:
        proposals: all of the sentence, in the order of the text.
        numbers: of the sentence.
    Returns:
        For each proposal its magnitudes, at most one of a kind but money.
    """
    kinds = load_circumstances().magnitudes
    shares: list[list[Magnitude]] = [[] for _ in proposals]
    for m in numbers.magnitudes:
        able = [n for n, p in enumerate(proposals) if m.kind in kinds.get(p.type, ())]
        if able:
            nearest = min(able, key=lambda n: (_cost(proposals[n], m, sentence), n))
            if m.kind == "money" or all(m.kind != other.kind for other in shares[nearest]):
                shares[nearest].append(m)
    for proposal, share in zip(proposals, shares, strict=True):
        if proposal.type == "ASSAULT" and proposal.status in _HAPPENED:
            victims = _victims(proposal, sentence, numbers)
            told = next((m for m in share if m.kind in _TOLL), None)
            if victims and (told is None or _sum_of(victims, told)):
                share[:] = [m for m in share if m.kind != victims.kind] + [victims]
    return tuple(map(tuple, shares))


def _sum_of(victims: Magnitude, told: Magnitude) -> bool:
    """Whether a number is one of those that the victims are the sum of: "two soldiers and three policemen were killed"."""
    inside = victims.char_start <= told.char_end and told.char_start <= victims.char_end
    return victims.kind == told.kind and inside and victims.value > told.value


def pooled(tellings: Iterable[Sequence[Magnitude]]) -> tuple[Magnitude, ...]:
    """The magnitudes of an event told several times: of each kind what its first telling with one says."""
    found: dict[tuple[str, str | None], Magnitude] = {}
    for telling in tellings:
        for m in telling:
            found.setdefault((m.kind, m.unit), m)
    return tuple(found.values())


def _cost(proposal: Proposal, m: Magnitude, sentence: Sentence) -> int:
    """How far a number is from an event, in characters."""
    gap = max(m.char_start - proposal.end, proposal.start - m.char_end)
    if gap <= 0:
        return 0
    return gap + (_APART if apart(sentence, (proposal.start, proposal.end), (m.char_start, m.char_end)) else 0)


def _victims(proposal: Proposal, sentence: Sentence, numbers: Numbers) -> Magnitude | None:
    """How many the recipients of an assault are, where the words around say what befell them."""
    here = [w for w in proposal.recipients if sentence.char_start <= w.start < w.end <= sentence.char_end]
    if not here or len(here) < len(proposal.recipients):
        return None
    kind = _befell(
        min([proposal.start, *(w.start for w in here)]), max([proposal.end, *(w.end for w in here)]), sentence
    )
    if not kind:
        return None
    groups = [[(w, _count(w, sentence, numbers)) for w in group] for group in _enumerations(here, sentence)]
    known = [group for group in groups if all(n is not None for _, (n, _) in group)]
    if not known or (len(known) < len(groups) and not any(said for _, (_, said) in chain(*known))):
        return None
    # "12 people at the newspaper": who is counted are the victims, before who is merely named.
    counted = next((g for g in known if any(said for _, (_, said) in g)), known[0])
    start, end = counted[0][0].start, counted[-1][0].end
    text = sentence.text[start - sentence.char_start : end - sentence.char_start]
    return Magnitude(kind, sum(n or 0 for _, (n, _) in counted), text, start, end)


def _enumerations(spans: Sequence[Words], sentence: Sentence) -> list[list[Words]]:
    """Words that are told in one go: between one and the next stand only a comma, "and" and the like. What touches is one."""
    joining = load_circumstances().counting["joining"]
    groups: list[list[Words]] = []
    for w in sorted(spans, key=lambda w: w.start):
        before = groups[-1][-1] if groups else w
        between = sentence.lower[bisect_left(sentence.starts, before.end) : bisect_left(sentence.starts, w.start)]
        if not groups or not joining.issuperset(between):
            groups.append([w])
        elif between:
            groups[-1].append(w)
        else:
            groups[-1][-1] = replace(before, end=w.end)
    return groups


def _befell(start: int, end: int, sentence: Sentence) -> str:
    """Killed or injured, as a word in a stretch of a sentence or right beside it says; killed first."""
    first = max(0, bisect_left(sentence.starts, start) - _AROUND)
    low = sentence.lower[first : bisect_left(sentence.starts, end) + _AROUND]
    counting, cues = load_circumstances().counting, words().cues
    return next((k for k in _TOLL if any(cues.get(w) == k or w in counting[k] for w in low)), "")


def _count(victims: Words, sentence: Sentence, numbers: Numbers) -> tuple[int | None, bool]:
    """How many people some words name, and whether by a number: that in them, else one for a single person; None for nobody knows."""
    first, last = (bisect_left(sentence.starts, at) for at in (victims.start, victims.end))
    low, counting = sentence.lower[first:last], load_circumstances().counting
    number = next((q.value for q in numbers.quantities if first <= q.start < q.end <= last), None)
    if number is not None or not low:
        return number, True
    head = next((n for n, w in enumerate(low) if n and w in counting["behind"]), len(low)) - 1
    written = sentence.words[first + head]
    plural = low[head].endswith("s") and not low[head].endswith("ss") and written[0].islower()
    unknown = plural or low[head] in counting["several"] or low[0] in counting["uncounted"]
    return None if unknown else 1, False
