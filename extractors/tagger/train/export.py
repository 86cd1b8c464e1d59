"""From a trained model to the two files that are shipped: `model.onnx` (encoder and triggers) and `heads.onnx` (sides and the rest).

Word embeddings become int8 rows with a scale each; matrices are quantised to int8 a channel, their inputs as they come (dynamic), so
a window's result depends on that window alone. Biases, norms and small embeddings stay as they are.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import onnx
import torch
import torch.nn as nn
import torch.nn.functional as F
from onnxruntime.quantization import QuantType, quantize_dynamic

from extractors.tagger.labels import ROLES
from extractors.tagger.train.encoder import Attention, Tagger


class _Words(nn.Module):
    """An embedding as int8 rows with their scales."""

    rows: torch.Tensor
    scale: torch.Tensor

    def __init__(self, table: torch.Tensor) -> None:
        super().__init__()
        scale = table.abs().amax(1, keepdim=True).clamp(min=1e-8) / 127
        self.register_buffer("rows", (table / scale).round().to(torch.int8))
        self.register_buffer("scale", scale)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        return F.embedding(ids, self.rows).float() * F.embedding(ids, self.scale)


class _Triggers(nn.Module):
    def __init__(self, model: Tagger) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: torch.Tensor, case: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        hidden = self.model.encoder(ids, case)
        return hidden, self.model.trigger(hidden).softmax(-1)


class _Heads(nn.Module):
    def __init__(self, model: Tagger) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, hidden: torch.Tensor, first: torch.Tensor, last: torch.Tensor, kind: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        roles, rest = self.model.roles(hidden, first, last, kind)
        return roles.sigmoid(), rest


def _plain(self: Attention, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """Attention written out, as runtimes fuse it best."""
    rows, length, width = x.shape
    q, k, v = self.qkv(x).view(rows, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
    scores = (q * (width // self.heads) ** -0.5) @ k.transpose(-1, -2) + bias
    return self.o((scores.softmax(-1) @ v).transpose(1, 2).reshape(rows, length, width))


def export(model: Tagger, folder: Path, reduce_range: bool = False, quantised: bool = True) -> tuple[Path, Path]:
    """Write `model.onnx` and `heads.onnx` into `folder`; the model is used up (its word embeddings are int8 afterwards)."""
    model = model.cpu().float().eval()
    if quantised:
        model.encoder.words = _Words(model.encoder.words.weight.detach())  # type: ignore[assignment]
    usual = Attention.forward
    Attention.forward = _plain  # type: ignore[method-assign]
    length, count = torch.export.Dim("length", min=4, max=510), torch.export.Dim("count", min=1, max=4096)
    example = torch.randint(5, 500, (1, 32))
    try:
        with tempfile.TemporaryDirectory() as scratch:
            full = Path(scratch) / "full.onnx"
            _write(
                _Triggers(model),
                (example, example * 0),
                full,
                ["ids", "case"],
                ["hidden", "types"],
                ({1: length}, {1: length}),
            )
            _quantise(full, folder / "model.onnx", reduce_range, quantised)
            hidden = torch.randn(
                1, 32, model.encoder.words.rows.shape[1] if quantised else model.encoder.words.embedding_dim
            )
            # No tensor twice: the exporter takes two inputs that are one tensor for one input.
            first, last, kind = torch.tensor([1, 2]), torch.tensor([2, 3]), torch.tensor([3, 4])
            _write(
                _Heads(model),
                (hidden, first, last, kind),
                full,
                ["hidden", "first", "last", "kind"],
                ["roles", "rest"],
                ({1: length}, {0: count}, {0: count}, {0: count}),
            )
            _quantise(full, folder / "heads.onnx", reduce_range, quantised)
    finally:
        Attention.forward = usual  # type: ignore[method-assign]
    return folder / "model.onnx", folder / "heads.onnx"


def _write(
    module: nn.Module, args: tuple[Any, ...], path: Path, inputs: list[str], outputs: list[str], shapes: tuple[Any, ...]
) -> None:
    program = torch.onnx.export(
        module.eval(),
        args,
        dynamo=True,
        input_names=inputs,
        output_names=outputs,
        dynamic_shapes=shapes,
        opset_version=18,
        verbose=False,
    )
    assert program is not None
    program.save(str(path), external_data=False)


def _quantise(full: Path, out: Path, reduce_range: bool, quantised: bool) -> None:
    if quantised:
        quantize_dynamic(
            full,
            out,
            per_channel=True,
            reduce_range=reduce_range,
            weight_type=QuantType.QInt8,
            op_types_to_quantize=["MatMul"],
            extra_options={"MatMulConstBOnly": True},
        )
    else:
        out.write_bytes(full.read_bytes())
    _anonymous(out)


def _anonymous(path: Path) -> None:
    """Take out what the exporter notes of the machine it ran on: names of files, stack traces."""
    proto = onnx.load(str(path))
    del proto.metadata_props[:]
    proto.doc_string = ""
    proto.producer_name, proto.producer_version = "dateline", ""
    for node in proto.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    for value in (*proto.graph.value_info, *proto.graph.input, *proto.graph.output):
        del value.metadata_props[:]
        value.doc_string = ""
    del proto.graph.value_info[:]
    del proto.graph.metadata_props[:]
    onnx.save(proto, str(path))


assert len(ROLES) == 5
