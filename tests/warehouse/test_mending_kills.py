"""Random histories in which backups, restorations and repairs are killed at random, against a plain set of articles.

Whenever one looks: the backup can be restored, and gives what it held before or what it was to hold; a workspace shows what it showed, what it
shall show, or an error. Once the command was repeated to its end nothing is lost that the next ingest does not bring back, nothing is there
twice, and what was forgotten is away.
"""

from __future__ import annotations

import random
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from threading import Thread

import pytest

import warehouse
from tests.warehouse.harness import mend_and_kill
from tests.warehouse.makers import digest, make_pair, make_tables
from tests.warehouse.test_repair import DAMAGES, names, put, sound
from warehouse import backups, log
from warehouse.storage import Storage

STEPS = ("put_written", "put_renamed", "before_link", "after_link", "mend_log", "rewrite", "log_aside", "log_there")


class Desk:
    """A workspace, its backup, and what both must hold."""

    def __init__(self, folder: Path, seed: int, timed: bool = True) -> None:
        """`timed`: whether it is killed at moments too, and not at named steps only, which are the same every time."""
        self.timed = timed
        self.chance = random.Random(seed)
        self.folder, self.root, self.backed = folder, folder / "w", folder / "b"
        self.live: set[str] = set()
        self.gone: set[str] = set()
        """Forgotten for good."""
        self.held: set[str] | None = None
        """What the last backup that ended holds."""
        self.of: dict[str, str] = {}
        """By article the load that brought it last."""
        self.loads = self.kills = 0
        self.took: dict[str, float] = {}
        """Seconds of an operation that was left alone."""
        self.log: list[str] = []
        self.kept: set[str] = set()
        self.load()

    def load(self) -> None:
        self.put({f"a{self.loads}-{n}" for n in range(self.chance.randint(1, 3))})

    def put(self, articles: set[str]) -> None:
        """Ingest some articles in one load, with their captures or without."""
        self.loads += 1
        put(self.root, f"load {self.loads}", [make_pair(a) for a in sorted(articles)], self.chance.random() < 0.5)
        self.of |= dict.fromkeys(articles, digest(f"load {self.loads}"))
        self.live |= articles

    def forget(self) -> None:
        if self.live:
            article = self.chance.choice(sorted(self.live))
            warehouse.forget(self.root, warehouse.by_url(f"https://news.example/{article}"), always=True)
            warehouse.cut_kept(self.root, warehouse.by_url(f"https://news.example/{article}"))
            self.live.discard(article)
            self.gone.add(article)

    def tidy(self) -> None:
        warehouse.compact(self.root)
        if self.chance.random() < 0.7:
            warehouse.gc(self.root, timedelta(0))

    def keep(self) -> None:
        if self.kept and self.chance.random() < 0.5:
            warehouse.release(self.root, self.kept.pop())
        else:
            name = f"name{self.loads}-{len(self.kept)}"
            with suppress(ValueError):  # it keeps another version
                warehouse.keep(self.root, name)
                self.kept.add(name)

    def killed(self, operation: str, look: Callable[[], None]) -> None:
        """Do it, killed some times at random, with a look after each; at last it may end."""
        for _ in range(self.chance.randint(1, 4)):
            after, at = None, f"{self.chance.choice(STEPS)}:{self.chance.choice((1, 1, 2, 5, 12))}"
            if self.timed and self.chance.random() < 0.5:
                after, at = self.chance.uniform(0.0, 1.2 * self.took.get(operation, 0.3)), ""
            if not mend_and_kill(operation, self.root, self.backed, after, at):
                break
            self.log.append(f"{operation} killed at {at or after}")
            self.kills += 1
            log._STATES.clear()
            look()
        began = time.monotonic()
        mend_and_kill(operation, self.root, self.backed)
        self.took[operation] = time.monotonic() - began
        log._STATES.clear()

    def back_up(self) -> None:
        self.look_for_folder()
        before, new = self.held, f"beside-{self.loads}"
        beside = Thread(target=self.put, args=({new},)) if self.chance.random() < 0.3 else None
        if beside:
            beside.start()
        coming = self.live | {new}

        def look() -> None:
            try:
                told = self.restored_elsewhere()
            except warehouse.NotABackup:
                assert before is None, "a backup that was cut short is the one before"
                return
            assert told in (before, before and before - self.gone, coming, coming - {new}), "neither old nor new"

        self.killed("backup", look)
        if beside:
            beside.join()
        mend_and_kill("backup", self.root, self.backed)
        log._STATES.clear()
        assert warehouse.verify(self.backed) == []
        self.held = set(self.live)
        assert self.restored_elsewhere() == self.live

    def look_for_folder(self) -> None:
        """Another one where the log has parted from the backup's, as the error says: a record was made anew, or it was restored."""
        source = Storage(self.root)
        try:
            backups._check_target(source, Storage(self.backed), warehouse.read_log(source))
        except warehouse.NotABackup:
            self.backed, self.held = self.folder / f"b{self.loads}", None

    def restored_elsewhere(self) -> set[str]:
        """What the backup gives in a new folder."""
        other = self.folder / "elsewhere"
        shutil.rmtree(other, ignore_errors=True)
        warehouse.restore(self.backed, other)
        assert warehouse.verify(other) == []
        for kept in warehouse.kept_versions(other):
            warehouse.read_log(other, kept.version)
        log._STATES.pop(str(other), None)
        return set(names(other))

    def restore(self) -> None:
        if self.held is None:
            return
        before, wanted = set(self.live), self.held - self.gone

        def look() -> None:
            with suppress(warehouse.DamagedLog):
                assert set(names(self.root)) in (before, wanted), "neither old nor new"

        self.killed("restore", look)
        assert set(names(self.root)) == wanted
        self.live = wanted
        self.kept = {kept.name for kept in warehouse.kept_versions(self.root)}
        self.ingest_again(before)

    def break_and_mend(self) -> None:
        """Damage parts or records, and repair. Of a part that is gone with the record that named it nobody can know."""
        damaged = self.chance.choice([["part"], ["part", "part"], ["record"], ["altered"], ["record", "altered"]])
        for what in damaged:
            if what == "part":
                with suppress(warehouse.DamagedLog):
                    file = self.chance.choice([f for fs in warehouse.read_log(self.root).files.values() for f in fs])
                    self.chance.choice(list(DAMAGES.values()))(self.root / file.path)
                continue
            records = sorted((self.root / "_log").glob("0*[0-9].json"))
            record = self.chance.choice(records)
            if what == "record":
                record.unlink()
            else:
                record.write_bytes(record.read_bytes().replace(b'"run_id":"', b'"run_id":"x', 1))
        log._STATES.clear()

        def look() -> None:
            with suppress(warehouse.CorruptFile, Exception):
                assert set(names(self.root)) <= self.live

        self.killed("repair", look)
        sound(self.root)
        assert set(names(self.root)) <= self.live, "what was forgotten, or what nobody loaded"
        self.ingest_again(self.live)

    def ingest_again(self, articles: set[str]) -> None:
        """What an ingest of the same input does: what is not known comes, what lost its rows is made again from its captures."""
        snapshot = warehouse.read_log(self.root)
        stale = [load for load, by in warehouse.standing(snapshot).items() if "extractor" not in by.versions]
        wanted = articles - self.gone
        if stale:
            pairs = [make_pair(a) for a in sorted(wanted) if self.of[a] in stale]
            known = [p for p in pairs if warehouse.item_key(p[1].capture_id, p[1].url) in snapshot.known]
            tables = make_tables(known, stale[0])
            derived = {table: rows for table, rows in tables.items() if table != "captures"}
            warehouse.replace(self.root, stale, derived, run_id="r", versions={"extractor": "1"})
        known_now = warehouse.read_log(self.root).known
        new = set()
        for article in wanted:
            extraction, capture = make_pair(article)
            assert extraction.article is not None
            keys = (warehouse.item_key(capture.capture_id, capture.url), extraction.article.version_id)
            if not any(key in known_now for key in keys):
                new.add(article)
        if new:
            self.put(new)
        self.live = wanted


def live_through(desk: Desk, acts: Iterable[Callable[[], None]]) -> int:
    """Do one thing after the other; returns how many kills there were."""
    for act in acts:
        desk.log.append(act.__name__)
        try:
            act()
            assert names(desk.root) == Counter(desk.live)
        except BaseException:
            print("what happened:", *desk.log, sep="\n  ")
            raise
    sound(desk.root)
    return desk.kills


@pytest.mark.long
def test_killed_backups_restorations_and_repairs(tmp_path: Path) -> None:
    desk = Desk(tmp_path, seed=15, timed=False)
    acts = [desk.back_up, desk.load, desk.tidy, desk.keep, desk.back_up, desk.forget, desk.restore, desk.break_and_mend]
    assert live_through(desk, acts) >= 1


@pytest.mark.long
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_killed_backups_restorations_and_repairs(tmp_path: Path, seed: int) -> None:
    desk = Desk(tmp_path, seed)
    acts = [desk.load, desk.load, desk.forget, desk.tidy, desk.keep, desk.back_up, desk.back_up, desk.restore, desk.break_and_mend]  # fmt: skip
    assert live_through(desk, desk.chance.choices(acts, k=25)) > 5
