"""The inbox: the folder articles are dropped into. Where a file lies says how far it is, so nothing else has to be remembered.

    inbox/kazinform/story.html                              dropped; the first folder names the source
    inbox/_claimed/<batch>/files/kazinform/story.html       one run is reading it
    inbox/_done/2026-11-24/kazinform/story.html             its articles are in the warehouse
    inbox/_failed/2026-11-24/kazinform/story.html           it gave none; `story.html.reason.txt` beside it says why

A file goes from one to the next by a rename, which is whole or not at all, followed by an fsync. A batch belongs to who holds the
lock of its folder; the system lets go of the lock when that process dies, and then whoever looks next takes the batch up again.
No Prefect here, and no warehouse.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path

from flows.config import BATCH_BYTES, BATCH_DOCUMENTS
from flows.locks import is_locked
from flows.readers.files import media_type

CLAIMED, DONE, FAILED = "_claimed", "_done", "_failed"
SETTLE = 1.0
"""Seconds since the last write (or rename) before a file is taken: who copies writes more often than that."""
DEATHS = 3
"""A batch that took so many processes with it is set aside."""
_UNFINISHED = (".tmp", ".temp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp", ".lock", "~")
"""Names programs give a file until it is whole."""
_HEAD = 64 * 1024
DEEPEST = 100
"""Folders below each other that are looked into."""
_LONGEST_PATH = 3800
"""Bytes of a path that is taken: the system's 4096 less what the folders of the ledger add to it."""
_LONGEST_NAME = 255
_REASON = ".reason.txt"


@dataclass(frozen=True, slots=True)
class Dropped:
    """One file of a batch."""

    path: Path
    """Where it lies now."""
    below: Path
    """Its path below the inbox when it was dropped."""
    problem: str = ""
    """Why it cannot be read at all; '' for a file to be read."""

    @property
    def name(self) -> str:
        """`below` as text, whatever bytes the name has."""
        return os.fsencode(self.below).decode("utf-8", "replace")

    @property
    def source(self) -> str | None:
        """The source its folder names.

        >>> Dropped(Path("x"), Path("kazinform/june/story.html")).source, Dropped(Path("x"), Path("story.html")).source
        ('kazinform', None)
        """
        first, slash, _ = self.name.partition("/")
        return first if slash else None


def ensure(inbox: Path) -> None:
    """Make the inbox and the folders of its ledger."""
    for folder in (inbox, inbox / CLAIMED, inbox / DONE, inbox / FAILED):
        folder.mkdir(parents=True, exist_ok=True)


def waiting(inbox: Path, settle: float = SETTLE, now: float | None = None) -> Iterator[tuple[Path, os.stat_result]]:
    """The files that lie in the inbox whole, folder by folder in the order of their names; links are not followed.

    Args:
        settle: seconds since the last change before a file counts as whole.
        now: seconds since 1970, for tests.
    """
    before = (time.time() if now is None else now) - settle
    for path, info in _walk(inbox, top=True):
        # The change time moves with every write, and no copying program can set it. Far in the future: the clock was set back.
        if before < info.st_ctime < before + 3600:
            continue
        if not (stat.S_ISREG(info.st_mode) and _being_written(path)):
            yield path, info


def _walk(folder: Path, top: bool = False) -> Iterator[tuple[Path, os.stat_result]]:
    """Files and links below a folder, in order. Of the inbox itself (`top`) less the ledger, and what could not be moved into it."""
    under = [_entries(folder)]
    while under:
        entry = next(under[-1], None)
        if entry is None:
            under.pop()
            continue
        if entry.name.startswith(".") or (top and entry.name.startswith("_") and len(under) == 1):
            continue
        try:
            if entry.is_dir(follow_symlinks=False):
                if len(under) < DEEPEST:
                    under.append(_entries(Path(entry.path)))
            elif not entry.name.lower().endswith(_UNFINISHED):
                info = entry.stat(follow_symlinks=False)
                if (stat.S_ISREG(info.st_mode) or stat.S_ISLNK(info.st_mode)) and not (
                    top and len(os.fsencode(entry.path)) > _LONGEST_PATH
                ):
                    yield Path(entry.path), info
        except OSError:  # gone meanwhile, or not ours to see
            continue


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return iter(sorted(found, key=lambda e: e.name))
    except OSError:
        return iter(())


def _being_written(path: Path) -> bool:
    """Whether a program has the file open for writing, where the system can tell (Linux: no read lease is given then)."""
    if not hasattr(fcntl, "F_SETLEASE"):
        return False
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(file)
    return False


