"""What a workspace holds of an article or a source beside its tables, and clearing it: fetch memory, files the inbox has read, roll-ups.

A file of the inbox is recognised by the digests of its documents, whatever it is called by now. One of a single document goes;
of JSON Lines only the lines go; a web archive is named and left, since other documents lie in it.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import uuid
import zlib
from collections.abc import Callable, Container, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, cast

from extractors.records import Capture
from flows import fetchstate
from flows.config import Workspace
from flows.inbox import DONE, FAILED
from flows.readers.decoding import BadBody
from flows.readers.files import DOCUMENT_LIMIT, JSON, WARC, media_type, read_chunks, read_file

_REASON = ".reason.txt"


@dataclass(frozen=True, slots=True)
class Marks:
    """By what it is known again."""

    source: str | None = None
    urls: frozenset[str] = frozenset()
    captures: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()

    def meets(self, content: object) -> bool:
        """Whether a document is of it."""
        if not isinstance(content, Capture):
            return False
        if self.source is not None:  # another source may have the same text, from the same address
            return content.source == self.source
        return content.capture_id in self.captures or not self.urls.isdisjoint({content.url, content.final_url})


@dataclass(slots=True)
class Traces:
    """What there is beside the tables."""

    remembered: int = 0
    """Addresses in the memory of fetching."""
    files: list[Path] = field(default_factory=list)
    """Files that go whole."""
    lines: list[Path] = field(default_factory=list)
    """Files of JSON Lines that lose some."""
    shared: list[Path] = field(default_factory=list)
    """Web archives that hold it beside others: they stay."""

    def __bool__(self) -> bool:
        return bool(self.remembered or self.files or self.lines)

    def words(self) -> str:
        """What goes, in words; '' when nothing does."""
        files = len(self.files) + len(self.lines)
        said = [f"{files:,} files of the inbox"] * bool(files)
        return ", ".join(said + [f"{self.remembered:,} rows of the fetch memory"] * bool(self.remembered))


def find(space: Workspace, marks: Marks) -> Traces:
    """Look through the memory of fetching and what lies in `inbox/_done` and `inbox/_failed`."""
    found = Traces()
    if (space.root / fetchstate.NAME).exists():
        with closing(fetchstate.open_state(space)) as state:
            found.remembered = fetchstate.count_of(state, marks.urls, marks.source)
    archives = {name.rpartition("#")[0] or name for name in marks.inputs}
    for path, below in _read_files(space):
        if marks.source is not None and below.parts[:-1][:1] == (marks.source,):
            found.files.append(path)
        elif media_type(path) == WARC:
            if f"inbox/{below.as_posix()}" in archives:
                found.shared.append(path)
        elif marks.source is None or media_type(path) == JSON:
            met = [marks.meets(content) for content in read_file(path)]
            if met and all(met):
                found.files.append(path)
            elif any(met):
                found.lines.append(path)
    return found


def clear(space: Workspace, marks: Marks, found: Traces) -> None:
    """Take out what was found."""
    if found.remembered:
        with closing(fetchstate.open_state(space)) as state:
            fetchstate.drop_of(state, marks.urls, marks.source)
    for path in found.files:
        path.unlink(missing_ok=True)
        path.with_name(path.name + _REASON).unlink(missing_ok=True)
        _remove_empty(path.parent, space.inbox)
    for path in found.lines:
        _without(path, marks)


def _read_files(space: Workspace) -> Iterator[tuple[Path, Path]]:
    """The files that were read, each with its path below the inbox as it was dropped."""
    for rest in (space.inbox / DONE, space.inbox / FAILED):
        for path in sorted(rest.glob("*/**/*")):
            if path.is_file() and not path.is_symlink() and not path.name.endswith(_REASON):
                yield path, Path(*path.relative_to(rest).parts[1:])


def _without(path: Path, marks: Marks) -> None:
    """Write a file of JSON Lines again without the lines that go, whole or not at all. What cannot be unpacked goes too: it may hold them."""
    if media_type(path) != JSON:
        return
    gone = {
        _digest(content.body) for content in read_file(path) if isinstance(content, Capture) and marks.meets(content)
    }
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    opening = cast("Callable[[Path, str], BinaryIO]", gzip.open if packed else open)
    unfinished = path.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with opening(unfinished, "wb") as out, suppress(zlib.error, BadBody):
            out.writelines(_other_lines(read_chunks(path), gone))
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def _other_lines(chunks: Iterable[bytes], gone: Container[bytes]) -> Iterator[bytes]:
    """The lines whose digest is not among these. One too long to have been read passes in pieces."""
    line, passing = bytearray(), False
    for piece in (found.group() for chunk in chunks for found in _PIECE.finditer(chunk)):
        line += piece
        ends = piece.endswith(b"\n")
        if passing or len(line) > DOCUMENT_LIMIT + 1 or (ends and _digest(line.strip()) not in gone):
            yield bytes(line)
            passing = not ends
            line.clear()
        elif ends:
            line.clear()
    if _digest(line.strip()) not in gone:
        yield bytes(line)


_PIECE = re.compile(rb"[^\n]*\n|[^\n]+")


def _digest(body: bytes | bytearray) -> bytes:
    return hashlib.sha256(body).digest()


def _remove_empty(folder: Path, inbox: Path) -> None:
    """Take away folders that hold nothing any more, up to the day's: their names are those of sources."""
    while folder.parent.parent != inbox and folder != inbox and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
