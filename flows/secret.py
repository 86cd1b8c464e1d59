"""The secret of a workspace: the password of the server that `dateline serve` starts.

Whoever reaches the server's port without it is refused, be it a page in the user's browser or another user of the machine. It lies in
`.prefect/secret`, readable by its owner only, and is asked for by `dateline serve --show-secret`; it goes to a process in its environment,
never on its command line, and to a port only while this workspace's `dateline serve` is known to hold it (`flows.server`).
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from flows.config import Workspace

USER = "dateline"
"""The name before the colon, for programs that ask for both, such as `curl --user`."""


def secret_file(space: Workspace) -> Path:
    """Where it lies; the file need not exist."""
    return space.prefect_home / "secret"


def read_secret(space: Workspace) -> str:
    """The secret as `dateline:RANDOM`, which is Prefect's API auth string; '' where there is none, or others may read it."""
    try:
        file = os.open(secret_file(space), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return ""
    try:
        return "" if _open_to_others(os.fstat(file)) else os.read(file, 4096).decode("ascii", "replace").strip()
    finally:
        os.close(file)


def is_open_to_others(space: Workspace) -> bool:
    """Whether somebody else may have read it, or put it there: then it is none, and the next `dateline serve` makes a new one."""
    try:
        return _open_to_others(secret_file(space).lstat())
    except OSError:
        return False


def _open_to_others(info: os.stat_result) -> bool:
    return not stat.S_ISREG(info.st_mode) or bool(info.st_mode & 0o077) or info.st_uid != os.geteuid()


def ensure_secret(space: Workspace) -> str:
    """The secret, made where there is none that can be trusted.

    Raises:
        OSError: it cannot be written.
    """
    return read_secret(space) or new_secret(space)


def new_secret(space: Workspace) -> str:
    """Make a new one in the old one's place, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    space.prefect_home.mkdir(parents=True, exist_ok=True)
    made = f"{USER}:{secrets.token_urlsafe(32)}"
    place = secret_file(space)
    unfinished = place.with_name(f".secret-{secrets.token_hex(8)}")
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, f"{made}\n".encode())
        os.fsync(file)
    finally:
        os.close(file)
    os.replace(unfinished, place)
    return made
