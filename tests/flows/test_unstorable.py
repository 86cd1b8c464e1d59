"""Guarantee 15: whatever one document holds, its neighbours are stored, and itself as far as it can be."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import warehouse
from extractors.records import Capture
from flows import pipeline, runner
from flows.config import Workspace
from flows.fetching import Arrived
from flows.ingest import ingest_direct, plan
from flows.readers.files import find_inputs
from tests.conftest import Dateline
from tests.flows.test_ingest import rows, write_articles

BODY = (
    "Latvia signed an agreement with Estonia on Wednesday, and the two ministers shook hands. Gunmen killed four soldiers in "
    "Mali on Tuesday, officials said, and Norway condemned the attack and promised to send doctors to Bamako."
)
PAGE = "<html><head>{}</head><body><article><h1>Ministers meet in Riga</h1><p>{}</p></article></body></html>"


def line(**said: Any) -> bytes:
    return json.dumps({"text": BODY, "title": "Ministers meet"} | said).encode()


def page(head: str = "", body: str = BODY) -> bytes:
    return PAGE.format(head, body).encode()


def linked(**said: Any) -> bytes:
    return page(f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle"} | said)}</script>')


HOSTILE: dict[str, bytes] = {
    "overflow.html": page(body=BODY + " The minister promised $20,000,000 trillion in aid to Mali on Monday."),
    "infinite.html": page(body=BODY + " He promised $20" + " trillion" * 40 + " in aid to Mali on Monday."),
    "spelt.html": page(body=BODY + " Gunmen killed" + " nine trillion" * 9 + " people in Mali on Monday."),
    "half.jsonl": line(url="https://a.example/\ud800x", source="\udfff wire", title="\ud800x", published_at="\ud800"),
    "half-text.jsonl": line(text=BODY + " \udc00 It ended."),
    "half-html.jsonl": line(html=f"<p>{BODY} \udc00 It ended.</p>"),
    "half-ld.html": linked(headline="\ud800x Ministers", author={"name": "Ann \ud800"}, articleSection="\udfff", url="https://a.example/\ud801"),
    "half-ld-body.html": linked(articleBody=BODY + " \udc00 It ended.", description="\udc00", image="https://a.example/\ud800"),
    "late.jsonl": line(published_at="9999-12-31T23:59:59-12:00"),
    "late-mail.jsonl": line(published_at="Fri, 31 Dec 9999 23:59:59 -2359"),
    "early.jsonl": line(published_at="0001-01-01T00:00:00+14:00"),
    "late-ld.html": linked(datePublished="9999-12-31T23:59:59-23:00", dateModified="Fri, 31 Dec 9999 23:59:59 -1200"),
    "nul.jsonl": line(url="https://a.example/\x00", title="a\x00b", source="\x00"),
}  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def test_hostile_documents_cost_their_neighbours_nothing(folder: Path, root: Path) -> None:
    for name, body in HOSTILE.items():
        (folder / name).write_bytes(body.replace(b"hands", name.encode()))
    write_articles(folder, 12)
    counts = ingest_direct(plan([str(folder)]), Workspace(root), lambda _: None, lambda _: None)
    assert (counts.articles, counts.rejects, counts.same_text) == (len(HOSTILE) + 12, 0, 0), counts.examples
    stored = {str(text) for (text,) in rows(root, "select text from articles_all")}
    assert [name for name in HOSTILE if not any(f"shook {name}" in text for text in stored)] == []


def test_a_file_name_that_is_no_utf8(folder: Path, root: Path, dateline: Dateline) -> None:
    write_articles(folder, 3)
    for name in (b"caf\xe9.txt", b"\xff\xfe.html", b"l\xe9.jsonl", b"broken\xff.jsonl"):
        body = (
            line(text=BODY + repr(name))
            if b"jsonl" in name
            else page(body=BODY + repr(name))
            if b"html" in name
            else BODY.encode()
        )
        (folder / os.fsdecode(name)).write_bytes(b"no json" if b"broken" in name else body)
    done = dateline("ingest", str(folder), "--direct")
    assert done.returncode == 0, done.stderr
    assert rows(root, "select count(*) from articles_all") == [(6,)]
    assert rows(root, "select input from rejects") == [(f"{folder}/broken\ufffd.jsonl#1",)]
    read = dateline("read", "--format", "jsonl", str(folder), os.fsdecode(b"no\xff such"))
    assert read.returncode == 0, read.stderr
    assert sum("error" not in json.loads(told) for told in read.stdout.splitlines()) == 6


def test_code_answers_texts_of_halves(dateline: Dateline) -> None:
    asked = [{"id": "\ud800", "text": "Latvia signed a treaty with \udc00 Estonia."}, {"id": 2, "text": "\ud83d"}]
    done = dateline("code", "--mentions", "-", stdin="".join(json.dumps(a) + "\n" for a in asked))
    assert done.returncode == 0, done.stderr
    assert [json.loads(told)["id"] for told in done.stdout.splitlines()] == ["\ud800", 2]


def test_what_no_table_can_hold_is_alone_a_reject(folder: Path, root: Path) -> None:
    write_articles(folder, 5)
    run = pipeline.new_run(root, "none")
    counts = pipeline.Counts()
    found = pipeline.read_items(find_inputs([str(folder)]), None, counts, lambda _: None)
    (batch,) = pipeline.cut_batches(found, (), run, counts)
    outcomes, _ = runner.work(batch, None, None)
    first = outcomes[0].extraction
    assert first is not None
    spoilt: Any = "many"
    outcomes[0] = replace(outcomes[0], extraction=replace(first, article=replace(first.article, word_count=spoilt)))
    done = pipeline.commit_batch(run, batch, outcomes)
    assert (done.articles, done.rejects, done.reasons) == (4, 1, {"unstorable": 1})
    ((stage, message),) = rows(root, "select stage, message from rejects where reason = 'unstorable'")
    assert (stage, str(message).partition(":")[0]) == ("code", "articles.word_count")
    # A fault of ours: the next version tries again, this one does not.
    log = warehouse.read_log(root).known
    assert pipeline.failed_key(batch.items[0].item_id, run) in log
    assert batch.items[0].item_id not in log


HALVES = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    (
        "\ud800",
        "\udfff x",
        "https://a.example/\ud800",
        "9" * 400,
        "\x00",
        "a\x00b",
        "\u202e",
        "\uffff",
        "1e999",
        "-1",
        "[x](y)",
    )
)
INSTANTS = st.builds(
    lambda at, minutes: at.replace(tzinfo=timezone(timedelta(minutes=minutes))).isoformat(),
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)) | st.just(datetime.max) | st.just(datetime.min),
    st.integers(-1439, 1439),
)
SAID = HALVES | INSTANTS
NUMBERS = st.builds(
    lambda digits, scales, what: (
        f"Gunmen killed {digits} {' '.join(scales)} {what} in Mali on Tuesday, officials said."
    ),
    st.integers(0, 10**15) | st.sampled_from((2**63, 2**31, 10**14)),
    st.lists(st.sampled_from(("hundred", "thousand", "million", "billion", "trillion")), max_size=30),
    st.sampled_from(("people", "dollars", "soldiers")),
)
LINE = st.fixed_dictionaries(
    {"text": st.builds(lambda a, b, c: f"{a} {BODY} {b} {c}", HALVES, NUMBERS, HALVES)},
    optional=dict.fromkeys(("url", "title", "published_at", "source", "html"), SAID),
)
LINKED = st.fixed_dictionaries(
    {"@type": st.just("NewsArticle")},
    optional={
        key: SAID | st.lists(SAID, max_size=3) | st.fixed_dictionaries({"name": SAID, "url": SAID})
        for key in ("headline", "author", "datePublished", "dateModified", "articleSection", "description", "image", "url",
                    "publisher", "mainEntityOfPage", "isAccessibleForFree", "articleBody", "inLanguage")
    },
)  # fmt: skip
META = st.dictionaries(
    st.sampled_from(("og:title", "og:url", "og:site_name", "og:image", "og:description", "article:published_time", "article:author",
                     "article:section", "author", "date", "description")),
    SAID, max_size=6,
)  # fmt: skip


@st.composite
def documents(draw: st.DrawFn) -> Capture:
    """A capture of one of the readers, each text in it hostile, with headers and address as a server says them."""
    kind = draw(st.sampled_from(("application/json", "text/html", "text/plain")))
    if kind == "application/json":
        body = json.dumps(draw(LINE)).encode()
    elif kind == "text/html":
        meta = "".join(f'<meta property="{k}" content="{v}">' for k, v in draw(META).items())
        script = f'<script type="application/ld+json">{json.dumps(draw(LINKED))}</script>'
        body = PAGE.format(meta + script, f"{BODY} {draw(NUMBERS)} {draw(HALVES)}").encode("utf-8", "surrogatepass")
    else:
        body = f"date {draw(SAID)} {draw(HALVES)}\n\n{BODY} {draw(NUMBERS)}".encode("utf-8", "surrogatepass")
    text = st.none() | SAID
    headers = tuple(draw(st.dictionaries(HALVES, SAID, max_size=2)).items())
    fetched = draw(st.none() | st.datetimes(timezones=st.just(UTC)))
    return Capture(body, draw(HALVES), kind, draw(text), draw(text), draw(text), fetched, headers, draw(text))


# Not shrunk: a failing example says which document it is, and shrinking it takes minutes.
UNSHRUNK = (Phase.explicit, Phase.reuse, Phase.generate)


@settings(max_examples=25, deadline=None, phases=UNSHRUNK, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(documents(), min_size=1, max_size=6))
def test_whatever_documents_hold_all_are_stored(
    tmp_path_factory: pytest.TempPathFactory, captures: list[Capture]
) -> None:
    root = tmp_path_factory.mktemp("hostile")
    run, counts = pipeline.new_run(root, "none"), pipeline.Counts()
    arriving = (Arrived(capture, ()) for capture in captures)
    found = pipeline.fetched_items(arriving, counts, lambda _: None)
    for batch in pipeline.cut_batches(found, (), run, counts):
        done = pipeline.commit_batch(run, batch, runner.work(batch, None, None)[0])
        assert not {"internal_error", "unstorable"} & done.reasons.keys(), done.examples
        assert done.articles + done.rejects + done.same_text == len(batch.items)


@pytest.mark.long
@settings(max_examples=1000, deadline=None, phases=UNSHRUNK, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(documents(), min_size=1, max_size=12))
def test_whatever_many_documents_hold_all_are_stored(
    tmp_path_factory: pytest.TempPathFactory, captures: list[Capture]
) -> None:
    test_whatever_documents_hold_all_are_stored.hypothesis.inner_test(tmp_path_factory, captures)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("column", "value", "stored"),
    [
        ("articles.title", "\ud800x", "\ufffdx"),
        ("articles.authors", ("\udfff",), ["\ufffd"]),
        ("articles.published_at", datetime(9999, 12, 31, 23, tzinfo=timezone(timedelta(hours=-12))), None),
        ("events.killed", 2**63, None),
    ],
)
def test_a_value_out_of_range_costs_itself_only(column: str, value: Any, stored: Any) -> None:
    from warehouse.tables import _array

    table, _, name = column.partition(".")
    assert _array(column, [None, value], warehouse.TABLES[table].field(name).type).to_pylist() == [None, stored]
