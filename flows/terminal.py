"""What every command of `dateline` shares: the workspace option, and how it says that something failed or looks odd."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from flows.config import Workspace

Root = Annotated[
    Path | None,
    typer.Option("--root", help="Workspace folder. Else the variable DATELINE_ROOT, else ./data.", show_default=False),
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
    typer.secho(f"dateline: {message}", fg="red", err=True)
    if remedy:
        typer.echo(f"  {remedy}", err=True)
    return typer.Exit(code)


def warn(message: str) -> None:
    """Say what looks odd, and go on."""
    typer.secho(f"dateline: {message}", fg="yellow", err=True)
