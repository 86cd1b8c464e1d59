"""How sure a row must be: to be stored, and to be shown where nobody asks for more or for less."""

from __future__ import annotations

STORED = 0.3
"""Rows below this are not kept at all."""
SHOWN = 0.3
"""Where the F1 of events is best on the validation articles, as the model's card says."""


def default_confidence() -> float:
    """The confidence from which on rows are shown where a workspace says nothing, 0 to 1."""
    return SHOWN
