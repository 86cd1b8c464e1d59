"""What `dateline sources list` shows."""

from __future__ import annotations

from datetime import UTC, datetime

from rich.table import Table

from flows.config import Workspace
from flows.configured import Source, is_due, read_sources
from flows.fetchstate import last_tries


def sources_table(space: Workspace) -> Table | None:
    """A row a source; None when there is none.

    Raises:
        SettingsError: dateline.toml is wrong.
    """
    sources, last, now = read_sources(space), last_tries(space), datetime.now(UTC)
    if not sources:
        return None
    table = Table(box=None, pad_edge=False)
    for title in ("source", "kind", "country", "language", "schedule", "last tried (UTC)"):
        table.add_column(title)
    table.add_column("address", overflow="fold")
    for source in sources:
        table.add_row(
            source.name,
            source.kind,
            source.country,
            source.language,
            source.schedule or "when asked",
            _tried(source, last.get(source.name), now),
            "\n".join(source.address),
        )
    return table


def _tried(source: Source, last: datetime | None, now: datetime) -> str:
    said = f"{last:%Y-%m-%d %H:%M}" if last else "never"
    return f"{said}, due" if is_due(source, last, now) else said
