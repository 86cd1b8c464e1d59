"""`dateline lexicon`: checks name file and line; imported dictionaries are found in text."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from extractors.dictionaries import import_dictionary
from extractors.lexicon import DATA, load_lexicons
from extractors.lexicon_check import check, country_codes
from extractors.matching import matches
from extractors.phrases import COLUMNS
from extractors.sentences import tokenize
from flows.cli import app

COUNTRIES = country_codes(DATA)
OLD = """\
# a comment
SAMA_DORUN_  ; the tyrant
+PRESIDENT_DORUN_
\t[TCDGOV 900101-991231]
\t[TCDELI >991231]
BLUE_LANCERS_ [SDNREB]
MIDDLEARTH_ [XXLGOV]
STUDENT_ {STUDENTS_} [~EDU]
WIZARD_ [~ZZZ]
"""


def write(folder: Path, name: str, *rows: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text("\n".join(["\t".join(COLUMNS[name]), *rows]) + "\n", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("Dorun\tSama Dorun\tXXL\tpresident\tGOV\t\t1990\t1999\town\t", "unknown country code 'XXL'"),
        ("Dorun\tSama Dorun\tTCD\tpresident\tGOW\t\t1990\t1999\town\t", "unknown sector 'GOW'"),
        ("Dorun\tSama Dorun\tTCD\tpresident\tGOV\tMIL;X\t1990\t1999\town\t", "unknown sector 'X'"),
        ("Dorun\tSama Dorun\tTCD\tpresident\tGOV\t\t90\t1999\town\t", "'90' of 'Dorun' is no date"),
        ("Dorun\tSama Dorun\tTCD\tpresident\tGOV\t\t1990-13\t1999\town\t", "is no date"),
        ("Dorun\tSama Dorun\tTCD\tpresident\tGOV\t\t1999\t1990\town\t", "ends before it begins"),
        ("Dorun\tSama\tTCD\tpresident\tGOV\t\t\t\town\t\tmore", "11 cells"),
        ("...\tSama\tTCD\tpresident\tGOV", ""),
    ],
    ids=["country", "sector", "other", "date", "month", "order", "cells", "short"],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str, said: str) -> None:
    problems = check(write(tmp_path / "lexicons", "officeholders.tsv", row), COUNTRIES)
    assert [p.line for p in problems if p.grave] == ([2] if said else [])
    assert all(said in p.text for p in problems)


def test_duplicates_overlaps_and_gaps(tmp_path: Path) -> None:
    row = "{0}\t{0}\tTCD\tpresident\tGOV\t\t{1}\t{2}\town\t"
    rows = [row.format("Ada Ama", 1990, 1995), row.format("Bo Bala", 1992, 1998), row.format("Cy Cala", 2004, 2006)]
    problems = check(write(tmp_path / "lexicons", "officeholders.tsv", *rows, rows[0]), COUNTRIES)
    assert [(p.line, p.grave) for p in problems] == [(3, False), (4, False), (5, True)]
    assert "two holders" in problems[0].text
    assert "no president from 1998 to 2004" in problems[1].text
    assert "line 2 already" in problems[2].text


def test_our_own_lexicons_have_no_errors() -> None:
    assert [str(p) for p in check(DATA, COUNTRIES) if p.grave] == []


def test_command_fails_on_errors_only(tmp_path: Path) -> None:
    good = "Dorun\tSama Dorun\tTCD\tpresident\tGOV\t\t1990\t1999\town\t"
    write(tmp_path / "lexicons", "officeholders.tsv", good)
    assert CliRunner().invoke(app, ["lexicon", "check", "--root", str(tmp_path)]).exit_code == 0
    write(tmp_path / "lexicons", "officeholders.tsv", good.replace("TCD", "XXL"))
    result = CliRunner().invoke(app, ["lexicon", "check", "--root", str(tmp_path)])
    assert result.exit_code == 1
    assert "officeholders.tsv:2: unknown country code" in result.output


def test_check_without_a_folder_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["lexicon", "check", "--root", str(tmp_path)])
    assert result.exit_code == 1
    assert "no folder" in result.output


def test_old_dictionaries_become_rows() -> None:
    rows = import_dictionary(OLD.splitlines(), "old.txt", COUNTRIES)
    assert [(r["phrase"], r["country"], r["sector"], r["valid_from"], r["valid_to"]) for r in rows.actors] == [
        ("Sama Dorun", "TCD", "GOV", "1990-01-01", "1999-12-31"),
        ("President Dorun", "TCD", "GOV", "1990-01-01", "1999-12-31"),
        ("Sama Dorun", "TCD", "ELI", "1999-12-31", ""),
        ("President Dorun", "TCD", "ELI", "1999-12-31", ""),
        ("Blue Lancers", "SDN", "REB", "", ""),
    ]
    assert [(r["phrase"], r["plural"], r["sector"]) for r in rows.agents] == [("student", "students", "EDU")]
    assert [number for number, _ in rows.skipped] == [7, 9]


def test_imported_rows_win_and_are_written_once(tmp_path: Path) -> None:
    (tmp_path / "old.txt").write_text(OLD, encoding="utf-8")
    for _ in range(2):
        result = CliRunner().invoke(app, ["lexicon", "import", str(tmp_path / "old.txt"), "--root", str(tmp_path)])
        assert result.exit_code == 0, result.output
    assert "0 actor rows, 0 agent rows" in result.output
    assert check(tmp_path / "lexicons", COUNTRIES) == []
    lexicons = load_lexicons(tmp_path / "lexicons")
    ((start, end, entries),) = matches(tokenize("Blue Lancers", 0, 12), lexicons)
    assert (start, end, entries[0].country, entries[0].sector) == (0, 2, "SDN", "REB")
    assert entries[0].file.startswith("own:actors.tsv:")


def test_own_rows_hide_ours_and_none_unsays(tmp_path: Path) -> None:
    write(
        tmp_path / "lexicons",
        "actors.tsv",
        "Hamas\tOur Hamas\tPSE\torg\tPTY\t\t\t\tme\t",
        "Taliban\t\t\tnone\t\t\t\t\tme\t",
    )
    lexicons = load_lexicons(tmp_path / "lexicons")
    assert [(e.name, e.sector) for e in lexicons.phrases.entries("hamas")] == [("Our Hamas", "PTY")]
    assert lexicons.phrases.entries("taliban") == ()


@pytest.mark.parametrize(
    "text", ["", "[", "+", "A_ [", "A_ []", "A_ [~]", "\t[USAGOV 999999-x]", "{}[]", "A_ [USAGOV >1]"]
)
def test_import_never_raises(text: str) -> None:
    import_dictionary([text, text], "x", COUNTRIES)


def test_the_documented_coverage_is_todays() -> None:
    """Run `dateline lexicon coverage` and put its table into docs/coverage.md after changing a lexicon."""
    table = CliRunner().invoke(app, ["lexicon", "coverage"]).output
    page = (Path(__file__).parents[2] / "docs" / "coverage.md").read_text(encoding="utf-8")
    assert table.startswith("| country |")
    assert page.endswith(table)
