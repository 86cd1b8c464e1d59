"""Train a tagger and write what the package ships: model.onnx, heads.onnx, tokenizer.json, card.toml.

    python -m extractors.tagger.train DATA OUT                          go on from the shipped weights with DATA's articles
    python -m extractors.tagger.train DATA OUT --start base --soft 5088 from MPNet-base; takes hours on two cores

DATA holds articles.jsonl.gz (coded articles, splits `train` and `valid`), and for --soft also more.jsonl.gz (texts) and soft.jsonl.gz
(labels of larger taggers). OUT keeps the state of training: the same command again goes on where it stopped. A graphics card is used
where there is one. Same data, seed and machine: same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tomlkit
import torch
from tokenizers import Tokenizer

from extractors.gazetteer import open_gazetteer
from extractors.lexicon import load_lexicons
from extractors.tagger.card import FOLDER
from extractors.tagger.session import FILES, digest
from extractors.tagger.train.base import base_files, begin_from_base, begin_from_sketch
from extractors.tagger.train.calibrate import calibrate
from extractors.tagger.train.data import Labelled, coded, soft
from extractors.tagger.train.encoder import Tagger
from extractors.tagger.train.export import export
from extractors.tagger.train.firstlook import KEPT, learn_first_look, threshold
from extractors.tagger.train.learn import Recipe, learn
from extractors.tagger.train.lines import read_lines
from extractors.tagger.train.start import begin_from_shipped

_SENTENCE = re.compile(r"\S(?:.*?)(?:[.!?][\"'”’)]*(?=\s)|(?=\n)|\Z)")
_SENTENCES = 45
"""Sentences of an uncoded article that the larger taggers read."""


def main(argv: Sequence[str] | None = None) -> None:
    """The command."""
    parser = argparse.ArgumentParser(
        prog="python -m extractors.tagger.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path, metavar="DATA")
    parser.add_argument("out", type=Path, metavar="OUT")
    parser.add_argument("--start", default="shipped", help="shipped, base, or a file of weights (default: shipped)")
    parser.add_argument("--layers", type=int, default=6, help="layers of the encoder, with --start base (default: 6)")
    parser.add_argument(
        "--soft", type=int, default=0, help="uncoded articles learnt from once, in the first pass (default: none)"
    )
    parser.add_argument("--passes", type=int, default=2, help="passes over the coded articles (default: 2)")
    parser.add_argument("--rate", type=float, default=1e-4, help="learning rate of the encoder (default: 1e-4)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--gazetteer",
        type=Path,
        help="a compiled gazetteer, for merging and confidence (default: countries and capitals)",
    )
    parser.add_argument("--stop-after", type=int, metavar="STEPS", help="save after so many steps and stop")
    o = parser.parse_args(argv)
    o.out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(o.seed)
    model, tokenizer_text = _begin(o.start, o.layers)
    tokenizer = Tokenizer.from_str(tokenizer_text)
    tokenizer.no_padding()
    tokenizer.no_truncation()
    lines = list(read_lines(o.data / "articles.jsonl.gz"))
    articles = [coded(a, tokenizer) for a in lines if a["split"] == "train"]
    count = len(articles)
    articles += _softly(o.data, o.soft, tokenizer)
    every = tuple(range(count))
    passes = (tuple(range(len(articles))), *[every] * (o.passes - 1))
    print(
        f"{count} coded articles, {len(articles) - count} with soft labels, {len(passes)} passes, seed {o.seed}",
        flush=True,
    )
    recipe = Recipe(passes=passes, rate=o.rate, seed=o.seed)
    state = o.out / "state.pt"
    model = learn(model, articles, recipe, state, lambda s: print(s, flush=True), o.stop_after)
    torch.save(model.state_dict(), o.out / "weights.pt")
    if o.stop_after is not None and torch.load(state, map_location="cpu")["done"] < torch.load(
        state, map_location="cpu"
    ).get("steps", 0):
        print(f"stopped; the same command goes on from {state}", flush=True)
        return
    finish(
        model,
        o.out,
        tokenizer_text,
        o.data,
        f"{o.start}, {len(articles) - count} soft, {o.passes} passes",
        o.seed,
        articles,
        [coded(a, tokenizer) for a in lines if a["split"] == "valid"],
    )
    gazetteer = open_gazetteer(o.gazetteer) if o.gazetteer else None
    calibrate(lines, o.out, load_lexicons(None, gazetteer), 600)


def _begin(start: str, layers: int) -> tuple[Tagger, str]:
    if start == "shipped":
        model = Tagger(layers)
        begin_from_shipped(model, FOLDER)
        return model, (FOLDER / "tokenizer.json").read_text("utf-8")
    files = base_files()
    model = Tagger(layers)
    begin_from_base(model, files["model.safetensors"])
    if start != "base":
        begin_from_sketch(model, Path(start))
    return model, files["tokenizer.json"].decode()


def _softly(data: Path, count: int, tokenizer: Tokenizer) -> list[Labelled]:
    if not count:
        return []
    labels = {line["id"]: line["events"] for line in read_lines(data / "soft.jsonl.gz")}
    more = [a for a in read_lines(data / "more.jsonl.gz") if a["id"] in labels]
    random.Random(7).shuffle(more)
    cut = [(a, [(m.start(), m.end()) for m in _SENTENCE.finditer(a["text"])][:_SENTENCES]) for a in more[:count]]
    return [soft(a, labels[a["id"]], sentences, tokenizer) for a, sentences in cut]


def finish(
    model: Tagger,
    out: Path,
    tokenizer: str,
    data: Path,
    recipe: str,
    seed: int,
    learnt: Sequence[Labelled],
    held_out: Sequence[Labelled],
) -> None:
    """Export the model, learn the first look, and write the card: what it is, what it learnt from, and the hash of it all."""
    (out / "tokenizer.json").write_text(tokenizer, "utf-8")
    export(model, out)
    weights = learn_first_look(learnt)
    np.save(out / "firstlook.npy", weights.astype(np.float16))
    least, share = threshold(weights.astype(np.float16).astype(np.float32), held_out)
    card = tomlkit.document()
    card.add(
        tomlkit.comment(
            "What the tagger is, what it learnt from, and how sure its rows are. Written by `python -m extractors.tagger.train`."
        )
    )
    articles = data / "articles.jsonl.gz"
    card["model"] = {
        "base": "all-mpnet-base-v2 (MPNet-base tuned for sentence similarity), Apache-2.0, layers 0 2 4 6 8 11",
        "sha256": digest(out),
        "articles_sha256": hashlib.sha256(articles.read_bytes()).hexdigest(),
        "recipe": recipe,
        "seed": seed,
        "quantised": "int8, matrices a channel, activations dynamic",
    }
    card["firstlook"] = {"least": round(least, 4), "kept_of_core": KEPT, "share_of_sentences_read": round(share, 3)}
    (out / "card.toml").write_text(tomlkit.dumps(card), "utf-8")
    for name in ("model.onnx", "heads.onnx"):
        print(f"{name}: {(out / name).stat().st_size / 1e6:.1f} MB", flush=True)


def ship(out: Path, folder: Path = FOLDER) -> None:
    """Copy a trained model into the package."""
    for name in (*FILES, "card.toml"):
        shutil.copyfile(out / name, folder / name)


if __name__ == "__main__":
    main()
