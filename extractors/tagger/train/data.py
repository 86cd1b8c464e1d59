"""Coded articles, and articles that larger taggers labelled, as pieces with labels; windows of them as batches.

A line of coded articles: {"id", "split", "text", "sentences": [[start, end]…], "events": […]}; an event names its type, trigger, sides,
date, place, speaker, mode, status, priority and the sentences that tell it again. A line of soft labels: {"id", "events": [[start, end,
{type: probability}, [least, mean, most], core, {status: probability}, {role: [[start, end, probability]…]}]…]}, offsets in the text.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from extractors.tagger.labels import MODE_NAMES, ROLES, STATUSES, TYPES
from extractors.tagger.windows import Window, windows
from extractors.tagger.wordpieces import BEGIN, BLANK, END, Pieces, cut

_LABEL = {name: n + 1 for n, name in enumerate(TYPES)}
_SIDES = {"actor": "actors", "recipient": "recipients"}
_WORDS = {"date": "date", "place": "place", "speaker": "by"}
_DOUBT = 0.2  # of a trigger's weight goes to the further types that another coder could give
_SURE = 0.35  # a soft label above which its sides are learnt too
UNKNOWN = -1


@dataclass(slots=True)
class Trigger:
    """A trigger with what goes with it. A role span is (first, last + 1, weight)."""

    first: int
    last: int
    kind: int
    core: float
    status: npt.NDArray[np.float32]
    mode: int = UNKNOWN
    roles: list[list[tuple[int, int, float]]] = field(default_factory=list)
    speaker_known: bool = True


@dataclass(slots=True)
class Labelled:
    """An article to learn from: labels [pieces, types + 1] with their weights [pieces], and triggers."""

    id: str
    pieces: Pieces
    sentences: list[tuple[int, int]]
    labels: npt.NDArray[np.float32]
    weights: npt.NDArray[np.float32]
    triggers: list[Trigger]


def coded(article: dict[str, Any], tokenizer: Tokenizer) -> Labelled:
    """A coded article. What retells an event is neither an event nor none: those pieces carry no weight."""
    a = _blank(article["id"], article["text"], article["sentences"], tokenizer)
    for again in {s for e in article["events"] for s in e["again"]}:
        a.weights[slice(*a.sentences[again])] = 0
    for event in article["events"]:
        first, last = a.pieces.over(*event["trigger"])
        if last == first:
            continue
        kind = _LABEL[event["type"] or "other"]
        further = [_LABEL[t] for t in event["accept"] if t in _LABEL and _LABEL[t] != kind]
        a.labels[first:last] = 0
        a.labels[first:last, kind] = 1 - _DOUBT if further else 1
        for k in further:
            a.labels[first:last, k] += _DOUBT / len(further)
        a.weights[first:last] = 1.5
        spans = [[s["span"] for s in event[_SIDES[r]]] if r in _SIDES else [event[_WORDS[r]]] for r in ROLES]
        roles = [[(*a.pieces.over(*s), 1.0) for s in some if s] for some in spans]
        mode = MODE_NAMES.index(event["mode"]) if event["mode"] in MODE_NAMES else 0
        a.triggers.append(
            Trigger(first, last, kind, float(event["priority"] == "core"), _one(event["status"]), mode, roles)
        )
    return a


def soft(
    article: dict[str, Any], labels: list[Any], sentences: Sequence[Sequence[int]], tokenizer: Tokenizer
) -> Labelled:
    """An article with other taggers' probabilities. They say nothing of modes and speakers."""
    a = _blank(article["id"], article["text"], sentences, tokenizer)
    names = [_SIDES.get(r, r) for r in ROLES]
    for start, end, kinds, sure, core, status, roles in labels:
        first, last = a.pieces.over(start, end)
        if last == first:
            continue
        a.labels[first:last] = 0
        for name, p in kinds.items():
            a.labels[first:last, _LABEL[name]] = p
        a.labels[first:last, 0] = np.clip(1 - a.labels[first:last, 1:].sum(1), 0, 1)
        if sure[1] <= _SURE:
            continue
        told = np.array([status.get(s, 0.0) for s in STATUSES], np.float32)
        spans = [[(*a.pieces.over(x, y), float(p)) for x, y, p in roles.get(n, [])] for n in names]
        best = _LABEL[max(kinds, key=kinds.__getitem__)]
        a.triggers.append(Trigger(first, last, best, core, told / max(float(told.sum()), 1e-6), UNKNOWN, spans, False))
    return a


