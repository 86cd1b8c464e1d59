"""Where the bytes of a warehouse lie, behind five verbs: put, put_if_absent, list, open, delete.

Local files now. An object store fits behind the same verbs: a put is invisible until it is whole, and put_if_absent is a
conditional PUT (`If-None-Match: *`). Names are relative, with forward slashes, and never leave the root.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import io
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

_NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
_faults = 0


@dataclass(frozen=True, slots=True)
class Stored:
    """What a put wrote: its size and digest, taken from the bytes handed over, not read back."""

    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored object."""

    name: str
    bytes: int
    modified: float
    """Seconds since 1970."""
    token: str
    """Changes whenever another object takes the name."""


class _Hashing(io.RawIOBase):
    """Passes bytes on and digests them on their way."""

    def __init__(self, raw: BinaryIO) -> None:
        self.raw, self.size, self.digest = raw, 0, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.size

    def write(self, data: object) -> int:
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        self.raw.write(view)
        self.digest.update(view)
        self.size += len(view)
        return len(view)


class Storage:
    """A folder. Nothing is made until something is put."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root).resolve()

    def hint(self, name: str, data: bytes) -> None:
        """Put bytes that may be lost in a power cut: whole or not at all, but nothing waits for the disk."""
        target = self._path(name)
        temporary = target.with_name(f".{uuid.uuid4().hex}.tmp")
        try:
            temporary.write_bytes(data)
            temporary.rename(target)
        finally:
            temporary.unlink(missing_ok=True)

    def put(self, name: str, write: Callable[[BinaryIO], object]) -> Stored:
        """Store what `write` writes under a name, whole, durable and all at once; what had the name before is replaced.

        Raises:
            OSError: the disk refused; nothing has changed, and no temporary file is left.
        """
        target = self._path(name)
        self._make_folder(target.parent)
        temporary = target.with_name(f".{uuid.uuid4().hex}.tmp")
        try:
            with temporary.open("wb") as raw:
                out = _Hashing(raw)
                write(cast(BinaryIO, out))
                raw.flush()
                os.fsync(raw.fileno())
            fault("put_written")
            temporary.rename(target)
        finally:
            temporary.unlink(missing_ok=True)
        fault("put_renamed")
        try:
            sync_folder(target.parent)
        except OSError:
            target.unlink(missing_ok=True)
            raise
        return Stored(out.size, out.digest.hexdigest())

    def put_if_absent(self, name: str, data: bytes) -> bool:
        """Store bytes under a name unless it is taken: of any number of rivals exactly one succeeds, and then durably.

        Returns:
            Whether the name was free.
        """
        target = self._path(name)
        self._make_folder(target.parent)
        temporary = target.with_name(f".{uuid.uuid4().hex}.tmp")
        try:
            with temporary.open("wb") as raw:
                raw.write(data)
                raw.flush()
                os.fsync(raw.fileno())
            fault("before_link")
            _link(temporary, target)
        except FileExistsError:
            return False
        finally:
            temporary.unlink(missing_ok=True)
        fault("after_link")
        sync_folder(target.parent)
        return True

    def list(self, prefix: str) -> Iterator[Entry]:
        """All objects whose name begins with a prefix, in no order, temporary files among them; a whole name costs one look."""
        start = self._path(prefix)
        if not prefix.endswith("/"):
            with contextlib.suppress(FileNotFoundError, NotADirectoryError):
                if not start.is_dir():
                    yield self._entry(start)
                    return
            start = start.parent
        yield from self._walk(start, str(self.root / prefix) if not prefix.endswith("/") else "")

    def names(self, folder: str) -> tuple[str, ...]:
        """Names in a folder, in no order and without a look at each; none when there is no such folder."""
        try:
            return tuple(os.listdir(self._path(folder)))
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def _walk(self, folder: Path, begin: str) -> Iterator[Entry]:
        try:
            with os.scandir(folder) as found:
                entries = list(found)
        except (FileNotFoundError, NotADirectoryError):
            return
        for entry in entries:
            if not entry.path.startswith(begin):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._walk(Path(entry.path), "")
            else:
                with contextlib.suppress(FileNotFoundError):  # deleted meanwhile
                    yield self._entry(Path(entry.path))

    def _entry(self, path: Path) -> Entry:
        found = path.stat()
        token = f"{found.st_ino}-{found.st_mtime_ns}-{found.st_size}"
        return Entry(path.relative_to(self.root).as_posix(), found.st_size, found.st_mtime, token)

    def open(self, name: str) -> io.BufferedReader:
        """Read an object.

        Raises:
            FileNotFoundError: there is none of that name.
        """
        return self._path(name).open("rb")

    def delete(self, name: str) -> None:
        """Remove an object; one that is gone already is as good."""
        self._path(name).unlink(missing_ok=True)

    def location(self, name: str) -> str:
        """What DuckDB reads an object by."""
        return str(self._path(name))

    def _path(self, name: str) -> Path:
        path = self.root / name
        if ".." in path.parts or not path.is_relative_to(self.root):
            raise ValueError(f"{name!r} is not a name inside {self.root}")
        return path

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True)
        while folder != self.root.parent:
            folder = folder.parent
            sync_folder(folder)


def _link(temporary: Path, target: Path) -> None:
    """Give a file its name unless a rival has it: a plain rename would silently overwrite the rival's."""
    try:
        os.link(temporary, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        with locked(target.parent / ".lock"):  # a file system without hard links
            if target.exists():
                raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target)) from error
            temporary.rename(target)


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a file's lock against every other process and thread; the kernel lets go of it when the holder dies."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def fault(step: str) -> None:
    """For the tests of a sudden end: die here, if DATELINE_FAULT names this step, or its nth passing as `step:n`."""
    global _faults
    named, _, nth = os.environ.get("DATELINE_FAULT", "").partition(":")
    if named == step:
        _faults += 1
        if _faults >= int(nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)
