"""Windows: consecutive sentences read together, with some of the words before them.

A trigger is read best with its neighbours, and a text cut into windows is read once: only the few pieces of context are read twice.
A window never ends inside a sentence, unless that sentence alone is longer than a window may be, and never spans one left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

SIZE = 256
"""Pieces after which a window takes no further sentence."""
CONTEXT = 48
"""Pieces before a window that are read along with it."""
LONGEST = 400
"""Pieces of one window; a longer sentence is cut. With context and marks it stays below the 512 positions that the encoder knows."""


class Window(NamedTuple):
    """Numbers of pieces in the text: the context begins at `context`, the window is [start, end)."""

    context: int
    start: int
    end: int


def windows(
    sentences: Sequence[tuple[int, int]], size: int = SIZE, context: int = CONTEXT, first: int | None = None
) -> Iterator[Window]:
    """Cut a text into windows.

    Args:
        sentences: [first, last + 1) pieces of each sentence, in order.
        first: the size of the first window, for training on other cuts of the same text.
    """
    begin = end = None
    limit = size if first is None else first
    for i, j in _bounded(sentences):
        if begin is None or end is None:
            begin, end = i, j
        elif i > end or j - begin > limit:
            yield Window(max(0, begin - context), begin, end)
            begin, end, limit = i, j, size
        else:
            end = j
    if begin is not None and end is not None:
        yield Window(max(0, begin - context), begin, end)


def _bounded(sentences: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for i, j in sentences:
        while j - i > LONGEST:
            yield i, i + LONGEST
            i += LONGEST
        if j > i:
            yield i, j
