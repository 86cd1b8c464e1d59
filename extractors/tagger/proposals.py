"""Proposals: what the tagger read in a text, before anything is looked up: words, labels and how likely each is."""

from __future__ import annotations

from extractors.records import record


@record
class Words:
    """A stretch of the text, half-open, in code points, and how likely it is what it is said to be."""

    start: int
    end: int
    probability: float


@record
class Proposal:
    """One trigger with what goes with it."""

    sentence: int
    """Number of the sentence in which the trigger stands."""
    start: int
    end: int
    """The trigger's words in the text, half-open, in code points."""
    type: str
    """One of `labels.TYPES`, or an own rule's `x_…` type."""
    score: float
    """How likely an event is told here at all, as the tagger says (0 to 1, not calibrated)."""
    types: tuple[tuple[str, float], ...]
    """The three likeliest types with their probabilities, the likeliest first."""
    mode: str | None
    status: str
    core: float
    """How likely a careful coder holds it to be one of the article's core events."""
    actors: tuple[Words, ...] = ()
    recipients: tuple[Words, ...] = ()
    dates: tuple[Words, ...] = ()
    places: tuple[Words, ...] = ()
    speakers: tuple[Words, ...] = ()
    rule_id: str = "tagger"
    mode_probability: float = 1.0
    status_probability: float = 1.0
