"""A file that a user names for a result: whole or not at all, never inside a workspace, never over another one unasked."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any


class NotWritten(Exception):
    """The file cannot or may not be written. `remedy` says what can be."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def workspace_above(path: Path, root: Path | None = None) -> Path | None:
    """The workspace that a path lies in: `root`, or a folder with a log or settings of ours; None when it lies in none."""
    real = path.resolve()
    for folder in (real, *real.parents):
        if (
            (root is not None and folder == root.resolve())
            or (folder / "_log").is_dir()
            or (folder / "dateline.toml").exists()
        ):
            return folder
    return None


@contextlib.contextmanager
def whole_file(
    path: Path, root: Path | None = None, *, binary: bool = False, replace: Callable[[Path], bool] = lambda _: False
) -> Iterator[IO[Any]]:
    """Write a file beside its place and move it there at the end; whatever breaks leaves what was there.

    Args:
        path: where; a link is followed. A device or a pipe is written as it stands.
        root: the workspace in use.
        replace: asked whether a file that is there may be replaced.
    Yields:
        The open file, of bytes or of UTF-8 text.
    Raises:
        NotWritten: it lies in a workspace, or is there and may not be replaced.
        OSError: the disk refused.
    """
    place = Path(os.path.realpath(path))
    how: dict[str, Any] = {"mode": "wb"} if binary else {"mode": "w", "encoding": "utf-8", "newline": ""}
    if path.exists() and not path.is_file() and not path.is_dir():
        with open(path, **how) as file:
            yield file
        return
    if space := workspace_above(place, root):
        raise NotWritten(
            f"{path}: inside the workspace {space}", "name a file elsewhere: what lies there is Dateline's own."
        )
    if place.exists() and not replace(place):
        raise NotWritten(f"{path}: is there already", "name another file, or say --yes to replace it.")
    handle, unfinished = tempfile.mkstemp(prefix=f".{place.name[:60]}.", suffix=".tmp", dir=place.parent)
    try:
        with open(handle, **how) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.chmod(unfinished, place.stat().st_mode & 0o777 if place.exists() else 0o666 & ~_umask())
        os.replace(unfinished, place)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(unfinished)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
