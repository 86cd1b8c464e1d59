"""Runs on other machines: the workspace's flows as deployments on a Prefect work pool, whose workers may stand anywhere that sees
the workspace at the same path.

A configured source is a deployment of its own, with its schedule; an archive is cut by its sub-folders (a day, a source), each of
which is one run. The runs need not know of each other: each extracts and commits its own loads, and the log puts them in order.
No code travels: a worker runs the Dateline installed beside it.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.config import SettingsError, Workspace
from flows.configured import Source, read_sources
from flows.readers.files import find_inputs, media_type

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.flows import Flow

PATHS = "paths"
TAG = "dateline:pool"
MOST_BESIDE = 1000
ENVIRONMENT = {"PYTHONSAFEPATH": "1", "DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
"""Of every run: no import of a foreign `flows` package from the folder it starts in, and nothing told to anyone."""


@dataclass(frozen=True, slots=True)
class Deployment:
    """A flow under a name on the pool."""

    name: str
    entrypoint: str
    """The flow as module.function."""
    parameters: dict[str, Any]
    cron: str | None = None
    every: timedelta | None = None
    timezone: str = "UTC"
    alone: bool = False
    """Whether a run is left out while another is under way (the next one takes what it would have taken)."""

    @property
    def flow(self) -> str:
        """The flow's name."""
        return self.entrypoint.rpartition(".")[2]

    @property
    def schedule(self) -> str:
        """For people."""
        if self.cron:
            return f"{self.cron} ({self.timezone})"
        return f"every {self.every}" if self.every else "when asked for"


@dataclass(frozen=True, slots=True)
class Part:
    """What one run of an archive takes."""

    name: str
    inputs: tuple[str, ...]
    key: str
    """Changes with the names, sizes and times of its files: parts that did not change are not queued twice."""


def deployments(space: Workspace) -> tuple[Deployment, ...]:
    """All deployments of a workspace: one a configured source, one for paths that are asked for, one for the upkeep.

    Raises:
        SettingsError: dateline.toml is wrong.
    """
    root = {"root": str(space.root)}
    return (
        *(_of(source, root) for source in read_sources(space)),
        Deployment(PATHS, "flows.tasks.ingest", root),
        Deployment("upkeep", "flows.maintain.maintain", root, cron="20 3 * * *", alone=True),
    )


def _of(source: Source, root: dict[str, str]) -> Deployment:
    given = root | {"sources": [source.name]}
    return Deployment(source.name, "flows.tasks.ingest", given, source.cron, source.every, source.timezone, alone=True)


def parts(paths: Iterable[Path]) -> Iterator[Part]:
    """Cut an archive into runs: a file is one, a folder one for every folder in it, and one for the files that lie beside these.

    Raises:
        SettingsError: a path does not exist, or too many files lie beside folders.
    """
    for path in (p.expanduser().absolute() for p in paths):
        if not path.exists():
            raise SettingsError(f"{path}: there is no such file or folder")
        folders = (
            sorted(p for p in path.iterdir() if p.is_dir() and not p.name.startswith(".")) if path.is_dir() else []
        )
        if not folders:
            yield from _part(path.name, [path])
            continue
        for folder in folders:
            yield from _part(folder.name, [folder])
        beside = sorted(p for p in path.iterdir() if p.is_file() and media_type(p))
        if len(beside) > MOST_BESIDE:
            raise SettingsError(
                f"{path}: {len(beside)} files beside {len(folders)} folders: put them into a folder of their own"
            )
        yield from _part(path.name, beside)


def _part(name: str, inputs: list[Path]) -> Iterator[Part]:
    files = find_inputs(str(path) for path in inputs).files
    if not files:
        return
    digest = hashlib.sha256()
    for file in files:
        stat = file.stat()
        digest.update(f"{file}\0{stat.st_size}\0{stat.st_mtime_ns}\n".encode())
    yield Part(name, tuple(map(str, inputs)), digest.hexdigest()[:32])


