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


Page = Annotated[
    str | None,
    typer.Option("--url", help="The page's address, when it is a file that does not say it.", show_default=False),
]
Root = Annotated[
    Path | None,
    typer.Option("--root", help="Workspace folder. Else the variable DATELINE_ROOT, else ./data.", show_default=False),
]


@app.command("test")
def compare(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="FILE|URL…", help="Pages, folders of them, or URLs.", show_default=False),
    ],
    url: Page = None,
    root: Root = None,
) -> None:
    """Show what is read from a page with its site's rule beside what is read without: title, authors, date, body.

    Rules are CSS selectors in TOML: the package's, and your own in the `sites` folder of the workspace.

    Example:

        dateline sources test page.html --url https://example.org/2024/06/story
    """
    from extractors.siterules import RuleError
    from flows.config import workspace
    from flows.sitetest import show_pages

    try:
        good = show_pages(paths, workspace(root).own_sites, url)
    except RuleError as error:
        typer.secho(f"dateline: {error}", fg="red", err=True)
        raise typer.Exit(1) from error
    if not good:
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


@app.command()
def draft(
    path: Annotated[str, typer.Argument(metavar="FILE|URL", help="A page of the site.", show_default=False)],
    url: Page = None,
) -> None:
    """Propose a rule for a page's site: look it through, save it in the `sites` folder of the workspace, and `test` it.

    Example:

        dateline sources draft page.html --url https://example.org/2024/06/story > data/sites/example.toml
    """
    from flows.sitetest import draft_rules

    proposed = draft_rules(path, url)
    if proposed is None:
        typer.secho(f"dateline: {path}: no article in it; name a page that shows one.", fg="red", err=True)
        raise typer.Exit(1)
    typer.echo(proposed, nl=False)
