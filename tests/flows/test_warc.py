"""Web archives: what is taken of each kind of record, damage, hostile files, reading on, and the way out again."""

from __future__ import annotations

import gzip
import io
import os
import signal
import subprocess
import sys
import tracemalloc
import zlib
from collections import Counter
from pathlib import Path
from typing import Any

import brotli
import pytest

import warehouse
from extractors.records import Capture
from flows import archives, pipeline
from flows.config import workspace
from flows.demo import SAMPLES
from flows.inbox import Dropped
from flows.ingest import ingest_direct, plan
from flows.intake import Intake
from flows.readers import warc
from flows.readers.files import Failure, read_file
from flows.runner import lexicons_for
from tests.conftest import Dateline
from tests.flows.test_ingest import everything
from tests.flows.webarchive import news, record, response, write_archive

STORY = (
    "<html><head><title>Talks {n}</title></head><body><article><h1>Talks {n}</h1><p>Norway condemned Mali on Monday over the arrest of {n} "
    "aid workers, the foreign ministry in Oslo said in a statement.</p><p>Soldiers killed {n} protesters near Bamako on Friday, witnesses said, "
    "and the United Nations demanded an inquiry into the shooting.</p></article></body></html>"
)


def story(n: int) -> bytes:
    return STORY.format(n=n).encode()


def stories(count: int, first: int = 2) -> list[bytes]:
    return [response(f"https://paper.example/{n}", story(n)) for n in range(first, first + count)]


def contents(path: Path) -> list[Capture | Failure]:
    return list(read_file(path, "crawl"))


def chunked(body: bytes) -> bytes:
    half = len(body) // 2
    return b"%x\r\n%s\r\n%x;x=1\r\n%s\r\n0\r\n\r\n" % (half, body[:half], len(body) - half, body[half:])


URL = "https://paper.example/a"
PAGE = story(7)
KINDS = {
    "a page": (response(URL, PAGE), PAGE),
    "xhtml": (response(URL, PAGE, content_type="application/xhtml+xml"), PAGE),
    "no content type": (response(URL, PAGE, content_type=""), PAGE),
    "plain text": (response(URL, b"Ministers met.", content_type="text/plain"), b"Ministers met."),
    "gzip": (response(URL, gzip.compress(PAGE), Content_Encoding="gzip"), PAGE),
    "gzip undone, header kept": (response(URL, PAGE, Content_Encoding="gzip"), PAGE),
    "deflate": (response(URL, zlib.compress(PAGE), Content_Encoding="deflate"), PAGE),
    "brotli": (response(URL, brotli.compress(PAGE), Content_Encoding="br"), PAGE),
    "chunked": (response(URL, chunked(PAGE), Transfer_Encoding="chunked"), PAGE),
    "chunked gzip": (response(URL, chunked(gzip.compress(PAGE)), Transfer_Encoding="chunked", Content_Encoding="gzip"), PAGE),
    "chunks undone, header kept": (response(URL, PAGE, Transfer_Encoding="chunked"), PAGE),
    "chunks cut off": (response(URL, chunked(PAGE)[:-40], Transfer_Encoding="chunked"), PAGE[:-33]),
    "resource": (record("resource", URL, PAGE, "text/html"), PAGE),
    "conversion to text": (record("conversion", URL, b"Ministers met.", "text/plain"), b"Ministers met."),
    "address in brackets": (response(f"<{URL}>", PAGE), PAGE),
    "not found": (response(URL, PAGE, "404 Not Found"), "not_ok"),
    "redirect": (response(URL, b"", "301 Moved", Location="/b"), "not_ok"),
    "image": (response(URL, b"\x89PNG", content_type="image/png"), "not_text"),
    "style sheet": (response(URL, b"a{}", content_type="text/css"), "not_text"),
    "no content type, no page": (response(URL, b"\x00\x01", content_type=""), "not_text"),
    "robots.txt": (response("https://paper.example/robots.txt", b"User-agent: *", content_type="text/plain"), "not_text"),
    "name look-up": (record("response", "dns:paper.example", b"1.2.3.4", "text/dns"), "not_text"),
    "revisit": (record("revisit", URL, b"", "application/http"), "revisit"),
    "too large": (response(URL, b"a" * (10 * 1024 * 1024 + 1)), "too_large"),
    "too large unpacked": (response(URL, gzip.compress(os.urandom(1 << 18) * 48), Content_Encoding="gzip"), "too_large"),
    "bomb": (response(URL, gzip.compress(bytes(9 << 20)), Content_Encoding="gzip"), "bomb"),
    "unknown encoding": (response(URL, b"\x00abc", Content_Encoding="rot13"), "bad_encoding"),
    "broken encoding": (response(URL, b"\x1f\x8babc", Content_Encoding="gzip"), "bad_encoding"),
    "no address": (record("response", None, b"HTTP/1.1 200 OK\r\n\r\nx", "application/http"), "broken_warc"),
}  # fmt: skip


