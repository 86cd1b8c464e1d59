"""The catalogue for other programs, brought up to date when a commit stands: what goes wrong with it takes nothing back."""

from __future__ import annotations

from pathlib import Path

from flows.terminal import warn


def refresh(root: Path) -> bool:
    """Make `catalog.duckdb` anew after a commit; where that cannot be, say so and go on, for what is committed is committed.

    Returns:
        Whether it shows the last version now.
    """
    import warehouse

    try:
        warehouse.rebuild(root)
    except OSError as error:
        warn(
            f"done, but {root / 'catalog.duckdb'} still shows the version before ({error.strerror or error}): "
            "other programs see it until a later run can write it, or until it is deleted; `dateline sql` does without."
        )
        return False
    return True
