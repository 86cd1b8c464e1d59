"""How sure a row must be: to be stored, and to be shown where nobody asks for more or for less."""

from __future__ import annotations

from extractors.tagger.card import read_card

STORED = 0.3
"""Rows below this are not kept at all."""


def default_confidence() -> float:
    """The confidence from which on rows are shown where a workspace says nothing: where the F1 of events was best on the validation articles."""
    return float(read_card().get("confidence", {}).get("shown", STORED))
