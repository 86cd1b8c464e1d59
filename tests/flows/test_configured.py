"""Sources in dateline.toml: what may stand there, what is said when it may not, and that writing leaves the rest alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flows.config import SettingsError, Workspace
from flows.configured import add_source, is_due, read_sources, remove_source, source_from, source_named
from tests.conftest import Dateline

WRITTEN = """# My workspace
[captures]
keep = "30 days" # enough

# The first one
# of my sources
[sources.one]
kind = "feed"
address = "https://one.example/feed" # moved in May
schedule = "every 2 hours"
pause = "5 seconds"

# About two
[sources."two.more"]
kind = "folder"
address = [
    "clippings",
    "/srv/news",
]

[other]
a = 1 # stays
"""


@pytest.fixture
def space(tmp_path: Path) -> Workspace:
    (tmp_path / "dateline.toml").write_text(WRITTEN)
    return Workspace(tmp_path)


def test_sources_are_read(space: Workspace) -> None:
    one, two = read_sources(space)
    assert (one.name, one.kind, one.address) == ("one", "feed", ("https://one.example/feed",))
    assert (one.every, one.pause, one.allow_private) == (timedelta(hours=2), timedelta(seconds=5), False)
    assert two.paths(space) == (space.root / "clippings", Path("/srv/news"))
    assert source_named(space, "two.more") == two
    assert read_sources(Workspace(space.root / "elsewhere")) == ()


def test_adding_and_removing_leave_the_rest_as_it_was(space: Workspace) -> None:
    added = add_source(space, "three", {"kind": "urls", "address": ['https://c.example/"x"é'], "allow_private": True})
    assert source_named(space, "three") == added
    assert space.settings.read_text().startswith(WRITTEN)
    remove_source(space, "three")
    assert space.settings.read_text() == WRITTEN
    remove_source(space, "one")
    begin = WRITTEN.index("# The first")
    assert space.settings.read_text() == WRITTEN[:begin] + WRITTEN[WRITTEN.index("# About two") :]
    remove_source(space, "two.more")
    assert space.settings.read_text() == WRITTEN[:begin] + WRITTEN[WRITTEN.index("[other]") :]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"kind": "fed", "address": "https://a.example"}, "kind = 'fed': must be one of feed, sitemap"),
        ({"address": "https://a.example"}, "kind: must be one of"),
        ({"kind": "feed"}, "address: a text"),
        ({"kind": "feed", "address": "ftp://a.example"}, "begins with http:// or https://"),
        ({"kind": "feed", "address": "https://a.example", "shedule": "x"}, "shedule = 'x': no such key"),
        ({"kind": "feed", "address": "https://a.example", "schedule": "often"}, "a cron line"),
        ({"kind": "feed", "address": "https://a.example", "schedule": "99 * * * *"}, "a cron line"),
        ({"kind": "feed", "address": "https://a.example", "schedule": "every 0 minutes"}, "a cron line"),
        ({"kind": "feed", "address": "https://a.example", "timezone": "Mars/Base"}, "an IANA name"),
        ({"kind": "feed", "address": "https://a.example", "country": "Kenya"}, "such as KEN"),
        ({"kind": "feed", "address": "https://a.example", "pause": "a while"}, "a duration"),
        ({"kind": "feed", "address": "https://a.example", "pause": -1}, "a duration"),
        ({"kind": "feed", "address": "https://a.example", "allow_private": "yes"}, "true or false"),
        ({"kind": "feed", "address": "https://a.example", "limit": 0}, "a number from 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(table: dict[str, object], said: str) -> None:
    with pytest.raises(SettingsError) as error:
        source_from("news", table, "/w/dateline.toml")
    assert str(error.value).startswith("/w/dateline.toml: [sources.news] ")
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("schedule", "last", "now", "due"),
    [
        (None, None, "2026-03-01T00:00", False),
        ("every 30 minutes", None, "2026-03-01T00:00", True),
        ("every 30 minutes", "2026-03-01T00:00", "2026-03-01T00:29", False),
        ("every 30 minutes", "2026-03-01T00:00", "2026-03-01T00:30", True),
        ("0 6 * * *", "2026-03-01T02:59", "2026-03-01T02:59", False),
        ("0 6 * * *", "2026-03-01T02:59", "2026-03-01T03:00", True),  # six in Nairobi
        ("0 6 * * *", "2026-03-01T03:00", "2026-03-02T02:59", False),
    ],
)
def test_a_source_is_due_when_its_schedule_has_come(
    schedule: str | None, last: str | None, now: str, due: bool
) -> None:
    table = {"kind": "feed", "address": "https://a.example", "timezone": "Africa/Nairobi"}
    source = source_from("a", table | ({"schedule": schedule} if schedule else {}), "x")
    before, at = (datetime.fromisoformat(t).replace(tzinfo=UTC) if t else None for t in (last, now))
    assert at is not None
    assert is_due(source, before, at) is due


def test_sources_by_the_command(dateline: Dateline, root: Path, tmp_path: Path) -> None:
    news = tmp_path / "cwd" / "news"
    news.mkdir()
    (news / "a.txt").write_text(
        "date 2024-03-06\nGhana recalled its ambassador from Togo on Monday, officials said. " * 5
    )
    assert dateline("sources", "list").stdout.endswith("`dateline sources add NAME ADDRESS`\n")
    done = dateline("sources", "add", "clips", "news", "--kind", "folder", "--schedule", "every 2 hours")
    assert done.returncode == 0, done.stderr
    assert "already" in dateline("sources", "add", "clips", "news", "--kind", "folder").stderr
    assert "never, due" in dateline("sources", "list").stdout
    done = dateline("ingest", "--due")
    assert done.returncode == 0, done.stderr
    assert dateline("ingest", "--due").stdout == "no source is due\n"
    assert dateline("sql", "select distinct source from articles").stdout == "source\nclips\n"
    assert "no source 'none'; there is clips" in dateline("ingest", "--source", "none").stderr
    assert dateline("sources", "remove", "clips").returncode == 0
    assert read_sources(Workspace(root)) == ()
