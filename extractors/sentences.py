"""A sentence is the unit that carries a claim; a token is a word, a number, an acronym or one mark of punctuation.

Both keep their offsets in the text they came from. One pass each, linear in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# A plain word before a blank or a mark, as most are; then acronyms with stops, numbers with separators, words (inner hyphens, stops
# and apostrophes), else one character.
_TOKEN = re.compile(
    r"[A-Za-z]++(?=[ ,;:)\n]|\Z)"
    r"|(?:[A-Z]\.){2,8}(?:['’]s\b)?"
    r"|(?:Dr|Mr|Mrs|Ms|Gen|Lt|Col|Maj|Sgt|Capt|Cpl|Prof|Sen|Rep|Gov|Rev|Hon|St)\.(?=\s|\Z)"
    r"|\d{1,20}(?:[-‐‑][^\W\d_]+){1,6}"
    r"|\d{1,20}(?:[.,:]\d{1,20}){0,10}(?:st|nd|rd|th|s|m|bn|k)?\b"
    r"|[^\W\d_]{2,}+(?<=n)['’]t\b"
    r"|[^\W\d_](?:[^\W_]++|[-‐‑](?=[^\W_])|\.(?=[^\W\d_]\b)|['’](?=[^\W\d_]{2}))*+"
    r"|['’](?:s|re|ve|ll|d|m)\b"
    r"|[^\s]"
)
_END = re.compile(r"[.!?…]['\"”’)\]]{0,3}(?=\s)|\n")
_OPENING = "\"“‘'([«—–-"


@dataclass(slots=True)
class Sentence:
    """One sentence, tokenised. The lists run in parallel; offsets count from the start of the article's text."""

    text: str
    char_start: int
    char_end: int
    words: list[str]
    lower: list[str]
    starts: list[int]
    ends: list[int]

    def span(self, first: int, last: int) -> str:
        """The words from token `first` up to, not including, token `last`, exactly as written."""
        return self.text[self.starts[first] - self.char_start : self.ends[last - 1] - self.char_start]


def sentence_spans(text: str, abbreviations: frozenset[str], openers: frozenset[str]) -> Iterator[tuple[int, int]]:
    """Cut a text into sentences.

    Args:
        text: body text; a blank line always ends a sentence, a single line break one that looks finished.
        abbreviations: lower-case words after which a stop does not end a sentence.
        openers: lower-case words that begin sentences even after an acronym such as "U.S.".
    Yields:
        Half-open spans without surrounding white space.
    """
    begin = 0
    for match in _END.finditer(text):
        end = match.end()
        if end <= begin or not _is_boundary(text, match, begin, abbreviations, openers):
            continue
        yield from _trimmed(text, begin, end)
        begin = end
    yield from _trimmed(text, begin, len(text))


def _trimmed(text: str, begin: int, end: int) -> Iterator[tuple[int, int]]:
    while begin < end and text[begin].isspace():
        begin += 1
    while end > begin and text[end - 1].isspace():
        end -= 1
    if begin < end:
        yield begin, end


def _is_boundary(
    text: str, match: re.Match[str], begin: int, abbreviations: frozenset[str], openers: frozenset[str]
) -> bool:
    at, end = match.start(), match.end()
    if text[at] == "\n":
        line = text.rfind("\n", begin, at) + 1
        return text[end : end + 1] == "\n" or at - max(line, begin) < 60 or text[at - 1] in '.!?:"”’)'
    following = text[end : end + 40].lstrip()
    if not following:
        return True
    first = following.lstrip(_OPENING)[:1]
    if first.islower():
        return False
    if text[at] != ".":
        return True
    word = text[max(begin, at - 14) : at].rsplit(None, 1)
    before = word[-1].lstrip(_OPENING) if word else ""
    if before.lower() in abbreviations:
        return "\n" in text[end : end + 3] and first.isupper() and before.lower() not in ("mr", "mrs", "dr")
    if "." in before or len(before) == 1:  # "U.S." or an initial: the next word decides
        next_word = re.match(r"[^\W\d_]+", following.lstrip(_OPENING))
        return next_word is not None and next_word[0].lower() in openers and len(before) > 1
    return True


def tokenize(text: str, begin: int, end: int) -> Sentence:
    """Tokenise `text[begin:end]`. A possessive 's is a token of its own; "didn't" gives "did" and "n't"."""
    found = list(_TOKEN.finditer(text, begin, end))
    words, starts, ends = [m[0] for m in found], [m.start() for m in found], [m.end() for m in found]
    written = text[begin:end]
    curly = "’" in written
    if curly or "'" in written:
        words, starts, ends = _parted(words, starts)
    lower = [w.lower() for w in words]
    if curly:
        lower = [w.replace("’", "'") for w in lower]
    return Sentence(written, begin, end, words, lower, starts, ends)


def _parted(written: list[str], begins: list[int]) -> tuple[list[str], list[int], list[int]]:
    """The tokens with "'s" and "n't" cut off, and where each starts and ends."""
    words: list[str] = []
    starts: list[int] = []
    for word, start in zip(written, begins, strict=True):
        size = len(word)
        tail = 0
        if size > 2 and word[-2] in "'’":
            tail = 2 if word[-1] == "s" else 3 if word[-1] == "t" and size > 3 else 0
        if tail:
            words += (word[:-tail], word[-tail:])
            starts += (start, start + size - tail)
        else:
            words.append(word)
            starts.append(start)
    return words, starts, [at + len(w) for at, w in zip(starts, words, strict=True)]
