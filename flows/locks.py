"""A lock of the operating system on a file: it is let go of when the process that holds it ends, however it ends."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def alone(path: Path, note: str = "", mode: int = 0o644) -> Iterator[bool]:
    """Hold the lock while the block runs, where no other process holds it.

    Args:
        note: what the file then says, for whoever finds it locked.
        mode: of the file; who may open it may lock it. 0o600 where a lock that is held is a proof.
    Yields:
        Whether it is held; never waits.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    try:
        if not mode & 0o044:
            os.fchmod(file, mode)  # one of an earlier version is open to all
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        os.ftruncate(file, 0)
        os.pwrite(file, note.encode(), 0)
        yield True
    finally:
        os.close(file)


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock of this file."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(
            file, fcntl.LOCK_SH | fcntl.LOCK_NB
        )  # shared: two that look at once do not take each other for the holder
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
