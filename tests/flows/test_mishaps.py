"""A batch that breaks runs: it waits, is halved, and the culprit comes to lie in `_failed/` with the reason, its neighbours in `_done/`."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from flows import inbox as ledger
from flows import mishaps
from tests.flows.test_inbox import below, claim, drop


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    ledger.ensure(tmp_path / "inbox")
    return tmp_path / "inbox"


def sweep(inbox: Path, batches: list[str], culprit: str) -> list[str]:
    """One try of each batch, by a run that one file breaks; the batches that are left."""
    left = []
    while batches:
        batch = batches.pop()
        with ledger.hold(inbox, batch) as deaths:
            assert deaths == 0
            files = ledger.files_of(inbox, batch)
            if culprit not in {file.name for file in files}:
                ledger.finish(inbox, batch, files, {})
            elif mishaps.note(inbox, batch, ValueError("no such \ud800 number")) >= mishaps.TRIES:
                batches += mishaps.part(inbox, batch)
            else:
                left.append(batch)
    return left


def test_a_batch_that_fails_twice_is_halved_down_to_the_culprit(inbox: Path) -> None:
    drop(inbox, *(f"wire/{n:02}.html" for n in range(13)))
    batch = claim(inbox)
    left = sweep(inbox, [batch], "wire/05.html")
    assert left == [batch]
    assert mishaps.paused(inbox, batch)
    assert sweep(inbox, left, "wire/05.html") == []
    day = time.strftime("%Y-%m-%d", time.gmtime())
    assert below(inbox / "_failed") == {f"{day}/wire/05.html", f"{day}/wire/05.html.reason.txt"}
    assert "no such ? number" in (inbox / f"_failed/{day}/wire/05.html.reason.txt").read_text()
    assert below(inbox / "_done") == {f"{day}/wire/{n:02}.html" for n in range(13) if n != 5}
    assert ledger.batches(inbox) == ()
    assert not list((inbox / "_claimed").iterdir())


def test_pauses_grow_and_the_machines_faults_never_count(inbox: Path) -> None:
    drop(inbox, "a.html", "b.html")
    batch = claim(inbox)
    for number in range(6):
        assert mishaps.note(inbox, batch, OSError(28, "No space left on device")) == 0
        pause = mishaps.PAUSES[min(number, 3)]
        assert mishaps.paused(inbox, batch, time.time() + pause - 5)
        assert not mishaps.paused(inbox, batch, time.time() + pause + 5)
    assert mishaps.note(inbox, batch, ValueError("x")) == 1


def test_a_batch_that_kills_is_halved(inbox: Path) -> None:
    drop(inbox, "a.html", "b.html", "c.html")
    batch = claim(inbox)
    (inbox / "_claimed" / batch / "lock").write_bytes(b"process 1\nprocess 2\nprocess 3\n")
    with ledger.hold(inbox, batch) as deaths:
        assert deaths == ledger.DEATHS
        halves = mishaps.part(inbox, batch, deaths)
    assert [len(ledger.files_of(inbox, half)) for half in halves] == [1, 2]
    with ledger.hold(inbox, halves[0]) as deaths:  # one death more, and it is this file
        assert deaths == ledger.DEATHS - 1
        assert mishaps.part(inbox, halves[0], deaths + 1) == ()
    assert {name.rpartition("/")[2] for name in below(inbox / "_failed")} == {"a.html", "a.html.reason.txt"}
    assert set(ledger.batches(inbox)) == {halves[1]}
