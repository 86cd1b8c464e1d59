"""`dateline rules`: own rules are written, tested and used, and a bad one is told by name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from flows.cli import app
from flows.config import SettingsError

SAIL = [
    "rules", "new", "own.sail", "--type", "MOBILIZE", "--mode", "troops", "--words", "sail ~ fleet",
    "--codes", "France sailed its fleet to Libya.", "--skips", "Tourists sailed to Libya.",
]  # fmt: skip


@pytest.fixture
def runner() -> CliRunner:
    return CliRunner()


def test_list_shows_one_type(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(app, ["rules", "list", "--type", "X_Election", "--root", str(tmp_path)])
    assert result.exit_code == 0
    assert "x.election" in result.output
    assert "x.death" not in result.output


def test_a_new_rule_is_written_tested_and_used(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(app, [*SAIL, "--root", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert "1 rules, 2 sentences, 0 wrong" in result.output
    again = runner.invoke(app, ["rules", "test", "own.sail", "--root", str(tmp_path)])
    assert again.exit_code == 0
    listed = runner.invoke(app, ["rules", "list", "--type", "MOBILIZE", "--root", str(tmp_path)])
    assert listed.output.split() == [
        "own.sail",
        "MOBILIZE/troops",
        "1",
        "France",
        "sailed",
        "its",
        "fleet",
        "to",
        "Libya.",
    ]


def test_ours_pass_their_own_sentences(runner: CliRunner, tmp_path: Path) -> None:
    result = runner.invoke(app, ["rules", "test", "--root", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert ", 0 wrong" in result.output


def test_rules_that_silence_and_types_of_ones_own_are_written(runner: CliRunner, tmp_path: Path) -> None:
    for name, kind in (("own.quiet", "none"), ("own.fleet", "x_fleet")):
        args = ["rules", "new", name, "--type", kind, *SAIL[SAIL.index("--words") :], "--root", str(tmp_path)]
        result = runner.invoke(app, args)
        assert ("0 wrong" in result.output) == (name == "own.quiet"), result.output
    # Of two rules for the same words the one that silences speaks: the other is told that it does not.
    assert "own.fleet does not find its words in" in result.output


OLD = """
[[rule]]
id = "own.sail"
type = "MOBILIZE"
verbs = ["sail ~ fleet"]
codes = ["France sailed its fleet to Libya."]
skips = ["Tourists sailed to Libya."]
"""


def test_a_rule_file_of_old_is_read(runner: CliRunner, tmp_path: Path) -> None:
    (tmp_path / "lexicons" / "rules").mkdir(parents=True)
    (tmp_path / "lexicons" / "rules" / "mine.toml").write_text(OLD)
    result = runner.invoke(app, ["rules", "test", "own.sail", "--root", str(tmp_path)])
    assert (result.exit_code, result.output) == (0, "1 rules, 2 sentences, 0 wrong\n")


def test_a_rule_file_of_old_that_cannot_be_read_is_refused_with_the_rewritten_rule(
    runner: CliRunner, tmp_path: Path
) -> None:
    (tmp_path / "lexicons" / "rules").mkdir(parents=True)
    (tmp_path / "lexicons" / "rules" / "mine.toml").write_text(OLD + 'not_after = "over"\n')
    result = runner.invoke(app, ["rules", "list", "--root", str(tmp_path)])
    assert result.exit_code == 1
    assert "mine.toml: rule own.sail is written for the coder of old, and not_after has no counterpart" in result.output
    assert 'words = ["sail ~ fleet", "fleet ~ be sail"]' in result.output


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"--type": "CRUISE"}, "no event type CRUISE"),
        ({"--mode": "boats"}, "no mode boats"),
        ({"own.sail": "x.election"}, "already"),
        ({"--words": "sail ~"}, "begins and ends with a word"),
    ],
    ids=["type", "mode", "id", "words"],
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
    assert "own.sail does not find its words in: Tourists sailed to Libya." in result.output


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("rules/mine.toml", OLD + 'not_after = "over"\n', "mine.toml: rule own.sail is written for the coder of old"),
        ("rules/mine.toml", OLD.replace("verbs", "wrods"), "mine.toml: rule own.sail: .*wrods"),
        ("agents.tsv", "phrase\tsector\nminer\tLAB\tx\ty\n", "agents.tsv:1: the columns are"),
    ],
    ids=["old", "key", "table"],
)
@pytest.mark.parametrize("command", ["code", "explain", "ingest"])
def test_a_file_of_the_users_that_cannot_be_used_ends_a_command_in_words(
    runner: CliRunner, tmp_path: Path, command: str, file: str, text: str, said: str
) -> None:
    (tmp_path / "data" / "lexicons" / "rules").mkdir(parents=True)
    (tmp_path / "data" / "lexicons" / file).write_text(text)
    (tmp_path / "a.jsonl").write_text('{"id": 1, "text": "Spain sailed its fleet to Morocco."}\n')
    given = "Spain sailed." if command == "explain" else str(tmp_path / "a.jsonl")
    result = runner.invoke(app, [command, given, "--root", str(tmp_path / "data")])
    assert isinstance(result.exception, SettingsError), result.output
    assert re.search(said, str(result.exception))
