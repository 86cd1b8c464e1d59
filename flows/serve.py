"""`dateline serve`: the Prefect server, the served deployments and the inbox watcher as one group of processes.

The parts know nothing of each other but the server's address. This process starts them in order, starts again what dies, with
growing pauses, and ends them all: the watcher first, the server last. It imports no Prefect itself.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import IO, Any
from urllib.parse import quote, urlsplit

from flows import inbox
from flows.config import Workspace, quiet_prefect
from flows.guard import ANYWHERE, origins
from flows.locks import alone
from flows.secret import ensure_secret, is_open_to_others, secret_file
from flows.server import OWN_API, PASSWORD, answers, call, refuses, suffix_of
from flows.terminal import say, warn

PORT = 4200
_LOG_LIMIT = 10 * 1024 * 1024
_STEADY = 60.0
"""Seconds after which a part that runs is taken for sound again."""
_GIVE_UP = 6
_RENEW = 75
"""Exit status of a part that asks to be started again."""
_PATIENCE = 300.0
"""Seconds until a server that lives must answer: ten on a quiet machine, minutes where all processors are busy and its database is new."""
_LAST_WORDS = 15.0
"""Seconds a part has to end by itself."""


UNGUARDED = "the Prefect server at {api} has no password: whoever reaches it can run commands as those who serve it, and a page in a browser too"


class ServeError(Exception):
    """Why serving cannot begin, and what to do."""

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


@dataclass
class Part:
    """One process of the group."""

    name: str
    command: list[str]
    log: Path | None
    """Where its output goes; None: to this process's own."""
    listening: socket.socket | None = None
    """The socket it serves on; held here too, so that nobody else gets the port while the part is started again."""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    failures: int = 0
    not_before: float = 0.0
    renewed: float = 0.0
    """When it was told to end because of its memory; 0: it was not."""


@dataclass
class Group:
    """The parts and how to begin and end them."""

    space: Workspace
    api: str
    parts: list[Part]
    say: Callable[[str], None]
    stopping: bool = field(default=False)
    server_was_away: bool = False

    @property
    def suffix(self) -> str:
        """Of the names of our deployments."""
        return suffix_of(self.space, self.parts[0].name == "server")

    def begin(self, part: Part) -> None:
        """Start a part in a process group of its own: a Ctrl-C at the terminal reaches only us, and we end the parts in order."""
        out: IO[bytes] | None = _log(part.log) if part.log else None
        part.process = subprocess.Popen(
            part.command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT if out else None,
            pass_fds=(part.listening.fileno(),) if part.listening else (),
            cwd=self.space.root,
            start_new_session=True,
            preexec_fn=_prepare,
        )
        part.started = time.monotonic()
        if part.name == "runner":
            self.server_was_away = False  # it begins while the server answers, and need not begin anew
        if out:
            out.close()

    def look_after(self, now: float) -> None:
        """Start again what has died: at once the first time, then after 1, 2, 4 … 60 seconds."""
        self._tell_runner()
        for part in self.parts:
            if part.process is None:
                if now >= part.not_before and (part.name == "server" or answers(self.api, 1.0)):
                    self.begin(part)
                continue
            status = part.process.poll()
            if status == _RENEW:
                part.process = None
                continue
            if part.name == "server" and (status is None or part.renewed):
                self._slim(part, now)
            if status is None or part.process is None:
                if part.failures and now - part.started > _STEADY:
                    part.failures = 0
                continue
            _kill_group(part.process.pid, signal.SIGTERM)  # what it had started ends with it
            part.process = None
            self.server_was_away |= part.name == "server"
            part.failures += 1
            pause = 0.0 if part.failures == 1 else min(60.0, 2.0 ** (part.failures - 2))
            part.not_before = now + pause
            why = f"by signal {-status}" if status < 0 else f"with status {status}"
            where = f"; its log: {part.log}" if part.log else ""
            if part.name == "server" and part.failures >= _GIVE_UP:
                raise ServeError(f"the Prefect server ended {part.failures} times in a row:\n{_tail(part.log)}", f"see {part.log} and `dateline doctor`; what lies in the inbox stays there.")  # fmt: skip
            self.say(f"the {part.name} ended {why}; started again{f' in {pause:.0f} s' if pause else ''}{where}")

    def _slim(self, server: Part, now: float) -> None:
        """Start the server again when it has grown too large: Prefect's never gives back what it took under load.

        Runs under way go on, and tell it afterwards what they did.
        """
        assert server.process
        if not server.renewed:
            if now - server.started < _STEADY:
                return
            size = resident(server.process.pid)
            if size > server_memory():
                self.say(f"the server has grown to {size >> 20} MB: started again")
                server.renewed = now
                server.process.terminate()
        elif server.process.poll() is not None:
            server.process, server.renewed, self.server_was_away = None, 0.0, True
        elif now - server.renewed > _LAST_WORDS:
            server.process.kill()

    def _tell_runner(self) -> None:
        """When the server is back, have the runner begin anew as soon as no run is under way (`flows.deployments.serve`)."""
        runner = next((p.process for p in self.parts if p.name == "runner" and p.process), None)
        if self.server_was_away and runner and runner.poll() is None and answers(self.api, 1.0):
            runner.send_signal(signal.SIGUSR1)
            self.server_was_away = False

    def end(self) -> None:
        """End all parts, the last begun first; one that does not end by itself in time is killed, with all it has started."""
        for part in reversed(self.parts):
            if part.process is None:
                continue
            with contextlib.suppress(ProcessLookupError):
                part.process.terminate()
            try:
                part.process.wait(_LAST_WORDS)
            except subprocess.TimeoutExpired:
                self.say(f"the {part.name} does not end; killed")
            _kill_group(part.process.pid, signal.SIGKILL)
            part.process.wait()


