"""From probabilities of pieces to proposals of words.

Words decide, not pieces: a word's probability is the mean over its pieces. Words next to each other that are likely of one type are one
trigger; words next to each other that are likely one role of it are one side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from extractors.tagger.firstlook import may_tell
from extractors.tagger.labels import MODE_NAMES, MODES, ROLES, STATUSES, TYPES
from extractors.tagger.proposals import Proposal, Words
from extractors.tagger.session import Session, offset
from extractors.tagger.windows import Window, windows
from extractors.tagger.wordpieces import Floats, Ints, Pieces, cut

LEAST = 0.2
"""How likely an event must be for a word to be looked at; what is stored is decided later, by the calibrated confidence."""
_LEAST_OF_ROLE = (0.4, 0.4, 0.45, 0.45, 0.3)
"""From where on a word is actor, recipient, date, place, speaker."""
_LEAST_ELSEWHERE = (0.6, 0.4, 2.0, 2.0, 2.0)
"""The same for words outside the trigger's sentence, of which the likeliest counts where there are none inside: of further ones 3 in 100
are right."""
_MODE_START = 1 + len(STATUSES)


Found = tuple[Proposal, Floats]


def propose(session: Session, text: str, sentences: Sequence[tuple[int, int]]) -> list[Found]:
    """Read a text.

    Args:
        sentences: spans in code points, in order.
    Returns:
        Proposals in the order of the text, each with its trigger's vector of length one. Linear in the text; never raises on any.
    """
    pieces = cut(text, session.tokenizer)
    bounds = [pieces.over(a, b) for a, b in sentences]
    groups = _words(pieces)
    found: list[Found] = []
    for window in windows(list(may_tell(session.first_look, session.least, pieces, bounds))):
        hidden, types = session.read(pieces, window)
        triggers = list(_triggers(types, groups, window))
        if triggers:
            found.extend(_with_sides(session, hidden, triggers, pieces, groups, window, bounds))
    return found


def at(
    session: Session, text: str, sentences: Sequence[tuple[int, int]], spans: Sequence[tuple[int, int, str]]
) -> list[Found]:
    """What goes with triggers that others found: (start, end, type) in code points, a type the tagger has no name for counts as `other`."""
    pieces = cut(text, session.tokenizer)
    bounds = [pieces.over(a, b) for a, b in sentences]
    groups = _words(pieces)
    wanted = [(*pieces.over(a, b), TYPES.index(t if t in TYPES else "other") + 1) for a, b, t in spans]
    found: list[Found] = []
    for window in windows(bounds):
        here = [(a, b, k) for a, b, k in wanted if window.start <= a < window.end and b > a]
        if here:
            hidden, types = session.read(pieces, window)
            base = window.start - offset(window)
            chances = [types[a - base : b - base].mean(0) for a, b, _ in here]
            triggers = [(a, min(b, window.end), k, p) for (a, b, k), p in zip(here, chances, strict=True)]
            found.extend(_with_sides(session, hidden, triggers, pieces, groups, window, bounds))
    return found


Trigger = tuple[int, int, int, Floats]
"""First and last + 1 piece, label, probabilities of all labels."""


def _words(pieces: Pieces) -> Ints:
    """The number of the word to which each piece belongs: letters and digits that stand together."""
    joined = pieces.starts[1:] == pieces.ends[:-1]
    letters = (pieces.ids > 3) & (pieces.ends - pieces.starts > 0)
    inside = joined & letters[1:] & letters[:-1] & ~pieces.marks[1:] & ~pieces.marks[:-1]
    return np.concatenate([[0], np.cumsum(~inside)]) if len(pieces.ids) else np.zeros(0, np.int64)


def _runs(chance: Floats, groups: Ints, least: float) -> Iterator[tuple[int, int, float]]:
    """Stretches of words whose mean chance is above `least`: first piece, last + 1, the highest mean. The arrays run in parallel."""
    if not len(groups):
        return
    heads = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1]]))
    means = np.add.reduceat(chance, heads) / np.diff(np.append(heads, len(groups)))
    ends = np.append(heads[1:], len(groups))
    k = 0
    while k < len(heads):
        j = k
        while j < len(heads) and means[j] > least:
            j += 1
        if j > k:
            yield int(heads[k]), int(ends[j - 1]), float(means[k:j].max())
        k = max(j, k + 1)


def _triggers(types: Floats, groups: Ints, w: Window) -> Iterator[Trigger]:
    rows = types[offset(w) : offset(w) + w.end - w.start]
    event = 1 - rows[:, 0]
    if not len(event) or event.max() <= LEAST:
        return
    best = rows[:, 1:].argmax(1) + 1
    words = groups[w.start : w.end]
    # A word that is likely of another type than the one before begins a trigger of its own.
    for a, b, _ in _runs(event, words, LEAST):
        begin = a
        for k in range(a + 1, b + 1):
            if k == b or (words[k] != words[k - 1] and best[k] != best[begin]):
                chances = rows[begin:k]
                peak = chances[(1 - chances[:, 0]).argmax()]
                yield w.start + begin, w.start + k, int(best[begin:k][(1 - chances[:, 0]).argmax()]), peak
                begin = k


def _with_sides(
    session: Session,
    hidden: Floats,
    triggers: Sequence[Trigger],
    pieces: Pieces,
    groups: Ints,
    w: Window,
    bounds: Sequence[tuple[int, int]],
) -> Iterator[Found]:
    base = w.start - offset(w)
    first = np.array([t[0] - base for t in triggers], np.int64)
    last = np.array([t[1] - base for t in triggers], np.int64)
    roles, rest = session.sides(hidden, first, last, np.array([t[2] for t in triggers], np.int64))
    starts = [b[0] for b in bounds]
    for n, (a, b, label, chances) in enumerate(triggers):
        kind = TYPES[label - 1]
        likely = np.argsort(-chances[1:], kind="stable")[:3]
        status = _softmax(rest[n, 1:_MODE_START])
        mode, sure = _mode(kind, rest[n, _MODE_START:])
        sentence = max(0, int(np.searchsorted(starts, a, "right")) - 1)
        own = bounds[sentence]
        proposal = Proposal(
            sentence=sentence,
            start=int(pieces.starts[a]),
            end=int(pieces.ends[b - 1]),
            type=kind,
            score=float(1 - chances[0]),
            types=tuple((TYPES[k], float(chances[k + 1])) for k in likely),
            mode=mode,
            status=STATUSES[int(status.argmax())],
            core=float(1 / (1 + np.exp(-rest[n, 0]))),
            actors=_sides(roles[n], 0, pieces, groups, w, own),
            recipients=_sides(roles[n], 1, pieces, groups, w, own),
            dates=_sides(roles[n], 2, pieces, groups, w, own),
            places=_sides(roles[n], 3, pieces, groups, w, own),
            speakers=_sides(roles[n], 4, pieces, groups, w, own),
            mode_probability=sure,
            status_probability=float(status.max()),
        )
        vector = hidden[0, a - base : b - base].mean(0)
        yield proposal, vector / max(float(np.linalg.norm(vector)), 1e-6)


def _sides(
    roles: Floats, role: int, pieces: Pieces, groups: Ints, w: Window, own: tuple[int, int]
) -> tuple[Words, ...]:
    """The words of a role in the trigger's own sentence, pieces `own`, else the likeliest elsewhere."""
    at = offset(w)
    chance = np.concatenate([roles[1 : at - 1, role], roles[at : at + w.end - w.start, role]])
    found = [
        (w.context + a, w.context + b, p) for a, b, p in _runs(chance, groups[w.context : w.end], _LEAST_OF_ROLE[role])
    ]
    kept = [(a, b, p) for a, b, p in found if own[0] <= a and b <= own[1]]
    if not kept:
        kept = [max(found, key=lambda x: x[2])] if found else []
        kept = [(a, b, p) for a, b, p in kept if p >= _LEAST_ELSEWHERE[role]]
    return tuple(Words(int(pieces.starts[a]), int(pieces.ends[b - 1]), p) for a, b, p in kept)


def _mode(kind: str, logits: Floats) -> tuple[str | None, float]:
    """The likeliest of the modes that the type has, none among them."""
    known = [n for n, name in enumerate(MODE_NAMES) if name is None or name in MODES.get(kind, ())]
    chances = _softmax(logits[known])
    best = int(chances.argmax())
    return MODE_NAMES[known[best]], float(chances[best])


def _softmax(logits: Floats) -> Floats:
    e = np.exp(logits - logits.max())
    return np.asarray(e / e.sum(), np.float32)


assert len(ROLES) == 5
