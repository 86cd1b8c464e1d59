"""Core, status and mode learnt on, with the rest of a model as it is: cheap, since the vectors of the coded triggers are read only once.

    python -m extractors.tagger.train.rest ARTICLES.jsonl.gz MODEL_FOLDER OUT [--passes 30] [--rate 1e-3] [--seed 1]

These heads are small and learn more slowly than the encoder: after the passes over the texts their losses still fall. OUT gets the heads
(`heads.onnx`) of the model in MODEL_FOLDER, whose other files stay as they are; `calibrate` fits what stands behind them.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from extractors.tagger.labels import STATUSES
from extractors.tagger.session import Session, load, offset
from extractors.tagger.train.data import UNKNOWN, Labelled, Trigger, coded
from extractors.tagger.train.encoder import Tagger
from extractors.tagger.train.export import export
from extractors.tagger.train.lines import read_lines
from extractors.tagger.train.start import begin_from_shipped
from extractors.tagger.windows import windows
from extractors.tagger.wordpieces import Floats

_STATUS_END = 1 + len(STATUSES)
_BATCH = 256
_DROPPED = 0.3
"""Share of a vector's numbers left out in learning: the encoder has seen these articles."""


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("articles", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--passes", type=int, default=30)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--layers", type=int, default=6)
    parser.add_argument("--seed", type=int, default=1)
    o = parser.parse_args(argv)
    session = load(o.model)
    model = Tagger(o.layers)
    begin_from_shipped(model, o.model)
    lines = (a for a in read_lines(o.articles) if a["split"] == "train")
    learn_rest(model, list(vectors(session, (coded(a, session.tokenizer) for a in lines))), o.passes, o.rate, o.seed)
    o.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        _, heads = export(model, Path(scratch))
        (o.out / heads.name).write_bytes(heads.read_bytes())
    print(f"{o.out / 'heads.onnx'} is written; put it beside the model's other files, then calibrate", flush=True)


def vectors(session: Session, articles: Iterator[Labelled]) -> Iterator[tuple[Floats, Trigger]]:
    """The coded triggers of articles, each with the mean vector of its pieces as the model reads them."""
    for n, a in enumerate(articles, 1):
        for w in windows(a.sentences):
            here = [t for t in a.triggers if w.start <= t.first < w.end]
            hidden = session.read(a.pieces, w)[0][0] if here else None
            for t in here:
                assert hidden is not None
                base = w.start - offset(w)
                yield hidden[t.first - base : min(t.last, w.end) - base].mean(0), t
        if n % 100 == 0:
            print(f"read {n} articles", flush=True)


def learn_rest(model: Tagger, read: Sequence[tuple[Floats, Trigger]], passes: int, rate: float, seed: int) -> None:
    """Train `model.rest` on vectors of triggers with AdamW and linear decay; nothing else changes."""
    torch.manual_seed(seed)
    x = torch.from_numpy(np.stack([v for v, _ in read]).astype(np.float32))
    kind = torch.tensor([t.kind for _, t in read])
    core = torch.tensor([t.core for _, t in read], dtype=torch.float32)
    status = torch.from_numpy(np.stack([t.status for _, t in read]))
    mode = torch.tensor([t.mode for _, t in read])
    rest = model.rest.train()
    optimiser = torch.optim.AdamW(rest.parameters(), lr=rate, weight_decay=0.05)
    steps = passes * -(-len(x) // _BATCH)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda s: max(0.02, 1 - s / steps))
    for number in range(passes):
        total = 0.0
        for some in torch.randperm(len(x)).split(_BATCH):
            said = rest(torch.cat([F.dropout(x[some], _DROPPED), model.kind(kind[some]).detach()], -1))
            loss = F.binary_cross_entropy_with_logits(said[:, 0], core[some])
            loss = loss - (status[some] * said[:, 1:_STATUS_END].log_softmax(-1)).sum(-1).mean()
            if bool((mode[some] != UNKNOWN).any()):
                loss = loss + F.cross_entropy(said[:, _STATUS_END:], mode[some], ignore_index=UNKNOWN)
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
            schedule.step()
            total += float(loss.detach()) * len(some)
        print(f"pass {number + 1} of {passes}: loss {total / len(x):.4f}", flush=True)
    rest.eval()


if __name__ == "__main__":
    main()


__all__ = ["learn_rest", "vectors"]