def resident(pid: int) -> int:
    """Bytes of memory a process holds; 0 where the system does not tell (Linux does)."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def server_memory() -> int:
    """Bytes the server may hold: DATELINE_SERVER_MB, else 1 GB (it begins with a quarter of that)."""
    given = os.environ.get("DATELINE_SERVER_MB", "")
    return (int(given) if given.isdigit() and int(given) else 1024) << 20


def _prepare() -> None:
    """In the child: be told to end when the parent dies, even by SIGKILL (Linux); and do not die of SIGUSR1 before it is heard."""
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def _kill_group(pid: int, what: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, what)


def _log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(".log.1"))
    return open(path, "ab")


def serve(space: Workspace, host: str, port: int | None, own_server: bool, public_url: str = "") -> None:
    """Serve a workspace until Ctrl-C or SIGTERM.

    Args:
        port: None takes 4200, or a free one where that is taken.
        own_server: False uses the server at PREFECT_API_URL.
        public_url: where browsers reach the server, such as https://news.example; '' for this machine only.
    Raises:
        ServeError: it is being served already, the port is taken, or the server does not come up.
        SettingsError: dateline.toml is wrong.
    """
    from flows.configured import read_sources
    from flows.confine import readable

    read_sources(space)  # wrong settings are said before anything starts
    readable(space)
    public_url = _public(host, public_url)
    space.prefect_home.mkdir(parents=True, exist_ok=True)
    lock = space.prefect_home / "serve.lock"
    # Only we may open the lock: whoever could hold it might pass for us, and be sent the secret.
    with ExitStack() as held:
        if not held.enter_context(alone(lock, json.dumps({"pid": os.getpid()}), 0o600)):
            raise ServeError(f"{space.root} is being served already, {_by_whom(space, lock)}", "one `dateline serve` a workspace: end that one, or name another --root.")  # fmt: skip
        (space.prefect_home / "server.json").unlink(missing_ok=True)  # of one that was killed
        if own_server:
            listening = held.enter_context(_listen(host, port))
            port = int(listening.getsockname()[1])
            api = f"http://{_written(host)}:{port}/api"
            parts = _parts(space, api, listening, [host, str(port), public_url])
            _environment(space, api)
            _environment_of_server(space, host, port, public_url)
        else:
            os.environ.pop(OWN_API, None)
            api = _given_server()
            parts = _parts(space, api)
            _environment(space, api)
        inbox.ensure(space.inbox)
        _run(space, api, parts, public_url)


def _public(host: str, url: str) -> str:
    """The address for browsers, as they write it themselves.

    >>> _public("0.0.0.0", "https://News.example:443/")
    'https://news.example'
    """
    if not url:
        if host in ANYWHERE:
            raise ServeError(f"--host {host} lets the network in, and a browser must know under which name", "add --public-url http://NAME:PORT, as it is written in the browser; the password goes over the network as it is, so put https in front.")  # fmt: skip
        return ""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment or "@" in parts.netloc:  # fmt: skip
        raise ServeError(f"--public-url {url}: is no address of a server", "such as https://news.example or http://10.0.0.5:4200, without a path.")  # fmt: skip
    name = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    usual = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{name}" + (f":{port}" if port and port != usual else "")


def _parts(
    space: Workspace, api: str, listening: socket.socket | None = None, door: list[str] | None = None
) -> list[Part]:
    """The parts in the order of their beginning.

    Args:
        listening: for a server of our own, the socket it serves on.
        door: host, port and public address, as `flows.guard` takes them.
    """
    python, logs, suffix = sys.executable, space.prefect_home / "logs", suffix_of(space, listening is not None)
    parts = []
    if listening is not None:
        command = [python, "-m", "flows.guard", str(listening.fileno()), *(door or ()), str(space.root)]
        parts.append(Part("server", command, logs / "server.log", listening))
    parts.append(Part("runner", [python, "-m", "flows.deployments", str(space.root), suffix], logs / "runs.log"))
    parts.append(Part("watcher", [python, "-m", "flows.watch", str(space.root), api, suffix], None))
    return parts


def _environment(space: Workspace, api: str) -> None:
    """What all parts inherit: private, offline, small, and importing this Dateline, whatever lies in the current folder."""
    quiet_prefect(space.prefect_home)
    package = str(Path(__file__).resolve().parent.parent)
    path = [package, *(p for p in os.environ.get("PYTHONPATH", "").split(os.pathsep) if p and p != package)]
    os.environ |= {
        "PYTHONPATH": os.pathsep.join(path),
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "PREFECT_API_URL": api,
        "DATELINE_ROOT": str(space.root),
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        "PREFECT_LOGGING_LEVEL": "INFO",
    }
    for key, value in {
        "PREFECT_RUNNER_POLL_FREQUENCY": "1",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
    }.items():
        os.environ.setdefault(key, value)


def _environment_of_server(space: Workspace, host: str, port: int, public_url: str) -> None:
    """What a server of our own and those who ask it inherit: its password, and none of the environment's, which belongs elsewhere."""
    if is_open_to_others(space):
        warn(f"others could read {secret_file(space)}: a new secret is made")
    secret = ensure_secret(space)
    for name in ("PREFECT_API_KEY", "PREFECT_SERVER_API_BASE_PATH", "PREFECT_UI_API_URL"):
        os.environ.pop(name, None)
    os.environ |= {
        OWN_API: f"http://{_written(host)}:{port}/api",
        PASSWORD: secret,
        "PREFECT_SERVER_API_AUTH_STRING": secret,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": ",".join(origins(host, port, public_url)),
        "PREFECT_SERVER_UI_API_URL": (public_url or f"http://{_written(host)}:{port}") + "/api",
        "PREFECT__SERVER_FINAL": "1",
    }
    for key, value in {
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
        "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(30 * 86400),
        "PREFECT_SERVER_DEPLOYMENTS_CONCURRENCY_SLOT_WAIT_SECONDS": "5",
    }.items():
        os.environ.setdefault(key, value)