@pytest.mark.parametrize("suffix", [".warc", ".warc.gz"])
def test_what_is_taken_of_each_kind_of_record(tmp_path: Path, suffix: str) -> None:
    for name, (given, expected) in KINDS.items():
        path = tmp_path / f"one{suffix}"
        offsets = write_archive(path, [record("warcinfo", None, b"x: y\r\n", "application/warc-fields"), given])
        [found] = contents(path)
        assert found.input == f"{path}#{offsets[1]}", name
        if isinstance(found, Failure):
            assert found.reason == expected, name
        else:
            assert found.body == expected, name
            assert (found.url, found.source) == (URL, "crawl"), name
            assert str(found.fetched_at) == "2026-11-21 06:00:00+00:00", name


@pytest.mark.parametrize(
    "said", ["0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59-05:00", "soon", ""]
)
def test_a_day_that_cannot_be_is_none_and_costs_no_record(tmp_path: Path, said: str) -> None:
    given = [response(f"{URL}/{n}", story(n)) for n in range(5)]
    given[0] = given[0].replace(b"WARC-Date: 2026-11-21T06:00:00Z", f"WARC-Date: {said}".encode())
    write_archive(tmp_path / "a.warc", given)
    found = contents(tmp_path / "a.warc")
    assert [type(one) for one in found] == [Capture] * 5
    assert [one.fetched_at is None for one in found if isinstance(one, Capture)] == [True] + [False] * 4


def test_character_set_and_headers_come_from_the_answer(tmp_path: Path) -> None:
    given = response(
        URL, "Ministère".encode("cp1252"), content_type='text/html; charset="ISO-8859-1"', ETag='"1"', X_Other="y"
    )
    write_archive(tmp_path / "a.warc", [given])
    [found] = contents(tmp_path / "a.warc")
    assert isinstance(found, Capture)
    assert (found.charset, found.media_type) == ("ISO-8859-1", "text/html")
    assert dict(found.headers) == {"content-type": 'text/html; charset="ISO-8859-1"', "etag": '"1"'}


@pytest.mark.parametrize("suffix", [".warc", ".warc.gz"])
def test_cut_off_anywhere(tmp_path: Path, suffix: str) -> None:
    """What is whole before the cut is taken, and one failure says where it was cut; nothing raises."""
    whole, cut = tmp_path / f"whole{suffix}", tmp_path / f"cut{suffix}"
    offsets = write_archive(whole, stories(3))
    data = whole.read_bytes()
    for length in range(1, len(data), 7):
        cut.write_bytes(data[:length])
        found = contents(cut)
        ended = [end for end in [*offsets[1:], len(data)] if end <= length]
        captures = [c for c in found if isinstance(c, Capture)]
        # A cut through the checksum or the blank lines behind a record costs nothing.
        assert len(ended) <= len(captures) <= len(ended) + 1, length
        assert [c.body for c in captures] == [story(n) for n in range(2, 2 + len(captures))], length
        if len(captures) == len(ended) and length not in offsets:
            [last] = [c for c in found if isinstance(c, Failure)]
            assert last.reason in ("truncated", "broken_warc"), length
            assert last.input == f"{cut}#{offsets[len(ended)]}", length


