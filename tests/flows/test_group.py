"""The group of processes behind `dateline serve`, with small processes in the place of the real parts."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from flows import serve
from flows.config import Workspace
from tests.flows.serving import wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks /proc for memory")
HOLDS = "import time; held = b'x' * {megabytes}_000_000; print('there', flush=True); time.sleep(600)"


def group(root: Path, megabytes: int) -> tuple[serve.Group, list[str]]:
    said: list[str] = []
    part = serve.Part("server", [sys.executable, "-c", HOLDS.format(megabytes=megabytes)], root / "server.log")
    made = serve.Group(Workspace(root), "http://127.0.0.1:9/api", [part], said.append)
    root.mkdir()
    made.begin(part)
    wait_for(lambda: b"there" in (root / "server.log").read_bytes(), 20, "the part has taken its memory")
    return made, said


def test_a_server_that_has_grown_is_started_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "_STEADY", 0.0)
    monkeypatch.setenv("DATELINE_SERVER_MB", "80")
    made, said = group(root, 100)
    (server,) = made.parts
    assert server.process
    first = server.process.pid
    try:

        def renewed() -> bool:
            made.look_after(time.monotonic())
            return bool(server.process and server.process.pid != first)

        wait_for(renewed, 30, "another process in its place")
        assert len([line for line in said if "has grown to" in line]) == 1
        assert server.failures == 0, "it is no failure"
        assert made.server_was_away, "the runner is told to begin anew"
    finally:
        made.end()


def test_one_that_has_not_is_left_alone(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "_STEADY", 0.0)
    made, said = group(root, 20)
    (server,) = made.parts
    try:
        assert server.process
        assert 20_000_000 < serve.resident(server.process.pid) < serve.server_memory()
        made.look_after(time.monotonic())
        assert said == []
        assert server.process.poll() is None
    finally:
        made.end()
