"""The command's other faces: demo, sql, read, code, explain, status."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flows.demo import SAMPLES
from tests.conftest import Dateline

EVENT_KEYS = [
    "event_type",
    "event_mode",
    "contexts",
    "quad_class",
    "score",
    "status",
    "attribution",
    "actors",
    "recipients",
    "date_start",
    "date_end",
    "date_precision",
    "date_text",
    "place",
    "magnitudes",
    "trigger",
    "support",
    "char_start",
    "char_end",
    "rule_id",
    "confidence",
]


@pytest.fixture
def filled(dateline: Dateline) -> Dateline:
    assert dateline("ingest", "-q", str(SAMPLES)).returncode == 0
    return dateline


def test_help_names_every_command_with_an_example(dateline: Dateline) -> None:
    commands = ("ingest", "demo", "sql", "read", "code", "explain", "status")
    shown = dateline("--help").stdout
    for name in commands:
        assert name in shown
        assert "dateline " + name in dateline(name, "--help").stdout


def test_demo_shows_events_and_their_words(dateline: Dateline, tmp_path: Path) -> None:
    done = dateline("demo", "--root", str(tmp_path / "demo"))
    assert done.returncode == 0, done.stderr
    assert "SANCTION" in done.stdout
    assert "killed" in done.stdout
    assert "Traceback" not in done.stderr


def test_sql_formats_hold_the_same_rows(filled: Dateline, tmp_path: Path) -> None:
    query = "select event_id, event_type, actor_countries, published_at from events order by event_id"
    as_json = json.loads(filled("sql", query, "--format", "json").stdout)
    as_lines = [json.loads(line) for line in filled("sql", query, "--format", "jsonl").stdout.splitlines()]
    as_csv = list(csv.DictReader(io.StringIO(filled("sql", query).stdout)))
    assert len(as_json) > 10
    assert as_json == as_lines
    assert [r["event_id"] for r in as_csv] == [r["event_id"] for r in as_json]
    assert json.loads(as_csv[0]["actor_countries"]) == as_json[0]["actor_countries"]
    assert filled("sql", query, "-o", str(tmp_path / "out.parquet")).returncode == 0
    assert pq.ParquetFile(tmp_path / "out.parquet").read().column("event_id").to_pylist() == [
        r["event_id"] for r in as_json
    ]
    assert filled("sql", query, "-f", "markdown").stdout.replace("\\", "").startswith("| event_id | event_type |")


@pytest.mark.parametrize(
    "query", ["from nowhere", "selec 1", "select 1/", ""], ids=["no table", "typing", "half", "empty"]
)
def test_a_wrong_statement_is_an_error_not_a_trace(filled: Dateline, query: str) -> None:
    done = filled("sql", query)
    assert done.returncode == 1
    assert done.stderr.startswith("dateline:")
    assert "Traceback" not in done.stderr


def test_sql_before_any_load_answers_with_no_rows(dateline: Dateline) -> None:
    done = dateline("sql", "select count(*) n from events")
    assert done.stdout == "n\n0\n"
    assert "ingest" in done.stderr


def test_read_gives_a_line_an_input(dateline: Dateline) -> None:
    done = dateline("read", "--format", "jsonl", str(SAMPLES))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == 15
    good = [a for a in lines if "error" not in a]
    assert len(good) == 11
    for answer in good:
        assert set(answer) >= {"input", "source", "url", "canonical_url", "title", "authors", "published_at", "published_from",
                               "modified_at", "language", "dateline", "text", "paragraphs"}  # fmt: skip
        assert all("\n" not in answer["text"][a:b] for a, b in answer["paragraphs"])
    treaty = next(a for a in good if a["input"].endswith("treaty.html"))
    assert treaty["authors"] == ["Lydia Wanjala"]
    assert treaty["published_at"] == "2024-05-14T09:30:00+03:00"
    assert treaty["text"].startswith("NAIROBI, May 14")
    assert "Most read" not in treaty["text"]


def test_code_answers_every_line(dateline: Dateline) -> None:
    good = {"id": "a", "text": "Ghana accused Togo of arming rebels on Monday.", "published": "2024-03-06"}
    lines = [json.dumps(good), "{broken", json.dumps({"id": "c"}), json.dumps({"id": "d", "text": "Nothing happened."}),
             json.dumps({"id": "e", "text": "x", "published": "soon"}), "[]"]  # fmt: skip
    done = dateline("code", "--mentions", "-", stdin="\n".join(lines))
    assert done.returncode == 0
    first, broken, lacking, nothing, undated, wrong = (json.loads(line) for line in done.stdout.splitlines())
    assert list(first["events"][0]) == EVENT_KEYS
    event = first["events"][0]
    assert (event["actors"][0]["country"], event["recipients"][0]["country"]) == ("GHA", "TGO")
    assert (event["date_start"], event["date_precision"]) == ("2024-03-04", "day")
    assert event["support"] == good["text"][event["char_start"] : event["char_end"]]
    assert {m["kind"] for m in first["mentions"]} == {"actor", "place", "date"}
    assert nothing == {"id": "d", "events": [], "mentions": []}
    assert [set(a) for a in (broken, lacking, undated, wrong)] == [{"id", "error"}] * 4
    assert lacking["id"] == "c"


def test_code_as_training_gives_a_form_a_line(dateline: Dateline) -> None:
    sentences = ["Ghana accused Togo of arming rebels on Monday.", "Police arrested 12 men."]
    good = {"id": "a", "text": " ".join(sentences), "published": "2024-03-06T08:00:00Z", "title": "Arms"}
    lines = [json.dumps(good), "{broken", json.dumps({"id": "c"}), json.dumps({"id": 4, "text": ""})]
    (dateline.cwd / "texts.jsonl").write_text("\n".join(lines))
    done = dateline("code", "--as-training", "texts.jsonl")
    assert done.returncode == 0
    form, broken, lacking, empty = (json.loads(line) for line in done.stdout.splitlines())
    assert [set(a) for a in (broken, lacking)] == [{"id", "error"}] * 2
    events = form.pop("events")
    assert form == good | {"published": "2024-03-06", "sentences": sentences, "prefilled": True}
    assert [(e["s"], e["trigger"], e["type"]) for e in events][::2] == [
        (0, "accused", "ACCUSE"),
        (1, "arrested", "COERCE"),
    ]
    assert (empty["sentences"], empty["events"]) == ([], [])
    sure = dateline("code", "--as-training", "--confidence", "1", "texts.jsonl")
    assert json.loads(sure.stdout.splitlines()[0])["events"] == []


def test_code_as_training_gives_no_mentions(dateline: Dateline) -> None:
    done = dateline("code", "--as-training", "--mentions", "-", stdin='{"id": 1, "text": "x"}')
    assert (done.returncode, done.stdout) == (2, "")
    assert "--as-training --mentions: a form holds no mentions" in done.stderr


def test_explain_names_the_rule_and_the_words(dateline: Dateline) -> None:
    sentence = "Norway recognised the State of Palestine on Tuesday."
    shown = dateline("explain", sentence).stdout
    assert "confidence" in shown
    assert "recognised" in shown
    answer = json.loads(dateline("explain", "--json", sentence).stdout)
    assert answer[0]["acts"][0]["rule_id"] in shown


def test_explain_by_id_of_an_event(filled: Dateline) -> None:
    event_id, support = next(
        csv.reader(filled("sql", "select event_id, support from events limit 1").stdout.splitlines()[1:])
    )
    assert support.split()[0] in filled("explain", event_id).stdout
    missing = filled("explain", "0" * 32)
    assert missing.returncode == 1
    assert "not in" in missing.stderr


def test_status_counts_what_is_stored(filled: Dateline) -> None:
    shown = filled("status").stdout
    assert "version 1" in shown
    assert "articles" in shown
    assert "broken_gzip" in shown


def test_sources_test_shows_what_is_read_from_a_page(dateline: Dateline) -> None:
    pages = Path(__file__).parent.parent / "pages"
    done = dateline("sources", "test", str(pages / "news.html"))
    assert done.returncode == 0
    assert "Harbour strike ends after nine days" in done.stdout
    assert "json-ld" in done.stdout
    done = dateline("sources", "test", str(pages / "consent.html"))
    assert done.returncode == 1
    assert "consent_page" in done.stdout
