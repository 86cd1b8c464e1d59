"""Random histories of loads, corrections, replacements, forgetting, compaction and collection, against plain dictionaries."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

import warehouse
from tests.warehouse.makers import MOMENT, digest, make_pair, make_tables
from warehouse import compaction, log

ARTICLES = st.integers(0, 5)
WORDINGS = st.sampled_from(["", " One.", " Two.", " Three."])
DAYS = st.integers(20, 28)


@dataclass(frozen=True)
class Version:
    """What the model knows of one wording of one article."""

    article: str
    wording: str
    day: int
    load: str
    order: int

    @property
    def version_id(self) -> str:
        return digest(f"{self.article}/{self.wording}")


class Histories(RuleBasedStateMachine):
    """The model is a list of the versions that are live; the warehouse must answer as it does after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="dateline-model-"))
        self.live: list[Version] = []
        self.loads: dict[str, list[str]] = {}
        self.steps = self.replaced = 0

    def teardown(self) -> None:
        shutil.rmtree(self.root)

    def _pairs(self, versions: list[Version]) -> list[object]:
        return [make_pair(v.article, v.wording, modified_at=MOMENT.replace(day=v.day)) for v in versions]

    @rule(chosen=st.dictionaries(ARTICLES, st.tuples(WORDINGS, DAYS), min_size=1, max_size=3))
    def load(self, chosen: dict[int, tuple[str, int]]) -> None:
        """A load of some wordings: it goes in whole, or conflicts when one of them is live."""
        self.steps += 1
        name = f"load {self.steps}"
        wanted = [Version(f"a{n}", w, day, name, self.steps) for n, (w, day) in sorted(chosen.items())]
        tables = make_tables(self._pairs(wanted), digest(name))  # type: ignore[arg-type]
        items = {f"{name} {v.article}": tables["captures"]["capture_id"][i].as_py() for i, v in enumerate(wanted)}
        live = {v.version_id for v in self.live}
        if live & {v.version_id for v in wanted}:
            with pytest.raises(warehouse.LoadConflict):
                self._commit(name, tables, items)
            return
        assert self._commit(name, tables, items) is not None
        assert self._commit(name, tables, items) is None
        self.live += wanted
        self.loads[name] = list(items)

    def _commit(self, name: str, tables: dict[str, object], items: dict[str, str]) -> object:
        return warehouse.commit(self.root, digest(name), tables, items=items, run_id="r", versions={"extractor": "1"})  # type: ignore[arg-type]

    @precondition(lambda self: self.loads)
    @rule(pick=st.integers(0, 99), wording=WORDINGS, day=DAYS)
    def replace(self, pick: int, wording: str, day: int) -> None:
        """Better extractors read other words, or another day, in all articles of a load."""
        name = sorted(self.loads)[pick % len(self.loads)]
        old = [v for v in self.live if v.load == name]
        self.replaced += 1
        new = [Version(v.article, wording, day, name, v.order) for v in old]
        tables = make_tables(self._pairs(new), digest(name))  # type: ignore[arg-type]
        derived = {table: rows for table, rows in tables.items() if table != "captures"}
        versions = {"extractor": f"better {self.replaced}"}
        warehouse.replace(self.root, [digest(name)], derived, run_id="r", versions=versions)
        others = [v for v in self.live if v.load != name]
        taken = {v.version_id for v in others}
        self.live = others + [v for v in new if v.version_id not in taken]

    @precondition(lambda self: self.loads)
    @rule(pick=st.integers(0, 99))
    def forget_load(self, pick: int) -> None:
        name = sorted(self.loads)[pick % len(self.loads)]
        warehouse.forget(self.root, warehouse.by_load(digest(name)))
        self.live = [v for v in self.live if v.load != name]
        items = self.loads.pop(name)
        known = warehouse.read_log(self.root).known
        assert not any(item in known for item in items)

    @rule(article=ARTICLES)
    def forget_url(self, article: int) -> None:
        warehouse.forget(self.root, warehouse.by_url(f"https://news.example/a{article}"))
        self.live = [v for v in self.live if v.article != f"a{article}"]

    @rule()
    def compact(self) -> None:
        warehouse.compact(self.root)

    @rule()
    def collect(self) -> None:
        warehouse.gc(self.root, timedelta(0))

    @rule()
    def read_anew(self) -> None:
        """As another process would: nothing is remembered."""
        log._STATES.clear()

    @invariant()
    def answers_agree(self) -> None:
        newest: dict[str, Version] = {}
        for v in sorted(self.live, key=lambda v: (v.day, v.order)):
            newest[v.article] = v
        with warehouse.connect(self.root, comments=False) as con:
            assert _column(con, "select version_id from articles_all") == sorted(v.version_id for v in self.live)
            assert _column(con, "select version_id from articles") == sorted(v.version_id for v in newest.values())
            assert _column(con, "select version_id from events") == sorted(v.version_id for v in newest.values())
            every = sorted(v.version_id for v in self.live for _ in range(2))
            assert _column(con, "select version_id from events_all") == every
            assert _column(con, "select version_id from mentions") == every
        known = warehouse.read_log(self.root).known
        for article in {v.article for v in self.live}:
            assert known.newest(digest(article))[0] == newest[article].version_id  # type: ignore[index]
        assert all(v.version_id in known for v in self.live)


def _column(con: object, query: str) -> list[str]:
    return sorted(row[0] for row in con.execute(query).fetchall())  # type: ignore[attr-defined]


def _run(monkeypatch: pytest.MonkeyPatch, examples: int, steps: int) -> None:
    # Small enough that parts become "full", checkpoints are written and segments merged within a few steps.
    monkeypatch.setattr(compaction, "FULL", 9_000)
    for module in ("warehouse.index", "warehouse.log"):
        monkeypatch.setattr(f"{module}.CHECKPOINT_EVERY", 3)
    run_state_machine_as_test(
        Histories,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )


def test_random_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    _run(monkeypatch, examples=8, steps=12)


@pytest.mark.long
def test_many_random_histories(monkeypatch: pytest.MonkeyPatch) -> None:
    _run(monkeypatch, examples=150, steps=30)
