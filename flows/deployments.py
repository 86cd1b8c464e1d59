"""All deployments, their schedules and triggers, and the automation for killed runs: said once, here.

`python -m flows.deployments ROOT` serves them from one process: it starts a process for each run, and takes up changes of
dateline.toml while it runs.

That two runs of one kind do not go side by side is a lock of the system, taken in the flow. Prefect's limits by deployment were
tried: a run whose runner was killed before it began kept its slot, and every later run of its source was cancelled.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import anyio
import httpx
from prefect import get_client
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterId,
    DeploymentFilterTags,
    FlowRunFilter,
    FlowRunFilterExpectedStartTime,
    FlowRunFilterState,
    FlowRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule
from prefect.deployments.runner import RunnerDeployment
from prefect.events import DeploymentEventTrigger
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.flows import Flow
from prefect.runner import Runner
from prefect.runner._starter_engine import EngineCommandStarter
from prefect.states import Crashed
from prefect.types._datetime import DateTime
from prefect.types.entrypoint import EntrypointType

from flows.config import SettingsError, Workspace, worker_count, workspace
from flows.configured import Source, read_sources
from flows.confine import SERVED
from flows.doctor import ZOMBIES
from flows.fetchstate import due_sources, last_tries
from flows.maintain import maintain, roll_up
from flows.reextract import reextract
from flows.server import OWN_API, only_while_served
from flows.sweep import LANDED, inbox
from flows.tasks import INGEST_COMMITTED, ingest
from flows.terminal import say

TAG = "dateline"
RENEW = 75
"""Exit status that asks to be started again at once."""
SILENCE = 90
"""Seconds without a sign of life (runs give one every 30) until a run counts as dead."""
_LAST_WORDS = 8.0
"""Seconds in which the runner ends of itself when it is told to."""
SWEEP = "*/5 * * * *"
NIGHTLY = "17 3 * * *"
"""When maintain runs, UTC."""


ENTRYPOINTS = frozenset(
    f"{flow.__module__}.{flow.fn.__name__}" for flow in (inbox, ingest, reextract, maintain, roll_up)
)
"""All that a run may execute, as modules and names of this package."""


def deployments(space: Workspace, suffix: str = "") -> list[RunnerDeployment]:
    """Everything `dateline serve` serves for a workspace.

    Args:
        suffix: what all names end with (`flows.server.suffix_of`).
    Raises:
        SettingsError: dateline.toml is wrong.
    """
    root = {"root": str(space.root)}
    common: dict[str, Any] = {"tags": [TAG]}
    made = [
        _made(inbox, f"dropped{suffix}", parameters=root, description="One claimed batch of the inbox; the watcher starts it.", **common),
        _made(inbox, f"sweep{suffix}",
            parameters=root,
            cron=SWEEP,
            triggers=[DeploymentEventTrigger(name="dateline: something landed in the inbox", expect={LANDED}, parameters=root)],
            description=f"Everything in the inbox, every five minutes and at the event `{LANDED}`.",
            **common,
        ),
        _made(ingest, f"by-hand{suffix}", parameters=root, description="Files, folders, URLs or sources of your choice.", **common),
        _made(reextract, f"by-hand{suffix}", parameters=root, description="Rows made again from the captures kept, after newer rules.", **common),
        _made(maintain, f"nightly{suffix}", parameters=root, cron=NIGHTLY, **common),
        _made(roll_up, f"daily{suffix}",
            parameters=root,
            triggers=[DeploymentEventTrigger(name="dateline: roll up after an ingest", expect={INGEST_COMMITTED}, match={"dateline.root": str(space.root)}, parameters=root)],
            description=f"`rollups/events_daily.parquet`, after each run that committed something (event `{INGEST_COMMITTED}`).",
            **common,
        ),
    ]  # fmt: skip
    return made + [_of_source(source, root, suffix) for source in read_sources(space)]


def _made(flow: Flow[Any, Any], name: str, **options: Any) -> RunnerDeployment:
    """A deployment whose runs import the flow by its module's name, from wherever they start. Not to be called from a coroutine."""
    made = flow.to_deployment(name, entrypoint_type=EntrypointType.MODULE_PATH, **options)
    assert isinstance(made, RunnerDeployment)
    return made


def _of_source(source: Source, root: dict[str, str], suffix: str) -> RunnerDeployment:
    name = deployment_name(source, suffix)
    return _made(
        ingest,
        name,
        parameters=root | {"sources": [source.name]},
        schedules=[{"schedule": schedule}] if (schedule := schedule_of(source)) else [],
        tags=[TAG, f"source:{source.name}"],
        description=f"{source.kind}: {', '.join(source.address[:3])}. Schedule: {source.schedule or 'none'}",
    )


def deployment_name(source: Source, suffix: str) -> str:
    """The name of a source's deployment of `ingest`."""
    return (source.name if source.name != "by-hand" else "by-hand (source)") + suffix