def register(space: Workspace, pool: str, client: SyncPrefectClient) -> tuple[list[Deployment], list[str]]:
    """Put the workspace's deployments on a pool, which is made where there is none; those of sources that are gone are removed.

    Returns:
        The deployments, and the names of those removed.
    """
    from prefect.deployments.runner import RunnerDeployment
    from prefect.types.entrypoint import EntrypointType

    wanted = list(deployments(space))
    _ensure_pool(client, pool)
    for one in wanted:
        RunnerDeployment.from_flow(
            _flow(one.entrypoint),
            name=one.name,
            schedules=_schedules(one),
            parameters=one.parameters,
            tags=[TAG],
            concurrency_limit=_limit(one),
            work_pool_name=pool,
            job_variables={"env": ENVIRONMENT},
            entrypoint_type=EntrypointType.MODULE_PATH,
        ).apply()
    return wanted, _remove_others(client, pool, space, {(one.entrypoint, one.name) for one in wanted})


def queue(found: Iterable[Part], space: Workspace, source: str | None, client: SyncPrefectClient) -> dict[str, str]:
    """Start a run for every part; one that is queued or done already, and has not changed since, stays as it is.

    Returns:
        The run's name by the part's.
    """
    deployment = client.read_deployment_by_name(f"ingest/{PATHS}")
    names = {}
    for part in found:
        run = client.create_flow_run_from_deployment(
            deployment.id,
            parameters={"inputs": list(part.inputs), "root": str(space.root), "source": source},
            idempotency_key=f"{space.root}:{part.key}",
            name=f"ingest {source or part.name}" + (f" {part.name}" if source else ""),
        )
        names[part.name] = run.name
    return names


def worker_command(url: str, pool: str) -> str:
    """How a worker is started, on any machine that sees the workspace."""
    private = " ".join(f"{k}={v}" for k, v in ENVIRONMENT.items())
    return f"PREFECT_API_URL={url} {private} prefect worker start --type process --pool {pool} --limit 2"


def _flow(entrypoint: str) -> Flow[..., Any]:
    from prefect.flows import load_flow_from_entrypoint

    return load_flow_from_entrypoint(entrypoint, use_placeholder_flow=False)


def _schedules(one: Deployment) -> list[Any]:
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule

    if one.cron:
        return [CronSchedule(cron=one.cron, timezone=one.timezone)]
    return [IntervalSchedule(interval=one.every, timezone=one.timezone)] if one.every else []


def _limit(one: Deployment) -> Any:
    from prefect.client.schemas.objects import ConcurrencyLimitConfig, ConcurrencyLimitStrategy

    return (
        ConcurrencyLimitConfig(limit=1, collision_strategy=ConcurrencyLimitStrategy.CANCEL_NEW) if one.alone else None
    )


def _ensure_pool(client: SyncPrefectClient, pool: str) -> None:
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectNotFound
    from prefect.workers.process import ProcessWorker

    try:
        there = client.read_work_pool(pool)
    except ObjectNotFound:
        template = ProcessWorker.get_default_base_job_template()
        client.create_work_pool(WorkPoolCreate(name=pool, type="process", base_job_template=template))
        return
    if there.type != "process":
        raise SettingsError(
            f"the work pool {pool} is of type {there.type}; Dateline's runs are processes: name another with --pool"
        )


def _remove_others(client: SyncPrefectClient, pool: str, space: Workspace, wanted: set[tuple[str, str]]) -> list[str]:
    from prefect.client.schemas.filters import (
        DeploymentFilter,
        DeploymentFilterTags,
        WorkPoolFilter,
        WorkPoolFilterName,
    )

    there = client.read_deployments(
        work_pool_filter=WorkPoolFilter(name=WorkPoolFilterName(any_=[pool])),
        deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])),
    )
    removed = []
    for one in there:
        if one.parameters.get("root") == str(space.root) and (one.entrypoint, one.name) not in wanted:
            client.delete_deployment(one.id)
            removed.append(one.name)
    return removed


def server_url(space: Workspace) -> str:
    """The server to deploy to.

    Raises:
        SettingsError: none is named, or it does not answer.
    """
    from flows.server import find_server

    url, _ = find_server(space)
    if url is not None:
        return url
    given = os.environ.get("PREFECT_API_URL")
    said = (
        f"no Prefect server answers at PREFECT_API_URL={given}"
        if given
        else "PREFECT_API_URL is not set, and the workspace's own server does not run"
    )
    raise SettingsError(f"{said}: start one, and name it as PREFECT_API_URL=http://HOST:4200/api")
