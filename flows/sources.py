"""`dateline sources`: what is known about where articles come from, and how a page of a source is read.

A sub-command group: each command is a few lines here and a call into the module that does the work.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    name="sources",
    help="Where articles come from, and how their pages are read.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
def test(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="FILE|URL…", help="Pages, folders of them, or URLs.", show_default=False),
    ],
) -> None:
    """Show what is read from a page: title, date and where it was found, authors, the length and the borders of the body.

    Example:

        dateline sources test page.html
    """
    from flows.sitetest import show_pages

    if not show_pages(paths):
        raise typer.Exit(1)


@app.command()
def profile(
    root: Annotated[
        Path | None,
        typer.Option(
            "--root", help="Workspace folder. Else the variable DATELINE_ROOT, else ./data.", show_default=False
        ),
    ] = None,
) -> None:
    """Count what each source usually writes about, so that its small towns are found where it is at home.

    The counts become `lexicons/sources-<hash>.tsv` of the workspace and hold for later loads and for `code` lines with a `source`.

    Example:

        dateline sources profile
    """
    from flows.config import workspace
    from flows.profile import LEAST, make_profile

    made = make_profile(workspace(root).root)
    if made is None:
        typer.secho(f"dateline: no source has {LEAST} articles with places yet", fg="red", err=True)
        raise typer.Exit(1)
    typer.echo(f"{made.path}: {made.sources} sources, {made.rows} rows")
