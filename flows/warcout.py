"""Captures as web archives: WARC 1.1, a gzip member a record, so that any archive tool, and `dateline ingest`, can read them.

A capture with an address is a `response` with the headers that were kept; one without (a file, a line of JSON) is a `resource` named by its
digest. The name of its source goes along as `Dateline-Source`.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flows.readers.files import JSON
from flows.readers.warc import LISTED_HEADERS, SOURCE_HEADER

if TYPE_CHECKING:
    from warcio.statusandheaders import StatusAndHeaders

FILE_BYTES = 1 << 30
"""Bytes after which another file is begun, as crawlers do."""
_OWN = ("content-type", "content-length", "content-encoding", "transfer-encoding")


def write_archives(root: Path, folder: Path, version: int | None = None) -> dict[str, int]:
    """Write all captures into `captures-00001.warc.gz` and so on.

    Returns:
        Records by file name.
    Raises:
        LookupError: there is no such version.
        CorruptFile: captures cannot be read.
    """
    import warehouse

    snapshot = warehouse.read_log(root, version)
    loads = warehouse.captures_by_load(snapshot)
    rows = (
        row
        for _, pieces in warehouse.read_captures(snapshot.storage, list(loads.values()))
        for piece in pieces
        for row in piece.to_pylist()
    )
    written: dict[str, int] = {}
    row = next(rows, None)
    while row is not None:
        name = f"captures-{len(written) + 1:05}.warc.gz"
        row, written[name] = _fill(folder / name, row, rows)
    return written


def _fill(path: Path, first: dict[str, Any], rows: Iterator[dict[str, Any]]) -> tuple[dict[str, Any] | None, int]:
    """Write one file. Returns the row that belongs into the next one, and how many records there are."""
    from warcio.warcwriter import WARCWriter

    row: dict[str, Any] | None = first
    count = 0
    with path.open("xb") as out:
        writer = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
        about = {"software": "Dateline", "format": "WARC File Format 1.1"}
        writer.write_record(writer.create_warcinfo_record(path.name, about))
        while row is not None and (not count or out.tell() < FILE_BYTES):
            _write(writer, row)
            count += 1
            row = next(rows, None)
    return row, count


def _write(writer: Any, row: dict[str, Any]) -> None:
    body: bytes = row["body"]
    at: datetime = (row["fetched_at"] or row["loaded_at"]).replace(tzinfo=UTC)
    address = row["final_url"] or row["url"]
    named = row["media_type"] != JSON and str(address or "").lower().startswith(("http://", "https://"))
    kind = row["media_type"] + (f"; charset={row['charset']}" if row["charset"] else "")
    uri = _one_line(address) if named else f"urn:sha256:{row['capture_id']}"
    own = uuid.uuid5(uuid.NAMESPACE_URL, f"{row['load_id']} {row['capture_id']} {uri}")
    headers = {
        "WARC-Record-ID": f"<urn:uuid:{own}>",
        "WARC-Date": at.isoformat().replace("+00:00", "Z"),
    }
    if row["source"]:
        headers[SOURCE_HEADER] = " ".join(row["source"].split())
    if row["listed_at"]:
        headers[LISTED_HEADERS[0]] = row["listed_at"].replace(tzinfo=UTC).isoformat()
    if row["listed_title"]:
        headers[LISTED_HEADERS[1]] = quote(row["listed_title"], errors="replace")
    record = writer.create_warc_record(
        uri,
        "response" if named else "resource",
        payload=io.BytesIO(body),
        length=len(body),
        warc_content_type="" if named else kind,
        http_headers=_answer(row, kind, len(body)) if named else None,
        warc_headers_dict=headers,
    )
    writer.write_record(record)


def _answer(row: dict[str, Any], kind: str, length: int) -> StatusAndHeaders:
    from warcio.statusandheaders import StatusAndHeaders

    kept = [(h["name"], " ".join(h["value"].split())) for h in row["headers"] if h["name"].lower() not in _OWN]
    headers = [("Content-Type", kind), ("Content-Length", str(length)), *kept]
    return StatusAndHeaders("200 OK", headers, protocol="HTTP/1.1")


def _one_line(address: str) -> str:
    """An address as a header can hold it."""
    return "".join(c if c > " " and c != "\x7f" else f"%{ord(c):02X}" for c in address)
