"""`dateline serve` as a user starts it, for the tests that need it running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import flows
from flows.config import workspace
from flows.secret import read_secret
from flows.server import call, own_server

T = TypeVar("T")

LOCAL = '[sources.local-paper]\nkind = "folder"\naddress = "paper"\nschedule = "every 1 minute"\n'
"""dateline.toml with one source that is always due: the folder `paper` of the workspace."""


def wait_for(look: Callable[[], T], seconds: float, what: str) -> T:
    """Look until something is there; what an OSError or an empty answer says is 'not yet'."""
    until = time.monotonic() + seconds
    while True:
        try:
            if found := look():
                return found
        except OSError:
            pass
        assert time.monotonic() < until, f"not within {seconds:g} s: {what}"
        time.sleep(0.2)


class Served:
    """A served workspace, in a process group of its own, started from a folder with a foreign `flows` package in it."""

    def __init__(self, folder: Path, settings: str = "") -> None:
        self.space = workspace(folder / "workspace")
        self.root = self.space.root
        self.root.mkdir(exist_ok=True)
        if settings:
            self.space.settings.write_text(settings)
        self.cwd = folder / "elsewhere"
        (self.cwd / "flows").mkdir(parents=True, exist_ok=True)
        (self.cwd / "flows" / "__init__.py").write_text("raise SystemExit('the foreign flows was imported')\n")
        self.output = folder / "serve.log"
        self.process: subprocess.Popen[bytes] | None = None
        self.more: dict[str, str] = {}

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-P", "-m", "flows", *arguments, "--root", str(self.root)]

    def environment(self) -> dict[str, str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "DATELINE_", "PYTHON"))}
        return env | {"PYTHONPATH": str(Path(flows.__file__).parent.parent), "DATELINE_WORKERS": "2"} | self.more

    def start(self, *arguments: str) -> float:
        """Start it and wait for its banner; returns the seconds that took."""
        began = time.monotonic()
        size = self.output.stat().st_size if self.output.exists() else 0
        with open(self.output, "ab") as out:
            command = self.command("serve", *(arguments or ("--port", "0")))
            self.process = subprocess.Popen(command, stdout=out, stderr=out, cwd=self.cwd, env=self.environment())

        def said() -> bool:
            text = self.output.read_bytes()[size:]
            assert self.process
            assert self.process.poll() is None, text.decode()
            return b"Ctrl-C ends it all" in text

        wait_for(said, 360, "the banner")
        return time.monotonic() - began

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Another command on the same workspace."""
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, cwd=self.cwd, env=self.environment(), timeout=300)  # fmt: skip

    def sql(self, query: str) -> str:
        done = self.run("sql", query, "--format", "csv")
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n", 1)[1].strip()

    @property
    def api(self) -> str:
        return own_server(self.space)

    @property
    def secret(self) -> str:
        return read_secret(self.space)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return call(self.api, method, path, body, password=self.secret)

    def runs(self, **flow_runs: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("POST", "/flow_runs/filter", {"flow_runs": flow_runs, "limit": 200})
        return found

    def drop(self, name: str, body: bytes) -> None:
        """Put a file into the inbox as a careful program does: under a passing name first."""
        path = self.space.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".tmp")
        unfinished.write_bytes(body)
        unfinished.rename(path)

    def resting(self, where: str) -> dict[str, Path]:
        """The files in `_done` or `_failed`, by the name they were dropped under."""
        folder = self.space.inbox / where
        return {p.relative_to(folder).as_posix().split("/", 1)[1]: p for p in folder.rglob("*") if p.is_file()}

    def parts(self) -> dict[str, int]:
        """The pids of the group's processes, by part."""
        found = {}
        for pid, command in processes():
            if str(self.root) in command or (
                self.api and f"--port {self.api.rsplit(':', 1)[-1].split('/')[0]}" in command
            ):
                for name, word in (
                    ("server", "flows.guard"),
                    ("runner", "flows.deployments"),
                    ("watcher", "flows.watch"),
                ):
                    if word in command:
                        found[name] = pid
        return found

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        """End it as the terminal or a service manager does; returns its exit status."""
        assert self.process
        self.process.send_signal(how)
        return self.process.wait(60)

    def leftovers(self) -> list[str]:
        """Processes of this workspace that still live; a run's environment names it."""
        found = [c for _, c in processes() if str(self.root) in c]
        for path in Path("/proc").glob("[0-9]*/environ"):
            try:
                text = path.read_bytes()
            except OSError:
                continue
            if f"DATELINE_ROOT={self.root}".encode() in text and path.parent.name != str(os.getpid()):
                found.append((path.parent / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        return found


def processes() -> list[tuple[int, str]]:
    """All processes with their command lines (Linux)."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            found.append((int(path.parent.name), path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")))
        except OSError:
            continue
    return found


def article(number: int, source: str = "Meridian") -> bytes:
    """A short page whose text no other number has."""
    towns = ("Astana", "Nairobi", "Geneva", "Manila", "Khartoum", "Ankara", "Lima", "Oslo")
    town, other = towns[number % 8], towns[(number * 3 + 1) % 8]
    text = (
        f"{town.upper()} ({source}) — Police in {town} arrested {number + 2} protesters on Monday, officials said in bulletin {number}. "
        f"The foreign minister of Kenya met her Ethiopian counterpart in {other} on Tuesday for the talks numbered {number}. "
        f"A spokesman said that the {number}th round of the negotiations would begin next week in {town}, and that both sides had agreed on its agenda."
    )
    return (
        f'<html lang="en"><head><title>Report {number} from {town}</title><meta property="article:published_time" content="2024-06-{number % 28 + 1:02}T08:00:00Z">'
        f'<link rel="canonical" href="https://news.example/{number}"></head><body><article><h1>Report {number} from {town}</h1><p>{text}</p></article></body></html>'
    ).encode()
