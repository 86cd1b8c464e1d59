"""Words of strangers on every way out, and a world that is broken: what is shown is text, what fails is said in words."""

from __future__ import annotations

import doctest
import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import datetime
from importlib import import_module
from pathlib import Path

import pytest

import warehouse
from flows import cli, deploy, deploy_cli, quality, report, serve
from flows.config import Workspace, workspace
from flows.fetchview import source_rows
from flows.ingest import ingest_direct, plan
from flows.wording import for_markdown
from tests.conftest import read_terminal
from tests.warehouse.makers import load

EVIL = "\x1b]0;owned\x07\x1b[2J\x9b31m[/red] <img src=x> [a](http://b.example) \u202eevil"
BODY = "The envoy met the trade minister in Nairobi on Monday to talk about grain, fishing and the long border. " * 4

Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Command:
    """`dateline` in this process: its exit status, what it printed, what it said on standard error."""
    here = tmp_path / "cwd"
    here.mkdir()
    monkeypatch.chdir(here)
    monkeypatch.setenv("DATELINE_ROOT", str(root))
    monkeypatch.setenv("COLUMNS", "200")

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["dateline", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def page(title: str = "Talks", head: str = "") -> str:
    return f"<html><head><title>{title}</title>{head}</head><body><article><h1>{title}</h1><p>{BODY}</p></article></body></html>"


def harmless(text: str) -> bool:
    return not any(c in text for c in "\x1b\x07\x9b\u202e")


@pytest.mark.parametrize("module", ["wording", "quality", "report", "config"])
def test_examples_hold(module: str) -> None:
    assert doctest.testmod(import_module(f"flows.{module}")).failed == 0


def test_a_hostile_page_is_shown_as_text(command: Command, root: Path, tmp_path: Path) -> None:
    """A title with escape characters and markup, in a file whose name has some: no command breaks on it or sends them on."""
    pages = tmp_path / "cwd" / "pages"
    pages.mkdir()
    (pages / "a\x1b[31m[red].html").write_text(page(EVIL), encoding="utf-8")
    (pages / "b\x1b[2J.html").write_text("<p>Sign in</p>")
    job = plan([str(pages)], "source \x1b[2J[/red]", space=workspace(root))
    ingest_direct(job, workspace(root), lambda _: None, lambda _: None)
    for arguments in (
        ("read", "pages"),
        ("read", "--format", "jsonl", "pages"),
        ("sources", "test", "pages"),
        ("status",),
        ("ingest", "--direct", "pages"),
        ("ingest", "--direct", "none\x1b[2J.html"),
        ("sql", "select title, source from articles", "-f", "table"),
        ("sql", "select title, source from articles", "-f", "csv"),
        ("sql", "select title, source from articles", "-f", "json"),
        ("sql", "select title, source from articles", "-f", "markdown"),
        ("sql", "select '\x1b[2J' from nothing"),
        ("forget", "\x1b[2J"),
        ("explain", "Envoys met \x1b[2J in Nairobi on Monday."),
    ):
        _, out, err = command(*arguments)
        assert harmless(out), arguments
        assert harmless(err), arguments
        assert "Traceback" not in err, arguments
    _, out, _ = command("sql", "select source from articles", "-f", "jsonl")
    assert json.loads(out) == {"source": "source \x1b[2J[/red]"}


def test_nothing_but_colours_reaches_a_real_terminal(root: Path, tmp_path: Path) -> None:
    """`sources test` on a terminal, where Rich writes escape sequences of its own."""
    hostile = tmp_path / "page\x1b[2J[red].html"
    hostile.write_text(page(EVIL), encoding="utf-8")
    control, terminal = pty.openpty()
    environment = os.environ | {"DATELINE_ROOT": str(root), "TERM": "xterm", "COLUMNS": "200"}
    command = [sys.executable, "-m", "flows", "sources", "test", str(hostile)]
    process = subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=terminal, env=environment)
    os.close(terminal)
    text = read_terminal(control)
    assert process.wait(60) == 0
    assert "[/red]" in text
    assert "\\x1b[2J" in text
    assert "\x1b[2J" not in text
    assert "\x1b]0" not in text


