"""The model as it runs: two ONNX files, one thread, one window a call.

Dynamic quantisation takes the range of a window's numbers from that window: alone in its call it gives the same answer whatever else
is read, and on one core a call of one costs no more than its share of a call of many.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from extractors.tagger.card import FOLDER, read_card
from extractors.tagger.windows import Window
from extractors.tagger.wordpieces import BEGIN, END, Floats, Ints, Pieces

FILES = ("model.onnx", "heads.onnx", "tokenizer.json", "firstlook.npy")


@dataclass(frozen=True, slots=True)
class Session:
    """A loaded model."""

    triggers: Any
    heads: Any
    tokenizer: Tokenizer
    first_look: Floats
    """The weights of `firstlook.may_tell`."""
    card: dict[str, Any]

    @property
    def least(self) -> float:
        """The sum of the first look from which on a sentence is read."""
        return float(self.card.get("firstlook", {}).get("least", -1e9))

    def read(self, pieces: Pieces, window: Window) -> tuple[Floats, Floats]:
        """Run one window: vectors [1, length, width], and for each of its places the probabilities of no event and the types."""
        ids, case = _marked(pieces.ids, window, BEGIN, END), _marked(pieces.case, window, 0, 0)
        hidden, types = self.triggers.run(None, {"ids": ids[None], "case": case[None]})
        return hidden, types[0]

    def sides(self, hidden: Floats, first: Ints, last: Ints, kind: Ints) -> tuple[Floats, Floats]:
        """For each trigger, given by its places in the window and its label: probabilities [triggers, length, roles], and the rest as logits."""
        roles, rest = self.heads.run(None, {"hidden": hidden, "first": first, "last": last, "kind": kind})
        return roles, rest


def offset(window: Window) -> int:
    """Where in its row the first piece of a window stands, behind its context and two marks."""
    return window.start - window.context + 2


def _marked(values: Ints, w: Window, begin: int, end: int) -> Ints:
    mark = np.array([begin], np.int64), np.array([end], np.int64)
    return np.concatenate([mark[0], values[w.context : w.start], mark[1], values[w.start : w.end], mark[1]])


@lru_cache(maxsize=2)
def load(folder: Path = FOLDER, device: str = "cpu") -> Session:
    """Load the model of a folder, once a process.

    Args:
        folder: holds the FILES and card.toml.
        device: `cpu`, or `cuda` where onnxruntime-gpu is installed; its rows may differ in the last digits.
    Raises:
        FileNotFoundError: a file is missing.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Processors without VNNI add the products of two bytes up in 16 bits: without this the sums overflow and nothing is read.
    options.add_session_config_entry("session.x64quantprecision", "1")
    wanted = [*{"cuda": ["CUDAExecutionProvider"]}.get(device, []), "CPUExecutionProvider"]
    providers = [p for p in wanted if p in onnxruntime.get_available_providers()]
    open_ = [onnxruntime.InferenceSession(str(folder / name), options, providers=providers) for name in FILES[:2]]
    tokenizer = Tokenizer.from_file(str(folder / FILES[2]))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    first_look = np.load(folder / FILES[3]).astype(np.float32)
    return Session(open_[0], open_[1], tokenizer, first_look, read_card(folder))


def digest(folder: Path = FOLDER) -> str:
    """sha256 over the files of a model: what its rows depend on."""
    whole = hashlib.sha256()
    for name in FILES:
        whole.update(hashlib.sha256((folder / name).read_bytes()).digest())
    return whole.hexdigest()
