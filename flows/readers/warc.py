"""Web archives (WARC, also record by record gzipped, as CC-NEWS) → captures: streamed, piece by piece, each page as it was crawled.

A piece is up to `PIECE_CAPTURES` captures, cut by what the file holds alone: from one start it always ends at the same offset. So a piece can
be remembered by its start, and a file that was read to an offset is read on from there. Pages are what is taken: HTML and plain text with
status 200, `resource` and `conversion` records of these kinds, and the JSON lines of our own exports. What else answers a
request is counted, and one failure a piece and reason says how many; a record that is broken, cut off or too large is a failure of its own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol
from urllib.parse import unquote

from extractors.records import Capture
from extractors.storable import whole
from flows.readers.decoding import RATIO, BadBody, Body
from flows.readers.files import DOCUMENT_LIMIT, HTML, JSON, TEXT, Failure, sniff

if TYPE_CHECKING:
    from warcio.archiveiterator import ArchiveIterator

PIECE_CAPTURES = 200
PIECE_BYTES = 32 << 20
PIECE_RECORDS = 5000
_BOMB_FROM = 64 << 20
"""Bytes of a record from which its growth is looked at."""
_HEADER_LIMIT = 1 << 20
_FIRST_PAGE = 1990
"""No page of the web was fetched in an earlier year."""
"""Bytes of the header lines of one record."""
_KEPT_HEADERS = ("content-type", "content-language", "date", "etag", "last-modified", "server")
_KINDS = {HTML: HTML, "application/xhtml+xml": HTML, TEXT: TEXT}
_ANSWERS = ("response", "resource", "conversion", "revisit", "continuation")
"""Types of records that hold what was crawled; the others tell about it."""
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{2,40})", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"\s*([0-9a-fA-F]{1,8})[^\r\n]{0,200}\r?\n")
_PASSED = {
    "not_ok": "the server's answer was no page (status other than 200)",
    "not_text": "neither HTML nor plain text",
    "revisit": "the page was the same as at an earlier visit, and is not in the record",
    "continuation": "the second part of a record that was cut in two",
}
SOURCE_HEADER = "Dateline-Source"
LISTED_HEADERS = ("Dateline-Listed-At", "Dateline-Listed-Title")
"""What the listing said: an instant, and a title as addresses write it."""
"""Of a record: the source's name, in our own exports."""


@dataclass(frozen=True, slots=True)
class Archive:
    """A WARC file that is read piece by piece."""

    path: Path
    input: str
    """Its name for the user; a document in it is `input#offset`."""
    source: str | None = None

    @property
    def url(self) -> None:
        """An archive has no address; its documents have."""
        return None


@dataclass(frozen=True, slots=True)
class Piece:
    """Consecutive records of an archive."""

    key: str
    """What the piece is known by."""
    end: int
    """Offset of the record behind it."""
    contents: tuple[Capture | Failure, ...]
    documents: int
    known: bool = False
    """Whether it was read before: then `contents` is empty."""


class Known(Protocol):
    """Which pieces are known."""

    def key(self, fingerprint: str, start: int) -> str:
        """What a piece is known by."""

    def find(self, key: str) -> tuple[int, int] | None:
        """Where a known piece ends and how many documents it holds."""


def read_pieces(archive: Archive, known: Known | None = None) -> Iterator[Piece]:
    """The pieces of a file, in order; of known ones only how many documents they held.

    Raises:
        OSError: the file cannot be read.
    """
    with open(archive.path, "rb") as file:
        size = os.fstat(file.fileno()).st_size
        mark = fingerprint(file, size)
        start = 0
        while start < size:
            key = known.key(mark, start) if known is not None else ""
            found = known.find(key) if known is not None else None
            if found is not None and start < found[0] <= size:
                piece = Piece(key, found[0], (), found[1], known=True)
            else:
                piece = _Reading(file, archive, mark, start, size).piece(key)
            yield piece
            start = piece.end


