"""Properties of the coder: it never raises, its offsets are exact, it repeats itself."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from extractors.events.coder import Coding, code
from extractors.events.explain import explain, render
from extractors.lexicon import load_lexicons

LEXICONS = load_lexicons()
WORDS = [
    "Kenya",
    "Sudan",
    "the",
    "a",
    "rebels",
    "police",
    "minister",
    "of",
    "in",
    "to",
    "and",
    ",",
    ".",
    "said",
    "that",
    "will",
    "not",
    "would",
    "attacked",
    "visited",
    "killed",
    "20",
    "Monday",
    "(",
    ")",
    '"',
    "“",
    "”",
    "'",
    "'s",
    "-",
    "—",
    "agreed",
    "refused",
    "threatened",
    "accused",
    "sanctions",
    "talks",
    "with",
    "by",
    "was",
    "were",
    "has",
    "been",
    "who",
    "which",
    "if",
    "unless",
    "after",
    "troops",
    "protest",
    "strike",
    "president",
    "Mr.",
    "U.S.",
    "U.N.",
    "1,200",
    "at",
    "least",
    "more",
    "than",
    "$",
    "million",
    "dollars",
    "\n\n",
    ";",
    ":",
    "his",
    "its",
    "they",
    "it",
]
SOUP = st.lists(st.sampled_from(WORDS), max_size=60).map(" ".join)
ARTICLE = (
    "NAIROBI, March 3 (Wire) - Kenya expelled the Sudanese ambassador on Monday, officials said. Police in Nairobi arrested 40 "
    "protesters. Sudan rejected the decision and threatened to close its border with Kenya. The foreign minister, who "
    "visited Khartoum in May, said talks would resume next week. At least 12 people were killed in clashes in Darfur.\n\n"
)


def run(text: str) -> Coding:
    return code(text, lexicons=LEXICONS, published=date(2024, 3, 4), title="Kenya expels envoy")


@settings(max_examples=150, deadline=None)
@given(st.one_of(SOUP, st.text(max_size=300)))
def test_any_text_is_coded_with_exact_offsets(text: str) -> None:
    coding = run(text)
    for event in coding.events:
        assert text[event.char_start : event.char_end] == event.support
        assert event.trigger in event.support
        for part in (*event.actors, *event.recipients, *event.magnitudes):
            assert text[part.char_start : part.char_end] == part.text
    for mention in coding.mentions:
        assert text[mention.char_start : mention.char_end] == mention.text


@settings(max_examples=40, deadline=None)
@given(SOUP)
def test_the_same_text_gives_the_same_coding(text: str) -> None:
    assert run(text) == run(text)


@settings(max_examples=25, deadline=None)
@given(SOUP)
def test_any_text_can_be_explained(text: str) -> None:
    assert isinstance(render(explain(text, LEXICONS)), str)


def test_an_article_told_twice_is_hardly_more_events() -> None:
    once, twice = run(ARTICLE).events, run(ARTICLE * 2).events
    assert {"SANCTION", "COERCE", "ASSAULT"} <= {e.event_type for e in once}
    assert len(twice) <= 1.5 * len(once)
    assert sum(len(e.tellings) for e in twice) >= len(once) / 2
