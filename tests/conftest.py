"""Shared by all tests: a workspace, and the `dateline` command run as a user would."""

from __future__ import annotations

import contextlib
import io
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

# Runs inside a test's own process start no worker: each would cost a second. The command's runs do, as a user's.
os.environ.setdefault("DATELINE_WORKERS", "0")


class Dateline:
    """The `dateline` command in an empty folder, with the workspace in DATELINE_ROOT and no Prefect server.

    Called, it runs in this process: starting Python and reading the lexicons would cost a second each time. `alone` gives it a process
    of its own, for what depends on one: workers, kills, Prefect.
    """

    def __init__(self, root: Path, cwd: Path) -> None:
        self.cwd = cwd
        self.variables = {"DATELINE_ROOT": str(root), "COLUMNS": "200"}

    def environment(self, extra: dict[str, str]) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "DATELINE_"))}
        return kept | self.variables | extra

    def alone(self, *arguments: str, stdin: str | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "flows", *arguments],
            capture_output=True,
            text=True,
            input=stdin or "",
            cwd=self.cwd,
            env=self.environment(extra),
            timeout=120,
        )

    def __call__(self, *arguments: str, stdin: str | None = None, **extra: str) -> subprocess.CompletedProcess[str]:
        out, err, given = (io.TextIOWrapper(io.BytesIO(), "utf-8", errors="backslashreplace") for _ in range(3))
        given.write(stdin or "")
        given.seek(0)
        with (
            _as_if(self.cwd, self.environment({"DATELINE_WORKERS": "0"} | extra), ["dateline", *arguments], given),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            code = _ended()
        texts = []
        for stream in (out, err):
            stream.flush()
            texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
        return subprocess.CompletedProcess(arguments, code, *texts)


def _ended() -> int:
    """Run the command line as Python runs a program; its exit status."""
    from flows.cli import main

    try:
        main()
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    except Exception:
        traceback.print_exc()
        return 1
    return 0


@contextlib.contextmanager
def _as_if(cwd: Path, environment: dict[str, str], argv: list[str], stdin: io.TextIOWrapper) -> Iterator[None]:
    """Another folder, environment, command line and standard input; all as before afterwards, signals too."""
    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = os.getcwd(), dict(os.environ), sys.argv, sys.stdin, [signal.getsignal(n) for n in numbers]
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv, sys.stdin = argv, stdin
    try:
        yield
    finally:
        os.chdir(before[0])
        os.environ.clear()
        os.environ.update(before[1])
        sys.argv, sys.stdin = before[2], before[3]
        for number, handler in zip(numbers, before[4], strict=True):
            signal.signal(number, handler)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A workspace that does not exist yet."""
    return tmp_path / "workspace"


@pytest.fixture
def dateline(tmp_path: Path, root: Path) -> Dateline:
    """The command as a user runs it."""
    cwd = tmp_path / "cwd"
    cwd.mkdir()
    return Dateline(root, cwd)


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
