"""The secret of a workspace: who may read it, and to which address it is sent. Against real servers on loopback that write down what they hear."""

from __future__ import annotations

import base64
import json
import os
import stat
import subprocess
import sys
import threading
import urllib.error
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flows import secret, server
from flows.config import Workspace
from flows.locks import alone, is_locked
from tests.conftest import Dateline


class Listener(ThreadingHTTPServer):
    """Answers as a Prefect server does that knows `password`; keeps the passwords it was sent."""

    def __init__(self, password: str = "", elsewhere: str = "", busy: int = 0) -> None:
        self.heard: list[str] = []
        self.busy = busy
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                given = self.headers.get("authorization", "")
                if given:
                    listener.heard.append(
                        base64.b64decode(given.split()[-1]).decode() if given.startswith("Basic") else given
                    )
                free = self.path == "/api/health" or not password
                listener.busy, busy = max(0, listener.busy - 1), listener.busy > 0
                if busy:
                    self.send_error(503)
                    return
                status = 200 if free or given.endswith(base64.b64encode(password.encode()).decode()) else 401
                self.send_response(307 if elsewhere else status)
                if elsewhere:
                    self.send_header("location", elsewhere + self.path)
                self.send_header("content-length", "4")
                self.end_headers()
                self.wfile.write(b"true")

            def log_message(self, *_: object) -> None:
                """Silent."""

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def api(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api"

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()


@contextmanager
def serving(space: Workspace, api: str, own: bool = True) -> Iterator[None]:
    """As `dateline serve` leaves it while it runs."""
    space.prefect_home.mkdir(parents=True, exist_ok=True)
    with alone(space.prefect_home / "serve.lock", mode=0o600) as mine:
        assert mine
        (space.prefect_home / "server.json").write_text(json.dumps({"api_url": api, "pid": 1, "own": own}))
        yield


@pytest.fixture
def space(root: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    for name in [name for name in os.environ if name.startswith("PREFECT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(server, "_BOUND", {})  # ports come back in other tests
    return Workspace(root)


def test_it_is_the_owner_s_alone_and_stays(space: Workspace) -> None:
    assert secret.read_secret(space) == ""
    made = secret.ensure_secret(space)
    assert made.startswith("dateline:")
    assert len(made) > 50
    assert stat.S_IMODE(secret.secret_file(space).stat().st_mode) == 0o600
    assert secret.ensure_secret(space) == made == secret.read_secret(space)
    renewed = secret.new_secret(space)
    assert renewed != made
    assert secret.read_secret(space) == renewed
    assert [p.name for p in space.prefect_home.iterdir()] == ["secret"]


def test_one_that_others_could_read_or_put_there_is_none(space: Workspace, tmp_path: Path) -> None:
    made = secret.ensure_secret(space)
    for mode in (0o644, 0o640, 0o602):
        secret.secret_file(space).chmod(mode)
        assert secret.read_secret(space) == ""
        assert secret.is_open_to_others(space)
    again = secret.ensure_secret(space)
    assert again != made
    assert stat.S_IMODE(secret.secret_file(space).stat().st_mode) == 0o600
    planted = tmp_path / "planted"
    planted.write_text("dateline:known-to-all\n")
    planted.chmod(0o600)
    secret.secret_file(space).unlink()
    secret.secret_file(space).symlink_to(planted)
    assert secret.read_secret(space) == ""
    assert secret.ensure_secret(space) != "dateline:known-to-all"
    assert planted.read_text() == "dateline:known-to-all\n"


def test_it_is_sent_only_while_the_workspace_is_served(space: Workspace) -> None:
    made = secret.ensure_secret(space)
    with Listener(made) as own:
        with serving(space, own.api):
            assert server.find_server(space)[0] == own.api
            assert own.heard == [made]
        # After a kill the address still stands there, and somebody else may listen at it.
        assert (space.prefect_home / "server.json").exists()
        own.heard.clear()
        assert server.find_server(space) == (None, "no Prefect server: running directly (same rows)")
        assert server.own_server(space) == ""
        assert own.heard == []


def test_nobody_else_can_pass_for_who_serves(space: Workspace) -> None:
    space.prefect_home.mkdir(parents=True)
    lock = space.prefect_home / "serve.lock"
    lock.write_text("")
    lock.chmod(0o644)  # as an earlier version left it
    with alone(lock, mode=0o600):
        assert stat.S_IMODE(lock.stat().st_mode) == 0o600
        assert is_locked(lock)
    assert not is_locked(lock)


def test_who_looks_for_a_lock_is_not_taken_for_its_holder(tmp_path: Path) -> None:
    lock, seen = tmp_path / "lock", []
    lock.write_text("")

    def look() -> None:
        seen.extend(is_locked(lock) for _ in range(3000))

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(seen)


def test_the_environment_s_password_goes_to_the_environment_s_address_only(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = secret.ensure_secret(space)
    monkeypatch.setenv("PREFECT_API_AUTH_STRING", "me:for-the-office")
    monkeypatch.setenv("PREFECT_API_KEY", "pnu_for-the-office")
    with Listener(made) as own, Listener("me:for-the-office") as office:
        with serving(space, own.api):
            assert server.find_server(space)[0] == own.api
            assert server.call(own.api, "GET", "/health")
            server.use_server(space, own.api)
            assert os.environ["PREFECT_API_AUTH_STRING"] == made
            assert "PREFECT_API_KEY" not in os.environ
            monkeypatch.setenv("PREFECT_API_AUTH_STRING", "me:for-the-office")
            monkeypatch.setenv("PREFECT_API_URL", office.api + "/")
            assert server.find_server(space)[0] == office.api + "/"
            server.use_server(space, office.api)
            assert os.environ["PREFECT_API_AUTH_STRING"] == "me:for-the-office"
            server.call(own.api, "GET", "/health")
        assert set(own.heard) == {made}
        assert set(office.heard) == {"me:for-the-office"}


def test_the_own_server_named_by_the_environment_gets_the_secret_all_the_same(
    space: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = secret.ensure_secret(space)
    with Listener(made) as own, serving(space, own.api):
        monkeypatch.setenv("PREFECT_API_URL", own.api)
        assert server.find_server(space)[0] == own.api
        assert own.heard == [made]


def test_the_secret_does_not_go_to_a_server_that_was_given(space: Workspace) -> None:
    secret.ensure_secret(space)
    with Listener("somebody:else") as given, serving(space, given.api, own=False):
        url, why = server.find_server(space)
        assert url is None
        assert "PREFECT_API_AUTH_STRING" in why
        assert given.heard == []


def test_a_server_that_was_given_is_not_bound_to_our_lock(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    with Listener() as open_to_all, Listener("me:for-the-office") as office:
        for given, password in ((open_to_all, ""), (office, "me:for-the-office")):
            monkeypatch.setenv("PREFECT_API_URL", given.api)
            monkeypatch.setenv("PREFECT_API_AUTH_STRING", password)
            assert server.find_server(space)[0] == given.api
            server.use_server(space, given.api)
            assert server.call(given.api, "GET", "/admin/version")
            assert not server._BOUND


GOES_ON = """
import sys
from flows.config import workspace
from flows.server import find_server, use_server
space = workspace(sys.argv[1])
url, _ = find_server(space)
use_server(space, url)
import asyncio
from prefect.client.orchestration import get_client
from prefect.events.clients import PrefectEventsClient
with get_client(sync_client=True) as client:
    print(client.request("GET", "/admin/version").status_code, flush=True)
    sys.stdin.readline()
    try:
        client._client.get("/admin/version")
        print("sent")
    except OSError as error:
        print("refused", error)
    except Exception as error:
        print("refused", type(error).__name__)
async def events():
    async with PrefectEventsClient(reconnection_attempts=0):
        print("sent")
try:
    asyncio.run(events())
except Exception as error:
    print("refused", type(error).__name__)
"""


def test_a_run_that_outlives_the_server_sends_it_to_nobody(space: Workspace) -> None:
    made = secret.ensure_secret(space)
    env = os.environ | {"PREFECT_CLIENT_MAX_RETRIES": "0", "PREFECT_HOME": str(space.prefect_home)}
    with Listener(made) as own:
        with serving(space, own.api), subprocess.Popen([sys.executable, "-c", GOES_ON, str(space.root)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env) as run:  # fmt: skip
            assert run.stdin
            assert run.stdout
            assert run.stdout.readline() == "200\n"
            assert set(own.heard) == {made}
            own.heard.clear()
            (space.prefect_home / "serve.lock").unlink()  # as good as let go of: what the run finds is not locked
            said, _ = run.communicate("\n", timeout=60)
        assert "sent" not in said
        assert said.count("refused") == 2
        assert own.heard == []


def test_a_redirect_does_not_carry_it_elsewhere(space: Workspace) -> None:
    made = secret.ensure_secret(space)
    with (
        Listener() as stranger,
        Listener(made, elsewhere=stranger.api.removesuffix("/api")) as own,
        serving(space, own.api),
    ):
        with pytest.raises(OSError, match="307"):
            server.call(own.api, "GET", "/admin/version", password=made)
        assert stranger.heard == []


def test_the_command_prints_it_alone(dateline: Dateline, root: Path) -> None:
    absent = dateline("serve", "--show-secret")
    assert absent.returncode == 1
    assert "no such workspace" in absent.stderr
    assert not root.exists()
    root.mkdir()
    shown = dateline("serve", "--show-secret").stdout
    assert shown == secret.read_secret(Workspace(root)) + "\n"
    assert dateline("serve", "--show-secret").stdout == shown
    assert dateline("serve", "--new-secret").stdout not in ("", shown)


def test_the_network_is_let_in_under_a_name_only(dateline: Dateline, root: Path) -> None:
    root.mkdir()
    done = dateline("serve", "--host", "0.0.0.0")
    assert done.returncode == 1
    assert "--public-url" in done.stderr
    for wrong in (
        "news.example",
        "ftp://news.example",
        "https://news.example/prefect",
        "https://a:b@news.example",
        "http://x:99999",
    ):
        done = dateline("serve", "--host", "0.0.0.0", "--public-url", wrong)
        assert done.returncode == 1
        assert "is no address of a server" in done.stderr


def test_a_flow_that_is_asked_for_needs_a_server(dateline: Dateline, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Nothing of note happened on Monday.")
    done = dateline("ingest", "--flow", str(tmp_path / "a.txt"))
    assert done.returncode == 1
    assert "dateline serve" in done.stderr


def test_doctor_warns_of_a_server_without_a_password(dateline: Dateline, root: Path) -> None:
    with Listener() as open_to_all, Listener("me:for-the-office") as office:
        found = {}
        for name, api, password in (
            ("open", open_to_all.api, "me:x"),
            ("office", office.api, "me:for-the-office"),
            ("wrong", office.api, "me:x"),
        ):
            done = dateline("doctor", "--format", "json", PREFECT_API_URL=api, PREFECT_API_AUTH_STRING=password)
            found[name] = {check["name"]: check for check in json.loads(done.stdout)["checks"]}
    assert "asks for none" in found["open"]["server password"]["found"]
    assert "PREFECT_SERVER_API_AUTH_STRING" in found["open"]["server password"]["remedy"]
    assert "server password" not in found["office"]
    assert "wants another password" in found["wrong"]["server"]["found"]
    secret.ensure_secret(Workspace(root))
    secret.secret_file(Workspace(root)).chmod(0o644)
    assert "secret: others may read" in dateline("doctor").stdout


@pytest.mark.parametrize(("busy", "asked"), [(2, True), (4, False)])
def test_a_server_that_is_busy_is_asked_again(monkeypatch: pytest.MonkeyPatch, busy: int, asked: bool) -> None:
    monkeypatch.setattr(server, "_PAUSES", (0.01, 0.01, 0.01))
    with Listener(busy=busy) as listener:
        if asked:
            assert server.call(listener.api, "GET", "/admin/version") is True
        else:
            with pytest.raises(urllib.error.HTTPError, match="503"):
                server.call(listener.api, "GET", "/admin/version")
