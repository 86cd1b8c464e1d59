"""Language: which tongue a body is written in, as ISO 639-1.

The script decides first (Greek letters are Greek), function words second, and a statistical model only where both are silent: it costs
200 MB of memory and most articles never need it.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from functools import cache
from pathlib import Path

_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE = 6000
# Script blocks whose letters belong to one language in the news, or are told apart by `_within_script`.
_SCRIPTS = (
    ("el", 0x0370, 0x03FF), ("cyrillic", 0x0400, 0x052F), ("hy", 0x0530, 0x058F), ("he", 0x0590, 0x05FF),
    ("arabic", 0x0600, 0x077F), ("deva", 0x0900, 0x097F), ("bn", 0x0980, 0x09FF), ("pa", 0x0A00, 0x0A7F),
    ("gu", 0x0A80, 0x0AFF), ("ta", 0x0B80, 0x0BFF), ("te", 0x0C00, 0x0C7F), ("kn", 0x0C80, 0x0CFF),
    ("ml", 0x0D00, 0x0D7F), ("si", 0x0D80, 0x0DFF), ("th", 0x0E00, 0x0E7F), ("lo", 0x0E80, 0x0EFF),
    ("my", 0x1000, 0x109F), ("ka", 0x10A0, 0x10FF), ("am", 0x1200, 0x137F), ("km", 0x1780, 0x17FF),
    ("kana", 0x3040, 0x30FF), ("han", 0x4E00, 0x9FFF), ("ko", 0xAC00, 0xD7AF),
)  # fmt: skip


@cache
def _function_words() -> dict[str, tuple[str, ...]]:
    """The languages each function word belongs to."""
    data = tomllib.loads((Path(__file__).parent / "languages.toml").read_text(encoding="utf-8"))
    found: dict[str, list[str]] = {}
    for code, words in data.items():
        for word in set(words.split()):
            found.setdefault(word, []).append(code)
    return {word: tuple(codes) for word, codes in found.items()}


def find_language(text: str) -> str | None:
    """Name the language of a text.

    Args:
        text: a body; its first 6,000 characters are looked at.
    Returns:
        ISO 639-1 code, None for texts too short or too mixed to say.
    """
    sample = text[:_SAMPLE]
    letters = sum(map(str.isalpha, sample))
    if letters < 20:
        return None
    scripts = _count_scripts(sample)
    if sum(scripts.values()) > letters * 0.4:
        return _within_script(scripts, sample)
    words = _WORD.findall(sample.lower())
    votes: Counter[str] = Counter(dict.fromkeys(("de", "en"), 0))
    for word, count in Counter(words).items():
        for code in _function_words().get(word, ()):
            votes[code] += count
    ranked = sorted(((count, code) for code, count in votes.items()), reverse=True)
    (best, code), (second, _) = ranked[0], ranked[1]
    # A fifth of running prose is function words; close relatives (da/no, cs/sk) need the model to be told apart.
    if words and best >= max(5, len(words) * 0.15) and best >= second * 1.12:
        return code
    return _model(sample) if len(words) >= 8 else None


def _count_scripts(sample: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for char in [c for c in sample if c >= "\u0370"]:
        point = ord(char)
        if not char.isalpha():
            continue
        for name, low, high in _SCRIPTS:
            if low <= point <= high:
                counts[name] = counts.get(name, 0) + 1
                break
    return counts


def _within_script(scripts: dict[str, int], sample: str) -> str | None:
    if scripts.get("kana", 0) > 0.1 * (scripts.get("han", 0) + scripts["kana"] if "kana" in scripts else 1):
        return "ja"
    top = max(scripts, key=lambda name: scripts[name])
    if top == "han":
        return "zh"
    if top == "cyrillic":
        return _cyrillic(sample.lower())
    if top == "arabic":
        if sum(sample.count(c) for c in "ٹڈڑےں") > len(sample) * 0.01:
            return "ur"
        return "fa" if sum(sample.count(c) for c in "پچژگی") > len(sample) * 0.02 else "ar"
    if top == "deva":
        return _model(sample)
    return top


def _cyrillic(sample: str) -> str | None:
    if any(c in sample for c in "әғқңөұүһ"):
        return "kk" if any(c in sample for c in "әғқ") else _model(sample)
    if any(c in sample for c in "ієґї"):
        return "be" if "ў" in sample else "uk"
    if any(c in sample for c in "ђћљњ"):
        return "sr"
    if any(c in sample for c in "ѓќѕ"):
        return "mk"
    return "ru" if any(c in sample for c in "ыэё") else _model(sample)


def _model(sample: str) -> str | None:
    import py3langid

    code, _ = py3langid.classify(sample)
    return {"nb": "no", "nn": "no"}.get(code, str(code))
