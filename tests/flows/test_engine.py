"""`[engine]` in dateline.toml, and the ways to extract it names: the same rows from each."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from flows import cluster, pipeline, runner
from flows import ingest as job_of
from flows.config import SettingsError, Workspace
from flows.engine import Engine, read_engine
from tests.flows.test_ingest import everything, write_articles
from tests.flows.test_workers import children, gone

HERE = Path(__file__).parent.parent.parent
COSTLY = (
    "Gunmen killed {} soldiers in Mali on Tuesday, and ministers of Latvia and Estonia met in Riga on May {}, 2024. "
)
WORKER = ("--nthreads", "1", "--no-nanny", "--no-dashboard")


def settings(root: Path, text: str) -> Workspace:
    root.mkdir(parents=True, exist_ok=True)
    (root / "dateline.toml").write_text(text)
    return Workspace(root)


@pytest.mark.parametrize(
    ("text", "engine"),
    [
        ("", Engine()),
        ("[engine]", Engine("processes")),
        ('[engine]\nrunner = "inline"', Engine("inline")),
        ("[engine]\nworkers = 3", Engine("processes", 3)),
        ('[engine]\nrunner = "dask"\naddress = "tcp://10.0.0.5:8786"', Engine("dask", None, "tcp://10.0.0.5:8786")),
        (
            '[engine]\nrunner = "dask"\nworkers = 9\naddress = "tls://a.example:1"',
            Engine("dask", 9, "tls://a.example:1"),
        ),
    ],
)
def test_settings(root: Path, text: str, engine: Engine) -> None:
    assert read_engine(settings(root, text)) == engine


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('engine = "dask"', "engine is a table"),
        ('[engine]\nruner = "dask"', "runer = 'dask': no such key; there is runner, workers, address"),
        ('[engine]\nrunner = "ray"', "runner = 'ray': must be one of processes, inline, dask"),
        ("[engine]\nrunner = 1", "runner = 1: must be one of"),
        ("[engine]\nrunner = []", "runner = []: must be one of"),
        ("[engine]\nworkers = 0", "workers = 0: a number from 1 to"),
        ("[engine]\nworkers = true", "workers = True: a number from 1 to"),
        ('[engine]\nrunner = "dask"', "address: missing"),
        ('[engine]\nrunner = "dask"\naddress = "10.0.0.5"', "address = '10.0.0.5': the address of a Dask scheduler"),
        ('[engine]\naddress = "tcp://10.0.0.5:8786"', 'only with runner = "dask"'),
    ],
)
def test_wrong_settings_name_the_key_and_what_may_stand_there(root: Path, text: str, said: str) -> None:
    with pytest.raises(SettingsError) as error:
        read_engine(settings(root, text))
    assert said in str(error.value)
    assert str(root / "dateline.toml") in str(error.value)


def test_the_environment_wins_over_the_settings(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = read_engine(settings(root, "[engine]\nworkers = 3"))
    monkeypatch.delenv("DATELINE_WORKERS", raising=False)
    assert engine.processes == 3
    monkeypatch.setenv("DATELINE_WORKERS", "5")
    assert engine.processes == 5


@contextmanager
def started(module: str, *arguments: str, cwd: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program of Dask in a process of its own, which finds the project under test."""
    environment = os.environ | {"PYTHONPATH": str(HERE), "DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "false"}
    command = [sys.executable, "-m", f"distributed.cli.{module}", *arguments]
    with (cwd / f"{module}.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=cwd, env=environment, stdout=log, stderr=log)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens at port {port}")


@contextmanager
def dask_cluster(
    cwd: Path, workers: int, given: tuple[str, ...] = WORKER
) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler and its workers, each a process, on loopback: the address, and the scheduler's process."""
    pytest.importorskip("distributed", reason="the extra `dask` is not installed")
    address = f"tcp://127.0.0.1:{free_port()}"
    host, port = "127.0.0.1", address.rpartition(":")[2]
    with ExitStack() as stack:
        of_scheduler = ("--host", host, "--port", port, "--no-dashboard", "--no-jupyter")
        scheduler = stack.enter_context(started("dask_scheduler", *of_scheduler, cwd=cwd))
        wait_for_port(int(port))
        for _ in range(workers):
            stack.enter_context(started("dask_worker", address, *given, cwd=cwd))
        yield address, scheduler


def ingest(space: Workspace, given: Path) -> dict[str, list[tuple[object, ...]]]:
    job_of.ingest_direct(job_of.plan([str(given)]), space, lambda _: None, lambda _: None)
    return everything(space.root)


def test_inline_processes_and_dask_give_the_same_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "BATCH_DOCUMENTS", 40)
    monkeypatch.delenv("DATELINE_WORKERS", raising=False)
    write_articles(tmp_path / "in", runner.POOL_FROM_FILES)
    with dask_cluster(tmp_path, 2) as (address, scheduler):
        inline = ingest(settings(tmp_path / "inline", '[engine]\nrunner = "inline"'), tmp_path / "in")
        processes = ingest(settings(tmp_path / "processes", "[engine]\nworkers = 2"), tmp_path / "in")
        dask = settings(tmp_path / "dask", f'[engine]\nrunner = "dask"\naddress = "{address}"')
        assert len(inline["articles_all"]) == runner.POOL_FROM_FILES
        assert inline == processes
        assert inline == ingest(dask, tmp_path / "in")
        with cluster.ClusterPool(read_engine(dask), None) as pool:
            batches = pool.client.run(lambda dask_worker: dask_worker.state.executed_count)
            assert sorted(batches.values()) in ([1, 3], [2, 2]), "four batches, both workers at work"
            # A cluster that goes away is an error with its remedy, never a wait without end.
            job = job_of.plan([str(tmp_path / "in")])
            items = pipeline.read_items(job.inputs, None, pipeline.Counts(), lambda _: None)
            pending = pool.submit(pipeline.Batch(1, "1", tuple(items)))
            scheduler.kill()
            with pytest.raises(SettingsError, match=r"lost a batch \(.*see its log and repeat"):
                pending.result()
    with pytest.raises(SettingsError, match="no Dask scheduler answers"):
        cluster.ClusterPool(read_engine(dask), None, patience=0.5)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_a_document_that_ends_its_reader_on_a_cluster_is_alone_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The Dask worker lives on, also under a nanny, whose workers Python lets have no children."""
    monkeypatch.delenv("DATELINE_WORKERS", raising=False)
    write_articles(tmp_path / "in", 3)
    (tmp_path / "in" / "0-long.txt").write_text("\n\n".join(COSTLY.format(n, n % 28 + 1) for n in range(600)))
    inputs = job_of.plan([str(tmp_path / "in")]).inputs
    items = tuple(pipeline.read_items(inputs, None, pipeline.Counts(), lambda _: None))
    with dask_cluster(tmp_path, 1, tuple(one for one in WORKER if one != "--no-nanny")) as (address, _):
        wait_for_workers(address)
        table = f'[engine]\nrunner = "dask"\naddress = "{address}"\n[limits]\nseconds = 1\n'
        with runner.open_pool(settings(tmp_path / "w", table), 1) as pool:
            assert isinstance(pool, cluster.ClusterPool)
            before = pool.client.run(os.getpid)
            outcomes, _ = pool.submit(pipeline.Batch(1, "1", items)).result()
            assert pool.client.run(os.getpid) == before
            (worker,) = before.values()
            readers = children(worker)
    reasons = [outcome.reject.reason if outcome.reject else "stored" for outcome in outcomes]
    assert reasons == ["too_costly", "stored", "stored", "stored"]
    assert readers
    assert gone(readers, 30) == []


def wait_for_workers(address: str) -> None:
    """On a busy machine they come late."""
    cluster.ClusterPool(Engine("dask", None, address), None, patience=60).__exit__()


def test_a_cluster_that_lost_all_its_workers_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "ALONE", 1.0)
    with dask_cluster(tmp_path, 0) as (address, _):
        with started("dask_worker", address, *WORKER, cwd=tmp_path):
            wait_for_workers(address)
            pool = cluster.ClusterPool(Engine("dask", None, address), None)
        with pool, pytest.raises(SettingsError, match="has no workers any more"):
            pool.submit(pipeline.Batch(1, "1", ())).result()


def test_workers_without_the_same_dateline_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with dask_cluster(tmp_path, 0) as (address, _):
        engine = Engine("dask", None, address)
        with pytest.raises(SettingsError, match="has no workers: start some with `dask worker tcp://"):
            cluster.ClusterPool(engine, None, patience=0.5)
        with started("dask_worker", address, *WORKER, cwd=tmp_path):
            with pytest.raises(SettingsError, match=r"does not see .*/lexicons, the workspace's own rules"):
                cluster.ClusterPool(engine, tmp_path / "lexicons")
            monkeypatch.setattr("extractors.VERSION", "1999.1")
            with pytest.raises(
                SettingsError, match=r"cannot take our batches: its extractors .* here they are 1999\.1"
            ):
                cluster.ClusterPool(engine, None)


def test_without_the_extra_the_error_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SettingsError, match=r"needs the extra `dask` .*pip install \"dateline\[dask\]\""):
        cluster.ClusterPool(Engine("dask", None, "tcp://127.0.0.1:1"), None)