def _written(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)


def _listen(host: str, port: int | None) -> socket.socket:
    """A socket that listens; from here on the port is ours until this process ends."""
    taken = _try_to_listen(host, PORT if port is None else port) or (_try_to_listen(host, 0) if port is None else None)
    if taken is None:
        raise ServeError(f"port {port} of {host} is taken by another program{_whose(host, port or PORT)}", "name another with --port, or leave it out: a free one is taken.")  # fmt: skip
    return taken


def _try_to_listen(host: str, port: int) -> socket.socket | None:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError as error:
        listening.close()
        if isinstance(error, PermissionError):
            raise ServeError(
                f"port {port}: {error.strerror}", "ports below 1024 need rights; name a higher one."
            ) from error
        if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
            raise ServeError(f"--host {host}: {error.strerror or error}", "127.0.0.1 is this machine only, 0.0.0.0 all its addresses.") from error  # fmt: skip
        return None
    return listening


def _whose(host: str, port: int) -> str:
    return (
        " (a Prefect server answers there: --no-server would use it)"
        if answers(f"http://{_written(host)}:{port}/api", 1.0)
        else ""
    )


def _given_server() -> str:
    api = os.environ.get("PREFECT_API_URL", "")
    if not api:
        raise ServeError("--no-server, and PREFECT_API_URL names none", "export PREFECT_API_URL=http://HOST:4200/api")
    if not answers(api, 5.0):
        raise ServeError(
            f"the server of PREFECT_API_URL ({api}) does not answer", "start it, or leave --no-server out."
        )
    if refuses(api):
        raise ServeError(f"the server of PREFECT_API_URL ({api}) wants a password", f"export {PASSWORD}=… with what the server has as PREFECT_SERVER_API_AUTH_STRING.")  # fmt: skip
    if not refuses(api, ""):
        warn(UNGUARDED.format(api=api))
    return api.rstrip("/")


def _by_whom(space: Workspace, lock: Path) -> str:
    from flows.server import own_server

    try:
        pid = f"by process {json.loads(lock.read_text())['pid']}"
    except (OSError, ValueError, KeyError, TypeError):
        pid = "by another process"
    url = own_server(space)
    return f"{pid} at {url.removesuffix('/api')}" if url else pid


