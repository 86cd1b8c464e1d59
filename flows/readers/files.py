"""Files, folders and standard input → captures. A file is read once, whole; what cannot be read becomes a `Failure`, never an exception.

Doors: `.html`/`.htm` (also `.xhtml`), `.txt`, `.jsonl`/`.ndjson`, `.warc`, each also as `.gz`, folders of them (recursive), and `-`. Other
files in a folder are passed over and counted; a file named by the user is read whatever its name, its kind guessed from its first bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from extractors.records import Capture
from extractors.storable import shown_name, whole
from flows.readers.decoding import RATIO, BadBody
from flows.wording import for_terminal

HTML, TEXT, JSON, WARC = "text/html", "text/plain", "application/json", "application/warc"
MEDIA = {".html": HTML, ".htm": HTML, ".xhtml": HTML, ".txt": TEXT, ".jsonl": JSON, ".ndjson": JSON, ".warc": WARC}
DOCUMENT_LIMIT = 10 * 1024 * 1024
"""Bytes of one document after decompression; a bigger one is refused before it fills the memory."""
LINES_LIMIT = 4 * 1024 * 1024 * 1024
"""Bytes of a gzipped JSON Lines file that are unpacked; what comes behind is refused. A plain one is as large as it is."""
NOT_A_FILE = "no plain file: a pipe, a device or a socket is not opened. Send what it says: … | dateline ingest -"
_CHUNK = 1 << 20
_STEP = 1 << 12
"""Bytes given to zlib at once: at the end of a member it copies those behind it, and a member may have twenty."""
_BOMB_FROM = 64 << 20
"""Bytes unpacked from which growth is looked at."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that gave no capture."""

    input: str
    reason: str
    """missing, not_a_file, unreadable, broken_gzip, bomb, too_large, undecodable, not_json, fetch_failed."""
    message: str
    digest: str
    """Hexadecimal digest of what is known of the input, so that the same failure is recorded once."""
    source: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Inputs:
    """What the user's arguments come to, before anything is read."""

    files: tuple[Path, ...]
    failures: tuple[Failure, ...]
    passed_over: int
    """Files in folders that no door takes."""
    stdin: bool = False


def find_inputs(paths: Iterable[str]) -> Inputs:
    """Resolve paths to files: a folder means all files of known kinds below it, sorted; links out of the folder are not followed."""
    files: dict[Path, None] = {}
    failures: list[Failure] = []
    passed_over, stdin = 0, False
    for given in paths:
        path = Path(given)
        if not given.strip():  # `ingest "$UNSET"`: the path "" would be the current folder
            failures.append(failure('""', "missing", "the name is empty: is a variable not set?"))
        elif given == "-":
            stdin = True
        elif os.path.isdir(path):
            taken, other = _walk(path)
            files.update(dict.fromkeys(taken))
            passed_over += other
        elif os.path.isfile(path):
            files[path] = None
        elif os.path.exists(path):
            failures.append(failure(shown_name(given), "not_a_file", NOT_A_FILE))
        else:
            failures.append(failure(shown_name(given), "missing", "no such file or folder"))
    return Inputs(tuple(files), tuple(failures), passed_over, stdin)


def _walk(folder: Path) -> tuple[list[Path], int]:
    """The files below a folder, without going into itself for each folder below another: there may be a thousand."""
    taken: list[Path] = []
    other, waiting = 0, [folder]
    while waiting:
        try:
            entries = [Path(entry.path) for entry in os.scandir(waiting.pop()) if not entry.name.startswith(".")]
        except OSError:  # not ours to see, or a path longer than the system takes
            continue
        for path in entries:
            if os.path.isdir(path):  # unlike Path's it is False of a path longer than the system takes
                waiting += [path] * (not path.is_symlink())
            elif (
                media_type(path) is None
                or not os.path.isfile(path)
                or (path.is_symlink() and not path.resolve().is_relative_to(folder.resolve()))
            ):
                other += 1
            else:
                taken.append(path)
    return sorted(taken), other


def media_type(path: Path) -> str | None:
    """The kind of a file by its name; None when no door takes it.

    >>> media_type(Path("a/b.html.gz")), media_type(Path("notes.pdf"))
    ('text/html', None)
    """
    suffixes = [s.lower() for s in path.suffixes]
    if suffixes and suffixes[-1] == ".gz":
        suffixes.pop()
    return MEDIA.get(suffixes[-1]) if suffixes else None


