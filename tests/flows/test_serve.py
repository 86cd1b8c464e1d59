"""`dateline serve`, whole: a real server, real runs in processes of their own, files dropped, events sent. Its pages: tests/system."""

from __future__ import annotations

import json
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.demo import SAMPLES
from tests.flows.serving import LOCAL, Served, article, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc to see what lives")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One served workspace for all tests here, with one source that is due."""
    served = Served(tmp_path_factory.mktemp("served"), LOCAL)
    (served.root / "paper").mkdir()
    (served.root / "paper" / "one.html").write_bytes(article(1))
    try:
        served.start()
        yield served
    finally:
        if served.process and served.process.poll() is None:
            served.stop()


def test_a_dropped_file_answers_to_sql_and_shows_in_the_ui(served: Served) -> None:
    began = time.monotonic()
    served.drop("kazinform/treaty.html", (SAMPLES / "treaty.html").read_bytes())
    served.drop("notes.pdf", b"%PDF-1.7")
    wait_for(lambda: "kazinform/treaty.html" in served.resting("_done"), 60, "the file in _done")
    seconds = time.monotonic() - began
    assert int(served.sql("select count(*) from events where source = 'kazinform'")) > 0
    assert "unknown kind of file" in served.resting("_failed")["notes.pdf.reason.txt"].read_text()

    def ended() -> list[dict[str, Any]]:  # a sweep that finds nothing may run beside it
        runs = served.runs(name={"like_": "ingest inbox "})
        return [r for r in runs if r["state_type"] == "COMPLETED" and r["name"].endswith(" 1 document")]

    (run,) = wait_for(ended, 30, "the run completed")
    artifacts = served.call("POST", "/artifacts/filter", {"artifacts": {"flow_run_id": {"any_": [run["id"]]}}})
    by_key = {a["key"]: a for a in artifacts}
    assert {"run-summary", "quality-kazinform"} <= set(by_key)
    whole = json.loads(by_key["run-summary"]["data"])[-1]
    assert (whole["stage"], whole["in"], whole["out"]) == ("whole run", 1, 1)
    assert "| 1 |" in by_key["quality-kazinform"]["data"]
    print(f"dropped to done: {seconds:.1f} s")


def test_the_roll_up_follows_by_trigger(served: Served) -> None:
    path = served.root / "rollups" / "events_daily.parquet"
    wait_for(path.exists, 40, "the roll-up")
    assert int(served.sql(f"select count(*) from '{path}'")) > 0
    (trigger,) = [a for a in served.call("POST", "/automations/filter", {}) if "roll up" in a["name"]]
    assert trigger["enabled"]


def test_a_source_that_is_due_is_fetched(served: Served) -> None:
    wait_for(lambda: served.sql("select count(*) from articles where source = 'local-paper'") == "1", 60, "its article")
    runs = served.runs(tags={"all_": ["source:local-paper"]})
    assert any(r["auto_scheduled"] and r["state_type"] == "SCHEDULED" for r in runs), (
        "no run is planned by its schedule"
    )


def test_doctor_finds_all_well(served: Served) -> None:
    found = served.run("doctor", "--format", "json")
    checks = {c["name"]: c for c in json.loads(found.stdout)["checks"]}
    assert [c for c in checks.values() if c["state"] == "wrong"] == []
    assert found.returncode == 0
    assert {"prefect", "server", "schedules", "automation", "disk", "warehouse", "catalogue", "inbox"} <= set(checks)


def test_a_second_serve_is_refused(served: Served) -> None:
    second = served.run("serve")
    assert second.returncode == 1
    assert served.process
    assert f"is being served already, by process {served.process.pid} at http://127.0.0.1:" in second.stderr


def test_a_busy_port_is_explained(tmp_path: Path) -> None:
    other = Served(tmp_path)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = other.run("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "is taken by another program" in done.stderr
    assert "--port" in done.stderr
    absent = other.run("serve", "--no-server")
    assert absent.returncode == 1
    assert "export PREFECT_API_URL" in absent.stderr


def test_it_ends_whole(served: Served) -> None:
    assert served.stop(signal.SIGINT) == 0
    wait_for(lambda: not served.leftovers(), 5, f"nothing left of it: {served.leftovers()}")
    assert not served.api