def test_banners_show_names_as_text(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    """Of a folder, and of deployments on a server that others may write to."""
    from types import SimpleNamespace

    from prefect.client import orchestration

    space = Workspace(Path("/srv/news\x07"))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    monkeypatch.setattr(serve, "next_runs", lambda *_: [("2026-11-27 09:00", EVIL)])
    serve._banner(space, "http://127.0.0.1:4200", True)
    placed = SimpleNamespace(full_name=EVIL, schedules=[], triggers=[])
    monkeypatch.setattr(deploy, "server_url", lambda _: "http://127.0.0.1:9/api")
    monkeypatch.setattr(deploy, "register", lambda *_: ([placed], [EVIL]))
    monkeypatch.setattr(orchestration, "get_client", lambda **_: nullcontext())
    monkeypatch.setattr("flows.server.use_server", lambda *_: None)
    monkeypatch.setattr("flows.config.quiet_prefect", lambda _: None)
    deploy_cli.deploy(None, "pool", None, space.root)
    said = capfd.readouterr().out
    assert said.count("\\x1b]0;owned") == 3
    assert said.count("/srv/news\\x07") == 4
    assert harmless(said)


def test_cells_that_a_spreadsheet_would_run_are_text(command: Command) -> None:
    query = "select unnest(['=1+1', '+1', '-1', '@a', '\t=1', 'a=1', '']) as a, -1 as n, ['=1'] as list"
    _, out, _ = command("sql", query, "-f", "csv")
    cells = [line.split(",")[0] for line in out.splitlines()[1:]]
    assert cells == ["'=1+1", "'+1", "'-1", "'@a", "'\t=1", "a=1", ""]
    assert ",-1," in out
    _, raw, _ = command("sql", query, "-f", "csv", "--raw")
    assert [line.split(",")[0] for line in raw.splitlines()[1:]] == ["=1+1", "+1", "-1", "@a", "\t=1", "a=1", ""]


def test_names_of_sources_are_text_in_prefect() -> None:
    evil = "<img src=x>[a](http://b.example)|`x`"
    shown = quality._page(evil, [], [], "")
    assert "<img" not in shown
    assert "[a](" not in shown.replace("\\[", "").replace("\\]", "")
    assert "<img" not in report.run_name([], evil, datetime(2026, 11, 23))
    tally = dict.fromkeys(("found", "new", "unchanged", "known", "failed", "later"), 0) | {"robots": True, "pause": 1.0}
    assert "<" not in source_rows({evil: tally})[0]["source"]


def test_every_source_has_a_report_of_its_own() -> None:
    names = [
        "Правда",
        "新闻",
        "Новости",
        "daily-news",
        "Daily News",
        "daily.news",
        "unnamed",
        "source",
        "\u0001",
        None,
        "x" * 90,
        "x" * 91,
    ]
    keys = [quality.artifact_key(name) for name in names]
    assert len(set(keys)) == len(names)
    assert all(set(key) <= set("abcdefghijklmnopqrstuvwxyz0123456789-") for key in keys)


def test_markdown_cells_stay_cells() -> None:
    assert "\n" not in for_markdown("a\nb")
    assert "|" not in for_markdown("a|b").replace("\\|", "")


def test_passwords_in_addresses_are_neither_stored_nor_shown(command: Command, root: Path, tmp_path: Path) -> None:
    """In lines of JSON, in pages that name a canonical address, in what is asked for: nowhere in the workspace, nor on the screen."""
    line = {
        "url": "https://ann:s3cret@news.example/a",
        "html": page(head='<link rel="canonical" href="https://ann:s3cret@news.example/a">'),
    }
    (tmp_path / "cwd" / "lines.jsonl").write_text(
        json.dumps(line) + "\n" + json.dumps({"url": line["url"], "text": ""}) + "\n"
    )
    status, out, err = command("ingest", "--direct", "lines.jsonl", "https://ann:s3cret@127.0.0.1:1/page")
    assert status == 0
    assert "s3cret" not in out + err
    _, out, _ = command("sql", "select canonical_url, url from articles", "-f", "csv")
    assert out == "canonical_url,url\nhttps://news.example/a,https://news.example/a\n"
    with warehouse.connect(root, comments=False) as con:
        stored = [
            str(con.execute(f"from {table}").fetchall()) for table in ("articles", "events", "rejects", "fetches")
        ]
        stored.append(str(con.execute("select * exclude (body) from captures").fetchall()))
    assert "s3cret" not in "".join(stored)
    assert "127.0.0.1" in stored[3]
    status, out, err = command("sources", "add", "paid", "https://ann:s3cret@news.example/feed.xml", "--kind", "feed")
    assert status == 2
    assert "no password" in err
    assert "s3cret" not in out + err
    assert not (root / "dateline.toml").exists()


@pytest.mark.parametrize(
    "settings",
    ["captures = 3", "fetching = 'x'", "engine = []", "sources = 1", "[captures]\nkeep = 3", "a = ", "\ud800"],
)
def test_settings_that_cannot_be_are_said(command: Command, root: Path, settings: str) -> None:
    load(root, "one")
    (root / "dateline.toml").write_bytes(settings.encode(errors="surrogatepass"))
    (root.parent / "cwd" / "a.html").write_text(page())
    for arguments in (("ingest", "--direct", "a.html"), ("gc",), ("sources", "list"), ("ingest", "--due")):
        status, _, err = command(*arguments)
        assert "Traceback" not in err
        if settings == "a = " or (arguments[0] == "gc" and "captures" in settings):
            assert status == 2
            assert "dateline.toml" in err


EVERY_COMMAND = (
    ("ingest", "--direct", "a.html"),
    ("sql", "from loads"),
    ("status",),
    ("verify",),
    ("compact",),
    ("gc",),
    ("forget", "x", "--yes"),
    ("export", "out"),
    ("explain", "https://news.example/one"),
    ("sources", "profile"),
    ("reextract",),
)


def test_a_damaged_log_is_said_by_every_command(command: Command, root: Path) -> None:
    load(root, "one")
    (root.parent / "cwd" / "a.html").write_text(page())
    record = root / "_log" / "00000001.json"
    record.chmod(0o644)
    record.write_bytes(record.read_bytes()[:40])
    for arguments in EVERY_COMMAND:
        status, _, err = command(*arguments)
        assert status != 0, arguments
        assert "_log" in err, arguments
        assert "Traceback" not in err


def test_a_log_that_must_not_be_read_is_said_by_every_command(root: Path, tmp_path: Path) -> None:
    """In a process without the right of the superuser to read everything."""
    load(root, "one")
    (tmp_path / "a.html").write_text(page())
    code = (
        "import sys, traceback\nfrom flows import cli\n"
        f"for arguments in {EVERY_COMMAND!r}:\n"
        "    sys.argv = ['dateline', *arguments]\n"
        "    try:\n        cli.main()\n"
        "    except SystemExit as ended:\n        print('status', ended.code, *arguments, file=sys.stderr)\n"
        "    except BaseException:\n        traceback.print_exc()\n"
    )
    powers = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    if powers and shutil.which("setpriv") is None:
        pytest.skip("the superuser reads everything, and there is no setpriv")
    (root / "_log").chmod(0)
    try:
        done = subprocess.run(
            [*powers, sys.executable, "-c", code],
            capture_output=True, text=True, cwd=tmp_path, env=os.environ | {"DATELINE_ROOT": str(root)}, stdin=subprocess.DEVNULL,
        )  # fmt: skip
    finally:
        (root / "_log").chmod(0o755)
    assert "Traceback" not in done.stderr
    assert done.stderr.count("Permission denied") >= len(EVERY_COMMAND)
    assert [line.split()[1] for line in done.stderr.splitlines() if line.startswith("status")] == ["1"] * len(
        EVERY_COMMAND
    )


def test_a_workspace_that_cannot_be_written_is_said(command: Command, root: Path) -> None:
    """A file where the folders of tables have to be made stands for a disk that is read-only."""
    root.write_text("in the way")
    (root.parent / "cwd" / "a.html").write_text(page())
    for arguments in (
        ("ingest", "--direct", "a.html"),
        ("sources", "add", "x", "https://news.example/", "--kind", "feed"),
    ):
        status, _, err = command(*arguments)
        assert status != 0
        assert str(root) in err


@pytest.mark.parametrize("name", ["a*b", "a?b", "a[bc]d", "a\\b"])
def test_a_workspace_whose_path_is_a_pattern_is_refused(command: Command, tmp_path: Path, name: str) -> None:
    """DuckDB would read `abd/…` in the place of `a[bc]d/…`."""
    status, _, err = command("status", "--root", str(tmp_path / name))
    assert status == 2
    assert "pattern" in err


@pytest.mark.parametrize("name", ["~", "~root", "~nobody-of-this-name", "a b", "é", "a'b", "a#b", "{a,b}"])
def test_other_names_are_names(command: Command, tmp_path: Path, name: str) -> None:
    root = tmp_path / "cwd" / name
    load(root, "one")
    warehouse.rebuild(root)
    status, out, _ = command("sql", "--root", f"./{name}", "select count(*) n from articles", "-f", "csv")
    assert (status, out) == (0, "n\n3\n")
    (tmp_path / "cwd" / "~root.html").write_text(page())
    status, out, _ = command("read", "~root.html")
    assert status == 0
    assert out.startswith("Talks")


def test_an_empty_name_is_not_the_current_folder(command: Command, tmp_path: Path, root: Path) -> None:
    (tmp_path / "cwd" / "private.html").write_text(page())
    for arguments in (
        ("ingest", "--direct", ""),
        ("ingest", "--direct", " "),
        ("read", ""),
        ("sql", "--root", "", "select 1"),
        ("sources", "add", "x", ""),
        ("ingest", "--direct", "--source", ""),
    ):
        status, out, err = command(*arguments)
        assert status != 0, arguments
        assert "empty" in out + err, arguments
    assert not root.exists()
    assert [p.name for p in (tmp_path / "cwd").iterdir()] == ["private.html"]


def test_a_source_of_a_line_that_is_kept_before_that_of_the_command_is_said(command: Command, tmp_path: Path) -> None:
    lines = [{"html": page("One"), "source": "theirs"}, {"html": page("Two")}, {"html": page("Six"), "source": " "}]
    (tmp_path / "cwd" / "lines.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    _, out, _ = command("ingest", "--direct", "lines.jsonl", "--source", "mine")
    assert "own source" in out
    assert "1" in next(line for line in out.splitlines() if "own source" in line)
    _, out, _ = command("sql", "select source, title from articles order by all", "-f", "csv")
    assert "theirs,One" in out


def test_a_list_of_sources_replaces_no_file_unasked(command: Command, root: Path, tmp_path: Path) -> None:
    mine = tmp_path / "cwd" / "mine.opml"
    mine.write_text("mine")
    command("sources", "add", "x", "https://news.example/feed.xml", "--kind", "feed")
    status, _, err = command("sources", "export", "mine.opml")
    assert (status, mine.read_text()) == (1, "mine")
    assert "--yes" in err
    assert command("sources", "export", "mine.opml", "--yes")[0] == 0
    assert "news.example" in mine.read_text()
    before = (root / "dateline.toml").read_text()
    status, _, err = command("sources", "export", str(root / "dateline.toml"), "--yes")
    assert status == 1
    assert "inside the workspace" in err
    assert (root / "dateline.toml").read_text() == before
