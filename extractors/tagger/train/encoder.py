"""The encoder and the heads on it, in plain PyTorch: MPNet's layers (Song et al. 2020), a trigger head, a role head, a head for the rest.

MPNet adds one learnt bias by relative position to the attention scores of every layer. The bias and the word embeddings stay as the
base has them: attention then runs in one fused kernel, and a pass costs a third less.
"""

from __future__ import annotations

import math
from typing import Any

import torch
import torch.nn as nn
import torch.nn.functional as F

from extractors.tagger.labels import MODE_NAMES, ROLES, STATUSES, TYPES

WIDTH, HEADS, INNER, PIECES = 768, 12, 3072, 30527
LABELS = len(TYPES) + 1
_PAD = 1
_FAR = 64  # pieces between trigger and role beyond which distance is one


class Attention(nn.Module):
    """Self-attention with the biases of relative position added."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.o = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        rows, length, width = x.shape
        q, k, v = self.qkv(x).view(rows, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=bias.to(q.dtype))
        return self.o(mixed.transpose(1, 2).reshape(rows, length, width))


class Layer(nn.Module):
    """One layer: attention, then the wide part, each added to what came in and normalised behind."""

    def __init__(self, width: int, heads: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(width, heads)
        self.norm1 = nn.LayerNorm(width, eps=1e-5)
        self.wide = nn.Linear(width, inner)
        self.narrow = nn.Linear(inner, width)
        self.norm2 = nn.LayerNorm(width, eps=1e-5)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
        x = self.norm1(self.drop(self.attention(x, bias)) + x)
        return self.norm2(self.drop(self.narrow(F.gelu(self.wide(x)))) + x)


class Encoder(nn.Module):
    """Pieces in, a vector a piece out."""

    def __init__(
        self,
        layers: int,
        width: int = WIDTH,
        heads: int = HEADS,
        inner: int = INNER,
        pieces: int = PIECES,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.words = nn.Embedding(pieces, width, padding_idx=_PAD)
        self.places = nn.Embedding(514, width, padding_idx=_PAD)
        self.case = nn.Embedding(3, width)
        self.norm = nn.LayerNorm(width, eps=1e-5)
        self.relative = nn.Embedding(32, heads)
        self.layers = nn.ModuleList(Layer(width, heads, inner, dropout) for _ in range(layers))
        nn.init.zeros_(self.case.weight)

    def forward(self, ids: torch.Tensor, case: torch.Tensor) -> torch.Tensor:
        """`ids`, `case`: int64 [rows, length]; vectors float [rows, length, width]."""
        x = self.words(ids) + self.places(torch.arange(ids.shape[1], device=ids.device) + 2)[None] + self.case(case)
        x = self.norm(x)
        blank = (ids == _PAD)[:, None, None, :].to(x.dtype) * -1e4
        bias = self.relative(_buckets(ids.shape[1], ids.device)).permute(2, 0, 1)[None] + blank
        for layer in self.layers:
            x = layer(x, bias)
        return x


def _buckets(length: int, device: torch.device) -> torch.Tensor:
    """The bucket of each relative position, [length, length]: exact when near, by logarithm up to 128, then one."""
    at = torch.arange(length, device=device)
    n = at[:, None] - at[None, :]  # minus (key - query)
    far = n.abs()
    coarse = 8 + (torch.log(far.clamp(min=1).float() / 8) / math.log(128 / 8) * 8).long()
    return (n < 0).long() * 16 + torch.where(far < 8, far, coarse.clamp(max=15))


class Tagger(nn.Module):
    """The encoder with its heads.

    `triggers`: for each piece the logits of "no event" and the types. `roles`: for each trigger given (row, first, last + 1, type) the
    logits of each role at each piece of its row, and `rest`: core, statuses, modes in one vector.
    """

    def __init__(
        self,
        layers: int = 6,
        width: int = WIDTH,
        heads: int = HEADS,
        inner: int = INNER,
        pieces: int = PIECES,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.encoder = Encoder(layers, width, heads, inner, pieces, dropout)
        self.drop = nn.Dropout(0.1)
        self.trigger = nn.Sequential(nn.Linear(width, 384), nn.GELU(), nn.Dropout(0.1), nn.Linear(384, LABELS))
        self.kind = nn.Embedding(LABELS, 64)
        self.query = nn.Linear(width + 64, 256)
        self.key = nn.Linear(width, 256)
        self.distance = nn.Embedding(2 * _FAR + 1, 256)
        self.role = nn.Sequential(nn.Linear(768, 256), nn.GELU(), nn.Dropout(0.1), nn.Linear(256, len(ROLES)))
        self.rest = nn.Sequential(
            nn.Linear(width + 64, 128), nn.GELU(), nn.Linear(128, 1 + len(STATUSES) + len(MODE_NAMES))
        )

    def roles(
        self, hidden: torch.Tensor, first: torch.Tensor, last: torch.Tensor, kind: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """`hidden` [triggers, length, width], each trigger's own row; roles [triggers, length, roles] and the rest [triggers, n], as logits."""
        at = torch.arange(hidden.shape[1], device=hidden.device)[None]
        inside = ((at >= first[:, None]) & (at < last[:, None])).to(hidden.dtype)
        mean = (hidden * inside[..., None]).sum(1) / inside.sum(1, keepdim=True).clamp(min=1)
        said = torch.cat([mean, self.kind(kind)], -1)
        key = self.key(hidden) + self.distance((at - first[:, None]).clamp(-_FAR, _FAR) + _FAR)
        query = self.query(said)[:, None].expand_as(key)
        return self.role(torch.cat([query, key, query * key], -1)), self.rest(said)


def dims(model: Tagger) -> dict[str, Any]:
    """What rebuilds a model of the same shape."""
    e = model.encoder
    return {
        "layers": len(e.layers),
        "width": e.words.embedding_dim,
        "heads": e.relative.embedding_dim,
        "inner": e.layers[0].wide.out_features if len(e.layers) else INNER,
        "pieces": e.words.num_embeddings,
    }