def test_a_damaged_member_costs_one_record(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    offsets = write_archive(path, stories(5))
    data = bytearray(path.read_bytes())
    for damage in (b"\xff" * 40, bytes(40)):
        for at in (0, 1, 30, 200):
            broken = data.copy()
            broken[offsets[2] + at : offsets[2] + at + 40] = damage
            path.write_bytes(broken)
            found = contents(path)
            assert [c.body for c in found if isinstance(c, Capture)] == [story(n) for n in (2, 3, 5, 6)]
            [failed] = [c for c in found if isinstance(c, Failure)]
            assert failed.reason in ("broken_warc", "truncated")
            assert failed.input == f"{path}#{offsets[2]}"


HOSTILE = {
    "no archive": b"<html>nothing</html>" * 100,
    "bytes": os.urandom(5000),
    "line without end": b"WARC/1.0\r\nX: " + b"a" * (40 << 20),
    "headers without end": b"WARC/1.0\r\n" + b"X: a\r\n" * (2 << 20),
    "negative length": b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/\r\nContent-Length: -5\r\n\r\nx\r\n\r\n",
    "length of letters": b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/\r\nContent-Length: ten\r\n\r\nx\r\n\r\n",
    "endless length": b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a/\r\nContent-Length: 9" + b"9" * 30 + b"\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
    "nothing but zeros": bytes(1 << 20),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("suffix", [".warc", ".warc.gz"])
def test_hostile_files_end_in_a_failure_and_little_memory(tmp_path: Path, suffix: str, name: str) -> None:
    path = tmp_path / f"a{suffix}"
    write_archive(path, [*stories(1), HOSTILE[name]], 1)
    tracemalloc.start()
    found = contents(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 60 << 20
    assert isinstance(found[0], Capture)
    if name != "nothing but zeros":
        assert [type(f) for f in found[1:]] == [Failure]


def test_one_gzip_around_the_whole_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzip.compress(b"".join(stories(3))))
    found = contents(path)
    assert any(isinstance(f, Failure) and "warcio recompress" in f.message for f in found)


def test_what_is_passed_over_is_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.warc.gz"
    images = [response(f"https://a.example/{n}.png", b"x", content_type="image/png") for n in range(30)]
    write_archive(path, [*images, *stories(2), response("https://a.example/x", b"", "503 Busy")])
    found = contents(path)
    assert [f.message for f in found if isinstance(f, Failure)] == [
        "1 records: the server's answer was no page (status other than 200)",
        "30 records: neither HTML nor plain text",
    ]


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warc, "PIECE_CAPTURES", 6)


def counted(root: Path, path: Path) -> pipeline.Counts:
    return ingest_direct(plan([str(path)]), workspace(root), lambda _: None, lambda _: None)


@pytest.mark.usefixtures("small")
def test_reading_on_and_again(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "news.warc.gz"
    write_archive(path, [*stories(15), response(URL, b"", "404 Not Found"), *stories(10, 17), *stories(4)])
    real, opened = warc._Reading, []

    def spying(*arguments: Any) -> Any:
        opened.append(arguments[3])
        return real(*arguments)

    monkeypatch.setattr(warc, "_Reading", spying)
    commit, left = pipeline.commit_batch, [1, 0, 1]

    def failing(*arguments: Any) -> Any:
        if not left:
            raise KeyboardInterrupt
        return commit(*arguments) if left.pop(0) else pipeline.Counts()

    monkeypatch.setattr(pipeline, "commit_batch", failing)
    with pytest.raises(KeyboardInterrupt):  # after the first piece and the third
        counted(root, path)
    monkeypatch.setattr(pipeline, "commit_batch", commit)
    starts, opened[:] = list(opened), []
    counts = counted(root, path)
    assert opened[0] == starts[1]
    assert starts[2] not in opened
    assert counts.known == 6 + 7 + 4  # the third has a failure that counts what was passed over
    whole = tmp_path / "whole"
    monkeypatch.setattr(warc, "PIECE_CAPTURES", 200)
    counted(whole, path)
    assert everything(root) == everything(whole)
    monkeypatch.setattr(warc, "PIECE_CAPTURES", 6)
    opened.clear()
    version = warehouse.read_log(root).version
    again = counted(root, path)
    assert (again.read, again.known, again.loads, opened) == (30, 30, 0, [])
    moved = path.rename(tmp_path / "moved.warc.gz")
    assert counted(root, moved).known == 30
    assert (opened, warehouse.read_log(root).version) == ([], version)


@pytest.mark.usefixtures("small")
def test_what_was_forgotten_comes_again(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "news.warc"
    write_archive(path, stories(9))
    counted(root, path)
    before = everything(root)
    warehouse.forget(root, warehouse.by_url("https://paper.example/4"))
    assert counted(root, path).articles == 1
    assert everything(root) == before
    assert counted(root, path).loads == 0


def test_a_piece_on_which_we_broke_is_read_again_by_the_next_version(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "news.warc"
    write_archive(path, stories(2))
    run = pipeline.new_run(root, "lexicons-1")
    [batch] = pipeline.cut_batches([pipeline.Item("", warc.Archive(path, "x"))], set(), run, pipeline.Counts())
    broke = pipeline._reject("x", "clean", "internal_error", "", None, None, None)
    pipeline.commit_batch(run, batch, [pipeline.Outcome(item, None, broke) for item in batch.items])
    for version, known in (("lexicons-1", True), ("lexicons-2", False)):
        run = pipeline.new_run(root, version)
        marks = archives.marks_of(run, warehouse.read_log(root).known)
        assert [p.known for p in warc.read_pieces(warc.Archive(path, "x"), marks)] == [known]


def test_an_archive_in_the_inbox(root: Path, tmp_path: Path) -> None:
    good, bad = tmp_path / "1.warc.gz", tmp_path / "2.warc"
    write_archive(good, [*stories(2), response(URL, b"", "404 Not Found"), response(URL, b"", "200 OK")])
    bad.write_bytes(b"no archive at all")
    files = [Dropped(good, Path("crawl/1.warc.gz")), Dropped(bad, Path("2.warc"))]
    intake, counts, run = Intake(files), pipeline.Counts(), pipeline.new_run(root, "lexicons")
    for batch in pipeline.cut_batches(intake.items(counts, lambda _: None), set(), run, counts):
        outcomes, _ = pipeline.extract_batch(batch, lexicons_for(None))
        counts += pipeline.commit_batch(run, batch, outcomes)
        intake.reject((o.reject.input, o.reject.reason, o.reject.message) for o in outcomes if o.reject is not None)
    done, failed = intake.verdict(root, counts.known)
    assert (done, list(failed)) == (files[:1], files[1:])
    assert failed[files[1]].startswith("broken_warc: no record at byte 0")
    with warehouse.connect(root) as con:
        found = con.execute("select source, url from articles order by url").fetchall()
    assert found == [("crawl", "https://paper.example/2"), ("crawl", "https://paper.example/3")]


@pytest.mark.long
def test_killed_and_repeated(root: Path, tmp_path: Path) -> None:
    path = tmp_path / "news.warc.gz"
    write_archive(path, stories(250))
    command = [sys.executable, "-m", "flows", "ingest", "--direct", "-q", str(path), "--root", str(root)]
    killed = subprocess.run(command, env=os.environ | {"DATELINE_FAULT": "before_link:2"}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert warehouse.read_log(root).version == 1
    assert subprocess.run(command, check=False).returncode == 0
    with warehouse.connect(root) as con:
        assert con.execute("select count(*), count(distinct version_id), count(distinct load_id) from articles_all").fetchone() == (250, 250, 2)  # fmt: skip


def test_out_and_in_again(dateline: Dateline, root: Path, tmp_path: Path) -> None:
    write_archive(tmp_path / "news.warc.gz", news(5))
    job = plan([str(SAMPLES), str(tmp_path / "news.warc.gz")], "Zürich wire")
    ingest_direct(job, workspace(root), lambda _: None, lambda _: None)
    done = dateline("export", "pages", "--format", "warc")
    assert done.returncode == 0, done.stderr
    assert "19 records" in done.stdout
    [path] = (tmp_path / "cwd" / "pages").iterdir()
    assert Counter(type(c) for c in contents(path)) == {Capture: 19}
    from warcio.archiveiterator import ArchiveIterator

    with path.open("rb") as file:
        kinds = Counter(r.rec_type for r in ArchiveIterator(file, check_digests="raise"))
    assert kinds == {"warcinfo": 1, "response": 5, "resource": 14}
    other = tmp_path / "other"
    counted(other, path)
    assert everything(other) == everything(root)


def test_read_shows_the_articles_of_an_archive(dateline: Dateline, tmp_path: Path) -> None:
    write_archive(tmp_path / "a.warc", [*stories(2), b"broken"])
    done = dateline("read", "--format", "jsonl", str(tmp_path / "a.warc"))
    assert len(done.stdout.splitlines()) == 3
    assert "broken_warc" in done.stdout.splitlines()[-1]


def test_the_library_reads_what_we_write_here() -> None:
    from warcio.archiveiterator import ArchiveIterator

    assert [r.rec_type for r in ArchiveIterator(io.BytesIO(b"".join(news(1))))] == [
        "warcinfo",
        "request",
        "response",
        "metadata",
    ]