def schedule_of(source: Source) -> CronSchedule | IntervalSchedule | None:
    """A source's schedule for Prefect.

    An interval counts from a fixed moment, which the source's name shifts within its jitter: so restarts do not move it, and not
    all begin together. A cron schedule keeps its minute, and the run itself waits.
    """
    if source.every is not None:
        jitter = min(source.jitter, source.every)
        shift = zlib.crc32(source.name.encode()) / 2**32 * jitter
        return IntervalSchedule(
            interval=source.every, anchor_date=datetime(2020, 1, 1, tzinfo=UTC) + shift, timezone="UTC"
        )
    return CronSchedule(cron=source.cron, timezone=source.timezone) if source.cron else None


class OwnRunner(Runner):
    """Prefect's runner, with two differences.

    It waits for the server, where Prefect's gives up after three seconds without one, and its runs with it. And it executes the flows
    of this package only: Prefect's does what the deployment says on the server (an entrypoint, a shell command to fetch it with),
    so that whoever may write there may execute anything here.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._own: dict[UUID, str] = {}

    async def __aenter__(self) -> OwnRunner:
        await super().__aenter__()
        poller = self._scheduled_run_poller
        poller._get_and_submit_flow_runs = _patient(poller._get_and_submit_flow_runs)  # type: ignore[method-assign]
        poller._resolve_starter = self._starter_of  # type: ignore[assignment]
        assert self._hook_runner is not None
        self._hook_runner._resolve_flow = _without_hooks
        return self

    async def add_own(self, made: RunnerDeployment) -> UUID:
        """Register a deployment on the server, and here what its runs execute, whatever the server then says of it."""
        made.work_pool_name = made.work_queue_name = None  # said, so that what the server has is cleared
        add: Any = self.aadd_deployment
        known: UUID = await add(made)
        assert made.entrypoint in ENTRYPOINTS, made.entrypoint
        self._own[known] = made.entrypoint
        return known

    def _starter_of(self, run: FlowRun) -> EngineCommandStarter:
        entrypoint = self._own.get(run.deployment_id) if run.deployment_id else None
        if entrypoint is None:
            raise RuntimeError(f"of a deployment ({run.deployment_id}) that was not registered here: not executed")
        return EngineCommandStarter(
            tmp_dir=self._tmp_dir,
            entrypoint=entrypoint,
            deployment_name=self._deployment_registry.get_deployment_name(run.deployment_id),  # type: ignore[arg-type]
            control_channel=self._control_channel,
        )

    async def _run_on_cancellation_hooks(self, *_: Any) -> None:
        """None, as in `_without_hooks`."""

    async def _run_on_crashed_hooks(self, *_: Any) -> None:
        """As above."""

    def handle_sigterm(self, *_: Any) -> None:
        """End, and the runs with us, as leaving the runner's block does; Prefect's own adds a coroutine that nobody awaits.

        That tells the server, and waits for minutes where the server ended first: then all of our process group is killed.
        """
        late = threading.Timer(_LAST_WORDS, _kill_all)
        late.daemon = True
        late.start()
        sys.exit(0)


def _kill_all() -> None:
    if os.getpgrp() == os.getpid():  # as `dateline serve` starts us
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


async def _without_hooks(run: FlowRun) -> Flow[Any, Any]:
    return inbox  # like all of ours it has none; Prefect's runner would import what the server names, to look for some


def _patient(work: Callable[..., Awaitable[None]]) -> Callable[..., Any]:
    async def patient(*arguments: Any, **named: Any) -> None:
        try:
            await work(*arguments, **named)
        except (httpx.TransportError, httpx.HTTPStatusError) as error:
            if isinstance(error, httpx.HTTPStatusError) and error.response.status_code < 500:
                raise
            await anyio.sleep(2)

    return patient


async def serve(space: Workspace, suffix: str) -> bool:
    """Register everything and run what is due, until told to stop.

    Returns:
        Whether it wants to be started anew: after the server was away (SIGUSR1 says so), Prefect's runner no longer hears that a
        run is to be cancelled. It ends once no run is under way.
    """
    runner = OwnRunner(name=TAG, limit=max(2, worker_count()) + 1, pause_on_shutdown=False)
    await _register(runner, space, suffix)
    await install_zombies()
    await _bury(space)
    await _catch_up(space, suffix)
    async with anyio.create_task_group() as group:
        group.start_soon(_follow_settings, runner, space, suffix)
        group.start_soon(_end_when_idle, runner)
        await runner.start()
        group.cancel_scope.cancel()
    return True


async def _end_when_idle(runner: Runner) -> None:
    with anyio.open_signal_receiver(signal.SIGUSR1) as told:
        async for _ in told:
            break
    while runner._flow_run_process_map or runner._scheduled_run_poller._submitting_flow_run_ids:
        await anyio.sleep(0.5)
    await runner.astop()


async def _register(runner: OwnRunner, space: Workspace, suffix: str) -> None:
    made = await anyio.to_thread.run_sync(deployments, space, suffix)
    wanted = [await runner.add_own(one) for one in made]
    async with get_client() as client:
        every = await client.read_deployments(deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])))
        for old in every:
            # Only our own workspace's: several may use one server.
            if old.id not in wanted and (old.parameters or {}).get("root") == str(space.root) and not old.paused:
                pause: Any = client.set_deployment_paused_state
                await pause(old.id, True)


async def _follow_settings(runner: OwnRunner, space: Workspace, suffix: str) -> None:
    """Take up sources that come, go or change, without a restart."""
    seen = _changed(space)
    while True:
        await anyio.sleep(2)
        now = _changed(space)
        if now == seen:
            continue
        try:
            await _register(runner, space, suffix)
            await _catch_up(space, suffix)
            say(f"{datetime.now():%H:%M:%S} sources: taken up from {space.settings}")
        except SettingsError as error:
            say(f"{datetime.now():%H:%M:%S} sources: {error}; the schedules stay as they were")
        except (httpx.TransportError, httpx.HTTPStatusError):
            continue  # the server is away: tried again with the next look
        seen = now


def _changed(space: Workspace) -> tuple[int, int]:
    try:
        info = space.settings.stat()
    except OSError:
        return (0, 0)
    return (info.st_mtime_ns, info.st_size)


async def _ours(client: Any, space: Workspace) -> dict[str, Any]:
    """The ids of this workspace's deployments, by name; others may use the same server."""
    every = await client.read_deployments(deployment_filter=DeploymentFilter(tags=DeploymentFilterTags(all_=[TAG])))
    return {d.name: d.id for d in every if (d.parameters or {}).get("root") == str(space.root)}


