"""Runs on other machines: the workspace's flows as deployments on a Prefect work pool, whose workers may stand anywhere that sees
the workspace at the same path.

A configured source is a deployment of its own, with its schedule; an archive is cut by its sub-folders (a day, a source), each of
which is one run. The runs need not know of each other: each extracts and commits its own loads, and the log puts them in order.
No code travels: a worker runs the Dateline installed beside it.
"""

from __future__ import annotations

import hashlib
import os
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.config import SettingsError, Workspace, from_home
from flows.readers.files import find_inputs, media_type

if TYPE_CHECKING:
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.deployments.runner import RunnerDeployment

TAG = "dateline:pool"
MOST_BESIDE = 1000
ENVIRONMENT = {
    "PYTHONSAFEPATH": "1",
    "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
}
"""Of every run: no import of a foreign `flows` package from the folder it starts in, a sign of life by which a killed run is known, and
nothing told to anyone."""


@dataclass(frozen=True, slots=True)
class Part:
    """What one run of an archive takes."""

    name: str
    inputs: tuple[str, ...]
    key: str
    """Changes with the names, sizes and times of its files: parts that did not change are not queued twice."""


def parts(paths: Iterable[Path]) -> Iterator[Part]:
    """Cut an archive into runs: a file is one, a folder one for every folder in it, and one for the files that lie beside these.

    Raises:
        SettingsError: a path does not exist, or too many files lie beside folders.
    """
    for path in (from_home(str(p)).absolute() for p in paths):
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


def register(
    space: Workspace, pool: str, suffix: str, client: SyncPrefectClient
) -> tuple[list[RunnerDeployment], list[str]]:
    """Put all deployments of a workspace on a pool, which is made where there is none; those of sources that are gone are removed.

    Args:
        suffix: what all names end with, here and in `queue` (`flows.server.suffix_of`).
    Returns:
        The deployments, and the names of those removed.
    Raises:
        SettingsError: dateline.toml is wrong, or the pool is of another type.
    """
    import anyio

    from flows.deployments import deployments, install_zombies

    placed = deployments(space, suffix)
    _ensure_pool(client, pool)
    for one in placed:
        one.tags = [*(one.tags or []), TAG]
        one.work_pool_name = pool
        one.job_variables = {"env": ENVIRONMENT}
        one.apply()
    anyio.run(install_zombies)
    return placed, _remove_others(client, pool, space, {one.full_name for one in placed})


def queue(
    found: Iterable[Part], space: Workspace, source: str | None, suffix: str, client: SyncPrefectClient
) -> dict[str, str]:
    """Start a run for every part; one that is queued or done already, and has not changed since, stays as it is.

    Returns:
        The run's name by the part's.
    """
    deployment = client.read_deployment_by_name(f"ingest/by-hand{suffix}")
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


def schedule_text(one: RunnerDeployment) -> str:
    """When it runs, for people."""
    for planned in one.schedules or []:
        schedule: Any = planned.schedule
        every = getattr(schedule, "interval", None)
        return f"every {every}" if every else f"{schedule.cron} ({schedule.timezone or 'UTC'})"
    return "at an event" if one.triggers else "when asked for"


def worker_command(url: str, pool: str, password: str = "") -> str:
    """How a worker is started, on any machine that sees the workspace.

    Args:
        password: how the shell comes by the server's password, as `password_of` says it.
    """
    private = " ".join(f"{k}={v}" for k, v in ENVIRONMENT.items())
    secret = f'PREFECT_API_AUTH_STRING="{password}" ' if password else ""
    return f"PREFECT_API_URL={url} {secret}{private} prefect worker start --type process --pool {pool} --limit 2"


def password_of(space: Workspace, url: str) -> str:
    """How a shell comes by the password of a server, which is not printed: '' for one that has none."""
    from flows.secret import read_secret
    from flows.server import PASSWORD, own_server

    if url == own_server(space) and os.environ.get(PASSWORD) == read_secret(space):
        return f"$(dateline serve --show-secret --root {shlex.quote(str(space.root))})"
    return f"${PASSWORD}" if os.environ.get(PASSWORD) else ""


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


def _remove_others(client: SyncPrefectClient, pool: str, space: Workspace, wanted: set[str]) -> list[str]:
    from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterTags

    removed = []
    for one in client.read_deployments(deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG]))):
        name = f"{client.read_flow(one.flow_id).name}/{one.name}"
        if one.work_pool_name == pool and one.parameters.get("root") == str(space.root) and name not in wanted:
            client.delete_deployment(one.id)
            removed.append(name)
    return removed


def server_url(space: Workspace) -> str:
    """The server to deploy to.

    Raises:
        SettingsError: none is named, or it does not answer.
    """
    from flows.server import find_server

    url, why = find_server(space)
    if url is not None:
        return url
    if "password" in why:
        raise SettingsError(why.partition(": running")[0])
    given = os.environ.get("PREFECT_API_URL")
    said = (
        f"no Prefect server answers at PREFECT_API_URL={given}"
        if given
        else "PREFECT_API_URL is not set, and the workspace's own server does not run"
    )
    raise SettingsError(f"{said}: start one, and name it as PREFECT_API_URL=http://HOST:4200/api")
