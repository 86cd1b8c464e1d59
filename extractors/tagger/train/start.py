"""Going on from the shipped model: its int8 matrices back as floating numbers, so that a newsroom's own articles take half an hour."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from extractors.tagger.train.encoder import Tagger

_MATRICES = ("attention.qkv", "attention.o", "wide", "narrow")
_HEADS = ("key", "query", "role.0", "role.3", "rest.0", "rest.2")


def begin_from_shipped(model: Tagger, folder: Path) -> None:
    """Put the weights of `model.onnx` and `heads.onnx` into a model of the same shape.

    The exporter keeps the names of biases, norms and embeddings; matrices of one shape stand
    in the order in which they are used.

    Raises:
        ValueError: the files hold a model of another shape.
    """
    state = model.state_dict()
    encoder = [f"encoder.layers.{n}.{name}.weight" for n in range(len(model.encoder.layers)) for name in _MATRICES]
    _take(state, folder / "model.onnx", [*encoder, "trigger.0.weight", "trigger.3.weight"])
    _take(state, folder / "heads.onnx", [f"{n}.weight" for n in _HEADS])
    model.load_state_dict(state)


def _take(state: dict[str, torch.Tensor], path: Path, matrices: list[str]) -> None:
    graph = onnx.load(str(path)).graph
    stored = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    for name, value in stored.items():
        ours = name.removeprefix("model.")
        if ours in state and value.shape == tuple(state[ours].shape):
            state[ours] = torch.from_numpy(value.astype(np.float32))
    if (rows := stored.get("model.encoder.words.rows")) is not None:
        scale = stored["model.encoder.words.scale"]
        state["encoder.words.weight"] = torch.from_numpy(rows.astype(np.float32) * scale)
    used = [n.input[1] for n in graph.node if n.op_type in ("MatMulInteger", "MatMul") and n.input[1] in stored]
    if len(used) != len(matrices):
        raise ValueError(f"{path.name} has {len(used)} matrices, a model of this shape {len(matrices)}")
    left = list(matrices)
    for name in used:
        value = stored[name].astype(np.float32)
        scale = stored.get(name.removesuffix("_quantized") + "_scale")
        value = value if scale is None or not name.endswith("_quantized") else value * scale
        ours = next((n for n in left if tuple(state[n].shape) == value.T.shape), None)
        if ours is None:
            raise ValueError(f"{path.name}: a matrix of {value.T.shape} has no place in a model of this shape")
        left.remove(ours)
        state[ours] = torch.from_numpy(np.ascontiguousarray(value.T))
