"""What a run that the server started may read, write and connect to; and the door before Prefect's application, without Prefect."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx
import pytest

from flows.config import SettingsError, Workspace
from flows.confine import SERVED, NotAllowed, check_inputs, readable, workspace_of_run
from flows.guard import guarded, names, origins, policy
from flows.locks import alone


@pytest.fixture
def space(root: Path) -> Workspace:
    (root / "inbox").mkdir(parents=True)
    (root / "paper").mkdir()
    (root / "dateline.toml").write_text('[sources.local]\nkind = "folder"\naddress = "paper"\n')
    return Workspace(root)


@pytest.fixture
def served(space: Workspace, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.setenv(SERVED, str(space.root))
    return space


@pytest.mark.parametrize(
    "given", ["paper", "inbox", "paper/../inbox/a.html", "https://example.org/a", "inbox/none-yet.html"]
)
def test_what_the_server_may_have_read(served: Workspace, given: str) -> None:
    check_inputs(served, [given, str(served.root / "paper")], False)


@pytest.mark.parametrize("given", ["/etc/passwd", "..", ".", "", "-", "paper/../dateline.toml", "paper-of-others", "inbox/../.prefect/secret", "file:///etc/passwd", "~/x"])  # fmt: skip
def test_what_it_may_not(served: Workspace, given: str) -> None:
    with pytest.raises(NotAllowed, match="reads below"):
        check_inputs(served, ["paper", given], False)


def test_a_link_out_of_the_inbox_is_followed_to_where_it_leads(served: Workspace, tmp_path: Path) -> None:
    (tmp_path / "private").mkdir()
    (served.inbox / "link").symlink_to(tmp_path / "private")
    with pytest.raises(NotAllowed):
        check_inputs(served, ["inbox/link/a.html"], False)


def test_private_addresses_are_for_the_user_by_hand(served: Workspace) -> None:
    with pytest.raises(NotAllowed, match=r"dateline\.toml"):
        check_inputs(served, ["http://127.0.0.1/"], True)


@pytest.mark.parametrize("name", ["x/{up}{file}", "/{file}", "../x/{up}{file}", "x", "Le Monde", "..", "x\0/"])
def test_the_lock_of_a_source_lies_among_the_locks(served: Workspace, tmp_path: Path, name: str) -> None:
    """The server may name any source; the lock, which is emptied, is taken before anybody looks whether there is one."""
    from flows.tasks import source_lock

    (tmp_path / "mine").write_text("years of work\n")
    lock = source_lock(served, name.format(up="../" * 30, file=str(tmp_path / "mine").removeprefix("/")))
    with alone(lock) as held:
        assert held
    assert lock.resolve().parent == served.prefect_home.resolve() / "locks"
    assert (tmp_path / "mine").read_text() == "years of work\n"


def test_by_hand_everything_is_free(space: Workspace) -> None:
    check_inputs(space, ["/etc/passwd", "-"], True)
    assert workspace_of_run("/tmp/elsewhere") == Workspace(Path("/tmp/elsewhere").resolve())


def test_the_served_root_is_the_only_one(served: Workspace) -> None:
    assert workspace_of_run(None) == served == workspace_of_run(str(served.root))
    for other in ("/tmp/elsewhere", str(served.root / "inbox"), str(served.root) + "2"):
        with pytest.raises(NotAllowed, match="this server serves"):
            workspace_of_run(other)


def test_the_user_says_what_more_may_be_read(served: Workspace, tmp_path: Path) -> None:
    served.settings.write_text(f'[serve]\ninputs = ["{tmp_path}/archive", "desk"]\n')
    assert readable(served) == (tmp_path / "archive", served.root / "desk")
    check_inputs(served, [str(tmp_path / "archive" / "2024"), "desk/a.html"], False)
    with pytest.raises(NotAllowed, match="archive"):
        check_inputs(served, ["inbox"], False)
    served.settings.write_text("[serve]\ninputs = []\n")
    with pytest.raises(NotAllowed, match="nowhere"):
        check_inputs(served, ["inbox"], False)


@pytest.mark.parametrize("text", ["serve = 3", '[serve]\ninputs = "inbox"', "[serve]\ninputs = [3]", "[serve]\ninput = []", '[serve]\ninputs = [""]'])  # fmt: skip
def test_wrong_settings_are_named(served: Workspace, text: str) -> None:
    served.settings.write_text(text)
    with pytest.raises(SettingsError, match="serve"):
        readable(served)


async def _application(scope: dict[str, object], receive: object, send: object) -> None:
    headers = [(b"content-type", b"text/plain"), (b"X-Frame-Options", b"ALLOWALL")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})  # type: ignore[operator]
    await send({"type": "http.response.body", "body": b"inside"})  # type: ignore[operator]


def asked(url: str, host: str = "127.0.0.1", public: str = "", **headers: str) -> httpx.Response:
    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(guarded(_application, host, 4200, public))
        async with httpx.AsyncClient(transport=transport) as client:
            return await client.get(url, headers=headers)

    return asyncio.run(ask())


def test_the_door_marks_every_answer() -> None:
    answer = asked("http://127.0.0.1:4200/")
    assert answer.text == "inside"
    assert answer.headers.get_list("x-frame-options") == ["DENY"]
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    assert "connect-src 'self' http://127.0.0.1:4200 http://localhost:4200 ws://127.0.0.1:4200" in policy(
        origins("127.0.0.1", 4200, "")
    )


@pytest.mark.parametrize(
    ("url", "host", "public", "status"),
    [
        ("http://127.0.0.1:4200/", "127.0.0.1", "", 200),
        ("http://[::1]:4200/", "::1", "", 200),
        ("http://evil.example:4200/", "127.0.0.1", "", 400),
        ("http://news.example/", "0.0.0.0", "https://news.example", 200),
        ("http://10.0.0.5:4200/", "0.0.0.0", "https://news.example", 400),
        ("http://10.0.0.5:4200/", "10.0.0.5", "", 200),
        ("http://0.0.0.0:4200/", "0.0.0.0", "https://news.example", 400),
        ("http://xnews.example/", "0.0.0.0", "https://news.example", 400),
    ],
)
def test_the_door_knows_its_names(url: str, host: str, public: str, status: int) -> None:
    assert asked(url, host, public).status_code == status
    assert "*" not in names(host, public)


@pytest.mark.parametrize("path", ["/openapi.json", "/docs", "/redoc", "/docs/oauth2-redirect"])
def test_what_costs_much_is_not_served_before_the_password(path: str) -> None:
    """Prefect makes its description of the API anew for each asking, some seconds in which it answers nobody else."""
    assert asked(f"http://127.0.0.1:4200{path}").status_code == 404
    assert asked(f"http://127.0.0.1:4200/api{path}").text == "inside"  # there it asks for the password


def test_the_door_knows_its_origins() -> None:
    for origin, status in {
        "https://news.example": 200,
        "https://NEWS.example": 200,
        "http://news.example": 403,
        "https://news.example:444": 403,
        "": 403,
    }.items():
        assert asked("http://news.example/", "0.0.0.0", "https://news.example", origin=origin).status_code == status, (
            origin
        )
