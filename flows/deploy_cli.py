"""`dateline deploy`: runs on workers elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.terminal import Root, say, space_of, warn

app = typer.Typer()


@app.command()
def deploy(
    archives: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PATH]…",
            help="Archives to ingest now: every folder in PATH is a run of its own, as is a file.",
            show_default=False,
        ),
    ] = None,
    pool: Annotated[str, typer.Option(help="The work pool; made if it is not there.")] = "dateline",
    source: Annotated[
        str | None, typer.Option(help="Name of the source, stored with every article.", show_default=False)
    ] = None,
    root: Root = None,
) -> None:
    """Put the configured sources, and archives by folder, on a Prefect work pool whose workers may stand on other machines.

    The workspace and the archives must be seen at the same path by every worker. Repeat it after a change of dateline.toml: what is
    there is brought up to date, sources that are gone are taken off.

    Examples:

        dateline deploy

        dateline deploy /shared/archive/2024 --source wire    (a run for 2024-01-01, one for 2024-01-02, …)
    """
    from flows import deploy as pools
    from flows.config import quiet_prefect
    from flows.server import own_server, suffix_of, use_server

    space = space_of(root)
    found = list(pools.parts(archives or []))
    if archives and not found:
        warn(f"nothing to read in {', '.join(map(str, archives))}")
    url = pools.server_url(space)
    use_server(space, url)
    quiet_prefect(space.prefect_home)
    from prefect.client.orchestration import get_client

    suffix = suffix_of(space, url == own_server(space))
    with get_client(sync_client=True) as client:
        placed, removed = pools.register(space, pool, suffix, client)
        queued = pools.queue(found, space, source, suffix, client) if found else {}
    say(f"work pool {pool} at {url}")
    for one in placed:
        say(f"  {one.full_name:32} {pools.schedule_text(one)}")
    for name in removed:
        say(f"  removed: {name}")
    for name in queued:
        say(f"  queued: {name}")
    say(
        f"workers, on every machine that is to help:\n  {pools.worker_command(url, pool, pools.password_of(space, url))}"
    )
