"""The commands for the bad day: repair, backup, restore, and names that keep a version."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows.terminal import Root, fail, say, space_of, warn
from flows.warehouse_cli import in_words

app = typer.Typer()

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it, without asking.")]


@app.command()
def repair(root: Root = None, yes: Yes = False) -> None:
    """Say what is damaged and what would be done about it; with --yes do it.

    Lost records of the log are made anew from the parts, damaged parts are taken out, what they held is made again from the
    captures, and what is lost is named: the next ingest of the same input brings it back.

    Examples:

        dateline repair

        dateline repair --yes
    """
    import warehouse
    from flows import mending

    space = space_of(root)
    if not (space.root / "_log").is_dir() and not any((space.root / t).is_dir() for t in warehouse.TABLES):
        raise fail(f"{space.root} holds no warehouse", "name one with --root.")
    with in_words():
        found = mending.repair(space, dry_run=not yes)
    for title, lines in (("damaged", found.damage), ("would do" if not yes else "did", found.done),
                         ("lost", found.lost), ("in doubt", found.doubtful)):  # fmt: skip
        for line in lines:
            say(f"{title}: {line}")
    if not found.damage and not found.done:
        say("nothing is damaged")
    elif not yes:
        raise fail(
            "nothing has been changed", "`dateline repair --yes` does it; `dateline backup DIR` first, if in doubt."
        )


@app.command()
def backup(
    folder: Annotated[Path, typer.Argument(help="A new folder, or that of an earlier backup.", show_default=False)],
    root: Root = None,
) -> None:
    """Copy the warehouse as it is now, with settings, rules and lexicons, and compare every part with its sha256.

    Only what the folder does not hold yet is copied. A backup is a workspace: `dateline sql --root DIR` reads it.

    Example:

        dateline backup /media/disk/news
    """
    import warehouse
    from flows import mending

    space = space_of(root)
    if not (space.root / "_log").is_dir():
        raise fail(f"{space.root} holds no warehouse yet", "`dateline ingest PATH` fills it.")
    try:
        with in_words():
            done = mending.backup(space.root, folder)
    except warehouse.NotABackup as error:
        raise fail(str(error)) from error
    gone = f", {done.deleted:,} deleted that it needs no more" if done.deleted else ""
    say(
        f"{folder}: version {done.version}, {done.parts:,} parts are whole; {done.copied:,} copied ({done.bytes / 1e6:,.1f} MB){gone}"
    )


@app.command()
def restore(
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", help="A backup.", show_default=False)] = None,
    root: Root = None,
    version: Annotated[
        int | None,
        typer.Option(help="Instead: make this version the newest again (see `from loads`).", show_default=False),
    ] = None,
    yes: Yes = False,
) -> None:
    """Bring back a backup, or an older version of the warehouse as a new commit.

    What was forgotten since does not come back. What the workspace holds and the backup does not is named.

    Examples:

        dateline restore /media/disk/news --root new-workspace

        dateline restore --version 41
    """
    import warehouse
    from flows import mending

    space = space_of(root)
    if (folder is None) == (version is None):
        raise fail("name a backup, or --version N", code=2)
    if version is not None:
        try:
            with in_words():
                done = mending.restore_version(space.root, version)
        except LookupError as error:
            raise fail(
                str(error).strip("'"),
                "`dateline keep NAME` keeps a version; `dateline restore DIR` brings a backup back.",
            ) from error
        say(f"version {done.version} is what version {version} was, less what was forgotten since")
        return
    assert folder is not None
    there = (space.root / "_log").exists()
    if there and not yes and not (sys.stdin.isatty() and typer.confirm(f"replace what {space.root} holds?")):
        raise fail("nothing was restored", f"{space.root} holds a warehouse: say --yes to replace it.")
    try:
        with in_words():
            restored = mending.restore(space.root, folder)
    except warehouse.NotABackup as error:
        raise fail(str(error), "nothing has changed.") from error
    say(
        f"{space.root}: version {restored.version} of {folder}, {restored.parts:,} parts are whole; {restored.copied:,} copied"
    )
    if restored.forgotten:
        say(f"{restored.forgotten:,} rows were left out because they were forgotten since")
    for line in restored.lost:
        warn(f"not in the backup: {line}")


@app.command()
def keep(
    name: Annotated[str | None, typer.Argument(help="Without it: list what is kept.", show_default=False)] = None,
    root: Root = None,
    version: Annotated[int | None, typer.Option(help="This version instead of the last.", show_default=False)] = None,
    release: Annotated[bool, typer.Option("--release", help="Let go of the name.")] = False,
) -> None:
    """Keep a version under a name: `gc` leaves its parts, so that it can be read and restored for as long as the name is there.

    Examples:

        dateline keep paper-2026 --version 41

        dateline sql --version 41 "select count(*) from events"

        dateline keep paper-2026 --release
    """
    import warehouse

    space = space_of(root)
    with in_words():
        if name is None:
            for kept in warehouse.kept_versions(space.root):
                say(f"{kept.name}  version {kept.version}, since {kept.at:%Y-%m-%d %H:%M} UTC")
            return
        if release:
            if not warehouse.release(space.root, name):
                raise fail(f"{name}: no version is kept under that name", "`dateline keep` lists them.")
            say(f"{name}: let go; `dateline gc` deletes what nothing else needs")
            return
        try:
            done = warehouse.keep(space.root, name, version)
        except (LookupError, ValueError) as error:
            raise fail(str(error).strip("'")) from error
    say(f"{done.name}: version {done.version} is kept")