async def _bury(space: Workspace) -> None:
    """Mark the runs of an earlier life as crashed: only one process serves a workspace, so whoever had them is gone."""
    async with get_client() as client:
        ours = await _ours(client, space)
        kinds = FlowRunFilterStateType(any_=[StateType.PENDING, StateType.RUNNING, StateType.CANCELLING])
        left = await client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(ours.values()))),
            flow_run_filter=FlowRunFilter(state=FlowRunFilterState(type=kinds)),
        )
        for run in left:
            await client.set_flow_run_state(
                run.id, Crashed(message="the process that had taken it up is gone"), force=True
            )


async def _catch_up(space: Workspace, suffix: str) -> None:
    """After an outage: the runs whose time passed are dropped, and each source that is due gets one."""
    async with get_client() as client:
        ours = await _ours(client, space)
        late = await client.read_flow_runs(
            deployment_filter=DeploymentFilter(id=DeploymentFilterId(any_=list(ours.values()))),
            flow_run_filter=FlowRunFilter(
                state=FlowRunFilterState(type=FlowRunFilterStateType(any_=[StateType.SCHEDULED])),
                expected_start_time=FlowRunFilterExpectedStartTime(before_=DateTime.now(UTC) - timedelta(seconds=30)),
            ),
        )
        for run in late:
            if run.auto_scheduled:
                await client.delete_flow_run(run.id)
        tries = last_tries(space)
        for source in due_sources(space, datetime.now(UTC)):
            last = tries.get(source.name)
            key = f"due-{source.name}-{last.isoformat() if last else 'never'}"
            name = deployment_name(source, suffix)
            if name in ours:
                await client.create_flow_run_from_deployment(ours[name], idempotency_key=key)


async def install_zombies() -> None:
    """Install, or bring up to date, the automation that marks our runs as crashed when they give no sign of life."""
    names = ("heartbeat", "Completed", "Degraded", "NothingNew", "Failed", "Cancelled", "Cancelling", "Crashed")
    wanted = AutomationCore(
        name=ZOMBIES,
        description="Installed by Dateline. A run whose process was killed cannot say so itself.",
        trigger=EventTrigger(
            after={"prefect.flow-run.heartbeat", "prefect.flow-run.Running"},
            expect={f"prefect.flow-run.{name}" for name in names},
            for_each={"prefect.resource.id"},
            match=ResourceSpecification({"prefect.resource.id": "prefect.flow-run.*"}),
            # Only runs started here: those of others may beat more slowly.
            match_related=ResourceSpecification({"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{TAG}"}),
            posture=Posture.Proactive,
            threshold=1,
            within=timedelta(seconds=SILENCE),
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message=f"no sign of life for {SILENCE} s: its process was killed, or the machine stopped")],  # type: ignore[call-arg]
    )  # fmt: skip
    async with get_client() as client:
        there = await client.read_automations_by_name(ZOMBIES)
        if there:
            await client.update_automation(there[0].id, wanted.model_copy(update={"enabled": there[0].enabled}))
        else:
            await client.create_automation(wanted)


def main(root: str, suffix: str = "") -> None:
    """Serve a workspace's deployments at PREFECT_API_URL until SIGTERM or Ctrl-C."""
    os.environ[SERVED] = str(workspace(root).root)  # what the processes of the runs are bound by
    if own := os.environ.get(OWN_API):
        only_while_served(workspace(root), own)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us with SIGTERM, after the watcher
    if anyio.run(serve, workspace(root), suffix):
        sys.exit(RENEW)


if __name__ == "__main__":
    main(*sys.argv[1:3])
