"""Mending and keeping as commands do it: repair and the rows made again behind it, backups, going back, names of versions."""

from __future__ import annotations

from pathlib import Path

import warehouse
from flows.catalogue import refresh
from flows.config import Workspace
from flows.keeping import progress


def repair(space: Workspace, *, dry_run: bool) -> warehouse.Repaired:
    """Mend log and parts, then make the articles of the loads that lost some again from their captures.

    Raises:
        Beyond: the log cannot be made anew.
    """
    from flows.reextraction import reextract

    found = warehouse.repair(space.root, dry_run=dry_run)
    if not dry_run and (found.done or found.loads):
        if found.loads:
            reextract(space)
        refresh(space.root)
    return found


def backup(root: Path, folder: Path) -> warehouse.BackedUp:
    """Bring a backup up to date, with progress."""
    with progress("backing up") as bar:
        return warehouse.backup(root, folder, lambda done, total: bar.update(done, total))


def restore(root: Path, folder: Path) -> warehouse.BackedUp:
    """Make a workspace what a backup says, less what was forgotten since."""
    with progress("restoring") as bar:
        done = warehouse.restore(folder, root, lambda count, total: bar.update(count, total))
    refresh(root)
    return done


def restore_version(root: Path, version: int) -> warehouse.Commit:
    """Make an older version the newest again."""
    done = warehouse.restore_version(root, version)
    refresh(root)
    return done
