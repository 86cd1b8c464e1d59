"""The same job under a real Prefect server: same rows, a run with a telling name, its batches and its artifact."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import warehouse
from flows import config
from flows.demo import SAMPLES


@pytest.fixture(scope="module")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A Prefect server of its own on loopback, private and offline."""
    config.quiet_prefect(tmp_path_factory.mktemp("prefect"))
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
    from prefect.testing.utilities import prefect_test_harness

    # A heartbeat's thread ends a second after its flow: nothing to wait for here.
    with prefect_test_harness(server_startup_timeout=60), temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def test_flow_and_direct_give_the_same_rows(prefect_server: None, tmp_path: Path) -> None:
    from flows import ingest as job_of
    from flows.config import workspace
    from tests.flows.test_ingest import everything

    job = job_of.plan([str(SAMPLES)])
    direct, flow = workspace(tmp_path / "direct"), workspace(tmp_path / "flow")
    told = job_of.ingest_direct(job, direct, lambda _: None, lambda _: None)
    counts = job_of.ingest_flow(job, flow)
    assert (counts.articles, counts.events, counts.rejects) == (told.articles, told.events, told.rejects)
    assert everything(flow.root) == everything(direct.root)
    again = job_of.ingest_flow(job, flow)
    assert (again.known, again.articles) == (counts.read, 0)
    assert warehouse.read_log(flow.root).version == 1


def test_what_the_operator_sees(prefect_server: None, tmp_path: Path) -> None:
    import anyio
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.filters import ArtifactFilter, ArtifactFilterKey

    from flows import ingest as job_of
    from flows.config import workspace

    counts = job_of.ingest_flow(job_of.plan([str(SAMPLES)]), workspace(tmp_path / "seen"))

    async def ask() -> tuple[list[object], list[object], list[object]]:
        async with get_client() as client:
            runs = await client.read_flow_runs()
            tasks = await client.read_task_runs()
            artifacts = await client.read_artifacts(
                artifact_filter=ArtifactFilter(key=ArtifactFilterKey(any_=["run-summary"]))
            )
            return list(runs), list(tasks), list(artifacts)

    runs, tasks, artifacts = anyio.run(ask)
    assert any(re.fullmatch(rf"ingest samples .* {counts.read} documents", r.name) for r in runs)  # type: ignore[attr-defined]
    assert any(r.state.name == "Degraded" for r in runs)  # type: ignore[attr-defined]
    assert any(t.name == f"batch-1-{counts.read}docs" for t in tasks)  # type: ignore[attr-defined]
    assert any(f"{counts.events} events" in (a.description or "") for a in artifacts)  # type: ignore[attr-defined]


def test_configured_sources_as_a_flow(prefect_server: None, tmp_path: Path) -> None:
    from flows.config import workspace
    from flows.configured import add_source
    from flows.tasks import ingest
    from tests.flows.newsserver import NewsServer, rss, story

    space = workspace(tmp_path / "sources")
    with NewsServer() as server:
        server.pages |= {"/feed.xml": rss([server.url("/a/1")]), "/a/1": story(1)}
        table = {"kind": "feed", "allow_private": True, "pause": 0, "limit": 10}
        add_source(space, "news", table | {"address": server.url("/feed.xml")})
        add_source(space, "gone", table | {"address": server.url("/gone.xml", 2)})
        states = [ingest([], str(space.root), None, names, return_state=True) for names in (["news"], ["news"], ["news", "gone"], ["gone"])]  # fmt: skip
    assert [s.name for s in states] == ["Completed", "NothingNew", "Degraded", "Failed"]
    first = states[0].result()
    assert (first["articles"], first["sources"]["news"]["new"]) == (1, 1)
    assert "gone: " in states[2].message
    assert "http_404" in states[2].message


@pytest.mark.parametrize("started", ["by the runner of serve", "by a worker of a pool", "by hand"])
def test_only_a_run_by_hand_brings_back_what_was_forgotten(
    prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, started: str
) -> None:
    from flows.config import workspace
    from flows.confine import SERVED, NotAllowed
    from flows.tasks import ingest

    space = workspace(tmp_path / "forgetful")
    given = space.inbox / "lines.jsonl"
    given.parent.mkdir(parents=True)
    given.write_text('{"url": "https://paper.example/1", "text": "Kenya and Ethiopia signed a treaty in Nairobi."}\n')
    ingest([str(given)], str(space.root))
    warehouse.forget(space.root, warehouse.by_url("https://paper.example/1"), always=True)
    by_hand = started == "by hand"
    if started == "by the runner of serve":
        monkeypatch.setenv(SERVED, str(space.root))
    elif not by_hand:
        monkeypatch.setenv("PREFECT__RUNTIME__DEPLOYMENT__ID", "of-a-deployment")
    state = ingest([str(given)], str(space.root), return_state=True)
    counts = state.result()
    assert (counts["articles"], counts["forgotten"]) == ((1, 0) if by_hand else (0, 1))
    assert counts["recalled"] == (["https://paper.example/1"] if by_hand else [])
    state = ingest([], str(space.root), again=True, return_state=True)
    assert isinstance(state.result(raise_on_failure=False), NotAllowed) == (not by_hand)


def test_reextraction_as_a_flow(prefect_server: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import ingest as job_of
    from flows import runner
    from flows.config import workspace
    from flows.reextract import reextract

    space = workspace(tmp_path / "again")
    job_of.ingest_direct(job_of.plan([str(SAMPLES)]), space, lambda _: None, lambda _: None)
    assert reextract(str(space.root), return_state=True).name == "NothingNew"
    (space.root / "sites").mkdir()
    (space.root / "sites" / "a.toml").write_text('hosts = ["a.example"]\n[[rule]]\nbody = ["p"]\n')
    monkeypatch.setattr(runner, "_cleaning", {})
    state = reextract(str(space.root), since="2020-01-01", source=None, return_state=True)
    assert (state.name, state.message[:19]) == ("Completed", "1 loads, 14 capture")
    assert warehouse.read_log(space.root).version == 2