def failure(given: str, reason: str, message: str, body: bytes | None = None) -> Failure:
    """A failure whose digest is that of its bytes, or of its name and reason when there are none."""
    digest = hashlib.sha256(body if body is not None else f"{reason}\0{given}".encode("utf-8", "surrogateescape"))
    return Failure(given, reason, message, digest.hexdigest())


def read_file(path: Path, source: str | None = None) -> Iterator[Capture | Failure]:
    """The captures of one file: one, or one a line of a JSON Lines file. Never raises on content or missing rights."""
    try:
        yield from _read(path, source)
    except OSError as error:
        yield failure(shown_name(path), "unreadable", error.strerror or str(error))


def _read(path: Path, source: str | None) -> Iterator[Capture | Failure]:
    given, fetched_at = shown_name(path), _changed(path)
    if path.exists() and not path.is_file():  # a named pipe would be waited for
        yield failure(given, "not_a_file", NOT_A_FILE)
        return
    kind = media_type(path)
    if kind == JSON:
        yield from _lines(path, given, source, fetched_at)
        return
    if kind == WARC:
        from flows.readers.warc import Archive, read_pieces

        for piece in read_pieces(Archive(path, given, source)):
            yield from piece.contents
        return
    with open(path, "rb") as file:
        raw = file.read(DOCUMENT_LIMIT + 1)
    if len(raw) > DOCUMENT_LIMIT:
        yield failure(given, "too_large", f"more than {DOCUMENT_LIMIT >> 20} MB", raw)
        return
    yield _document(raw, given, kind, source, fetched_at)


def _changed(path: Path) -> datetime | None:
    """When the file was written; None for a time that no clock ever showed."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (ValueError, OverflowError):
        return None


def _document(
    raw: bytes, given: str, kind: str | None, source: str | None, fetched_at: datetime | None
) -> Capture | Failure:
    body = raw
    if raw[:2] == b"\x1f\x8b":
        unpacked = _gunzip(raw, given)
        if isinstance(unpacked, Failure):
            return unpacked
        body = unpacked
    return Capture(body=body, input=given, media_type=kind or sniff(body), source=source, fetched_at=fetched_at)


def _gunzip(raw: bytes, given: str) -> bytes | Failure:
    out = bytearray()
    try:
        for piece in _unpack([raw]):
            out += piece
            if len(out) > DOCUMENT_LIMIT:
                return failure(given, "too_large", f"more than {DOCUMENT_LIMIT >> 20} MB unpacked", raw)
    except zlib.error as error:
        return failure(given, "broken_gzip", str(error), raw)
    return bytes(out)


def sniff(body: bytes) -> str:
    """HTML, JSON Lines or text, by the first bytes.

    >>> sniff(b"  <!DOCTYPE html><p>x"), sniff(b'{"text": "x"}'), sniff(b"date 2024-06-19 Ministers met")
    ('text/html', 'application/json', 'text/plain')
    """
    head = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"{"):
        return JSON
    return HTML if head.startswith(b"<") or b"<html" in head or b"<body" in head else TEXT


def _lines(path: Path, given: str, source: str | None, fetched_at: datetime | None) -> Iterator[Capture | Failure]:
    try:
        yield from split_lines(read_chunks(path), given, source, fetched_at)
    except zlib.error as error:
        yield failure(given, "broken_gzip", str(error))
    except BadBody as error:
        yield failure(given, error.reason, f"{error}; what stood before is read")


def read_chunks(path: Path) -> Iterator[bytes]:
    """What a file of JSON Lines says, unpacked.

    Raises:
        zlib.error: it is gzip that is damaged or cut off.
        BadBody: as `_bounded`.
    """
    with open(path, "rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        chunks: Iterable[bytes] = iter(lambda: file.read(_CHUNK), b"")
        yield from _bounded(chunks) if packed else chunks


def _bounded(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Unpacked, until it is too much of it.

    Raises:
        BadBody: `bomb` for what grows as no text does, `too_large`.
    """
    packed = unpacked = 0

    def counted() -> Iterator[bytes]:
        nonlocal packed
        for chunk in chunks:
            packed += len(chunk)
            yield chunk

    for piece in _unpack(counted()):
        unpacked += len(piece)
        if unpacked > LINES_LIMIT:
            raise BadBody("too_large", f"more than {LINES_LIMIT >> 30} GB unpacked")
        if unpacked > _BOMB_FROM and unpacked > RATIO * packed:
            raise BadBody("bomb", f"it grows more than {RATIO} times when unpacked")
        yield piece


