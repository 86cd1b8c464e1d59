"""What fetching remembers between runs, in one small SQLite file of the workspace, `.fetching.sqlite`.

Nothing in it is the truth: that is the warehouse. When the file is lost, every source counts as due and pages are asked for once more.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime

from flows.config import Workspace
from flows.configured import Source, is_due, read_sources

NAME = ".fetching.sqlite"
_TABLES = """
create table if not exists tries (source text primary key, at real not null) without rowid;
"""


def open_state(space: Workspace) -> sqlite3.Connection:
    """The state of a workspace, made when it is not there; one that is damaged is begun anew."""
    space.root.mkdir(parents=True, exist_ok=True)
    path = space.root / NAME
    try:
        return _open(str(path))
    except sqlite3.DatabaseError:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(NAME + suffix).unlink(missing_ok=True)
        return _open(str(path))


def _open(path: str) -> sqlite3.Connection:
    state = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    try:
        state.execute("pragma journal_mode = wal")
        state.execute("pragma synchronous = normal")
        state.executescript(_TABLES)
    except BaseException:
        state.close()
        raise
    return state


def tried(space: Workspace, sources: Iterable[Source], at: datetime) -> None:
    """Note that a run of these sources begins."""
    with closing(open_state(space)) as state:
        state.executemany("insert or replace into tries values (?, ?)", [(s.name, at.timestamp()) for s in sources])


def last_tries(space: Workspace) -> dict[str, datetime]:
    """When each source was tried last, aware."""
    if not (space.root / NAME).exists():
        return {}
    with closing(open_state(space)) as state:
        return {name: datetime.fromtimestamp(at, UTC) for name, at in state.execute("select source, at from tries")}


def due_sources(space: Workspace, now: datetime) -> tuple[Source, ...]:
    """The sources whose schedule has come round since they were tried last.

    Raises:
        SettingsError: dateline.toml is wrong.
    """
    last = last_tries(space)
    return tuple(s for s in read_sources(space) if is_due(s, last.get(s.name), now))
