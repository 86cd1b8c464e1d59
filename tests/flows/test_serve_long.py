"""`dateline serve` when parts of it are killed: nothing is lost, nothing is there twice, nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from flows import inbox
from flows.demo import SAMPLES
from flows.locks import alone
from tests.flows.serving import LOCAL, Served, article, processes, wait_for

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc to see what lives"),
]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("long"), LOCAL)
    (served.root / "paper").mkdir()
    (served.root / "paper" / "one.html").write_bytes(article(100_001))
    try:
        served.start()
        yield served
    finally:
        if served.process and served.process.poll() is None:
            served.stop()
    assert not served.leftovers()


def held(served: Served) -> bool:
    return any(inbox.held(served.space.inbox, batch) for batch in inbox.batches(served.space.inbox))


def run_process(served: Served) -> int:
    """The process of the run under way: a child of the runner."""
    runner = served.parts()["runner"]
    for pid, command in processes():
        if "prefect.engine" in command or "prefect.flow_engine" in command:
            with open(f"/proc/{pid}/stat") as file:
                if int(file.read().rsplit(")", 1)[1].split()[1]) == runner:
                    return pid
    return 0


def settled(served: Served, source: str, count: int, seconds: float) -> None:
    """All files of a source are at rest in `_done`, each article is there once, and nothing is claimed."""

    def done() -> bool:
        return sum(name.startswith(f"{source}/") for name in served.resting("_done")) >= count

    wait_for(done, seconds, f"{count} files of {source} done")
    wait_for(lambda: not inbox.batches(served.space.inbox), 30, "nothing claimed")
    names = [name for name in served.resting("_done") if name.startswith(f"{source}/")]
    assert len(names) == count
    assert not [n for n in served.resting("_failed") if n.startswith(f"{source}/")]
    assert inbox.is_empty(served.space.inbox)
    of = f"from articles_all where source = '{source}'"
    assert (
        served.sql(f"select count(*), count(distinct version_id), count(distinct canonical_url) {of}")
        == f"{count},{count},{count}"
    )
    assert served.sql(f"select count(*) - count(distinct event_id) from events_all where source = '{source}'") == "0"


def test_a_schedule_makes_a_run(served: Served) -> None:
    def ran() -> list[dict[str, Any]]:
        runs = served.runs(tags={"all_": ["source:local-paper"]})
        return [r for r in runs if r["auto_scheduled"] and r["state_type"] == "COMPLETED"]

    wait_for(ran, 150, "a run by schedule")
    assert served.sql("select count(*) from articles where source = 'local-paper'") == "1"


def test_an_event_alone_starts_an_ingest(served: Served) -> None:
    watcher = served.parts()["watcher"]
    os.kill(watcher, signal.SIGSTOP)  # so that nothing but the event can have done it
    try:
        served.drop("wire/by-event.html", article(77))
        event = {
            "occurred": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "event": "dateline.inbox.landed",
            "resource": {"prefect.resource.id": "dateline.inbox"},
            "id": "7d5b1a3e-0000-4000-8000-000000000077",
        }
        served.call("POST", "/events", [event])
        wait_for(lambda: "wire/by-event.html" in served.resting("_done"), 60, "the file in _done by its event")
    finally:
        os.kill(watcher, signal.SIGCONT)
    assert served.sql("select count(*) from articles where source = 'wire'") == "1"


def test_two_runs_of_a_source_never_go_side_by_side(served: Served) -> None:
    deployment = served.call("GET", "/deployments/name/ingest/local-paper")["id"]
    with alone(served.space.prefect_home / "locks" / "source-local-paper") as mine:
        assert mine
        run = served.call("POST", f"/deployments/{deployment}/create_flow_run", {"state": {"type": "SCHEDULED"}})["id"]
        (ended,) = wait_for(
            lambda: served.runs(id={"any_": [run]}, state={"type": {"any_": ["COMPLETED"]}}), 60, "it ended"
        )
    assert (ended["state_name"], ended["state"]["message"]) == (
        "NothingNew",
        "local-paper: another run of it is under way",
    )


def test_after_an_outage_a_source_runs_once(served: Served) -> None:
    assert served.stop() == 0
    time.sleep(150)  # two or three runs are missed
    began = datetime.now(UTC)
    served.start()
    late = {"type": {"any_": ["SCHEDULED"]}}, {"before_": began.isoformat()}

    def caught_up() -> list[dict[str, Any]]:
        runs = served.runs(tags={"all_": ["source:local-paper"]}, start_time={"after_": began.isoformat()})
        return [r for r in runs if r["state_type"] == "COMPLETED"]

    runs = wait_for(caught_up, 60, "the source that is due is fetched")
    assert len([r for r in runs if r["expected_start_time"] < began.isoformat()]) <= 1
    assert not served.runs(tags={"all_": ["source:local-paper"]}, state=late[0], expected_start_time=late[1])


def test_another_workspace_uses_the_same_server(served: Served, tmp_path: Path) -> None:
    guest = Served(tmp_path)
    guest.more = {"PREFECT_API_URL": served.api, "PREFECT_API_AUTH_STRING": served.secret}
    guest.start("--no-server")
    try:
        guest.drop("guest/one.html", article(777))
        wait_for(lambda: "guest/one.html" in guest.resting("_done"), 90, "its file")
        assert guest.sql("select source from articles") == "guest"
        assert served.sql("select count(*) from articles where source = 'guest'") == "0"
        assert served.call("GET", "/deployments/name/inbox/dropped")["parameters"]["root"] == str(served.root)
    finally:
        assert guest.stop() == 0
    assert not guest.leftovers()


def test_a_killed_run_is_done_again(served: Served) -> None:
    for n in range(120):
        served.drop(f"killed/{n:03}.html", article(1000 + n))
    wait_for(lambda: held(served), 60, "a run that holds the batch")
    victim = wait_for(lambda: run_process(served), 10, "its process")
    os.kill(victim, signal.SIGKILL)
    settled(served, "killed", 120, 180)
    crashed = wait_for(lambda: served.runs(state={"type": {"any_": ["CRASHED"]}}), 10, "the killed run as crashed")
    assert crashed[0]["name"].startswith("ingest inbox")


def test_the_server_goes_away_in_mid_run(served: Served) -> None:
    for n in range(240):
        served.drop(f"midrun/{n:03}.html", article(3000 + n))
    wait_for(lambda: held(served), 60, "a run that holds the batch")
    run = run_process(served)
    os.kill(served.parts()["server"], signal.SIGKILL)
    settled(served, "midrun", 240, 240)
    wait_for(lambda: served.call("GET", "/health"), 90, "the server is back")

    def completed() -> bool:
        return not [
            r
            for r in served.runs(state={"type": {"any_": ["RUNNING", "PENDING"]}})
            if r["name"].startswith("ingest inbox")
        ]

    assert run
    wait_for(completed, 150, "no inbox run left running")


def test_300_files_in_ten_bursts_while_server_and_watcher_are_killed(served: Served) -> None:
    for burst in range(10):
        for n in range(30):
            served.drop(f"bursts/{burst}-{n:02}.html", article(5000 + burst * 100 + n))
        if burst in (2, 5, 8):
            os.kill(wait_for(lambda: served.parts().get("server", 0), 60, "the server lives"), signal.SIGKILL)
        if burst == 6:
            os.kill(served.parts()["watcher"], signal.SIGKILL)
        time.sleep(2.5)
    settled(served, "bursts", 300, 300)
    wait_for(lambda: "watcher" in served.parts() and "server" in served.parts(), 30, "all parts live")


def test_a_run_that_dies_with_its_runner_is_marked_and_done_again(served: Served) -> None:
    for n in range(120):
        served.drop(f"zombie/{n:03}.html", article(12000 + n))
    wait_for(lambda: held(served), 60, "a run that holds the batch")
    run = wait_for(
        lambda: served.runs(state={"type": {"any_": ["RUNNING"]}}, name={"like_": "ingest inbox"}), 10, "it runs"
    )
    os.killpg(served.parts()["runner"], signal.SIGKILL)  # and nobody is left to say so
    settled(served, "zombie", 120, 180)

    def marked() -> bool:
        (now,) = served.runs(id={"any_": [run[0]["id"]]})
        return bool(now["state_type"] == "CRASHED")

    wait_for(marked, 180, "the automation marked it as crashed")


def test_the_example_follows_each_load(served: Served) -> None:
    example = Path(__file__).parents[2] / "docs" / "examples" / "alert.py"
    env = served.environment() | {
        "PREFECT_API_URL": served.api,
        "PREFECT_API_AUTH_STRING": served.run("serve", "--show-secret").stdout.strip(),
        "PREFECT_HOME": str(served.space.prefect_home),
        "DO_NOT_TRACK": "1",
    }
    with subprocess.Popen(
        [sys.executable, str(example)], env=env, cwd=served.cwd, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
    ) as own:
        try:
            ready = lambda: served.call("GET", "/deployments/name/alert/after-each-load")["status"] == "READY"  # noqa: E731
            wait_for(ready, 60, "the example is served")
            served.drop("desk/strike.html", (SAMPLES / "strike.html").read_bytes())
            alerts = served.root / "alerts.txt"
            wait_for(lambda: alerts.exists() and alerts.read_text(), 90, "the alert")
            assert "26 killed" in alerts.read_text()
        finally:
            own.terminate()


def test_it_is_stopped_and_started_in_mid_run(served: Served) -> None:
    for n in range(120):
        served.drop(f"stopped/{n:03}.html", article(9000 + n))
    wait_for(lambda: held(served), 60, "a run that holds the batch")
    assert served.stop(signal.SIGTERM) == 0
    assert not served.leftovers()
    served.start()
    settled(served, "stopped", 120, 180)
    assert served.run("verify").returncode == 0
