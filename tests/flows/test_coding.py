"""`[coding]` in dateline.toml, and what follows from it: what `code` prints, what `status` counts, where the tagger works."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

import warehouse
from extractors.confidence import default_confidence
from flows import pipeline, report, runner
from flows.cli import app
from flows.coding import Coding, read_coding
from flows.config import SettingsError
from flows.doctor import examine
from tests.flows.test_engine import settings
from tests.warehouse.makers import digest, make_pair, make_tables
from tests.warehouse.test_threshold import put, put_of_old
from warehouse.threshold import shown_from


@pytest.mark.parametrize(
    ("text", "coding"),
    [
        ("", Coding(default_confidence())),
        ("[coding]", Coding(default_confidence(), "cpu")),
        ("[coding]\nconfidence = 0.7", Coding(0.7)),
        ('[coding]\nconfidence = 1\ndevice = "cuda"', Coding(1.0, "cuda")),
    ],
)
def test_settings(tmp_path: Path, text: str, coding: Coding) -> None:
    assert read_coding(settings(tmp_path, text)) == coding
    assert shown_from(tmp_path) == coding.confidence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("coding = 0.5", "coding is a table"),
        ("[coding]\nthreshold = 0.5", "threshold = 0.5: no such key; there is confidence, device"),
        ("[coding]\nconfidence = -0.1", "confidence = -0.1: a number from 0 to 1"),
        ('[coding]\nconfidence = "0.5"', "confidence = '0.5': a number from 0 to 1"),
        ("[coding]\nconfidence = true", "confidence = True: a number from 0 to 1"),
        ("[coding]\nconfidence = nan", "confidence = nan: a number from 0 to 1"),
        ('[coding]\ndevice = "gpu"', "device = 'gpu': must be one of cpu, cuda"),
        ("[coding]\ndevice = []", "device = []: must be one of cpu, cuda"),
    ],
)
def test_wrong_settings_name_the_key_and_what_may_stand_there(tmp_path: Path, text: str, said: str) -> None:
    space = settings(tmp_path, text)
    with pytest.raises(SettingsError) as error:
        read_coding(space)
    assert said in str(error.value)
    assert str(tmp_path / "dateline.toml") in str(error.value)
    check = next(check for check in examine(space) if check.name == "settings")
    assert (check.state, said in check.found) == ("wrong", True)
    for command in (["sql", "from events"], ["code", "-"]):
        assert isinstance(CliRunner().invoke(app, [*command, "--root", str(tmp_path)]).exception, SettingsError)
    if ("confidence" in text and "no such key" not in said) or text.startswith("coding"):
        with pytest.warns(UserWarning, match="coding"):
            shown_from(tmp_path)
    else:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            shown_from(tmp_path)


@pytest.mark.parametrize(
    ("said", "asked", "some"),
    [
        ("", [], True),
        ("[coding]\nconfidence = 1", [], False),
        ("[coding]\nconfidence = 1", ["--confidence", "0.3"], True),
        ("[coding]\nconfidence = 0.1", ["--confidence", "1"], False),
    ],
)
def test_code_prints_what_is_sure_enough(tmp_path: Path, said: str, asked: list[str], some: bool) -> None:
    settings(tmp_path, said)
    line = json.dumps(
        {"id": 1, "text": "Soldiers killed nine protesters in Mali on Monday.", "published": "2026-11-24"}
    )
    done = CliRunner().invoke(app, ["code", "-", *asked, "--root", str(tmp_path)], input=line)
    assert done.exit_code == 0, done.output
    assert bool(json.loads(done.output)["events"]) is some


@pytest.mark.parametrize("runner_name", ["processes", "inline"])
def test_the_device_goes_to_whoever_codes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, runner_name: str) -> None:
    space = settings(tmp_path, f'[engine]\nrunner = "{runner_name}"\n[coding]\ndevice = "cuda"\n')
    got: list[str] = []
    work = runner.work

    def watched(batch: pipeline.Batch, own: Path | None, sites: Path | None, device: str) -> object:
        got.append(device)
        return work(batch, own, sites, device)

    monkeypatch.setattr(runner, "work", watched)
    with runner.open_pool(space, 0) as pool:
        assert pool.submit(pipeline.Batch(1, "ab", ())).result()[0] == []
    assert got == ["cuda"]
    with runner.open_pool(space, 1) as pool:
        assert pool.device == "cuda"


def put_articles(root: Path, *said: tuple[bool, str | None]) -> None:
    pairs = []
    for n, (coded, reason) in enumerate(said):
        extraction, capture = make_pair(f"article {n}")
        pairs.append((replace(extraction, coded=coded, uncoded_reason=reason, events=()), capture))
    tables = make_tables(pairs, digest("load"))
    warehouse.commit(root, digest("load"), tables, items=["a"], run_id="run-1", versions={})


def status(root: Path) -> str:
    done = CliRunner().invoke(app, ["status", "--root", str(root)], env={"COLUMNS": "300"})
    assert done.exit_code == 0, done.output
    return done.output


def test_status_counts_what_was_not_coded_and_why(tmp_path: Path) -> None:
    put_articles(tmp_path, (True, None), (False, "language fr"), (False, "language fr"), (True, "sentences too long"))
    shown = status(tmp_path)
    assert "not coded: language fr 2\n" in shown
    assert "coded in part: sentences too long 1\n" in shown


def test_status_counts_what_is_not_shown_and_what_is_of_old(tmp_path: Path) -> None:
    settings(tmp_path, "[coding]\nconfidence = 0.7\n")
    put(tmp_path, "new", 0.4, 0.6, 0.8)
    shown = status(tmp_path)
    assert "confidence: events are shown from 0.7 up ([coding] confidence); 2 less sure are in events_newest" in shown
    assert "reextract" not in shown
    put_of_old(tmp_path, "old", 0.2, 0.9)
    assert "older coder: 2 events were coded before there was a tagger" in status(tmp_path)
    settings(tmp_path, "[coding]\nconfidence = 0.3\n")
    assert "less sure" not in status(tmp_path)


def test_a_run_says_what_was_not_coded_and_why() -> None:
    first = pipeline.Counts(
        articles=5, uncoded=2, uncoded_reasons={"language fr": 2}, left_out={"sentences too long": 1}
    )
    total = pipeline.Counts(articles=1, uncoded=1, uncoded_reasons={"language de": 1})
    total += first
    total += first
    console = Console(width=200)
    with console.capture() as captured:
        console.print(report.summary_table(total, 1.0, Path("/w"), 3))
    lines = [" ".join(line.split()) for line in captured.get().splitlines()]
    assert "not coded 5 language fr 4, language de 1; stored all the same" in lines
    assert "coded in part 2 left out: sentences too long 2" in lines
    assert "events 0 in 6 coded articles; 0 mentions" in lines
    assert "5 not coded (language fr 4, language de 1), 2 coded in part (sentences too long 2)" in report.summary_text(
        total
    )
