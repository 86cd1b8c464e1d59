"""Random histories of real ingests, of forgetting every way, compaction, collection and reextraction, against plain Python.

Documents have an address or none, a source or none, two wordings, and some are no article; one text comes from two sources.
"""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

import extractors
import warehouse
from flows import pipeline, reextraction, runner
from flows.config import Workspace
from flows.pipeline import Counts
from flows.readers.files import find_inputs

SOURCES = ("wire", "other", None)


@dataclass(frozen=True)
class Doc:
    """One line of JSON Lines."""

    number: int
    wording: int
    source: str | None
    kind: str
    """page, bare (without an address) or bad (no article)."""

    @property
    def url(self) -> str | None:
        return f"https://paper.example/{self.number}" if self.kind != "bare" else None

    @property
    def text(self) -> str:
        """Tells a wording from all others, as a version_id does."""
        if self.kind == "bad":
            return ""
        said = (
            f"Kenya and Ethiopia signed a treaty on the border on Monday in Nairobi, officials said in {self.kind} part"
        )
        return f"{said} {self.number} as {'ordered' if self.wording else 'agreed'}."

    @property
    def line(self) -> str:
        title = f"Wording {self.wording}" if self.kind == "bad" else None
        said = {"url": self.url, "text": self.text, "source": self.source, "title": title}
        return json.dumps({key: value for key, value in said.items() if value is not None})

    @property
    def stones(self) -> set[tuple[str, Any]]:
        """What would keep it away."""
        return {("url", self.url)} - {("url", None)} | {("source", self.source)} - {("source", None)}


DOCS = st.builds(Doc, st.integers(0, 2), st.integers(0, 1), st.sampled_from(SOURCES), st.sampled_from(["page", "page", "bare", "bad"]))  # fmt: skip


@dataclass
class Model:
    """What the tables hold: documents, each with its load."""

    live: dict[str, tuple[Doc, str]] = field(default_factory=dict)
    """By text."""
    rejects: list[tuple[Doc, str]] = field(default_factory=list)
    captures: list[tuple[Doc, str]] = field(default_factory=list)
    known: dict[Doc, str] = field(default_factory=dict)
    """With the load that brought it last."""

    def take_out(self, docs: set[tuple[Doc, str]]) -> bool:
        """Let go of documents of loads; whether there was anything."""
        there = docs & {*self.rejects, *self.captures, *self.live.values()}
        urls = {doc.url for doc, load in there if (doc, load) in self.captures or (doc, load) in self.live.values()}
        self.live = {text: own for text, own in self.live.items() if own not in docs}
        self.rejects = [own for own in self.rejects if own not in docs]
        self.captures = [own for own in self.captures if own not in docs]
        standing = {*self.live.values(), *self.rejects}
        for doc, load in list(self.known.items()):
            twin = doc.url is not None and doc.url in urls and (doc, load) not in standing
            if (doc, load) in there or twin:
                del self.known[doc]
        return bool(there)

    def all(self) -> set[tuple[Doc, str]]:
        return {*self.rejects, *self.captures, *self.live.values()}


