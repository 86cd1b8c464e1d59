"""Word pieces: the units in which the tagger reads, each with its place in the text and the case of its letters.

The vocabulary is uncased ("us" and "US" are one piece), so case goes along as a number of its own. Offsets count code points.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

BEGIN, BLANK, END = 0, 1, 2
"""The marks around context and window (<s>, </s>), and what fills a row up."""
LOWER, CAPITAL, UPPER = 0, 1, 2

_LONE = re.compile("[\ud800-\udfff]")

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Pieces:
    """A text in pieces: parallel arrays, one entry a piece."""

    ids: Ints
    starts: Ints
    ends: Ints
    case: Ints
    marks: npt.NDArray[np.bool_]
    """Whether a piece is a mark of punctuation."""

    def over(self, start: int, end: int) -> tuple[int, int]:
        """[first, last + 1) of the pieces that overlap a span of the text; equal when none does."""
        first = int(np.searchsorted(self.ends, start, "right"))
        return first, max(first, int(np.searchsorted(self.starts, end, "left")))


def cut(text: str, tokenizer: Tokenizer) -> Pieces:
    """Cut a text into pieces. Linear; half a surrogate pair, which no tokenizer takes, counts as one unknown sign."""
    text = _LONE.sub("\ufffd", text)
    encoding = tokenizer.encode(text, add_special_tokens=False)
    offsets = np.array(encoding.offsets, dtype=np.int64).reshape(-1, 2)
    case = np.fromiter((_case(text[a:b]) for a, b in encoding.offsets), np.int64, len(offsets))
    marks = np.fromiter((not text[a:b].isalnum() for a, b in encoding.offsets), np.bool_, len(offsets))
    return Pieces(np.array(encoding.ids, dtype=np.int64), offsets[:, 0], offsets[:, 1], case, marks)


def _case(word: str) -> int:
    if not word[:1].isupper():
        return LOWER
    return UPPER if len(word) > 1 and word.isupper() else CAPITAL
