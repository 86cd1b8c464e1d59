"""The commands of an installation that runs: serve it, and ask whether all is well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flows.terminal import Root, fail, space_of

if TYPE_CHECKING:
    from flows.config import Workspace

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
        str, typer.Option(help="Address the server listens at; 0.0.0.0 lets the network in and needs --public-url.")
    ] = "127.0.0.1",
    public_url: Annotated[
        str,
        typer.Option(
            metavar="URL", help="Where browsers reach the server: https://NAME or http://NAME:PORT.", show_default=False
        ),
    ] = "",
    no_server: Annotated[
        bool, typer.Option("--no-server", help="Use the server at PREFECT_API_URL instead of starting one.")
    ] = False,
    show_secret: Annotated[
        bool, typer.Option("--show-secret", help="Print the server's password and end; for the UI, and for programs.")
    ] = False,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Make a new password in place of the old one and end.")
    ] = False,
) -> None:
    """Serve a workspace: the Prefect server with its UI, the schedules, and the inbox; Ctrl-C ends it all.

    A file dropped into the `inbox` folder of the workspace is ingested within seconds; sources with a schedule in dateline.toml
    are fetched by it. What dies is started again. The server asks for a password, which is the workspace's own: the UI for all of
    what --show-secret prints, other programs for it in PREFECT_API_AUTH_STRING.

    Examples:

        dateline serve

        dateline serve --root ~/news --port 4300

        dateline serve --show-secret

        PREFECT_API_URL=http://prefect.example:4200/api dateline serve --no-server
    """
    from flows import serve as served

    if show_secret or new_secret:
        _secret(space_of(root), new_secret)
        return
    if no_server and (port is not None or public_url):
        raise fail("--port and --public-url go with a server of its own", "leave them out, or --no-server.", code=2)
    try:
        served.serve(space_of(root), host, port, own_server=not no_server, public_url=public_url)
    except served.ServeError as error:
        raise fail(str(error), error.remedy) from error


def _secret(space: Workspace, renew: bool) -> None:
    """Print the secret alone, so that a program can take it: `PREFECT_API_AUTH_STRING="$(dateline serve --show-secret)"`."""
    from flows import secret
    from flows.locks import is_locked

    if not space.root.is_dir():
        raise fail(f"{space.root}: there is no such workspace", "name it with --root, or start `dateline serve` once.")
    if is_locked(space.prefect_home / "serve.lock") and (renew or not secret.read_secret(space)):
        raise fail(f"{space.root} is being served, with the secret it has", "end `dateline serve` first, then make a new one.")  # fmt: skip
    try:
        typer.echo(secret.new_secret(space) if renew else secret.ensure_secret(space))
    except OSError as error:
        raise fail(f"{error.filename}: {error.strerror or error}", "the workspace must be yours to write.") from error


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