def fingerprint(file: BinaryIO, size: int) -> str:
    """A digest of a file's size and of 18 blocks of 64 KB spread over it: reading a gigabyte to know it again would cost seconds."""
    digest = hashlib.sha256(str(size).encode())
    block = 1 << 16
    for part in range(18):
        file.seek(max(0, size - block) * part // 17)
        digest.update(file.read(block))
    return digest.hexdigest()


class _Reading:
    """One piece on its way."""

    def __init__(self, file: BinaryIO, archive: Archive, mark: str, start: int, size: int) -> None:
        self.file, self.archive, self.mark = file, archive, mark
        self.start = self.at = start
        self.size = size
        self.contents: list[Capture | Failure] = []
        self.bytes = self.records = 0
        self.passed: Counter[str] = Counter()
        self.first: dict[str, int] = {}

    def piece(self, key: str) -> Piece:
        """Read on until the piece is full or the file ends."""
        self.file.seek(self.start)
        iterator = _iterator(self.file)
        while not self._full():
            try:
                record = next(iterator, None)
                if record is None:
                    self._leftover()
                    break
                self._take(record, iterator)
                self.at = max(iterator.offset, self.at + 1)
            except Exception as error:  # the library raises whatever a broken record makes it stumble over
                self._broken(error)
                break
        for reason, count in sorted(self.passed.items()):
            self._fail(reason, f"{count} records: {_PASSED[reason]}", self.first[reason])
        return Piece(key, min(self.at, self.size), tuple(self.contents), len(self.contents))

    def _full(self) -> bool:
        return len(self.contents) >= PIECE_CAPTURES or self.bytes >= PIECE_BYTES or self.records >= PIECE_RECORDS

    def _take(self, record: Any, iterator: ArchiveIterator) -> None:
        """Read a record to its end and note what it gave.

        Raises:
            Exception: whatever the library stumbles over.
        """
        self.records += 1
        iterator.reader.start, iterator.reader.taken = self.at, 0
        if not (record.rec_headers.get_header("Content-Length") or "").strip().isdigit():
            raise ValueError("its header is cut off, or says no length")
        found: Capture | str | BadBody | None = None
        try:
            found = self._content(record) if record.rec_type in _ANSWERS else None
        except BadBody as error:
            found = error
        iterator.read_to_end()
        if missing := getattr(record.raw_stream, "limit", 0):
            self._fail("truncated", f"the record at byte {self.at} ends {missing} bytes too early", self.at)
        elif isinstance(found, Capture):
            self.contents.append(found)
            self.bytes += len(found.body)
        elif isinstance(found, BadBody):
            self._fail(found.reason, str(found), self.at, _address(record))
        elif found is not None:
            self.passed[found] += 1
            self.first.setdefault(found, self.at)

    def _content(self, record: Any) -> Capture | str:
        """The capture, or the reason why there is none.

        Raises:
            BadBody: the body cannot be used.
        """
        if record.rec_type in ("revisit", "continuation"):
            return str(record.rec_type)
        http = record.http_headers
        if http is not None and http.get_statuscode() != "200":
            return "not_ok"
        said = (http.get_header("Content-Type") if http is not None else record.content_type) or ""
        url = _address(record)
        kind = said.partition(";")[0].strip().lower()
        own = record.rec_type != "response" and kind == JSON
        if (kind and kind not in _KINDS and not own) or (url or "").lower().endswith("/robots.txt"):
            return "not_text"
        body = _body(record)
        if not kind and sniff(body) != HTML:
            return "not_text"
        charset = _CHARSET.search(said)
        return Capture(
            body=body,
            input=f"{self.archive.input}#{self.at}",
            media_type=JSON if own else _KINDS.get(kind, HTML),
            charset=charset[1] if charset else None,
            url=_json_address(body) if own else url,
            source=record.rec_headers.get_header(SOURCE_HEADER) or self.archive.source,
            fetched_at=_instant(record.rec_headers.get_header("WARC-Date")),
            headers=tuple((k, v) for k in _KEPT_HEADERS if http is not None and (v := http.get_header(k))),
            final_url=None if own else url,
            listed_at=_instant(record.rec_headers.get_header(LISTED_HEADERS[0])),
            listed_title=unquote(record.rec_headers.get_header(LISTED_HEADERS[1]) or "")[:500] or None,
        )

    def _fail(self, reason: str, message: str, at: int, url: str | None = None) -> None:
        digest = hashlib.sha256(f"{reason}\0{self.mark}\0{at}".encode()).hexdigest()
        given = f"{self.archive.input}#{at}"
        self.contents.append(Failure(given, reason, message, digest, self.archive.source, url))

    def _leftover(self) -> None:
        """The library takes a torn header for the end of the file."""
        self.file.seek(self.at)
        if self.file.read(1 << 16).strip(b"\r\n\0 "):
            self._fail("truncated", f"the record at byte {self.at} is cut off", self.at)
        self.at = self.size

    def _broken(self, error: Exception) -> None:
        if "non-chunked gzip" in str(error):
            message = "one gzip around the whole file: make it one a record with `warcio recompress`"
        else:
            message = f"no record at byte {self.at}: {str(error) or type(error).__name__}"
        found = _next_member(self.file, self.at + 1)
        message += f"; read on from byte {found}" if found else "; nothing behind it can be read"
        self._fail("broken_warc", message[:500], self.at)
        self.at = found or self.size


def _iterator(file: BinaryIO) -> ArchiveIterator:
    """The library's iterator, over a reader that stops at broken gzip and at headers without an end."""
    from warcio.archiveiterator import ArchiveIterator
    from warcio.bufferedreaders import DecompressingBufferedReader

    class Reader(DecompressingBufferedReader):  # type: ignore[misc]
        """Raises where the library's own says so on standard error and goes on with nothing."""

        lines = 0
        start = taken = 0
        """Of the record that is read: where it begins, and what it has unpacked to."""

        def readline(self, length: int | None = None) -> bytes:
            line: bytes = super().readline(min(length or _HEADER_LIMIT, _HEADER_LIMIT))
            self.lines += len(line)
            if self.lines > _HEADER_LIMIT:
                raise ValueError("more than 1 MB of headers")
            return line

        def read(self, length: int | None = None) -> bytes:
            self.lines = 0
            data = bytes(super().read(length))
            self.taken += len(data)
            if self.taken > _BOMB_FROM and self.taken > RATIO * (file.tell() - self.start):
                raise ValueError(f"it grows more than {RATIO} times when unpacked")
            return data

        def _decompress(self, data: bytes) -> bytes:
            begun = self.num_block_read
            if self.decompressor and data and begun:
                return bytes(self.decompressor.decompress(data))  # zlib.error says that it is damaged
            return bytes(super()._decompress(data))

    iterator = ArchiveIterator(file, block_size=1 << 14)
    iterator.reader = Reader(file, block_size=1 << 14)
    return iterator


def _next_member(file: BinaryIO, start: int) -> int | None:
    """Offset of the next gzip member that begins with a record; None in a file that is not gzipped, or without one."""
    file.seek(0)
    if file.read(2) != b"\x1f\x8b":
        return None
    step = 1 << 20
    while True:
        file.seek(start)
        block = file.read(step + 2)
        at = block.find(b"\x1f\x8b\x08")
        while at >= 0:
            file.seek(start + at)
            try:
                if zlib.decompressobj(31).decompress(file.read(1 << 12), 5) == b"WARC/":
                    return start + at
            except zlib.error:
                pass
            at = block.find(b"\x1f\x8b\x08", at + 1)
        if len(block) < step:
            return None
        start += step


def _address(record: Any) -> str | None:
    url = record.rec_headers.get_header("WARC-Target-URI") or ""
    return url if url.lower().startswith(("http://", "https://")) and len(url) < 8000 else None


def _json_address(body: bytes) -> str | None:
    try:
        line = json.loads(body)
    except (ValueError, RecursionError):
        return None
    url = line.get("url") if isinstance(line, dict) else None
    return whole(url) if isinstance(url, str) else None


def _instant(said: str | None) -> datetime | None:
    """WARC-Date: UTC, with up to nine digits of a second; None of what is no day on which a page was fetched."""
    try:
        found = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", said or ""))
        found = found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):  # year 1 with an offset has no instant of UTC
        return None
    return found if _FIRST_PAGE <= found.year < 9999 else None


