"""Learning: one optimiser over a plan of passes, with the mean of the late weights kept; stops and goes on at any step.

AdamW with linear warm-up and decay. The trigger loss counts four times, the role loss five. The plan follows from the seed alone, so a run that stopped goes on as if it had not.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F

from extractors.tagger.labels import STATUSES
from extractors.tagger.train.data import UNKNOWN, Labelled, batch, plan
from extractors.tagger.train.encoder import Tagger

_STATUS_END = 1 + len(STATUSES)
_HALF = torch.cuda.is_available() or "AVX512" in torch.backends.cpu.get_cpu_capability()
"""Whether half precision is worth it: a processor without instructions for it takes a hundred times as long."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How it is learnt. `passes` names for each pass the articles, as numbers."""

    passes: tuple[tuple[int, ...], ...]
    rate: float = 1e-4
    head_rate: float = 6e-4
    warm: float = 0.05
    pieces: int = 4000
    """Pieces a batch."""
    sides: float = 3.0
    """How much more a piece of a side weighs than one that is none."""
    rest: float = 1.0
    """Weight of core, status and mode, beside 4 for triggers and 5 for sides."""
    mean: float = 0.985
    seed: int = 1
    save_every: float = 240.0
    """Seconds between saved states."""


def learn(
    model: Tagger,
    articles: Sequence[Labelled],
    recipe: Recipe,
    state: Path,
    say: Callable[[str], None] = print,
    stop_after: int | None = None,
) -> Tagger:
    """Train, going on from `state` where that file is. The model returned holds the mean of its late weights.

    Args:
        stop_after: steps after which to save and return, for tests and for sessions that end.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    model.to(device).train()
    for part in (model.encoder.words, model.encoder.relative, model.encoder.places):
        part.requires_grad_(False)
    inner = [p for p in model.encoder.parameters() if p.requires_grad]
    heads = [p for n, p in model.named_parameters() if not n.startswith("encoder.")]
    optimiser = torch.optim.AdamW(
        [{"params": inner, "lr": recipe.rate}, {"params": heads, "lr": recipe.head_rate}], weight_decay=0.01, fused=True
    )
    batches = [
        [(chosen[n], w) for n, w in rows]
        for k, chosen in enumerate(recipe.passes)
        for rows in plan([articles[i] for i in chosen], recipe.pieces, recipe.seed * 100 + k)
    ]
    steps = len(batches)
    warm = max(1, int(recipe.warm * steps))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: (s + 1) / warm if s < warm else max(0.01, (steps - s) / max(1, steps - warm))
    )
    mean = {n: p.detach().clone() for n, p in model.named_parameters() if p.requires_grad}
    done = 0
    if state.exists():
        saved: dict[str, Any] = torch.load(state, map_location=device)
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        schedule.load_state_dict(saved["schedule"])
        mean, done = saved["mean"], saved["done"]
        say(f"goes on at step {done} of {steps}")
    began = last = time.monotonic()
    start, losses = done, [0.0, 0.0, 0]
    for rows in batches[done:]:
        torch.manual_seed(recipe.seed * 1_000_003 + done)
        b = {k: v.to(device) for k, v in batch(articles, rows).items()}
        trigger, sides, rest = _losses(model, b, recipe.sides)
        optimiser.zero_grad(set_to_none=True)
        (4 * trigger + 5 * sides + recipe.rest * rest).backward()
        torch.nn.utils.clip_grad_norm_(inner + heads, 1.0)
        optimiser.step()
        schedule.step()
        done += 1
        keep = min(recipe.mean, done / (done + 10))
        with torch.no_grad():
            for n, p in model.named_parameters():
                if p.requires_grad:
                    mean[n].lerp_(p, 1 - keep)
        losses = [losses[0] + float(trigger.detach()), losses[1] + float(sides.detach()), losses[2] + 1]
        now = time.monotonic()
        stopping = stop_after is not None and done - start >= stop_after
        if now - last > recipe.save_every or done == steps or stopping:
            _save(
                state,
                {
                    "model": model.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                    "mean": mean,
                    "done": done,
                },
            )
            each = (now - began) / (done - start)
            say(
                f"step {done} of {steps}: trigger {losses[0] / losses[2]:.4f}, sides {losses[1] / losses[2]:.4f}; {(steps - done) * each / 60:.0f} minutes to go"
            )
            last, losses = now, [0.0, 0.0, 0]
        if stopping:
            break
    with torch.no_grad():
        for n, p in model.named_parameters():
            if n in mean:
                p.copy_(mean[n])
    return model.eval()


def _losses(model: Tagger, b: dict[str, torch.Tensor], sides: float) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    with torch.autocast(b["ids"].device.type, dtype=torch.bfloat16, enabled=_HALF):
        hidden = model.encoder(b["ids"], b["case"])
    hidden = model.drop(hidden.float())
    each = -(b["labels"] * model.trigger(hidden).log_softmax(-1)).sum(-1) * b["weights"]
    trigger = each.sum() / b["weights"].sum().clamp(min=1)
    if "row" not in b:
        return trigger, trigger.new_zeros(()), trigger.new_zeros(())
    roles, rest = model.roles(hidden[b["row"]], b["first"], b["last"], b["kind"])
    weight = torch.full((roles.shape[-1],), sides, device=roles.device)
    wrong = F.binary_cross_entropy_with_logits(roles, b["roles"], reduction="none", pos_weight=weight)
    side = (wrong * b["room"]).sum() / b["room"].sum().clamp(min=1)
    other = F.binary_cross_entropy_with_logits(rest[:, 0], b["core"])
    other = other - (b["status"] * rest[:, 1:_STATUS_END].log_softmax(-1)).sum(-1).mean()
    if bool((b["mode"] != UNKNOWN).any()):
        other = other + F.cross_entropy(rest[:, _STATUS_END:], b["mode"], ignore_index=UNKNOWN)
    return trigger, side, other


def _save(path: Path, state: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.save(state, path.with_suffix(".new"))
    os.replace(path.with_suffix(".new"), path)