def _unpack(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The members of a gzip file, one behind the other, with zeros between them or none.

    Raises:
        zlib.error: it is damaged or cut off.
    """
    member = None
    for chunk in chunks:
        for at in range(0, len(chunk), _STEP):
            rest = chunk[at : at + _STEP]
            while rest := rest if member else rest.lstrip(b"\0"):
                member = member or zlib.decompressobj(31)
                yield member.decompress(rest, _CHUNK)
                while member.unconsumed_tail:
                    yield member.decompress(member.unconsumed_tail, _CHUNK)
                rest = member.unused_data
                member = None if member.eof else member
    if member:
        raise zlib.error("the gzip ends too early")


def split_lines(
    chunks: Iterable[bytes], given: str, source: str | None, at_time: datetime | None
) -> Iterator[Capture | Failure]:
    """One capture a non-empty line; a line beyond the limit is one failure and the next goes on. Memory: one line.

    A key that no line has is named once, on standard error.
    """
    pending, number, skipping = bytearray(), 0, False
    named: set[str] = set()
    for chunk in chunks:
        pending += chunk
        end = pending.rfind(b"\n") + 1
        at = pending.find(b"\n") + 1 if skipping and end else 0  # what is left of a line beyond the limit
        number += bool(at)
        skipping = skipping and not end
        for found in _LINE.finditer(pending, at, end):
            number += pending.count(b"\n", at, found.start())
            at = found.start()
            if found.end() - at > DOCUMENT_LIMIT:
                yield failure(f"{given}#{number + 1}", "too_large", f"a line of more than {DOCUMENT_LIMIT >> 20} MB")
            else:
                yield _line(bytes(found.group()), f"{given}#{number + 1}", source, at_time, named)
        number += pending.count(b"\n", at, end)
        pending = pending[end:]
        if len(pending) > DOCUMENT_LIMIT:
            if not skipping:
                yield failure(f"{given}#{number + 1}", "too_large", f"a line of more than {DOCUMENT_LIMIT >> 20} MB")
            skipping, pending = True, bytearray()
    if pending.strip() and not skipping:
        yield _line(bytes(pending), f"{given}#{number + 1}", source, at_time, named)


_LINE = re.compile(rb"\S[^\n]*")
"""A line that says something: of millions of empty ones none costs a step of its own."""


_KEYS = ("url", "html", "text", "title", "published", "published_at", "source")
_MOST_NAMED = 20


def _name_unknown(keys: Iterable[str], given: str, named: set[str]) -> None:
    for key in keys:
        if key not in _KEYS and key not in named and len(named) < _MOST_NAMED:
            named.add(key)
            said = f"{given}: the key {key[:60]!r} is passed over; known are {', '.join(_KEYS)}"
            print(for_terminal(said), file=sys.stderr)


def _line(line: bytes, given: str, source: str | None, at: datetime | None, named: set[str]) -> Capture | Failure:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        return failure(given, "not_json", str(error), line)
    if not isinstance(value, dict):
        return failure(given, "not_json", "the line is no JSON object", line)
    _name_unknown(value, given, named)
    url, own = value.get("url"), value.get("source")
    return Capture(
        body=line.strip(),
        input=given,
        media_type=JSON,
        charset="utf-8",
        url=whole(url) if isinstance(url, str) else None,
        source=whole(own) if isinstance(own, str) and own.strip() else source,
        fetched_at=at,
    )


def read_stdin(source: str | None, now: datetime) -> Iterator[Capture | Failure]:
    """Standard input: JSON Lines, streamed, when it begins with `{`; else one document."""
    stream = sys.stdin.buffer
    head = stream.read(_CHUNK)
    if head.lstrip()[:1] == b"{":
        chunks = _chain(head, iter(lambda: stream.read(_CHUNK), b""))
        yield from split_lines(chunks, "-", source, now)
        return
    raw = head + stream.read(DOCUMENT_LIMIT + 1 - len(head)) if len(head) == _CHUNK else head
    if len(raw) > DOCUMENT_LIMIT:
        yield failure("-", "too_large", f"more than {DOCUMENT_LIMIT >> 20} MB", raw)
    elif raw:
        yield _document(raw, "-", None, source, now)


def _chain(head: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield head
    yield from rest