def claim(inbox: Path, settle: float = SETTLE, files: int = BATCH_DOCUMENTS, size: int = BATCH_BYTES) -> str | None:
    """Take the files that lie there whole, at most a load's worth, into a batch of their own.

    Several may claim at once: a file goes to one of them.

    Returns:
        The batch's id, made from the names, sizes, times and beginnings of its files; None when there is nothing to take.
    Raises:
        OSError: the ledger's folders cannot be written.
    """
    chosen: list[Path] = []
    total = 0
    digest = hashlib.sha256()
    for path, info in waiting(inbox, settle):
        if chosen and (len(chosen) >= files or total + info.st_size > size):
            break
        chosen.append(path)
        total += info.st_size
        digest.update(_identity(path, inbox, info))
    if not chosen:
        return None
    batch, folder = new_folder(inbox, digest.hexdigest()[:24])
    if not _take(chosen, inbox, folder / "files"):  # another was quicker
        _remove(folder)
        return None
    return batch


def _take(chosen: list[Path], inbox: Path, folder: Path) -> int:
    moved = 0
    touched: set[Path] = {folder.parent, folder.parent.parent}
    for path in chosen:
        target = folder / path.relative_to(inbox)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            path.rename(target)
        except FileNotFoundError:
            continue
        moved += 1
        touched |= {path.parent, *takewhile(folder.parent.__ne__, target.parents)}
    _sync(touched)
    return moved


def move(files: Iterable[Dropped], folder: Path) -> None:
    """Move files of a claimed batch into the folder of another, each where it was below."""
    touched: set[Path] = {folder.parent, folder.parent.parent}
    for dropped in files:
        target = folder / dropped.below
        target.parent.mkdir(parents=True, exist_ok=True)
        dropped.path.rename(target)
        touched |= {dropped.path.parent, *takewhile(folder.parent.__ne__, target.parents)}
    _sync(touched)


def _identity(path: Path, inbox: Path, info: os.stat_result) -> bytes:
    head = b""
    if stat.S_ISREG(info.st_mode):
        try:
            with open(path, "rb") as file:
                head = file.read(_HEAD)
        except OSError:
            pass
    name = os.fsencode(path.relative_to(inbox))
    return hashlib.sha256(b"%s\0%d\0%d\0" % (name, info.st_size, info.st_mtime_ns) + head).digest()


def new_folder(inbox: Path, batch: str) -> tuple[str, Path]:
    """A folder for the batch; the same files dropped again while they are read get another."""
    ensure(inbox)
    for name in (batch, *(f"{batch}-{n}" for n in range(2, 1000))):
        folder = inbox / CLAIMED / name
        try:
            folder.mkdir()
        except FileExistsError:
            continue
        (folder / "files").mkdir()
        return name, folder
    raise OSError(errno.EEXIST, "the same files have been claimed a thousand times", str(inbox / CLAIMED / batch))


def batches(inbox: Path) -> tuple[str, ...]:
    """The claimed batches, the oldest first; leftovers without a file are cleared away."""
    found: list[tuple[float, str]] = []
    for folder in _folders(inbox / CLAIMED):
        try:
            changed = folder.stat().st_mtime
        except OSError:
            continue
        if next(_walk(folder / "files"), None) is not None:
            found.append((changed, folder.name))
        elif time.time() - changed > 60:
            _remove(folder)
    return tuple(name for _, name in sorted(found))


def _folders(parent: Path) -> list[Path]:
    try:
        return [p for p in parent.iterdir() if p.is_dir() and not p.is_symlink()]
    except OSError:
        return []


def is_batch(inbox: Path, batch: str) -> bool:
    """Whether there is a claimed batch of that name; a name that would lead elsewhere is none."""
    return bool(batch) and set(batch) <= set("0123456789abcdef-") and (inbox / CLAIMED / batch).is_dir()


@contextmanager
def hold(inbox: Path, batch: str) -> Iterator[int | None]:
    """Own a batch while the block runs.

    The lock file has a line for every process that died holding it: one is written here, and taken back however the block ends.

    Yields:
        How many died before, or None when another holds it or it is gone: then leave it alone.
    """
    file = _locked(inbox, batch)
    if file is None:
        yield None
        return
    try:
        deaths, end = os.pread(file, 4096, 0).count(b"\n"), os.fstat(file).st_size
        os.pwrite(file, b"process %d, %s\n" % (os.getpid(), datetime.now(UTC).isoformat().encode()), end)
        os.fsync(file)
        try:
            yield deaths
        finally:
            os.ftruncate(file, end)
    finally:
        os.close(file)


