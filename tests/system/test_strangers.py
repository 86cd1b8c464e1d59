"""Who reaches the port of a served workspace without its secret can do nothing; who has it, nothing outside the workspace."""

from __future__ import annotations

import base64
import http.client
import json
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from flows.demo import SAMPLES
from tests.flows.serving import Served, article, processes, wait_for
from tests.system.browser import DRIVER, PROGRAM, chromium

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc to see what lives")
browsing = pytest.mark.skipif(not (DRIVER and PROGRAM), reason="no Chromium (Debian: chromium, chromium-driver)")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("strangers"), '[sources.local-paper]\nkind = "folder"\naddress = "paper"\n')
    (served.root / "paper").mkdir()
    (served.root / "paper" / "one.html").write_bytes(article(1))
    served.more = {"PREFECT_API_AUTH_STRING": "elsewhere:belongs-to-another-server"}
    try:
        served.start()
        yield served
    finally:
        if served.process and served.process.poll() is None:
            served.stop()


def basic(password: str) -> dict[str, str]:
    return {"authorization": "Basic " + base64.b64encode(password.encode()).decode()}


def asked(served: Served, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
    """What the server says to a request with just these headers."""
    connection = http.client.HTTPConnection(urlsplit(served.api).netloc, timeout=20)
    try:
        given = {"content-type": "application/json"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        connection.request(method, path, json.dumps(body) if body is not None else None, given)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


def started(served: Served, deployment: str, **parameters: Any) -> dict[str, Any]:
    """Start a run through the API, as who is signed in may, and wait for its end."""
    found = wait_for(lambda: served.call("GET", f"/deployments/name/{deployment}"), 20, deployment)["id"]
    body = {"parameters": parameters, "state": {"type": "SCHEDULED"}, "enforce_parameter_schema": False}
    create = f"/deployments/{found}/create_flow_run"
    run = wait_for(lambda: served.call("POST", create, body), 30, "the run is taken")["id"]
    over = {"type": {"any_": ["COMPLETED", "FAILED", "CRASHED", "CANCELLED"]}}
    (ended,) = wait_for(lambda: served.runs(id={"any_": [run]}, state=over), 300, "the run ended")
    return dict(ended)


def test_who_has_no_password_is_refused(served: Served) -> None:
    deployment = served.call("GET", "/deployments/name/ingest/by-hand")["id"]
    shell = {"pull_steps": [{"prefect.deployments.steps.run_shell_script": {"script": "touch /tmp/owned"}}]}
    attempts: list[tuple[str, str, Any]] = [
        ("PATCH", f"/api/deployments/{deployment}", shell),
        ("POST", f"/api/deployments/{deployment}/create_flow_run", {"parameters": {"inputs": ["/etc/passwd"]}}),
        ("POST", "/api/events", []),
        ("POST", "/api/flow_runs/filter", {}),
        ("GET", "/api/admin/settings", None),
        ("POST", "/api/work_pools/", {"name": "p", "type": "process"}),
        ("DELETE", f"/api/deployments/{deployment}", None),
    ]
    for method, path, body in attempts:
        assert asked(served, method, path, body)[0] == 401, path
        for wrong in ("", "dateline:", "elsewhere:belongs-to-another-server", served.secret + "x", served.secret[:-1]):
            assert asked(served, method, path, body, **basic(wrong))[0] == 401, (path, wrong)
    assert asked(served, "GET", "/api/health") == (200, "true")
    assert asked(served, "POST", "/api/flow_runs/filter", {}, **basic(served.secret))[0] == 200


def test_another_name_or_another_origin_is_refused_even_with_the_password(served: Served) -> None:
    port = urlsplit(served.api).port
    signed = basic(served.secret)
    for host in ("evil.example", f"evil.example:{port}", "127.0.0.1.evil.example", "", "[::1].evil.example"):
        assert asked(served, "POST", "/api/flow_runs/filter", {}, host=host, **signed)[0] == 400, host
    for host in (f"localhost:{port}", f"127.0.0.1:{port}", f"[::1]:{port}"):
        assert asked(served, "POST", "/api/flow_runs/filter", {}, host=host, **signed)[0] == 200, host
    for origin in (
        "https://evil.example",
        "null",
        f"http://127.0.0.1:{port + 1 if port else 1}",
        f"https://127.0.0.1:{port}",
    ):
        assert asked(served, "POST", "/api/flow_runs/filter", {}, origin=origin, **signed)[0] == 403, origin
        preflight = {"access_control_request_method": "POST", "origin": origin}
        assert asked(served, "OPTIONS", "/api/flow_runs/filter", **preflight)[0] == 403, origin
    for origin in (f"http://localhost:{port}", f"http://127.0.0.1:{port}"):
        assert asked(served, "POST", "/api/flow_runs/filter", {}, origin=origin, **signed)[0] == 200, origin


def test_a_web_socket_of_a_stranger_is_refused(served: Served) -> None:
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    upgrade = {"connection": "Upgrade", "upgrade": "websocket", "sec_websocket_version": "13", "sec_websocket_key": key}
    for path in ("/api/events/in", "/api/events/out", "/api/task_runs/subscriptions/scheduled", "/api/logs/out"):
        assert (
            asked(served, "GET", path, **upgrade, origin="https://evil.example", sec_websocket_protocol="prefect")[0]
            == 403
        )
        assert asked(served, "GET", path, **upgrade, host="evil.example", sec_websocket_protocol="prefect")[0] in (
            400,
            403,
        )
        assert asked(served, "GET", path, **upgrade)[0] == 403, (
            f"{path}: without Prefect's protocol there is no password asked for"
        )


def test_what_the_server_says_of_a_deployment_is_not_executed(served: Served, tmp_path: Path) -> None:
    owned = tmp_path / "owned"
    evil = tmp_path / "evil.py"
    evil.write_text(
        f"import pathlib\npathlib.Path({str(owned)!r}).touch()\nfrom prefect import flow\n\n@flow\ndef maintain(root=None, grace_days=7): pass\n"
    )
    there = served.call("GET", "/deployments/name/maintain/nightly")
    steps = [{"prefect.deployments.steps.run_shell_script": {"script": f"touch {owned}"}}]
    served.call(
        "PATCH",
        f"/deployments/{there['id']}",
        {
            "pull_steps": steps,
            "entrypoint": f"{evil}:maintain",
            "path": str(tmp_path),
            "job_variables": {"env": {"DATELINE_SERVED": "/"}, "command": f"touch {owned}"},
        },
    )
    assert served.call("GET", f"/deployments/{there['id']}")["pull_steps"] == steps, (
        "who is signed in may write it down"
    )
    ended = started(served, "maintain/nightly")
    assert ended["state_type"] == "COMPLETED"
    assert "gc" in ended["state"]["message"] or ended["state"]["message"]
    assert not owned.exists()


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ({"inputs": ["/etc/passwd"]}, "'/etc/passwd': a run that the server starts reads below"),
        ({"inputs": ["inbox/../../elsewhere"]}, "a run that the server starts reads below"),
        ({"inputs": ["-"]}, "a run that the server starts reads below"),
        ({"inputs": ["paper"], "root": "/tmp/of-a-stranger"}, "this server serves"),
        ({"inputs": ["http://127.0.0.1:1/"], "allow_private": True}, "allow_private: not through the server"),
    ],
    ids=["a file of the machine", "out of the inbox", "standard input", "another root", "private addresses"],
)  # fmt: skip
def test_a_run_of_the_server_stays_in_the_workspace(served: Served, parameters: dict[str, Any], why: str) -> None:
    ended = started(served, "ingest/by-hand", **parameters)
    assert ended["state_type"] == "FAILED"
    assert why in ended["state"]["message"]
    assert not Path("/tmp/of-a-stranger").exists()
    assert served.sql("select count(*) from rejects where message like '%passwd%'") == "0"