class Histories(RuleBasedStateMachine):
    """The warehouse must answer as the model after every step."""

    def __init__(self) -> None:
        super().__init__()
        self.space = Workspace(Path(tempfile.mkdtemp(prefix="dateline-forgetting-")))
        self.model, self.stones = Model(), set[tuple[str, Any]]()
        self.loads: list[str] = []
        self.past: dict[int, Model] = {}
        self.versions = count(1)
        self.version = extractors.VERSION

    def teardown(self) -> None:
        """What was forgotten comes back by hand, whole and once."""
        every = [Doc(n, w, s, k) for n in range(3) for w in range(2) for s in SOURCES for k in ("page", "bare")]
        self._ingest(every, asked=True)
        self.answers_agree()
        assert self.model.live.keys() == {doc.text for doc in every}
        extractors.VERSION = self.version
        shutil.rmtree(self.space.root)

    @rule(docs=st.lists(DOCS, min_size=1, max_size=4), asked=st.booleans())
    def ingest(self, docs: list[Doc], asked: bool) -> None:
        self._ingest(docs, asked)

    def _ingest(self, docs: list[Doc], asked: bool) -> None:
        path = self.space.root.with_suffix(".jsonl")
        path.write_text("\n".join(doc.line for doc in docs))
        run, counts = pipeline.new_run(self.space.root, runner.rules_version(None, None)), Counts()
        known = warehouse.read_log(self.space.root).known
        items = pipeline.read_items(find_inputs([str(path)]), None, counts, lambda _: None, asked=asked)
        with runner.Pool(0, None) as pool:
            for batch, outcomes, _ in pool.extract(pipeline.cut_batches(items, known, run, counts)):
                counts += pipeline.commit_batch(run, batch, outcomes)
        path.unlink()
        self._load(docs, asked, counts)

    def _load(self, docs: list[Doc], asked: bool, counts: Counts) -> None:
        load, model = warehouse.read_log(self.space.root).loads[-1].load_id if counts.loads else "", self.model
        for doc in docs:
            if doc.stones & self.stones:
                if not asked:
                    continue
                self.stones -= doc.stones
            if doc in model.known:
                continue
            model.known[doc] = load
            model.captures.append((doc, load))
            if doc.kind == "bad":
                model.rejects.append((doc, load))
            else:
                model.live.setdefault(doc.text, (doc, load))
        assert counts.loads == (load in model.known.values())
        self.loads += [load] * counts.loads

    @rule(source=st.sampled_from(["wire", "other"]))
    def forget_source(self, source: str) -> None:
        taken = warehouse.forget(self.space.root, warehouse.by_source(source))
        found = self.model.take_out({own for own in self.model.all() if own[0].source == source})
        assert bool(taken.rows) == found
        self.stones |= {("source", source)} if found else set()

    @rule(number=st.integers(0, 2))
    def forget_url(self, number: int) -> None:
        url = f"https://paper.example/{number}"
        taken = warehouse.forget(self.space.root, warehouse.by_url(url))
        found = self.model.take_out({own for own in self.model.all() if own[0].url == url})
        assert bool(taken.rows) == found
        self.stones |= {("url", url)} if found else set()

    @precondition(lambda self: self.loads)
    @rule(pick=st.integers(0, 99))
    def forget_load(self, pick: int) -> None:
        load = self.loads[pick % len(self.loads)]
        warehouse.forget(self.space.root, warehouse.by_load(load))
        self.model.take_out({own for own in self.model.all() if own[1] == load})

    @rule()
    def compact(self) -> None:
        warehouse.compact(self.space.root)

    @rule()
    def collect(self) -> None:
        warehouse.gc(self.space.root, timedelta(0))

    @rule()
    def reextract(self) -> None:
        """Another extractor that reads the same: all captures are read again."""
        extractors.VERSION = f"{self.version} {next(self.versions)}"
        reextraction.reextract(self.space)
        told = {own[0].text for own in self.model.captures if own[0].kind != "bad" and not own[0].stones & self.stones}
        texts = self.model.live.keys() | told
        with warehouse.connect(self.space.root, comments=False) as con:
            rows = con.execute("select text, source, load_id from articles_all").fetchall()
        assert sorted(text for text, _, _ in rows) == sorted(texts)
        # Of a text that two loads tell the first has it now, whichever had it before.
        for text, source, load in rows:
            doc, _ = self.model.live.get(text) or next(own for own in self.model.captures if own[0].text == text)
            self.model.live[text] = (Doc(doc.number, doc.wording, source, doc.kind), load)

    @precondition(lambda self: self.past)
    @rule(pick=st.integers(0, 99))
    def restore(self, pick: int) -> None:
        version = sorted(self.past)[pick % len(self.past)]
        try:
            warehouse.restore_version(self.space.root, version)
        except LookupError:  # collected
            return
        self.model = copy.deepcopy(self.past[version])
        self.model.take_out({own for own in self.model.all() if own[0].stones & self.stones})

    @invariant()
    def answers_agree(self) -> None:
        model = copy.deepcopy(self.model)
        self.past[warehouse.read_log(self.space.root).version] = model
        with warehouse.connect(self.space.root, comments=False) as con:
            rows = con.execute("select text, source, url from articles_all").fetchall()
            assert Counter(rows) == Counter((t, doc.source, doc.url) for t, (doc, _) in model.live.items())
            rejects = con.execute("select source, url from rejects").fetchall()
            assert Counter(rejects) == Counter((doc.source, doc.url) for doc, _ in model.rejects)
            captures = con.execute("select source, url, decode(body) from captures").fetchall()
            assert Counter(captures) == Counter((doc.source, doc.url, doc.line) for doc, _ in model.captures)
            for table in ("events_all", "mentions", "event_actors"):
                torn = f"select count(*) from {table} anti join articles_all using (version_id)"
                assert con.execute(torn).fetchone() == (0,)
            twice = "select count(*) - count(distinct event_id) from events_all"
            assert con.execute(twice).fetchone() == (0,)
        assert warehouse.verify(self.space.root) == []


def _run(examples: int, steps: int) -> None:
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


def test_random_histories_of_forgetting() -> None:
    _run(examples=4, steps=8)


@pytest.mark.long
def test_many_random_histories_of_forgetting() -> None:
    _run(examples=150, steps=25)
