"""The main job as a user meets it: the command on files, its rows, its repetition, its failures."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import warehouse
from flows.demo import SAMPLES
from tests.conftest import Dateline

ARTICLE = """date 2024-05-02 Ministers meet in Riga

Latvia signed an agreement with Estonia on Wednesday. Gunmen killed {n} soldiers in Mali on Tuesday, officials said.
Norway condemned the attack and promised to send doctors to Bamako. The two governments also discussed trade and fishing.
"""


def write_articles(folder: Path, count: int, first: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    for n in range(first, first + count):
        (folder / f"{n:05}.txt").write_text(ARTICLE.format(n=n + 2))


def rows(root: Path, query: str) -> list[tuple[object, ...]]:
    return warehouse.connect(root).execute(query).fetchall()


def everything(root: Path) -> dict[str, list[tuple[object, ...]]]:
    """All rows but what differs between any two runs."""
    con = warehouse.connect(root)
    return {
        table: con.execute(f"select * exclude (load_id, run_id, loaded_at) from {table} order by all").fetchall()
        for table in ("articles_all", "events_all", "event_actors", "event_magnitudes", "mentions")
    }


def test_an_article_becomes_rows(dateline: Dateline, root: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "in", 1)
    done = dateline("ingest", str(tmp_path / "in"), "--source", "wire")
    assert done.returncode == 0, done.stderr
    assert "articles" in done.stdout
    found = rows(root, "select title, source, published_at::date::varchar, published_from, coded from articles")
    assert found == [("Ministers meet in Riga", "wire", "2024-05-02", "header", True)]
    told = rows(
        root,
        "select actor_country, recipient_country, date_start::varchar from events where event_type = 'SUPPORT'",
    )
    assert told == [("LVA", "EST", "2024-05-01")]
    killed = rows(root, "select killed, place_country from events where event_type = 'ASSAULT'")
    assert killed[0] == (2, "MLI")
    assert rows(root, "select count(*) from events e join articles_all a using (version_id) "
                      "where a.text[e.char_start + 1 : e.char_end] <> e.support") == [(0,)]  # fmt: skip


def test_the_same_again_changes_nothing_and_one_more_file_is_one_load(
    dateline: Dateline, root: Path, tmp_path: Path
) -> None:
    write_articles(tmp_path / "in", 5)
    assert dateline("ingest", str(tmp_path / "in")).returncode == 0
    before, version = everything(root), warehouse.read_log(root).version
    again = dateline("ingest", str(tmp_path / "in"))
    assert again.returncode == 0
    assert "known already" in again.stdout
    assert warehouse.read_log(root).version == version == 1
    assert everything(root) == before
    write_articles(tmp_path / "in", 1, first=5)
    assert dateline("ingest", str(tmp_path / "in")).returncode == 0
    assert warehouse.read_log(root).version == 2
    assert rows(root, "select count(*) from articles group by load_id order by 1") == [(1,), (5,)]


def test_a_copy_under_another_name_is_known(dateline: Dateline, root: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "in", 1)
    shutil.copy(tmp_path / "in" / "00000.txt", tmp_path / "in" / "copy.txt")
    assert dateline("ingest", str(tmp_path / "in")).returncode == 0
    assert rows(root, "select count(*) from articles") == [(1,)]


def test_bad_files_are_rejects_and_the_rest_is_loaded(dateline: Dateline, root: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "in", 2)
    (tmp_path / "in" / "broken.html.gz").write_bytes(b"\x1f\x8bbroken")
    (tmp_path / "in" / "empty.html").write_bytes(b"")
    (tmp_path / "in" / "binary.html").write_bytes(bytes(range(256)) * 50)
    done = dateline("ingest", str(tmp_path / "in"))
    assert done.returncode == 0
    assert "broken.html.gz: broken_gzip" in done.stderr
    assert rows(root, "select count(*) from articles") == [(2,)]
    rejected = rows(root, "select input, stage from rejects order by input")
    assert [(Path(str(i)).name, s) for i, s in rejected] == [
        ("binary.html", "clean"), ("broken.html.gz", "read"), ("empty.html", "clean"),
    ]  # fmt: skip
    version = warehouse.read_log(root).version
    assert dateline("ingest", str(tmp_path / "in")).returncode == 0
    assert warehouse.read_log(root).version == version


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_rights_is_a_reject(dateline: Dateline, root: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "in", 2)
    (tmp_path / "in" / "00001.txt").chmod(0)
    assert dateline("ingest", str(tmp_path / "in")).returncode == 0
    assert rows(root, "select reason from rejects") == [("unreadable",)]


@pytest.mark.parametrize("arguments", [("nothing-here",), (".",)], ids=["missing", "empty folder"])
def test_nothing_taken_is_an_error_that_says_why(dateline: Dateline, arguments: tuple[str, ...]) -> None:
    done = dateline("ingest", *arguments)
    assert done.returncode == 1
    assert "dateline:" in done.stderr
    assert "Traceback" not in done.stderr


def test_standard_input(dateline: Dateline, root: Path) -> None:
    lines = [
        json.dumps({"url": f"https://a.example/{n}", "text": ARTICLE.format(n=n).split("\n", 2)[2]}) for n in range(3)
    ]
    done = dateline("ingest", "-", stdin="\n".join(lines))
    assert done.returncode == 0, done.stderr
    assert rows(root, "select url from articles order by 1") == [(f"https://a.example/{n}",) for n in range(3)]


def test_other_languages_are_stored_and_not_coded(dateline: Dateline, root: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(
        "Die Regierung in Bern hat am Montag den Botschafter einbestellt. Sie verlangt eine Erklärung für den Vorfall an der "
        "Grenze, bei dem zwei Beamte verletzt wurden. Das Ministerium will sich nicht dazu äußern, wie es weiter geht."
    )
    done = dateline("ingest", str(tmp_path / "a.txt"))
    assert done.returncode == 0
    assert "not coded" in done.stdout
    assert rows(root, "select language, coded, uncoded_reason from articles") == [("de", False, "language de")]


def test_killed_at_any_time_and_repeated_gives_the_same_rows(root: Path, tmp_path: Path) -> None:
    folder, other = tmp_path / "in", tmp_path / "other"
    write_articles(folder, 350)
    env = os.environ | {"DATELINE_WORKERS": "2"}
    command = [sys.executable, "-m", "flows", "ingest", "--direct", "-q", str(folder), "--root"]
    assert subprocess.run([*command, str(other)], env=env, check=False).returncode == 0
    killed = 0
    for wait in (0.9, 1.3, 1.7, 2.1):
        run = subprocess.Popen([*command, str(root)], env=env, start_new_session=True)
        time.sleep(wait)
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
            killed += 1
        run.wait()
        warehouse.connect(root).execute("select count(*) from events").fetchone()
    assert killed
    assert subprocess.run([*command, str(root)], env=env, check=False).returncode == 0
    assert everything(root) == everything(other)


def test_interrupt_leaves_whole_loads(root: Path, tmp_path: Path) -> None:
    write_articles(tmp_path / "in", 350)
    command = [sys.executable, "-m", "flows", "ingest", "--direct", str(tmp_path / "in"), "--root", str(root)]
    run = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + 60
    while not list((root / "_log").glob("*.json")) and time.monotonic() < deadline and run.poll() is None:
        time.sleep(0.01)
    os.killpg(run.pid, signal.SIGINT)
    _, errors = run.communicate(timeout=60)
    assert run.returncode in (130, 0)
    assert run.returncode == 0 or "committed" in errors
    counts = rows(root, "select load_id, count(*) from articles group by all")
    assert counts
    assert all(n in (250, 100) for _, n in counts)


def test_the_samples_are_all_accounted_for(dateline: Dateline, root: Path) -> None:
    done = dateline("ingest", str(SAMPLES))
    assert done.returncode == 0
    assert rows(root, "select count(*) from articles") == [(11,)]
    reasons = dict(rows(root, "select reason, count(*) from rejects group by all"))
    assert sum(reasons.values()) == 4  # type: ignore[arg-type]
    assert {"broken_gzip", "list_page", "consent_page"} <= reasons.keys()
    assert rows(root, "select language from articles where not coded") == [("fr",)]