def test_a_run_of_the_server_reads_the_configured_folders(served: Served) -> None:
    (served.root / "paper" / "two.html").write_bytes(article(2))
    assert started(served, "ingest/by-hand", inputs=[str(served.root / "paper")])["state_type"] == "COMPLETED"
    assert served.sql("select count(*) from articles where url like '%/2' or canonical_url like '%/2'") == "1"


def test_by_hand_any_path_is_free(served: Served, tmp_path: Path) -> None:
    (tmp_path / "three.html").write_bytes(article(3))
    done = served.run("ingest", "--flow", str(tmp_path / "three.html"))
    assert done.returncode == 0, done.stderr
    assert "running as a Prefect flow" in done.stderr
    assert served.sql("select count(*) from articles where canonical_url like '%/3'") == "1"


def test_the_secret_shows_nowhere(served: Served) -> None:
    secret = served.secret
    assert len(secret) > 40
    assert stat.S_IMODE((served.space.prefect_home / "secret").stat().st_mode) == 0o600
    assert stat.S_IMODE((served.space.prefect_home / "serve.lock").stat().st_mode) == 0o600
    word = secret.partition(":")[2]
    coded = base64.b64encode(secret.encode()).decode()
    assert [command for _, command in processes() if word in command or coded in command] == []
    places = [served.output, *(p for p in served.root.rglob("*") if p.is_file() and p.name != "secret")]
    shown = [p for p in places if word.encode() in (text := p.read_bytes()) or coded.encode() in text]
    assert shown == []
    assert word not in asked(served, "GET", "/ui-settings")[1]
    assert word not in asked(served, "GET", "/api/admin/settings", **basic(secret))[1]
    told = served.run("serve", "--show-secret")
    assert told.stdout == secret + "\n"
    refused = served.run("serve", "--new-secret")
    assert refused.returncode == 1
    assert "is being served" in refused.stderr


