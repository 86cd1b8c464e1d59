"""Shared by all tests: a workspace, and the `dateline` command run as a user would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Runs inside a test's own process start no worker: each would cost a second. The command's runs do, as a user's.
os.environ.setdefault("DATELINE_WORKERS", "0")

Dateline = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace that does not exist yet."""
    return tmp_path / "workspace"


@pytest.fixture
def dateline(tmp_path: Path, root: Path) -> Dateline:
    """Run the command in a process of its own, in an empty folder, with the workspace in DATELINE_ROOT and no Prefect server."""
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "DATELINE_"))}
    env |= {"DATELINE_ROOT": str(root), "COLUMNS": "200"}

    def run(*arguments: str, stdin: str | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flows", *arguments],
            capture_output=True,
            text=True,
            input=stdin if stdin is not None else "",
            cwd=cwd,
            env=env | extra,
            timeout=120,
        )

    return run


def read_terminal(control: int) -> str:
    """All that the programs on a pseudo-terminal write until the last of them ends."""
    shown = b""
    while True:
        try:
            piece = os.read(control, 65536)
        except OSError:  # nobody holds its other side any more
            piece = b""
        if not piece:
            os.close(control)
            return shown.decode(errors="replace")
        shown += piece
