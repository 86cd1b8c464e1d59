"""The tagger from pieces to proposals: windows and words as tables, the shipped model on sentences of ours, hostile texts."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest

from extractors.tagger import decode
from extractors.tagger.labels import MODE_NAMES, MODES
from extractors.tagger.session import FOLDER, Session, digest, load
from extractors.tagger.windows import LONGEST, Window, windows
from extractors.tagger.wordpieces import CAPITAL, LOWER, UPPER, cut


@pytest.fixture(scope="module")
def session() -> Session:
    return load()


def spans(text: str) -> list[tuple[int, int]]:
    """Lines as sentences."""
    found, at = [], 0
    for line in text.split("\n"):
        if line:
            found.append((at, at + len(line)))
        at += len(line) + 1
    return found


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        pytest.param([], [], id="empty"),
        pytest.param([(0, 10)], [Window(0, 0, 10)], id="one"),
        pytest.param([(0, 60), (60, 75), (75, 120)], [Window(0, 0, 75), Window(55, 75, 120)], id="full"),
        pytest.param([(0, 10), (30, 40)], [Window(0, 0, 10), Window(10, 30, 40)], id="one left out between"),
        pytest.param([(0, 0), (0, 10), (10, 10)], [Window(0, 0, 10)], id="sentences without pieces"),
        pytest.param(
            [(0, 2 * LONGEST + 5)],
            [
                Window(0, 0, LONGEST),
                Window(LONGEST - 20, LONGEST, 2 * LONGEST),
                Window(2 * LONGEST - 20, 2 * LONGEST, 2 * LONGEST + 5),
            ],
            id="a sentence longer than a window",
        ),
    ],
)
def test_windows(sentences: list[tuple[int, int]], expected: list[Window]) -> None:
    assert list(windows(sentences, size=80, context=20)) == expected


def test_every_piece_is_in_one_window() -> None:
    r = random.Random(3)
    for _ in range(50):
        at, sentences = 0, []
        for _ in range(r.randint(0, 40)):
            size = r.choice([0, 1, 7, 30, 200, 900])
            sentences.append((at, at + size))
            at += size
        read = [k for w in windows(sentences) for k in range(w.start, w.end)]
        assert read == list(range(at))
        assert all(w.end - w.context + 3 <= 512 for w in windows(sentences))


@pytest.mark.parametrize(
    ("text", "case"),
    [("us", [LOWER]), ("US", [UPPER]), ("Us", [CAPITAL]), ("I", [CAPITAL]), ("12", [LOWER]), ("", [])],
)
def test_case_of_letters(session: Session, text: str, case: list[int]) -> None:
    assert cut(text, session.tokenizer).case.tolist() == case


@pytest.mark.parametrize(
    "text", ["Zürich’s Übergang", "naïve café", "a\ud800b", "👩‍👩‍👧 met 北京", "x" * 300, "\u0301\u0301 e\u0301"]
)
def test_offsets_lie_in_the_text(session: Session, text: str) -> None:
    pieces = cut(text, session.tokenizer)
    assert np.all(pieces.starts <= pieces.ends)
    assert np.all(np.diff(pieces.starts) >= 0)
    assert not len(pieces.ends) or pieces.ends.max() <= len(text)
    for n in range(len(pieces.ids)):
        first, last = pieces.over(int(pieces.starts[n]), int(pieces.ends[n]))
        assert first <= n < last or pieces.starts[n] == pieces.ends[n]


CODED = [
    ("Police in Nairobi arrested six opposition lawmakers on Tuesday.", "COERCE", "arrest", "arrested"),
    ("Rebels shelled the town of Kalmi overnight, killing nine civilians.", "ASSAULT", "heavy-weapons", "shelled"),
    ("Thousands of teachers marched in Lima to demand higher pay.", "PROTEST", "demo", "marched"),
    ("Norway accused Russia of jamming satellite signals.", "ACCUSE", "allege", "accused"),
    ("The finance minister resigned on Friday.", "RETREAT", "resign", "resigned"),
    ("Foreign ministers from Chile and Peru held talks in Arica.", "CONSULT", None, "talks"),
    ("Canada imposed sanctions on eleven Belarusian officials.", "SANCTION", "discontinue", "sanctions"),
    ("The United Nations urged both sides to release prisoners.", "REQUEST", "yield", "urged"),
    ("Iran threatened to attack ships in the strait.", "THREATEN", "violence", "threatened"),
    ("Parliament rejected the budget bill of the government.", "REJECT", None, "rejected"),
    ("Japan donated 40 tonnes of rice to flood victims in Nepal.", "AID", None, "donated"),
    ("The army deployed two brigades to the northern border.", "MOBILIZE", "troops", "deployed"),
]


def test_the_shipped_model_reads_plain_sentences(session: Session) -> None:
    right = modes = 0
    for text, kind, mode, trigger in CODED:
        found = [p for p, _ in decode.propose(session, text, [(0, len(text))]) if p.score > 0.5]
        best = next((p for p in found if p.type == kind and trigger in text[p.start : p.end]), None)
        right += best is not None
        modes += best is not None and best.mode == mode
    assert right >= 10, f"{right} of {len(CODED)}"
    assert modes >= 7, f"{modes} of {len(CODED)}"


@pytest.mark.parametrize(
    "text",
    [
        "United beat City 3-1 on Saturday with two goals from the penalty spot.",
        "Shares in the chip maker rose four percent after the results.",
        "Whisk the eggs with the sugar until the mixture is pale and thick.",
    ],
)
def test_the_shipped_model_is_silent_where_nothing_political_happens(session: Session, text: str) -> None:
    assert [p.type for p, _ in decode.propose(session, text, [(0, len(text))]) if p.score > 0.8] == []


def test_a_text_is_read_the_same_whatever_was_read_before(session: Session) -> None:
    texts = [text for text, *_ in CODED]
    alone = {t: decode.propose(session, t, [(0, len(t))]) for t in texts}
    for seed in range(2):
        random.Random(seed).shuffle(texts)
        for t in texts:
            again = decode.propose(session, t, [(0, len(t))])
            assert [p for p, _ in again] == [p for p, _ in alone[t]]
            assert all(np.array_equal(v, w) for (_, v), (_, w) in zip(again, alone[t], strict=True))


def _hostile() -> Iterator[str]:
    yield ""
    yield "\n"
    yield "a" * 100_000
    yield "arrested " * 12_000
    yield "\ud800 arrested \udfff Police"
    yield "\n".join(["Police arrested two men."] * 1_000)
    yield "😀" * 5_000


@pytest.mark.parametrize("text", list(_hostile()), ids=lambda t: f"{t[:8]!r}x{len(t)}")
def test_hostile_texts_are_read_and_bounded(session: Session, text: str) -> None:
    for p, vector in decode.propose(session, text, spans(text)):
        assert 0 <= p.start < p.end <= len(text)
        assert np.isfinite(vector).all()
        for w in (*p.actors, *p.recipients, *p.dates, *p.places, *p.speakers):
            assert 0 <= w.start < w.end <= len(text)


def test_the_card_names_the_files_that_lie_beside_it(session: Session) -> None:
    assert session.card["model"]["sha256"] == digest()
    assert sum((FOLDER / name).stat().st_size for name in ("model.onnx", "heads.onnx")) <= 70 * 1024 * 1024


def test_modes_belong_to_types() -> None:
    assert set(MODE_NAMES) == {None} | {m for modes in MODES.values() for m in modes}
