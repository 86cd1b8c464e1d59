"""Archives on their way into the warehouse: which pieces of a file are in it already, and the mark that a committed piece leaves.

A piece is one load, and its mark is an item of that load: the digest of the file's fingerprint and the offset at which the piece
begins, with the offset at which it ends and the number of its documents. So reading on after a kill, or the same file again, asks
the log once a piece and reads nothing that was committed. What was forgotten since can be loaded again: marks count only
until something is forgotten.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flows.readers.files import Failure, failure
from flows.readers.warc import Archive, Piece, read_pieces

if TYPE_CHECKING:
    from flows.pipeline import Run


@dataclass(frozen=True, slots=True)
class Marks:
    """The marks in a log, as `flows.readers.warc` asks for them."""

    run: Run
    known: Container[str]
    epoch: int
    """The version at which articles were last forgotten."""

    def key(self, fingerprint: str, start: int) -> str:
        """The item that a committed piece leaves."""
        return hashlib.sha256(f"warc\0{fingerprint}\0{start}\0{self.epoch}".encode()).hexdigest()[:32]

    def find(self, key: str) -> tuple[int, int] | None:
        """End and documents of a committed piece. One on which a version of ours broke is read again by the next version."""
        from flows.pipeline import failed_key
        from warehouse import Known

        if not isinstance(self.known, Known):
            return None
        said = self.known.value(key) or self.known.value(failed_key(key, self.run)) or ""
        end, _, documents = said.removeprefix("@").partition("+")
        return (int(end, 16), int(documents, 16)) if said.startswith("@") and documents else None


def marks_of(run: Run, known: Container[str]) -> Marks:
    """The marks as a run finds them."""
    import warehouse

    loads = warehouse.read_log(run.root).loads
    # Captures past their time go by themselves: nothing of theirs is to be loaded again.
    forgotten = (load.version for load in loads if load.kind in warehouse.CUTTING and set(load.rows) != {"captures"})
    return Marks(run, known, max(forgotten, default=0))


def mark_of(piece: Piece) -> tuple[str, str]:
    """The mark of a piece: its key, and at most 16 characters of what is to be known of it."""
    return piece.key, f"@{piece.end:x}+{piece.documents:x}"


def pieces_of(archive: Archive, run: Run, known: Container[str]) -> Iterator[Piece]:
    """The pieces of an archive. One that cannot be opened is a piece without a mark, with a failure in it."""
    try:
        yield from read_pieces(archive, marks_of(run, known))
    except OSError as error:
        yield Piece("", 0, (unreadable(archive, error),), 1)


def unreadable(archive: Archive, error: OSError) -> Failure:
    """The failure to read the file."""
    return failure(archive.input, "unreadable", error.strerror or str(error))
