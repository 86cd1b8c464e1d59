"""Runs on a work pool: what is deployed, how an archive is cut, and two real workers under a server on PostgreSQL."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows import deploy
from flows.config import SettingsError, Workspace
from flows.locks import alone
from flows.secret import ensure_secret
from flows.server import suffix_of
from tests.benchmarks.orchestration import server
from tests.flows.test_engine import HERE, dask_cluster, free_port, settings, wait_for_port
from tests.flows.test_ingest import everything, write_articles

SOURCES = """
[sources.daily]
kind = "feed"
address = "https://daily.example/feed.xml"
schedule = "15 6 * * *"
timezone = "Asia/Almaty"

[sources.wire]
kind = "folder"
address = "wire"
schedule = "every 30 minutes"
"""


def test_an_archive_is_cut_by_its_folders(tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    for day in ("2024-06-02", "2024-06-01", "empty", ".hidden"):
        (archive / day).mkdir(parents=True)
        if day != "empty":
            write_articles(archive / day, 2)
    write_articles(archive, 1)
    (archive / "notes.doc").write_text("no door takes this")
    first, second, beside = deploy.parts([archive])
    assert (first.name, first.inputs) == ("2024-06-01", (str(archive / "2024-06-01"),))
    assert second.name == "2024-06-02"
    assert (beside.name, beside.inputs) == ("archive", (str(archive / "00000.txt"),))
    (flat,) = deploy.parts([archive / "2024-06-01"])
    assert flat == first
    write_articles(archive / "2024-06-01", 1, first=7)
    assert next(deploy.parts([archive])).key != first.key
    with pytest.raises(SettingsError, match=r"nowhere: there is no such file or folder"):
        list(deploy.parts([tmp_path / "nowhere"]))


def test_prefect_yaml_says_the_same(root: Path) -> None:
    """The file for `prefect deploy` names the same flows, names, schedules, triggers and environment."""
    from flows.deployments import deployments

    written = yaml.safe_load((HERE / "prefect.yaml").read_text())["deployments"]
    ours = deployments(Workspace(root))
    assert [(d["entrypoint"], d["name"]) for d in written] == [(d.entrypoint, d.name) for d in ours]
    for there, one in zip(written, ours, strict=True):
        assert there["tags"] == [*one.tags, deploy.TAG]
        assert there["parameters"].keys() == one.parameters.keys()
        assert [s["cron"] for s in there.get("schedules", [])] == [s.schedule.cron for s in one.schedules]
        assert [(set(t["expect"]), t.get("match", {}).keys()) for t in there.get("triggers", [])] == [
            (t.expect, t.match.model_dump().keys()) for t in one.triggers
        ]
        assert one.concurrency_limit is None
        assert there["work_pool"]["job_variables"] == {"env": deploy.ENVIRONMENT}


def test_without_a_server_the_error_says_how_to_name_one(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with pytest.raises(SettingsError, match=r"PREFECT_API_URL is not set.*start one"):
        deploy.server_url(Workspace(root))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    with pytest.raises(
        SettingsError, match=r"no Prefect server answers at PREFECT_API_URL=http://127.0.0.1:9/api: start one"
    ):
        deploy.server_url(Workspace(root))


@contextmanager
def postgres() -> Iterator[str]:
    """A PostgreSQL of its own on loopback, in a temporary folder: its URL for SQLAlchemy. Skips where it is not installed."""
    found = shutil.which("initdb") or next((str(p) for p in Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        pytest.skip("no PostgreSQL here: apt-get install postgresql")
    binaries = Path(found).resolve().parent
    folder = Path(tempfile.mkdtemp(prefix="dateline-postgres-"))
    # It refuses to run as root.
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        user = next(u for u in pwd.getpwall() if u.pw_name in ("postgres", "nobody"))
        os.chown(folder, user.pw_uid, user.pw_gid)
        owner = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    port, data = free_port(), str(folder / "data")
    made = [binaries / "initdb", "-D", data, "-A", "trust", "-U", "dateline", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True, cwd=folder, **owner)
    run = [binaries / "postgres", "-D", data, "-p", str(port), "-k", str(folder), "-h", "127.0.0.1", "-c", "fsync=off"]
    process = subprocess.Popen(run, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **owner)
    try:
        wait_for_port(port)
        yield f"postgresql+asyncpg://dateline@127.0.0.1:{port}/postgres"
    finally:
        process.terminate()
        process.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def worker(name: str, environment: dict[str, str], cwd: Path) -> Iterator[None]:
    """A process worker of the pool that takes one run at a time."""
    command = [sys.executable, "-m", "prefect", "worker", "start", "--type", "process", "--pool", "dateline"]
    with (cwd / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "--name", name, "--limit", "1"], cwd=cwd, env=environment, stdout=log, stderr=log
        )
        try:
            yield
        finally:
            process.terminate()
            process.wait(30)


def ask(url: str, path: str, **given: Any) -> Any:
    """A question to the server's API."""
    request = urllib.request.Request(
        f"{url}/{path}", json.dumps(given).encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def finished(url: str, count: int, seconds: float = 400) -> list[dict[str, Any]]:
    """The runs that were given paths, once `count` of them have ended."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        runs: list[dict[str, Any]] = [r for r in ask(url, "flow_runs/filter") if r["parameters"].get("inputs")]
        if sum(run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED") for run in runs) >= count:
            return runs
        time.sleep(1)
    raise TimeoutError(f"{[(run['name'], run['state_name']) for run in runs]}")


def test_a_worker_is_told_how_to_come_by_the_password_and_not_the_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = settings(tmp_path / "served", "")
    secret, url = ensure_secret(space), "http://127.0.0.1:9/api"
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", secret)
    with alone(space.prefect_home / "serve.lock"):
        (space.prefect_home / "server.json").write_text(f'{{"api_url": "{url}", "own": true}}')
        own = deploy.worker_command(url, "pool", deploy.password_of(space, url))
    given = deploy.worker_command(url, "pool", deploy.password_of(space, url))
    assert f'PREFECT_API_AUTH_STRING="$(dateline serve --show-secret --root {space.root})"' in own
    assert 'PREFECT_API_AUTH_STRING="$PREFECT_API_AUTH_STRING"' in given
    assert secret not in own + given
    monkeypatch.delenv("PREFECT_API_AUTH_STRING")
    assert "AUTH_STRING" not in deploy.worker_command(url, "pool", deploy.password_of(space, url))


@pytest.mark.long
def test_two_workers_on_a_pool_give_the_rows_of_a_direct_run(tmp_path: Path) -> None:
    """Server on PostgreSQL; an archive of four days; each day a run, two at a time, into one workspace; then once more with Dask."""
    archive, shared = tmp_path / "archive", settings(tmp_path / "shared", SOURCES)
    for day in range(4):
        (archive / f"2024-05-0{day + 1}").mkdir(parents=True)
        write_articles(archive / f"2024-05-0{day + 1}", 200, first=200 * day)
    (shared.root / "wire").mkdir()
    private = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "DATELINE_"))}
    private |= {"PREFECT_HOME": str(tmp_path / "prefect"), "PYTHONPATH": str(HERE), "PREFECT_WORKER_QUERY_SECONDS": "1"}
    private |= deploy.ENVIRONMENT
    cwd = tmp_path / "elsewhere"
    cwd.mkdir()
    # Where a worker is started there may be a `flows` package of somebody else.
    (cwd / "flows").mkdir()
    (cwd / "flows" / "__init__.py").write_text("raise ImportError('a foreign flows')")

    def dateline(*given: str, **extra: str) -> str:
        command = [sys.executable, "-m", "flows", *given]
        done = subprocess.run(command, cwd=cwd, env=private | extra, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    with ExitStack() as stack:
        database = stack.enter_context(postgres())
        (tmp_path / "prefect").mkdir()
        under = stack.enter_context(
            server(tmp_path / "prefect", private | {"PREFECT_SERVER_DATABASE_CONNECTION_URL": database})
        )
        private["PREFECT_API_URL"] = under.url
        said = dateline("deploy", "--root", str(shared.root), str(archive))
        assert "ingest/daily" in said
        assert "15 6 * * * (Asia/Almaty)" in said
        assert said.count("queued: 2024-05-0") == 4
        for name in ("one", "two"):
            stack.enter_context(worker(name, private, cwd))
        runs = finished(under.url, 4)
        assert sorted(run["state_name"] for run in runs) == ["Completed"] * 4
        spans = sorted((run["start_time"], run["end_time"]) for run in runs)
        assert spans[1][0] < spans[0][1], "each worker takes one run at a time: two at once are two workers"

        # Queued once only; a change of the settings reaches the pool.
        (shared.root / "dateline.toml").write_text(
            SOURCES.replace('schedule = "15 6 * * *"\n', "").partition("[sources.wire]")[0]
        )
        said = dateline("deploy", "--root", str(shared.root), str(archive))
        assert "removed: ingest/wire@shared-" in said
        assert len(finished(under.url, 4)) == 4
        there = {one["name"]: one for one in ask(under.url, "deployments/filter") if "sources" in one["parameters"]}
        (daily,) = there
        assert daily == "daily" + suffix_of(shared, False)
        assert there[daily]["schedules"] == []

        # A run under the same server whose batches go to a Dask cluster.
        with dask_cluster(tmp_path, 2) as (address, _):
            far = settings(tmp_path / "far", f'[engine]\nrunner = "dask"\naddress = "{address}"')
            dateline("ingest", "--flow", "--root", str(far.root), str(archive))
        dateline("ingest", "--direct", "--root", str(tmp_path / "direct"), str(archive))
    expected = everything(tmp_path / "direct")
    assert len(expected["articles_all"]) == 800
    assert everything(shared.root) == expected
    assert everything(far.root) == expected