def _blank(id_: str, text: str, sentences: Sequence[Sequence[int]], tokenizer: Tokenizer) -> Labelled:
    pieces = cut(text, tokenizer)
    labels = np.zeros((len(pieces.ids), len(TYPES) + 1), np.float32)
    labels[:, 0] = 1
    return Labelled(
        id_, pieces, [pieces.over(a, b) for a, b in sentences], labels, np.ones(len(pieces.ids), np.float32), []
    )


def _one(status: str) -> npt.NDArray[np.float32]:
    return np.eye(len(STATUSES), dtype=np.float32)[STATUSES.index(status)]


def plan(articles: Sequence[Labelled], pieces: int, seed: int) -> list[list[tuple[int, Window]]]:
    """The batches of one pass in random order, each of windows of like length, about so many pieces; the cut differs by seed."""
    r = random.Random(seed)
    rows = [(n, w) for n, a in enumerate(articles) for w in windows(a.sentences, first=r.randint(80, 256))]
    keyed = sorted(rows, key=lambda x: x[1].end - x[1].context + r.random() * 24)
    batches: list[list[tuple[int, Window]]] = [[]]
    longest = 0
    for row in keyed:
        longest = max(longest, row[1].end - row[1].context + 3)
        if batches[-1] and longest * (len(batches[-1]) + 1) > pieces:
            batches.append([])
            longest = row[1].end - row[1].context + 3
        batches[-1].append(row)
    r.shuffle(batches)
    return batches


def batch(articles: Sequence[Labelled], rows: Sequence[tuple[int, Window]], most: int = 400) -> dict[str, torch.Tensor]:
    """A batch as tensors: ids, case, labels, weights by piece; and for at most `most` triggers their row, place, kind and roles."""
    length = max(w.end - w.context for _, w in rows) + 3
    n = len(rows)
    ids, case = np.full((n, length), BLANK), np.zeros((n, length), np.int64)
    labels, weights = np.zeros((n, length, len(TYPES) + 1), np.float32), np.zeros((n, length), np.float32)
    found = []
    for k, (number, w) in enumerate(rows):
        a = articles[number]
        marked, at = marks(a.pieces, w)
        size = len(marked[0])
        ids[k, :size], case[k, :size] = marked
        labels[k, at : at + w.end - w.start] = a.labels[w.start : w.end]
        weights[k, at : at + w.end - w.start] = a.weights[w.start : w.end]
        found += [(k, w, at, size, t) for t in a.triggers if w.start <= t.first < w.end]
    if len(found) > most:
        found = [found[i] for i in sorted(random.Random(len(found)).sample(range(len(found)), most))]
    out: dict[str, Any] = {"ids": ids, "case": case, "labels": labels, "weights": weights}
    if found:
        out |= _triggers(found, length)
    return {k: torch.from_numpy(np.asarray(v)) for k, v in out.items()}


def marks(pieces: Pieces, w: Window) -> tuple[npt.NDArray[np.int64], int]:
    """A window between its marks: ids and case [2, length], and where its first piece stands."""
    at = w.start - w.context + 2
    row = np.zeros((2, w.end - w.context + 3), np.int64)
    row[0, 0], row[0, at - 1], row[0, -1] = BEGIN, END, END
    row[:, 1 : at - 1] = pieces.ids[w.context : w.start], pieces.case[w.context : w.start]
    row[:, at:-1] = pieces.ids[w.start : w.end], pieces.case[w.start : w.end]
    return row, at


def _triggers(found: list[tuple[int, Window, int, int, Trigger]], length: int) -> dict[str, Any]:
    roles = np.zeros((len(found), length, len(ROLES)), np.float32)
    room = np.zeros((len(found), length, len(ROLES)), np.float32)
    for n, (_, w, at, size, t) in enumerate(found):
        room[n, 1 : size - 1] = 1
        room[n, at - 1] = 0
        if not t.speaker_known:
            room[n, :, ROLES.index("speaker")] = 0
        for k, spans in enumerate(t.roles):
            for first, last, weight in spans:
                for g in range(max(first, w.context), min(last, w.end)):
                    roles[n, g - w.context + 1 if g < w.start else g - w.start + at, k] = weight
    return {
        "row": np.array([k for k, *_ in found]),
        "first": np.array([t.first - w.start + at for _, w, at, _, t in found]),
        "last": np.array([min(t.last, w.end) - w.start + at for _, w, at, _, t in found]),
        "kind": np.array([t.kind for *_, t in found]),
        "core": np.array([t.core for *_, t in found], np.float32),
        "status": np.stack([t.status for *_, t in found]),
        "mode": np.array([t.mode for *_, t in found]),
        "roles": roles,
        "room": room,
    }
