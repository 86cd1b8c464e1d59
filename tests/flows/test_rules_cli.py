"""`dateline rules`: own rules are written, tested and used, and a bad one is told by name."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app

SAIL = [
    "rules", "new", "own.sail", "--type", "MOBILIZE", "--mode", "troops", "--verb", "sail ~ fleet",
    "--codes", "France sailed its fleet to Libya.", "--skips", "Tourists sailed to Libya.",
]  # fmt: skip


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def test_list_shows_one_type(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(app, ["rules", "list", "--type", "CONSULT", "--root", str(tmp_path)])
    assert result.exit_code == 0
    assert "consult.visit" in result.output
    assert "assault.attack" not in result.output


def test_a_new_rule_is_written_tested_and_used(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(app, [*SAIL, "--root", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "1 rules, 2 sentences, 0 wrong" in result.output
    again = runner.invoke(app, ["rules", "test", "own.sail", "--root", str(tmp_path)])
    assert again.exit_code == 0
    told = runner.invoke(app, ["explain", "Spain sailed its fleet to Morocco.", "--root", str(tmp_path)])
    assert "own.sail" in told.output


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"--type": "CRUISE"}, "no event type CRUISE"),
        ({"--mode": "boats"}, "no mode boats"),
        ({"own.sail": "assault.attack"}, "already"),
    ],
    ids=["type", "mode", "id"],
)
def test_a_rule_that_cannot_be_is_refused(runner: CliRunner, tmp_path: Path, change: dict[str, str], word: str) -> None:
    ((old, value),) = change.items()
    at = SAIL.index(old) + (1 if old.startswith("--") else 0)
    result = runner.invoke(app, [*SAIL[:at], value, *SAIL[at + 1 :], "--root", str(tmp_path)])
    assert result.exit_code == 2
    assert word in result.output
    assert not (tmp_path / "lexicons").exists()


def test_a_rule_that_fails_its_sentence_is_told(runner: CliRunner, tmp_path: Path) -> None:
    wrong = [*SAIL[:-3], "Tourists sailed to Libya.", *SAIL[-2:]]
    result = runner.invoke(app, [*wrong, "--root", str(tmp_path)])
    assert result.exit_code == 1
    assert "own.sail does not code" in result.output
