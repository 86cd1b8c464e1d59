"""The commands of an installation that runs: serve it, and ask whether all is well."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.terminal import Root, fail, space_of

app = typer.Typer()


@app.command()
def serve(
    root: Root = None,
    port: Annotated[
        int | None,
        typer.Option(
            help="Port of the Prefect server. Default: 4200, or a free one where that is taken.",
            show_default=False,
            min=0,
            max=65535,
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address the server listens at; 0.0.0.0 lets the network in, and there is no password.")
    ] = "127.0.0.1",
    no_server: Annotated[
        bool, typer.Option("--no-server", help="Use the server at PREFECT_API_URL instead of starting one.")
    ] = False,
) -> None:
    """Serve a workspace: the Prefect server with its UI, the schedules, and the inbox; Ctrl-C ends it all.

    A file dropped into the `inbox` folder of the workspace is ingested within seconds; sources with a schedule in dateline.toml
    are fetched by it. What dies is started again.

    Examples:

        dateline serve

        dateline serve --root ~/news --port 4300

        PREFECT_API_URL=http://prefect.example:4200/api dateline serve --no-server
    """
    from flows import serve as served

    if no_server and port is not None:
        raise fail("--port goes with a server of its own", "leave out --port, or --no-server.", code=2)
    try:
        served.serve(space_of(root), host, port, own_server=not no_server)
    except served.ServeError as error:
        raise fail(str(error), error.remedy) from error


@app.command()
def doctor(
    root: Root = None,
    format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
) -> None:
    """Check the installation and the workspace, and say what to do about what is wrong; exit status 1 if anything is.

    Examples:

        dateline doctor

        dateline doctor --format json
    """
    from flows import doctor as checks

    if format not in ("text", "json"):
        raise fail(f"--format {format}: text or json", code=2)
    if not checks.report(checks.examine(space_of(root)), format):
        raise typer.Exit(1)
