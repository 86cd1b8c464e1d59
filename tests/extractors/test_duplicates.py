"""Keys that are close for texts nearly the same, far for others."""

from __future__ import annotations

from extractors.article import read_article
from extractors.duplicates import likeness, near_duplicate_key
from extractors.records import Capture

WORDS = [f"word{n * 7919 % 1000}" for n in range(400)]
TEXT = " ".join(WORDS)


def key(text: str) -> bytes:
    found = near_duplicate_key(text)
    assert found is not None
    return found


def test_same_words_same_key() -> None:
    assert key(TEXT) == key(TEXT.upper().replace(" ", ",\n"))
    assert len(key(TEXT)) == 256


def test_likeness_follows_the_shared_text() -> None:
    edited = " ".join([*WORDS[:200], "an", "editor", "was", "here", *WORDS[200:]])
    assert likeness(key(TEXT), key(edited)) > 0.85
    half = " ".join([*WORDS[:200], *(f"other{n}" for n in range(200))])
    assert 0.1 < likeness(key(TEXT), key(half)) < 0.6
    assert likeness(key(TEXT), key(" ".join(f"other{n}" for n in range(400)))) < 0.1


def test_short_and_empty_texts() -> None:
    assert near_duplicate_key(" —!") is None
    assert likeness(key("Two words"), key("two words")) == 1.0
    assert likeness(key("会议于周一在北京举行"), key("会议于周一在北京举行。")) == 1.0


def test_articles_carry_their_key() -> None:
    article = read_article(Capture(TEXT.encode(), "a.txt", "text/plain"))
    assert article.near_duplicate_key == key(article.text)
