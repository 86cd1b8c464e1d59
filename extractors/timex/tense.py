"""Tense decides which Friday is meant: "met on Friday" is the one before publication, "will meet on Friday" the one after.

No parser: the nearest telling word of the clause speaks, first before the expression, then behind it.
"""

from __future__ import annotations

from extractors.timex.words import Tokens, grammar

_BEFORE, _BEHIND = 25, 14
_CLAUSE_MARKS = frozenset(';:"“”')
_LEADS = frozenset(("on", "in", "for", "by", "the", "a", "this", "at", "early", "late", "of", "next", "mid"))
_HAVE_BEEN = frozenset(("be", "been", "being"))


def is_sentence_end(tokens: Tokens, at: int) -> bool:
    """Whether the token ends a sentence: a line's end, or a stop after a word with a capital, a quote or nothing behind it."""
    mark = tokens.lower(at)
    if mark == "\n":
        return True
    if mark not in (".", "!", "?"):
        return False
    behind = tokens.word(at + 1)
    if not behind or not (behind[0].isupper() or behind[0] in '"“‘(\n'):
        return not behind
    before = tokens.word(at - 1)
    return len(before) > 3 or before.islower() or before[:1].isdigit() or before.isupper()


def direction(tokens: Tokens, first: int, last: int) -> int:
    """Where an expression points.

    Args:
        tokens: the text.
        first, last: the tokens of the expression, half-open.
    Returns:
        1 after publication (2 when beyond doubt: "until Friday"), -1 before it, 0 when nothing tells.
    """
    before = tokens.lower(first - 1)
    if before == "since":
        return -1
    if before in ("until", "till"):
        return 2
    present = 1 if tokens.lower(first - 1 - (before in _LEADS)) in ("is", "are") else 0
    for at in range(first - 1, max(-1, first - _BEFORE), -1):
        if is_sentence_end(tokens, at) or tokens.lower(at) in _CLAUSE_MARKS:
            break
        told = _cue(tokens, at)
        if told == 2 and not present:
            if tokens.lower(at) in grammar().tense["timetable"] and at > first - 10:
                return 1
            present = 1 if at > first - 10 else 0
        elif told:
            return told
    if present or (tokens.lower(last) == "," and not _opens(tokens, first)):
        return present  # "under review on Monday, would impose …": what follows is told of something else
    for at in range(last, min(len(tokens.low), last + _BEHIND)):
        if is_sentence_end(tokens, at) or tokens.lower(at) in _CLAUSE_MARKS:
            break
        told = _cue(tokens, at) if tokens.lower(at) != "to" else 0  # "agreed on Monday to hold talks"
        if told == 2:
            present = present or (1 if at < last + 8 else 0)
        elif told:
            return told
    return present


def _opens(tokens: Tokens, first: int) -> bool:
    """Whether the expression opens its sentence, a preposition apart."""
    return any(at < 0 or is_sentence_end(tokens, at) for at in (first - 1, first - 2))


def _cue(tokens: Tokens, at: int) -> int:
    """What one token tells: 1, -1, 2 for a present tense (a timetable: "votes on Sunday"), 0 for nothing."""
    words = grammar().tense
    low = tokens.lower(at)
    if low == "to" and _is_base(tokens.lower(at + 1)):
        return 1 if any(tokens.lower(k) in words["commits"] for k in (at - 1, at - 2, at - 3)) else 0
    if low == "may" and not tokens.word(at).islower():
        return 0
    if low in words["future"]:
        return -1 if low == "going" and tokens.lower(at + 1) != "to" else 1
    if low in words["past"]:
        return -1 if not _follows_future(tokens, at) else 0
    if low.endswith("ed") and len(low) > 4 and low not in words["not_past"] and tokens.word(at).islower():
        return (
            -1
            if not _follows_future(tokens, at) and tokens.lower(at - 1) not in ("the", "a", "be", "being", "is", "are")
            else 0
        )
    return 2 if low in words["present"] and tokens.word(at).islower() else 0


def _follows_future(tokens: Tokens, at: int) -> bool:
    """ "will be held", "has been scheduled", "to be sentenced", "is expected to have left"."""
    words = grammar().tense["future"]
    for k in (at + 1, at + 2):
        if tokens.lower(at) in ("has", "have", "had", "was", "were", "been", "did") and tokens.lower(k) in words:
            return tokens.lower(k) not in ("until", "till", "ahead", "plans", "plan")
    return tokens.lower(at - 1) in ("be", "to", "will") or (
        tokens.lower(at - 1) in _HAVE_BEEN and tokens.lower(at - 2) in ("to", "will", "would")
    )


def _is_base(word: str) -> bool:
    return len(word) > 1 and word.isalpha() and word not in ("the", "an", "his", "her", "their", "its", "this", "that")
