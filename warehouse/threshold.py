"""From which confidence on the views show an event: `[coding] confidence` in the workspace's dateline.toml.

Rows below it are stored and stay in `events_newest` and `events_all`; so another threshold needs no new load.
"""

from __future__ import annotations

import tomllib
import warnings
from pathlib import Path

DEFAULT_CONFIDENCE = 0.5
"""Where the workspace says nothing. It is the extractors' `default_confidence()`; `tests/test_contract.py` holds the two together."""
MARK = "$confidence"
"""What stands for it in `views/events.sql`."""


def shown_view(text: str, root: Path | None) -> str:
    """A view's SQL with the threshold of a workspace.

    Args:
        root: the workspace, None when it is not on this machine.
    """
    return text.replace(MARK, repr(shown_from(root))) if MARK in text else text


def shown_from(root: Path | None) -> float:
    """The workspace's threshold, 0 to 1; the default where it says none, with a warning where it says what cannot be."""
    path = root / "dateline.toml" if root is not None else None
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8")) if path is not None else {}
        return confidence_of(settings)
    except FileNotFoundError:
        return DEFAULT_CONFIDENCE
    except (OSError, ValueError) as error:
        warnings.warn(f"{path}: {error}; {DEFAULT_CONFIDENCE} is taken", stacklevel=2)
        return DEFAULT_CONFIDENCE


def confidence_of(settings: dict[str, object]) -> float:
    """What the settings say.

    Raises:
        ValueError: something else than a number from 0 to 1; the message names the key.
    """
    table = settings.get("coding", {})
    if not isinstance(table, dict):
        raise ValueError(f"coding = {table!r}: a table [coding] with confidence = 0.5")
    given = table.get("confidence", DEFAULT_CONFIDENCE)
    if isinstance(given, bool) or not isinstance(given, (int, float)) or not 0 <= given <= 1:
        raise ValueError(f"[coding] confidence = {given!r}: a number from 0 to 1, such as 0.5")
    return float(given)
