"""The model's card: what the tagger is, what it learnt from, how sure its rows are, and the hash of its files."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


@lru_cache(maxsize=2)
def read_card(folder: Path = FOLDER) -> dict[str, Any]:
    """The tables of `card.toml`; cheap, no model is loaded."""
    return tomllib.loads((folder / "card.toml").read_text("utf-8"))


def model_id(folder: Path = FOLDER) -> str:
    """The first twelve digits of the hash over the model's files, as its card has it."""
    return str(read_card(folder)["model"]["sha256"])[:12]
