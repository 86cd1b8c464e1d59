"""Near duplicates: a key that is close for texts that are nearly the same, so that one story under many addresses is counted once.

MinHash (Broder 1997) over four-word shingles. The share of equal four-byte values in two keys estimates the share of shingles the texts have
in common; the same text has the same key, whatever its case, punctuation and typography.
"""

from __future__ import annotations

import re
import struct

_WORD = re.compile(r"\w+")
_DENSE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")
_SHINGLE = 4
_VALUES = 64
_SEED = 2024
"""Part of every stored key: another seed makes keys that cannot be compared."""


def near_duplicate_key(text: str) -> bytes | None:
    """The key of a text: 64 values of four bytes, big-endian; None for a text without words.

    >>> near_duplicate_key("One, two; three - four!") == near_duplicate_key("one two three four")
    True
    """
    from rensa import RMinHash

    words = _WORD.findall(text.lower())
    if not words:
        return None
    if len(words) < 40 and _DENSE.search(text):
        words = list("".join(words))  # scripts without blanks: shingles of characters
    shingles = {" ".join(words[at : at + _SHINGLE]) for at in range(max(1, len(words) - _SHINGLE + 1))}
    sketch = RMinHash(num_perm=_VALUES, seed=_SEED)
    sketch.update(list(shingles))
    return struct.pack(f">{_VALUES}I", *sketch.digest())


def likeness(one: bytes, other: bytes) -> float:
    """The estimated share of shingles two texts have in common, 0 to 1; the error is about 0.06.

    >>> key = near_duplicate_key("The council voted to build a bridge over the river before winter comes to Lowmere.")
    >>> likeness(key, key)
    1.0
    """
    equal = sum(one[at : at + 4] == other[at : at + 4] for at in range(0, min(len(one), len(other)), 4))
    return 4 * equal / max(len(one), len(other), 4)