def _locked(inbox: Path, batch: str) -> int | None:
    path = inbox / CLAIMED / batch / "lock"
    if not is_batch(inbox, batch):
        return None
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(file), os.stat(path)):  # else it was finished between opening and locking
            return file
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(file)
    return None


def held(inbox: Path, batch: str) -> bool:
    """Whether a living process holds the batch now."""
    return is_locked(inbox / CLAIMED / batch / "lock")


def is_empty(inbox: Path) -> bool:
    """Whether nothing lies there to be taken, now or once it has settled."""
    return next(_walk(inbox, top=True), None) is None


def files_of(inbox: Path, batch: str) -> tuple[Dropped, ...]:
    """The files of a batch that have not been finished, in the order of their sources and names."""
    below = inbox / CLAIMED / batch / "files"
    found = []
    for path, info in _walk(below):
        found.append(Dropped(path, path.relative_to(below), _problem(path, info)))
    return tuple(sorted(found, key=lambda d: (d.source or "", d.name)))


def _problem(path: Path, info: os.stat_result) -> str:
    if stat.S_ISLNK(info.st_mode):
        return "a symbolic link: it may lead out of the inbox, so it is not followed. Drop the file itself."
    if path.suffix and media_type(path) is None:
        return "unknown kind of file: the doors are .html, .htm, .txt, .jsonl, .warc and .gz of them. Give it the right ending and drop it again."
    return ""


def finish(inbox: Path, batch: str, done: Iterable[Dropped], failed: Mapping[Dropped, str]) -> None:
    """Move the files of a held batch to where they rest, the failed with their reason, and clear the batch away.

    Raises:
        OSError: a folder cannot be written; what was not moved stays claimed, and repeating the batch commits nothing twice.
    """
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    touched: set[Path] = set()
    for dropped, reason in failed.items():
        touched |= _rest(dropped, inbox / FAILED / day, reason)
    for dropped in done:
        touched |= _rest(dropped, inbox / DONE / day)
    _sync(touched)
    if next(_walk(inbox / CLAIMED / batch / "files"), None) is None:
        _remove(inbox / CLAIMED / batch)


def _rest(dropped: Dropped, folder: Path, reason: str = "") -> set[Path]:
    """Move one file to where it rests, under a name nothing there has; returns the folders that changed."""
    target = folder / dropped.below
    target.parent.mkdir(parents=True, exist_ok=True)
    stem, dot, ending = target.name.partition(".")
    most = _LONGEST_NAME - len(_REASON) * bool(reason)
    for number in ("", *(f"~{n}" for n in range(2, 10_000))):
        place = target.with_name(_fitting(stem, number, dot + ending, most))
        try:
            os.link(dropped.path, place, follow_symlinks=False)  # unlike a rename, it replaces nothing
        except FileExistsError:
            continue
        except FileNotFoundError:
            return set()
        except OSError:  # a file system without links
            if os.path.lexists(place):
                continue
            if reason:
                _say_why(place, dropped, reason)
            dropped.path.rename(place)
        else:
            if reason:
                _say_why(place, dropped, reason)
            dropped.path.unlink()
        return {place.parent, dropped.path.parent}
    raise OSError(errno.EEXIST, "ten thousand files of that name", str(target))


def _fitting(stem: str, number: str, ending: str, most: int) -> str:
    """A name of at most so many bytes, cut in front of its number.

    >>> _fitting("story", "~2", ".html", 255), _fitting("a" * 300, "~2", ".html", 12)
    ('story~2.html', 'aaaaa~2.html')
    """
    while len(os.fsencode(stem + number + ending)) > most:
        stem, ending = (stem[:-1], ending) if len(stem) > 1 else (stem, ending[1:])
    return stem + number + ending


def _say_why(place: Path, dropped: Dropped, reason: str) -> None:
    unfinished = place.with_name(f".{uuid.uuid4().hex}.tmp")
    with open(unfinished, "w", encoding="utf-8", errors="replace") as file:
        file.write(f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC  inbox/{dropped.name}\n{reason}\n")
        file.write("To try again: mend it and move it back into the inbox.\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(place.with_name(place.name + _REASON))


def _sync(folders: Iterable[Path]) -> None:
    for folder in folders:
        try:
            file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError:
            continue
        try:
            os.fsync(file)
        finally:
            os.close(file)


def _remove(folder: Path) -> None:
    """Clear a finished batch's folder away: its lock, what was noted of it and empty folders, never a file of the user."""
    for name in ("mishaps", "lock"):
        (folder / name).unlink(missing_ok=True)
    for below, _, _ in os.walk(folder, topdown=False):
        try:
            os.rmdir(below)
        except OSError:
            return