def test_the_line_of_the_guide_sends_an_event(served: Served) -> None:
    """As it stands in README.md, but for the port and the command's name."""
    lines = (Path(__file__).parents[2] / "README.md").read_text().splitlines()
    first = next(n for n, line in enumerate(lines) if "curl -K -" in line)
    script = "\n".join(lines[first : lines.index("", first)]).replace("127.0.0.1:4200", urlsplit(served.api).netloc)
    script = script.replace("dateline serve --show-secret", shlex.join(served.command("serve", "--show-secret")))
    assert "4200" not in script
    done = subprocess.run(["bash", "-c", script.replace("curl", "curl -sS --fail-with-body")], env=served.environment(), cwd=served.cwd, capture_output=True, text=True, timeout=60)  # fmt: skip
    assert done.returncode == 0, done.stderr
    sent = {"filter": {"event": {"name": ["dateline.inbox.landed"]}, "occurred": {"since": "2026-11-24T00:00:00Z"}}}

    def senders() -> set[str]:
        found = served.call("POST", "/events/filter", sent)["events"]
        return {event["resource"]["prefect.resource.id"] for event in found}

    wait_for(lambda: "my-crawler" in senders(), 20, "the event")


class Recorder(ThreadingHTTPServer):
    """Somebody else at a port: answers everything as Prefect's health check, and keeps what it was told."""

    def __init__(self, port: int = 0, page: bytes = b"true") -> None:
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.page = page
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def handle_any(self) -> None:
                recorder.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.send_response(200)
                self.send_header("content-type", "text/html" if recorder.page != b"true" else "application/json")
                self.send_header("content-length", str(len(recorder.page)))
                self.end_headers()
                self.wfile.write(recorder.page)

            do_GET = do_POST = do_PATCH = do_PUT = handle_any

            def log_message(self, *_: Any) -> None:
                """Silent."""

        super().__init__(("127.0.0.1", port), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __exit__(self, *_: Any) -> None:
        self.shutdown()
        self.server_close()


@browsing
def test_a_page_of_another_origin_asks_in_vain(served: Served, tmp_path: Path) -> None:
    port = urlsplit(served.api).port
    own = served.api.removesuffix("/api")
    with (
        Recorder(page=b"<html><body>a page of a stranger</body></html>") as stranger,
        chromium(tmp_path, "--host-resolver-rules=MAP evil.example 127.0.0.1") as browser,
    ):
        browser.open(stranger.url)
        browser.until("a page of a stranger")
        tried = """
            const [url, options] = arguments;
            return fetch(url, options).then(r => r.type == 'opaque' ? 'opaque' : r.text(), e => 'refused: ' + e)
        """
        json_ = {"content-type": "application/json"}
        for path, options in (
            ("/api/flow_runs/filter", {"method": "POST", "headers": json_, "body": "{}"}),
            ("/api/flow_runs/filter", {"method": "POST", "headers": json_ | basic(served.secret), "body": "{}"}),
            (
                "/api/deployments/00000000-0000-0000-0000-000000000000",
                {"method": "PATCH", "headers": json_, "body": "{}"},
            ),
            ("/api/health", {}),
            ("/ui-settings", {}),
            ("/", {}),
        ):
            assert browser.run(tried, own + path, options).startswith("refused: "), path
        blind = {
            "method": "POST",
            "mode": "no-cors",
            "headers": {"content-type": "text/plain"},
            "body": '[{"event": "dateline.inbox.landed", "resource": {"prefect.resource.id": "x"}, "occurred": "2026-11-24T09:00:00Z", "id": "7d5b1a3e-0000-4000-8000-000000000666"}]',
        }
        assert browser.run(tried, own + "/api/events", blind) == "opaque"
        events = {
            "filter": {"event": {"name": ["dateline.inbox.landed"]}, "occurred": {"since": "2026-11-24T00:00:00Z"}}
        }
        assert [e for e in served.call("POST", "/events/filter", events)["events"] if e["id"].endswith("0666")] == []
        opened = "return new Promise(done => { const s = new WebSocket(arguments[0], 'prefect'); s.onopen = () => done('open'); s.onclose = () => done('closed') })"
        for path in ("/api/events/in", "/api/events/out"):
            assert browser.run(opened, f"ws://127.0.0.1:{port}{path}") == "closed"
        framed = "return new Promise(done => { const f = document.createElement('iframe'); f.onload = () => done('loaded'); f.src = arguments[0]; document.body.append(f) })"
        browser.run(framed, own + "/")
        browser.ask("POST", "/frame", {"id": 0})
        assert browser.place.startswith("chrome-error:"), "the server's page in a frame of a stranger"
        browser.ask("POST", "/frame", {"id": None})
        # A name of the stranger's that points to this machine makes the stranger's page one origin with the server.
        browser.open(f"http://evil.example:{port}/")
        assert browser.text == "Invalid host header"
        assert browser.run(tried, "/api/health", {}) == "Invalid host header"


@browsing
def test_the_user_signs_in_and_sees_what_runs(served: Served, tmp_path: Path) -> None:
    served.drop("kazinform/treaty.html", (SAMPLES / "treaty.html").read_bytes())
    wait_for(lambda: "kazinform/treaty.html" in served.resting("_done"), 300, "the file in _done")
    latest = {"artifacts": {"key": {"any_": ["quality-kazinform"]}}}
    (artifact,) = wait_for(lambda: served.call("POST", "/artifacts/latest/filter", latest), 120, "the artifact")
    (run,) = served.runs(id={"any_": [artifact["flow_run_id"]]})
    own = served.api.removesuffix("/api")
    with Recorder() as elsewhere, chromium(tmp_path) as browser:
        browser.open(own + "/")
        browser.type("input[type=password]", "dateline:wrong\n")
        browser.until("Authentication failed")
        browser.open(own + "/")
        browser.type("input[type=password]", served.secret + "\n")
        browser.until("Flow Runs")
        browser.said()
        for path, words in {
            "/runs": "ingest inbox",
            f"/runs/flow-run/{run['id']}": run["name"],
            f"/artifacts/artifact/{artifact['latest_id']}": "events per article",
            "/deployments": "by-hand",
            "/automations": "roll up after an ingest",
        }.items():
            browser.open(own + path)
            browser.until(words)
        # It was asked from localhost too, and nothing the pages do was turned down by the policy they are under.
        browser.open(own.replace("127.0.0.1", "localhost") + "/")
        browser.type("input[type=password]", served.secret + "\n")
        browser.until("Flow Runs")
        assert [line for line in browser.said() if "Content Security Policy" in line] == []
        # What a document could smuggle into a page asks nobody.
        smuggled = "const i = new Image(); i.src = arguments[0] + '/pixel'; const s = document.createElement('script'); s.src = arguments[0] + '/script'; document.body.append(i, s); return fetch(arguments[0] + '/fetch').catch(e => 'refused')"
        assert browser.run(smuggled, elsewhere.url) == "refused"
        wait_for(
            lambda: len([line for line in browser.said() if "Content Security Policy" in line]) >= 1,
            10,
            "the refusals in the console",
        )
        assert elsewhere.seen == []


def test_who_takes_the_port_after_a_kill_is_sent_nothing(served: Served) -> None:
    """Last in this file: it kills what the others use."""
    port, secret, api = urlsplit(served.api).port, served.secret, served.api
    assert served.process
    assert port
    os.kill(served.process.pid, signal.SIGKILL)
    served.process.wait()
    wait_for(lambda: not served.leftovers(), 30, "all parts end with their parent")
    assert json.loads((served.space.prefect_home / "server.json").read_text())["api_url"] == api, (
        "the address still stands there"
    )
    with Recorder(port) as stranger:
        (served.root / "four.html").write_bytes(article(4))
        for arguments in (("ingest", str(served.root / "four.html")), ("doctor",), ("sql", "select 1")):
            served.run(*arguments)
        assert stranger.seen == [], "not even asked, once the lock is free"
        assert served.sql("select count(*) from articles where canonical_url like '%/4'") == "1"
    served.start()
    assert served.secret == secret, "it stays, so that who signed in stays signed in"
    assert served.stop() == 0


def test_the_port_is_never_free_while_it_serves(tmp_path: Path) -> None:
    import flows.serve as serving

    with serving._listen("127.0.0.1", 0) as mine:
        place = mine.getsockname()
        for option in (socket.SO_REUSEADDR, socket.SO_REUSEPORT):
            with socket.socket() as other:
                other.setsockopt(socket.SOL_SOCKET, option, 1)
                with pytest.raises(OSError, match="in use"):
                    other.bind(place)
