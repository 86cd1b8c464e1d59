"""According to whom: the words that name who says so, without those of saying."""

from __future__ import annotations

from bisect import bisect_left

from extractors.events.circumstances import load_circumstances
from extractors.sentences import Sentence
from extractors.tagger.proposals import Proposal


def find_speaker(proposal: Proposal, sentence: Sentence) -> str | None:
    """Who says that an event happened, as written.

    Args:
        proposal: with the words that the tagger holds for its speaker.
        sentence: in which its trigger stands.
    Returns:
        The likeliest words, "according to" and "said" taken off; None when the text says it itself.
    """
    here = [w for w in proposal.speakers if sentence.char_start <= w.start < w.end <= sentence.char_end]
    if not here:
        return None
    likeliest = max(here, key=lambda w: (w.probability, -w.start))
    first, last = (bisect_left(sentence.starts, at) for at in (likeliest.start, likeliest.end))
    groups = load_circumstances().speakers
    begin, end = first, last
    while begin < end and sentence.lower[begin] in groups["before"]:
        begin += 1
    end = next((k for k in range(begin, end) if sentence.lower[k] in groups["after"]), end)
    if begin == end:  # "allegedly", "reports say"
        begin, end = first, last
    return sentence.span(begin, end) if begin < end else None
