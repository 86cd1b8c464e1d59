"""Web archives for the tests and benchmarks, written record by record in the shape of CC-NEWS."""

from __future__ import annotations

import gzip
import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

Record = bytes
_PLACES = ("Nairobi", "Lima", "Hanoi", "Tunis", "Quito", "Accra", "Dhaka", "Oslo", "Minsk", "Baku", "Doha", "Rabat")
_STATES = ("Kenya", "Peru", "Vietnam", "Tunisia", "Ecuador", "Ghana", "Bangladesh", "Norway", "Belarus", "Azerbaijan")
_ACTS = (
    "{a} condemned {b} over the arrest of {n} fishermen on {day}, the ministry said in a statement.",
    "Police in {place} fired tear gas at {n} protesters who had marched to parliament on {day}, witnesses said.",
    "{a} and {b} signed an agreement on trade and fishing in {place} on {day} after talks of {n} hours.",
    "Gunmen killed {n} soldiers near {place} on {day}, a spokesman for the army of {a} told reporters.",
    "The foreign minister of {a} met his counterpart from {b} in {place} on {day} to discuss the border.",
    "{a} promised {n} million dollars in aid to {b} after the floods that hit {place} last week.",
)
_REST = (
    "Prices of rice, oil and fuel have risen since the spring, and many families say that they save on meat.",
    "The committee is to meet again in the autumn, when a new chairman will be elected by its members.",
    "Observers say that the matter is unlikely to be settled before the elections of next year.",
    "Schools in the district reopened after the holidays with fewer teachers than there were a year ago.",
)
_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title><link rel="canonical" href="{url}">
<meta property="og:type" content="article"><meta property="article:published_time" content="{at}">
<script>var page = {{"id": {n}, "section": "world"}};{script}</script><style>{style}</style></head><body>
<nav><ul>{menu}</ul></nav><main><article><h1>{title}</h1><div class="story">{body}</div></article></main>
<aside><ul>{teasers}</ul></aside><footer><p>All rights reserved.</p></footer></body></html>"""


def page(n: int, size: int = 40_000) -> tuple[str, bytes]:
    """Address and HTML of an article, always the same for a number; about `size` bytes, most of them around the story."""
    chance = random.Random(n)
    words = {"place": chance.choice(_PLACES), "day": chance.choice(("Monday", "Tuesday", "Friday")), "n": n % 90 + 2}
    words["a"], words["b"] = chance.sample(_STATES, 2)
    told = [chance.choice(_ACTS).format(**words) for _ in range(8)]
    body = "".join(f"<p>{one} {chance.choice(_REST)} {chance.choice(_REST)}</p>" for one in told)
    url = f"https://www.paper{n % 40}.example/world/2026/11/{n}-story"
    filler = max(0, size - 12_000)
    html = _PAGE.format(
        title=f"Report {n} from {words['place']}", url=url, n=n, body=body, at=f"2026-11-{n % 20 + 1:02}T08:00:00Z",
        script="".join(f"f({chance.randrange(1 << 30)});" for _ in range(filler // 28)), style=".a{color:#123}" * (filler // 28),
        menu="".join(f'<li><a href="/s/{i}">Section {i}</a></li>' for i in range(40)),
        teasers="".join(f'<li><a href="/t/{i}">Another story of the day, number {i}</a></li>' for i in range(60)),
    )  # fmt: skip
    return url, html.encode()


def record(
    kind: str, url: str | None, block: bytes, content_type: str, at: datetime | None = None, **more: str
) -> Record:
    """One record, as it stands in a file that is not compressed."""
    moment = (at or datetime(2026, 11, 21, 6, tzinfo=UTC)).isoformat().replace("+00:00", "Z")
    lines = ["WARC/1.0", f"WARC-Type: {kind}", f"WARC-Date: {moment}", "WARC-Record-ID: <urn:uuid:0>"]
    lines += [f"WARC-Target-URI: {url}"] if url else []
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in more.items()]
    lines += [f"Content-Type: {content_type}", f"Content-Length: {len(block)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def response(
    url: str, body: bytes, status: str = "200 OK", content_type: str = "text/html; charset=utf-8",
    at: datetime | None = None, **headers: str,
) -> Record:  # fmt: skip
    """What a server answered."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}"] if content_type else [f"HTTP/1.1 {status}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    block = "\r\n".join(lines).encode() + b"\r\n\r\n" + body
    return record("response", url, block, "application/http; msgtype=response", at)


def write_archive(path: Path, records: Iterable[Record], level: int = 6) -> list[int]:
    """Write records, each as a gzip member where the name ends with .gz. Returns their offsets."""
    offsets, at = [], 0
    with path.open("wb") as out:
        for one in records:
            data = gzip.compress(one, level, mtime=0) if path.suffix == ".gz" else one
            offsets.append(at)
            at += out.write(data)
    return offsets


def news(count: int, first: int = 0, size: int = 40_000) -> Iterable[Record]:
    """A crawl of news pages: warcinfo, and for each page its request, answer and metadata."""
    yield record("warcinfo", None, b"software: test\r\nformat: WARC File Format 1.0\r\n", "application/warc-fields")
    for n in range(first, first + count):
        url, html = page(n, size)
        at = datetime(2026, 11, 21, 6, tzinfo=UTC) + timedelta(seconds=n)
        yield record("request", url, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "application/http; msgtype=request", at)
        yield response(url, html, at=at, X_Crawl_Content_Encoding="gzip")
        yield record("metadata", url, b"fetchTimeMs: 120\r\n", "application/warc-fields", at)
