"""A first look: which sentences may tell an event at all, by their words and pairs of words, before the tagger reads them.

A linear sum of one weight for each piece and pair of neighbouring pieces (hashed; Weinberger et al. 2009): a thousand times cheaper than
the tagger, and so set that hardly any core event is lost. Sport, markets and shops are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from extractors.tagger.wordpieces import Floats, Ints, Pieces

SIZE = 1 << 17
_MIX = 0x9E3779B1


def slots(ids: Ints) -> Ints:
    """The slots of pieces and of the pairs that each makes with the one before it: [2, pieces]."""
    before = np.concatenate([[0], ids[:-1]])
    return np.stack([ids % SIZE, ((before * _MIX) ^ (ids * 40503)) % SIZE])


def may_tell(
    weights: Floats, least: float, pieces: Pieces, sentences: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """The sentences, as [first, last + 1) pieces, that may tell an event.

    Args:
        weights: [SIZE] and behind it the constant.
        least: the sum from which on a sentence is read.
    """
    if not len(pieces.ids):
        return
    sums = np.concatenate([[0.0], np.cumsum(weights[slots(pieces.ids)].sum(0), dtype=np.float64)])
    for a, b in sentences:
        if b > a and (sums[b] - sums[a]) / np.sqrt(b - a) + weights[-1] >= least:
            yield a, b
