"""What every command of `dateline` shares: the workspace option, and how it says that something failed or looks odd."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.wording import for_terminal

if TYPE_CHECKING:
    from rich.console import Console

    from flows.config import Workspace


def named_path(given: str) -> Path:
    """A path of the command line; an empty one is a variable that is not set, not the current folder."""
    from flows.config import from_home

    if not given.strip():
        raise typer.BadParameter("is empty: is a variable not set?")
    return from_home(given)


Root = Annotated[
    Path | None,
    typer.Option(
        "--root",
        help="Workspace folder. Else the variable DATELINE_ROOT, else ./data.",
        show_default=False,
        parser=named_path,
        metavar="DIRECTORY",
    ),
]
Private = Annotated[
    bool, typer.Option("--allow-private", help="Let URLs be of this machine or a local network.", show_default=False)
]


def space_of(root: Path | None) -> Workspace:
    """The workspace a command works in."""
    from flows.config import workspace

    return workspace(root)


def fail(message: str, remedy: str = "", code: int = 1) -> typer.Exit:
    """Say what failed and what to do; raise the result."""
    typer.secho(f"dateline: {for_terminal(message, lines=True)}", fg="red", err=True)
    if remedy:
        say(f"  {remedy}", err=True)
    return typer.Exit(code)


def warn(message: str) -> None:
    """Say what looks odd, and go on."""
    typer.secho(f"dateline: {for_terminal(message, lines=True)}", fg="yellow", err=True)


def say(message: str, *, err: bool = False, nl: bool = True) -> None:
    """Print what may hold words from outside: names of files and sources, what servers say."""
    typer.echo(for_terminal(message, lines=True), err=err, nl=nl)


def may_replace(path: Path, yes: bool) -> bool:
    """Whether a file that is there may be replaced: `--yes` was said, or somebody at the keyboard says so."""
    return yes or (sys.stdin.isatty() and typer.confirm(f"{for_terminal(path)} is there already: replace it?"))


def console(*, stderr: bool = False) -> Console:
    """Rich's console, on which texts and cells are just that: `[/red]` in a title is no markup, an escape character is shown.

    What shall be bold or red is a `Text` or has a style.
    """
    from rich.console import Console
    from rich.text import Text

    class Plain(Console):
        """Every string that Rich shows, also of a cell or a title, comes through here."""

        def render_str(self, text: str, **how: Any) -> Text:
            return super().render_str(for_terminal(text, lines=True), **how | {"markup": False, "emoji": False})

    return Plain(stderr=stderr, markup=False, emoji=False)