def _body(record: Any) -> bytes:
    """The body without its transfer and content encodings; archives often have undone them and kept the headers.

    Raises:
        BadBody: `too_large`, `bomb`, `bad_encoding` or `truncated`.
    """
    raw: bytes = record.raw_stream.read(DOCUMENT_LIMIT + 1)
    if len(raw) > DOCUMENT_LIMIT:
        raise BadBody("too_large", f"more than {DOCUMENT_LIMIT >> 20} MB")
    http = record.http_headers
    if http is None:
        return raw
    if (http.get_header("Transfer-Encoding") or "").strip().lower() == "chunked":
        raw = _unchunked(raw)
    encodings = http.get_header("Content-Encoding") or ""
    if not encodings or sniff(raw) == HTML:
        return raw
    body = Body(encodings, DOCUMENT_LIMIT)
    body.add(raw)
    return body.end()


def _unchunked(raw: bytes) -> bytes:
    """The chunks put together; the bytes as they are where they are no chunks. A last chunk that is cut off counts as far as it goes."""
    out = bytearray()
    at = 0
    while at < len(raw):
        size = _CHUNK_SIZE.match(raw, at)
        if size is None:
            return raw if not out else bytes(out)
        length = int(size[1], 16)
        if not length:
            break
        out += raw[size.end() : size.end() + length]
        at = size.end() + length
        at += 2 if raw[at : at + 2] == b"\r\n" else 0
    return bytes(out)