def _run(space: Workspace, api: str, parts: list[Part], public_url: str) -> None:
    def told(text: str) -> None:
        say(f"{datetime.now():%H:%M:%S} {text}")

    group = Group(space, api, parts, told)

    def stop(number: int, frame: FrameType | None) -> None:
        group.stopping = True

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    note = space.prefect_home / "server.json"
    try:
        if parts[0].name == "server":
            group.begin(parts[0])
            _wait_for_server(group)
        if not group.stopping:
            note.write_text(json.dumps({"api_url": api, "pid": os.getpid(), "own": parts[0].name == "server"}))
            for part in parts:
                if part.process is None:
                    group.begin(part)
            _wait_for_deployments(group)
            _banner(space, public_url or api.removesuffix("/api"), parts[0].name == "server")
        while not group.stopping:
            group.look_after(time.monotonic())
            time.sleep(0.5)
        told("ending: the watcher, the runs, the server")
    finally:
        note.unlink(missing_ok=True)
        group.end()
        for number, handler in before.items():
            signal.signal(number, handler)
    told("ended; what lies in the inbox is taken up by the next `dateline serve`")


def _wait_for_server(group: Group) -> None:
    server = group.parts[0]
    print("starting the Prefect server …", flush=True)
    until = time.monotonic() + _PATIENCE
    while not group.stopping and not answers(group.api, 1.0):  # whoever answers at our socket is ours
        if server.process is not None and server.process.poll() is not None:
            raise ServeError(f"the Prefect server ended with status {server.process.returncode}:\n{_tail(server.log)}", f"its log: {server.log}; `dateline doctor` checks the installation.")  # fmt: skip
        if time.monotonic() > until:
            raise ServeError(
                f"the Prefect server does not answer after {_PATIENCE / 60:.0f} minutes", f"its log: {server.log}"
            )
        time.sleep(0.2)


def _wait_for_deployments(group: Group) -> None:
    """Until the runner has registered its last deployment, so that the banner can say what runs next."""
    until = time.monotonic() + 60
    while not group.stopping and time.monotonic() < until:
        group.look_after(time.monotonic())
        with contextlib.suppress(OSError, ValueError):
            found = call(group.api, "GET", f"/deployments/name/roll-up/{quote('daily' + group.suffix)}")
            ready = (found.get("parameters") or {}).get("root") == str(group.space.root) and found.get(
                "status"
            ) == "READY"
            if ready and len(next_runs(group.api, str(group.space.root))) >= 2:  # the sweep's and the nightly one's
                return
        time.sleep(0.3)


def _tail(log: Path | None) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-8:]) if log else ""
    except OSError:
        return ""


def _banner(space: Workspace, url: str, own: bool) -> None:
    lines = ["", "  Dateline is serving " + str(space.root), f"  Prefect UI     {url}"]
    if own:
        lines.append(f"  Password       dateline serve --show-secret --root {shlex.quote(str(space.root))}")
    lines += [
        f"  Inbox          {space.inbox}    (drop files here; a folder in it names the source)",
        f"  Logs           {space.prefect_home / 'logs'}",
    ]
    lines += [
        f"  Next run       {when}  {name}" for when, name in next_runs(os.environ["PREFECT_API_URL"], str(space.root))
    ]
    say("\n".join([*lines, "  Ctrl-C ends it all.", ""]))


def next_runs(api: str, root: str, limit: int = 5) -> list[tuple[str, str]]:
    """The scheduled runs that come next, one a deployment: local time and "flow/deployment"."""
    try:
        found = call(
            api, "POST", "/deployments/filter", {"deployments": {"tags": {"all_": ["dateline"]}}, "limit": 200}
        )
        names = {d["id"]: d["name"] for d in found if (d.get("parameters") or {}).get("root") == root}
        query: dict[str, Any] = {
            "sort": "EXPECTED_START_TIME_ASC",
            "limit": 200,
            "flow_runs": {"state": {"type": {"any_": ["SCHEDULED"]}}, "deployment_id": {"any_": list(names)}},
        }
        runs = call(api, "POST", "/flow_runs/filter", query) if names else []
    except (OSError, ValueError, KeyError, TypeError):
        return []
    first: dict[str, str] = {}
    for run in runs:
        name = names.get(run.get("deployment_id"))
        if name and run.get("expected_start_time"):
            when = datetime.fromisoformat(run["expected_start_time"].replace("Z", "+00:00")).astimezone()
            first.setdefault(name, f"{when:%Y-%m-%d %H:%M}")
    return [(when, name) for name, when in first.items()][:limit]
