"""Training, on a tiny random encoder: it learns, stops, goes on as if it had not, exports, and gives the same bytes by the same seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from extractors.tagger.labels import STATUSES
from extractors.tagger.session import load

torch = pytest.importorskip("torch")
pytest.importorskip("onnxscript")

TEXTS = (
    (
        "Police arrested six protesters in Nairobi on Monday.",
        "arrested",
        "COERCE",
        "arrest",
        "Police",
        "six protesters",
    ),
    ("Norway accused Russia of jamming signals, officials said.", "accused", "ACCUSE", "allege", "Norway", "Russia"),
    ("Rebels shelled the town of Kalmi.", "shelled", "ASSAULT", "heavy-weapons", "Rebels", "the town of Kalmi"),
    ("Canada promised Malawi a loan.", "promised", "AGREE", None, "Canada", "Malawi"),
)


def article(number: int) -> dict[str, Any]:
    """A coded article of one sentence, in the form of the guide."""
    text, trigger, kind, mode, actor, recipient = TEXTS[number % len(TEXTS)]

    def span(words: str) -> list[int]:
        return [text.index(words), text.index(words) + len(words)]

    def side(words: str) -> list[dict[str, Any]]:
        return [{"text": words, "span": span(words), "country": None, "sector": None}]

    event = {
        "sentence": 0, "trigger": span(trigger), "clause": [0, len(text)], "date": None, "place": None, "by": None, "type": kind,
        "x_type": None, "accept": [], "mode": mode, "status": "actual", "priority": "core", "actors": side(actor),
        "recipients": side(recipient), "date_start": None, "date_end": None, "place_country": None, "counts": {}, "again": [],
    }  # fmt: skip
    return {"id": f"a{number}", "split": "train", "text": text, "sentences": [[0, len(text)]], "events": [event]}


def trained(folder: Path, stop: int | None = None) -> list[str]:
    """Train six passes in `folder`, stopping once where asked; returns what was said."""
    from extractors.tagger.train.data import coded
    from extractors.tagger.train.encoder import Tagger
    from extractors.tagger.train.export import export
    from extractors.tagger.train.learn import Recipe, learn

    said: list[str] = []
    articles = [coded(article(n), load().tokenizer) for n in range(8)]
    recipe = Recipe(passes=(tuple(range(8)),) * 6, rate=1e-3, head_rate=3e-3, pieces=64, seed=5)

    def run(stop_after: int | None) -> Any:
        torch.manual_seed(5)
        return learn(Tagger(1, 48, 12, 64), articles, recipe, folder / "state.pt", said.append, stop_after)

    if stop is not None:
        run(stop)
    model = run(None)
    export(model, folder)
    return said


def test_training_stops_goes_on_and_repeats_itself(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    said = {}
    for name, stop in (("once", None), ("again", None), ("stopped", 3)):
        (tmp_path / name).mkdir()
        said[name] = trained(tmp_path / name, stop)
    once = {n: (tmp_path / "once" / n).read_bytes() for n in ("model.onnx", "heads.onnx")}
    assert {n: (tmp_path / "again" / n).read_bytes() for n in once} == once
    assert {n: (tmp_path / "stopped" / n).read_bytes() for n in once} == once
    assert any("goes on at step 3" in s for s in said["stopped"])
    first, last = (float(s.split("trigger ")[1].split(",")[0]) for s in (said["stopped"][0], said["stopped"][-1]))
    assert last < first


def test_a_shipped_model_can_be_trained_on(tmp_path: Path) -> None:
    from extractors.tagger.train.encoder import Tagger
    from extractors.tagger.train.export import export
    from extractors.tagger.train.start import begin_from_shipped

    torch.manual_seed(1)
    model = Tagger(1, 48, 12, 64)
    kept = {k: v.clone() for k, v in model.state_dict().items()}
    export(model, tmp_path)
    other = Tagger(1, 48, 12, 64)
    begin_from_shipped(other, tmp_path)
    for name, value in other.state_dict().items():
        assert torch.allclose(value, kept[name], atol=float(kept[name].abs().max()) / 100 + 1e-6), name


def test_pairs_that_a_coder_tells_apart_are_counted() -> None:
    from extractors.tagger.train.calibrate import merged, shares

    told = [(0, 1, True), (0, 2, False), (1, 2, False), (1, 3, True)]
    counts = merged([[0, 1, 2], [3]], told)
    assert counts.tolist() == [[0, 2], [1, 1]]
    assert shares(counts) == (0.5, 1.0)


def test_what_tells_an_event_again_is_a_pair_of_one_act() -> None:
    from extractors.events.coder import read_article
    from extractors.lexicon import load_lexicons
    from extractors.tagger.train.calibrate import told_pairs

    text = "Police arrested six protesters in Nairobi on Monday.\n\nPolice arrested the protesters outside a court.\n\nSoldiers arrested a trader in Lagos."
    coded = article(0)
    starts = [0, text.index("Police", 9), text.index("Soldiers")]
    second = text.index("arrested", starts[2])
    other = coded["events"][0] | {"sentence": 2, "trigger": [second, second + 8], "clause": [starts[2], len(text)]}
    coded |= {
        "text": text,
        "sentences": [[a, b] for a, b in zip(starts, [*starts[1:], len(text)], strict=True)],
        "events": [coded["events"][0] | {"again": [1]}, other],
    }
    tellings = [t for act in read_article(text, load_lexicons()).acts for t in act.tellings]
    tellings.sort(key=lambda t: t.proposal.start)
    arrests = [t for t in tellings if text[t.proposal.start : t.proposal.end] == "arrested"]
    assert [pair for pair, _ in told_pairs(arrests, coded)] == [(0, 1, True), (0, 2, False), (1, 2, False)]


def test_core_status_and_mode_are_learnt_on_alone() -> None:
    from extractors.tagger.train.data import coded
    from extractors.tagger.train.encoder import Tagger
    from extractors.tagger.train.rest import learn_rest, vectors

    session = load()
    read = list(vectors(session, (coded(article(n), session.tokenizer) for n in range(4))))
    assert len(read) == 4

    def learnt() -> Tagger:
        torch.manual_seed(1)
        model = Tagger(1)
        learn_rest(model, read, 30, 1e-3, 5)
        return model

    torch.manual_seed(1)
    before, once, again = Tagger(1).state_dict(), learnt(), learnt().state_dict()
    changed = {n.split(".")[0] for n, value in once.state_dict().items() if not torch.equal(value, before[n])}
    assert changed == {"rest"}
    assert all(torch.equal(value, again[n]) for n, value in once.state_dict().items())
    for vector, trigger in read:
        said = once.rest(torch.cat([torch.from_numpy(vector), once.kind(torch.tensor(trigger.kind))]))
        assert int(said[1 + len(STATUSES) :].argmax()) == trigger.mode
