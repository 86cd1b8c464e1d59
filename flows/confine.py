"""What a run that the server started may touch. Who signs in to the server asks for work on this workspace, not for any file of the machine.

The runner of `dateline serve` marks the processes of its runs; `dateline ingest --flow PATH` by hand is a run of the user's own process
and free. What the mark says comes from the environment of the runner, never from the server.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from flows.config import SettingsError, Workspace, read_settings, workspace
from flows.readers.http import is_url
from flows.server import OWN_API, only_while_served

SERVED = "DATELINE_SERVED"
"""Environment variable: the root of the workspace that this process serves."""


class NotAllowed(Exception):
    """The server asked for what only the user may ask for by hand. The message names it and what would allow it."""


def confined() -> bool:
    """Whether this process carries out what a server asks for."""
    return SERVED in os.environ


def workspace_of_run(root: str | None) -> Workspace:
    """The workspace a flow works on: the served one, whatever the server says.

    Args:
        root: as the run's parameter says; None is the served one, or the user's own.
    Raises:
        NotAllowed: the server names another.
    """
    served = os.environ.get(SERVED)
    if not served:
        return workspace(root)
    space = Workspace(Path(served))
    if own := os.environ.get(OWN_API):
        only_while_served(space, own)
    if root and workspace(root) != space:
        raise NotAllowed(f"root = {root!r}: this server serves {space.root} only")
    return space


def check_again(again: bool, by_hand: bool) -> None:
    """See to it that what was forgotten comes back by hand only.

    Args:
        by_hand: whether the user's own command runs this, no server.
    Raises:
        NotAllowed
    """
    if again and not by_hand:
        raise NotAllowed(
            "again: not through the server; what was forgotten comes back with `dateline ingest --source NAME --again` by hand"
        )


def check_inputs(space: Workspace, inputs: Iterable[str], allow_private: bool) -> None:
    """See to it that a run which the server started reads only what it may.

    Raises:
        NotAllowed: an input lies elsewhere, or `allow_private` is asked for.
        SettingsError: dateline.toml is wrong.
    """
    if not confined():
        return
    if allow_private:
        raise NotAllowed(
            "allow_private: not through the server; give it to a source in dateline.toml, or run `dateline ingest` by hand"
        )
    paths = [given for given in inputs if not is_url(given)]
    if not paths:
        return
    allowed = readable(space)
    for given in paths:
        place = _real(space.root / given)
        if given == "-" or not any(place.is_relative_to(_real(folder)) for folder in allowed):
            where = ", ".join(map(str, allowed)) or "nowhere"
            raise NotAllowed(f"{given!r}: a run that the server starts reads below {where}; [serve] inputs in {space.settings} allows more, and `dateline ingest` by hand takes any path")  # fmt: skip


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


def readable(space: Workspace) -> tuple[Path, ...]:
    """The folders and files below which a run that the server started may read: `[serve] inputs`, else inbox and configured folders.

    Raises:
        SettingsError: dateline.toml is wrong.
    """
    table = read_settings(space).get("serve", {})
    wrong = f'{space.settings}: [serve] inputs: folders, such as inputs = ["inbox", "/srv/archive"]'
    if not isinstance(table, dict):
        raise SettingsError(f"{space.settings}: serve: a table [serve] with inputs = [...]")
    if unknown := sorted(set(table) - {"inputs"}):
        raise SettingsError(f"{space.settings}: [serve] {unknown[0]}: there is no such key; [serve] has inputs")
    if "inputs" not in table:
        return _usual(space)
    given = table["inputs"]
    if not isinstance(given, list) or not all(isinstance(one, str) and one.strip() for one in given):
        raise SettingsError(wrong)
    return tuple(space.root / Path(one).expanduser() for one in given)


def _usual(space: Workspace) -> tuple[Path, ...]:
    from flows.configured import LOCAL, read_sources

    return (
        space.inbox,
        *(path for source in read_sources(space) if source.kind in LOCAL for path in source.paths(space)),
    )
