"""What becomes of a batch of the inbox on which a run broke: it waits, longer each time; then it is halved until the file that breaks
runs lies alone, and that one is set aside with the reason.

A run may break for the file's sake or for the machine's: a full disk or a server that is away makes a batch wait and never counts
against its files. What happened stands in the batch's folder, `mishaps`, a line each; so nothing has to be remembered.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from pathlib import Path

from flows import inbox as ledger
from flows.config import SettingsError
from flows.inbox import Dropped

TRIES = 2
"""Failures after which a batch is halved, and a single file set aside."""
PAUSES = (60.0, 300.0, 900.0, 3600.0)
"""Seconds a batch waits after its first, second … failure, and after all further ones."""
_NAME = "mishaps"


def is_machines(error: BaseException) -> bool:
    """Whether an error is the machine's, the settings' or the server's, whatever the files hold."""
    import httpx

    import warehouse
    from extractors.siterules import RuleError

    ours = (OSError, sqlite3.Error, SettingsError, RuleError, warehouse.CorruptFile, warehouse.LoadConflict,
            warehouse.NewerSchema, httpx.HTTPError)  # fmt: skip
    return isinstance(error, ours) or type(error).__module__.partition(".")[0] == "prefect"


def note(inbox: Path, batch: str, error: BaseException) -> int:
    """Note that a run broke on a batch; returns how often one did for the sake of its files."""
    said = f"{type(error).__name__}: {error}".encode("utf-8", "replace")[:500]
    mark = b"machine" if is_machines(error) else b"files"
    with open(inbox / ledger.CLAIMED / batch / _NAME, "ab") as file:
        file.write(b"%d %s %s\n" % (time.time(), mark, b" ".join(said.split())))
    return sum(mark == "files" for _, mark, _ in _mishaps(inbox, batch))


def _mishaps(inbox: Path, batch: str) -> list[tuple[float, str, str]]:
    """When, whose fault, what was said, the oldest first."""
    try:
        lines = (inbox / ledger.CLAIMED / batch / _NAME).read_bytes().decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    parts = (line.split(" ", 2) for line in lines)
    return [(float(at), mark, said) for at, mark, said in (p for p in parts if len(p) == 3 and p[0].isdecimal())]


def paused(inbox: Path, batch: str, now: float | None = None) -> bool:
    """Whether a batch is to be left alone for a while, because runs broke on it."""
    found = _mishaps(inbox, batch)
    if not found:
        return False
    since = (time.time() if now is None else now) - found[-1][0]
    return 0 <= since < PAUSES[min(len(found), len(PAUSES)) - 1]


def part(inbox: Path, batch: str, deaths: int = 0) -> tuple[str, ...]:
    """Halve a held batch, or set its only file aside; what was said of it goes with the halves, so that each breaks once more at most.

    Args:
        deaths: processes that died while they held it.
    Returns:
        The halves, ready to be tried; nothing when the file was set aside.
    """
    files = ledger.files_of(inbox, batch)
    if len(files) <= 1:
        said = _mishaps(inbox, batch)
        why = (
            f"{deaths} processes died while they read it"
            if deaths
            else f"it broke the run: {said[-1][2] if said else ''}"
        )
        ledger.finish(inbox, batch, (), dict.fromkeys(files, why))
        return ()
    middle = len(files) // 2
    halves = tuple(_move(inbox, batch, half, deaths) for half in (files[:middle], files[middle:]))
    ledger.finish(inbox, batch, (), {})
    return halves


def _move(inbox: Path, batch: str, files: tuple[Dropped, ...], deaths: int) -> str:
    """Move some files of a batch into one of their own. A kill in between leaves each file in one of the two."""
    below = "\0".join(file.name for file in files)
    half, folder = ledger.new_folder(inbox, hashlib.sha256(f"{batch}\0{below}".encode()).hexdigest()[:24])
    if deaths:
        (folder / "lock").write_bytes(b"process of the whole batch\n" * (ledger.DEATHS - 1))
    said = [line for line in _mishaps(inbox, batch) if line[1] == "files"][-1:]
    # Long ago, so that the half is tried at once; the next failure is then one too many.
    (folder / _NAME).write_text("".join(f"0 {mark} {what}\n" for _, mark, what in said * (TRIES - 1)), encoding="utf-8")
    ledger.move(files, folder / "files")
    return half
