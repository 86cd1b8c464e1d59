"""What becomes of the files of a batch, and what is said of a source afterwards: without Prefect, in a real warehouse."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

import warehouse
from flows import inbox as ledger
from flows import pipeline, quality, rollup, runner
from flows.config import Workspace
from flows.demo import SAMPLES
from flows.inbox import Dropped
from flows.intake import Intake
from flows.pipeline import Counts


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("intake"))


def take(space: Workspace, files: dict[str, bytes]) -> tuple[list[str], dict[str, str], str]:
    """Drop files and take them in; the names done, the failed with their reasons, and the run's id."""
    ledger.ensure(space.inbox)
    for name, body in files.items():
        path = space.inbox / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)
    batch = ledger.claim(space.inbox, settle=0)
    assert batch
    intake, total = Intake(ledger.files_of(space.inbox, batch)), Counts()
    run = pipeline.new_run(space.root, runner.rules_version(None, None))
    known = warehouse.read_log(space.root).known
    with runner.Pool(0, None) as pool:
        for cut, outcomes, _ in pool.extract(
            pipeline.cut_batches(intake.items(total, lambda _: None), known, run, total)
        ):
            total += pipeline.commit_batch(run, cut, outcomes)
            intake.reject((o.reject.input, o.reject.reason, o.reject.message) for o in outcomes if o.reject)
    done, failed = intake.verdict(space.root, total.known)
    ledger.finish(space.inbox, batch, done, failed)
    return names(done), {f.name: why for f, why in failed.items()}, run.run_id


def names(files: list[Dropped]) -> list[str]:
    return sorted(f.name for f in files)


LINES = b'{"url": "https://x.example/1", "text": "Kenya and Ethiopia signed a treaty on the border on Monday in Nairobi, officials of both foreign ministries said."}\nno json\n'


def test_each_file_has_its_verdict(space: Workspace) -> None:
    given = {
        "paper/treaty.html": (SAMPLES / "treaty.html").read_bytes(),
        "paper/consent.html": (SAMPLES / "consent.html").read_bytes(),
        "paper/half.jsonl": LINES,
        "paper/none.jsonl": b"no json\nnor this\n",
        "empty.jsonl": b"",
        "#odd#1.html": (SAMPLES / "consent.html").read_bytes() + b" ",
    }
    done, failed, run_id = take(space, given)
    assert done == ["paper/half.jsonl", "paper/treaty.html"]
    assert failed["paper/consent.html"].startswith("consent_page: ")
    assert failed["paper/none.jsonl"].startswith("not_json: ")
    assert "the first of 2 lines" in failed["paper/none.jsonl"]
    assert failed["empty.jsonl"] == "empty: there is no document in it"
    assert failed["#odd#1.html"].startswith("consent_page: ")
    con = warehouse.connect(space.root)
    assert con.execute("select distinct input from rejects where input like '%half%'").fetchall() == [
        ("inbox/paper/half.jsonl#2",)
    ]
    again, refused, _ = take(
        space, {"paper/treaty.html": given["paper/treaty.html"], "paper/consent.html": given["paper/consent.html"]}
    )
    assert again == ["paper/treaty.html"]  # known already, and stored
    assert refused["paper/consent.html"].endswith("(as when it came before)")
    (found,) = [q for q in quality.qualities(space.root, run_id) if q.source == "paper"]
    assert found.key == "quality-paper"
    assert "| 2 | " in found.markdown  # articles of its one run
    assert "not_json 2" in found.markdown.replace("\\", "")
    assert found.drop == ""


def test_the_roll_up_is_made_once_a_version(space: Workspace) -> None:
    days = rollup.roll_up(space.root)
    assert days
    assert set(days[0]) == {"day", "events", "assaults", "protests", "countries"}
    assert rollup.roll_up(space.root) is None
    con = warehouse.connect(space.root)
    path = space.root / "rollups" / "events_daily.parquet"
    (rows,) = con.execute(f"select count(*) from '{path}'").fetchone() or (0,)
    assert con.execute("select count(*) from events_daily").fetchone() == (rows,)


def test_schedules_keep_their_moment() -> None:
    from flows.configured import source_from
    from flows.deployments import schedule_of

    def schedule(name: str, **more: object) -> object:
        return schedule_of(source_from(name, {"kind": "feed", "address": "https://x.example/f", **more}, "test"))

    one, two = (schedule(n, schedule="every 30 minutes", jitter="10 minutes") for n in ("one", "two"))
    assert one == schedule("one", schedule="every 30 minutes", jitter="10 minutes")  # a restart moves nothing
    begins = [s.anchor_date.replace(tzinfo=None) - datetime(2020, 1, 1) for s in (one, two)]  # type: ignore[attr-defined]
    assert begins[0] != begins[1]
    assert all(timedelta(0) <= b <= timedelta(minutes=10) for b in begins)
    cron = schedule("three", schedule="0 6 * * *", timezone="Africa/Nairobi")
    assert (cron.cron, cron.timezone) == ("0 6 * * *", "Africa/Nairobi")  # type: ignore[attr-defined]
    assert schedule("four") is None


def test_a_batch_that_kills_is_known(tmp_path: Path) -> None:
    space = Workspace(tmp_path)
    ledger.ensure(space.inbox)
    (space.inbox / "bad.html").write_bytes(b"x")
    batch = ledger.claim(space.inbox, settle=0)
    assert batch
    (space.inbox / "_claimed" / batch / "lock").write_bytes(b"process 1\nprocess 2\nprocess 3\n")
    with ledger.hold(space.inbox, batch) as deaths:
        assert deaths == ledger.DEATHS
