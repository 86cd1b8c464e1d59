"""The doors: what comes in, and what a bad file comes to."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from extractors.article import read_article
from extractors.records import Capture
from flows.readers import files
from flows.readers.files import Failure, find_inputs, read_file, split_lines


def read(path: Path) -> list[Capture | Failure]:
    return list(read_file(path))


def test_a_folder_is_read_recursively_and_sorted(tmp_path: Path) -> None:
    for name in ("b.html", "a/c.txt", "a/d.HTM", "e.jsonl.gz", "f.pdf", ".hidden.html", ".git/g.html"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    found = find_inputs([str(tmp_path)])
    assert [str(p.relative_to(tmp_path)) for p in found.files] == ["a/c.txt", "a/d.HTM", "b.html", "e.jsonl.gz"]
    assert found.passed_over == 1


def test_the_same_file_named_twice_is_read_once(tmp_path: Path) -> None:
    page = tmp_path / "a.html"
    page.write_bytes(b"<p>x")
    assert len(find_inputs([str(page), str(tmp_path)]).files) == 1


def test_a_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "outside.html").write_bytes(b"<p>secret")
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "link.html").symlink_to(tmp_path / "outside.html")
    assert find_inputs([str(tmp_path / "in")]).files == ()


def test_a_missing_path_is_a_failure(tmp_path: Path) -> None:
    assert [f.reason for f in find_inputs([str(tmp_path / "nothing")]).failures] == ["missing"]


@pytest.mark.parametrize(
    ("name", "body", "media_type"),
    [
        pytest.param("a.html", b"<html><p>x", "text/html", id="html"),
        pytest.param("a.txt", b"<b>no page", "text/plain", id="the name decides"),
        pytest.param("a", b"\n<!doctype html><p>x", "text/html", id="sniffed page"),
        pytest.param("a", b"Ministers met.", "text/plain", id="sniffed text"),
    ],
)
def test_kinds(tmp_path: Path, name: str, body: bytes, media_type: str) -> None:
    (tmp_path / name).write_bytes(body)
    (capture,) = read(tmp_path / name)
    assert isinstance(capture, Capture)
    assert (capture.media_type, capture.body) == (media_type, body)


def test_gzip_is_unpacked_whatever_the_name(tmp_path: Path) -> None:
    for name in ("a.html.gz", "b.html"):
        (tmp_path / name).write_bytes(gzip.compress(b"<p>one") + gzip.compress(b"<p>two"))
        (capture,) = read(tmp_path / name)
        assert isinstance(capture, Capture)
        assert capture.body == b"<p>one<p>two"


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        pytest.param("a.html.gz", gzip.compress(b"x" * 1000)[:-9], "broken_gzip", id="cut off"),
        pytest.param("a.html.gz", b"\x1f\x8b" + b"\0" * 40, "broken_gzip", id="no gzip inside"),
        pytest.param("a.jsonl", b'{"url": ', "not_json", id="half a line"),
        pytest.param("a.jsonl", b"[1, 2]", "not_json", id="no object"),
        pytest.param("a.jsonl", b"[" * 100_000, "not_json", id="a deep line"),
    ],
)
def test_bad_content_is_a_failure(tmp_path: Path, name: str, body: bytes, reason: str) -> None:
    (tmp_path / name).write_bytes(body)
    (failed,) = read(tmp_path / name)
    assert isinstance(failed, Failure)
    assert failed.reason == reason
    assert failed.input.startswith(str(tmp_path / name))


def test_a_gzip_bomb_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.html.gz").write_bytes(gzip.compress(b"0" * (files.DOCUMENT_LIMIT + 1)))
    (failed,) = read(tmp_path / "a.html.gz")
    assert isinstance(failed, Failure)
    assert failed.reason == "too_large"


def test_json_lines_one_capture_a_line(tmp_path: Path) -> None:
    lines = [json.dumps({"url": f"https://a.example/{n}", "text": "x" * 700_000, "source": "wire"}) for n in range(5)]
    body = "\n".join([lines[0], "", lines[1], "{broken", *lines[2:]])
    for name, raw in (("a.jsonl", body.encode()), ("b.jsonl.gz", gzip.compress(body.encode()))):
        (tmp_path / name).write_bytes(raw)
        got = read(tmp_path / name)
        assert [type(c).__name__ for c in got] == ["Capture", "Capture", "Failure", "Capture", "Capture", "Capture"]
        urls = [c.url for c in got if isinstance(c, Capture)]
        assert urls == [f"https://a.example/{n}" for n in range(5)]
        assert [c.input.rsplit("#")[1] for c in got] == ["1", "3", "4", "5", "6", "7"]


def test_a_line_beyond_the_limit_costs_only_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "DOCUMENT_LIMIT", 100)
    monkeypatch.setattr(files, "_CHUNK", 64)
    (tmp_path / "a.jsonl").write_text('{"text": "a"}\n{"text": "' + "b" * 1000 + '"}\n{"text": "c"}\n')
    got = read(tmp_path / "a.jsonl")
    assert [c.reason if isinstance(c, Failure) else json.loads(c.body)["text"] for c in got] == ["a", "too_large", "c"]


def test_lines_may_say_published_either_way_and_unknown_keys_are_named_once(capsys: pytest.CaptureFixture[str]) -> None:
    text = "The council of Lowmere met on Monday and voted to build a new bridge over the river."
    rows = [{"text": text, key: "2024-05-07", "body": "x"} for key in ("published", "published_at", "publishd")]
    lines = "\n".join(json.dumps(row) for row in rows).encode()
    read = [read_article(c) for c in split_lines(iter([lines]), "f.jsonl", None, None) if isinstance(c, Capture)]
    assert [str(a.published_at)[:10] for a in read] == ["2024-05-07", "2024-05-07", "None"]
    said = capsys.readouterr().err
    assert (said.count("'body'"), said.count("'publishd'"), said.count("\n")) == (1, 1, 2)
