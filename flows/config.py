"""The workspace and how a run uses the machine: one typed place for both.

A workspace is one folder: tables, log, catalogue, the user's own lexicons and rules, Prefect's database. `--root` names it, else
the environment variable DATELINE_ROOT, else `./data`.
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

_PATTERN = re.compile(r"[*?\[\\]")
BATCH_DOCUMENTS = 250
BATCH_BYTES = 64 * 1024 * 1024
"""A load is one batch of at most this many documents and bytes."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folders of one workspace. Nothing is made until something is written."""

    root: Path

    @property
    def own_lexicons(self) -> Path | None:
        """The user's lexicons and rules, which win over ours; None when there are none."""
        folder = self.root / "lexicons"
        return folder if folder.is_dir() else None

    @property
    def own_sites(self) -> Path | None:
        """The user's rules for single sites, which win over ours; None when there are none."""
        folder = self.root / "sites"
        return folder if folder.is_dir() else None

    @property
    def settings(self) -> Path:
        """The user's settings; the file need not exist."""
        return self.root / "dateline.toml"

    @property
    def inbox(self) -> Path:
        """Where articles are dropped."""
        return self.root / "inbox"

    @property
    def prefect_home(self) -> Path:
        """Where Prefect keeps its database and settings for this workspace."""
        return self.root / ".prefect"


def workspace(root: str | Path | None = None) -> Workspace:
    """The workspace named by `root`, DATELINE_ROOT or the default `./data`; its path is made absolute.

    Raises:
        SettingsError: DuckDB could not read below this path.
    """
    given = root or os.environ.get("DATELINE_ROOT") or "data"
    found = (given if isinstance(given, Path) else from_home(given)).resolve()
    if patterns := _PATTERN.findall(str(found)):
        raise SettingsError(
            f"{found}: a workspace's path cannot hold {' '.join(sorted(set(patterns)))}, which DuckDB takes for a pattern: it would read other files"
        )
    return Workspace(found)


def from_home(given: str) -> Path:
    """A path in which a leading `~` alone is the user's home; `~ann` may be a file's name, and stays one.

    >>> from_home("~ann/news").name, from_home("~/news") == Path.home() / "news"
    ('news', True)
    """
    return Path(given).expanduser() if given == "~" or given.startswith("~/") else Path(given)


class SettingsError(Exception):
    """dateline.toml says something that cannot be. The message names the key and what may stand there."""


def read_settings(space: Workspace) -> dict[str, Any]:
    """What dateline.toml says; nothing when there is no such file.

    Raises:
        SettingsError: the file cannot be read, or is no TOML.
    """
    try:
        settings = tomllib.loads(space.settings.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise SettingsError(f"{space.settings}: {error}") from error
    for key, value in settings.items():
        if not isinstance(value, dict):
            raise SettingsError(
                f"{space.settings}: {key} = {value!r}: {key} is a table, a line [{key}] with its keys below"
            )
    return settings


def captures_kept(space: Workspace) -> timedelta | None:
    """How long captures are kept, from `[captures] keep` in dateline.toml: "all" (None), "N days", or "none" (zero).

    Raises:
        SettingsError: the file cannot be read, or says something else.
    """
    settings, path = read_settings(space), space.settings
    keep = str(settings.get("captures", {}).get("keep", "all"))
    if keep == "all":
        return None
    number, _, unit = keep.partition(" ")
    if keep == "none":
        return timedelta(0)
    if number.isdigit() and int(number) and unit in ("day", "days"):
        return timedelta(days=int(number))
    raise SettingsError(f'{path}: [captures] keep = "{keep}": "all", "none" or a number such as "30 days"')


def worker_count() -> int:
    """Processes for extraction: DATELINE_WORKERS (0: this process itself, unwatched), else the processors this process may use, at most 8."""
    given = os.environ.get("DATELINE_WORKERS", "")
    if given.isdigit() and int(given) > 0:
        return int(given)
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
    return max(1, min(8, available))


def quiet_prefect(home: Path) -> None:
    """Settings for a private, offline Prefect, put into this process's environment where the user has set nothing.

    Analytics and promotions off, UI V1 (the newer one asks an outside host), state inside the workspace, and no import of
    a `flows` package that happens to lie in the current folder by the processes Prefect starts.
    """
    for key, value in {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_UI_V2_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PYTHONSAFEPATH": "1",
        # The automation for killed runs waits 90 s for a sign of life; Prefect's own 180 s would have it end living runs.
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    }.items():
        os.environ.setdefault(key, value)
