"""`dateline lexicon`: check one's own actor lexicons, and bring dictionaries of earlier coders into them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.terminal import Root, fail, say, space_of

app = typer.Typer(help="Your own actor lexicons: check them, import dictionaries.", no_args_is_help=True)


@app.command()
def check(
    folder: Annotated[
        Path | None,
        typer.Argument(help="Folder with the files. Default: `lexicons` in the workspace.", show_default=False),
    ] = None,
    root: Root = None,
    ours: Annotated[bool, typer.Option("--ours", help="Check the lexicons that come with Dateline.")] = False,
) -> None:
    """Name duplicate rows, unknown codes, wrong dates, two holders of one office and years without any.

    The status is 1 when a row cannot mean what it says; notes alone leave it 0.
    """
    from extractors.lexicon import DATA
    from extractors.lexicon_check import check, country_codes

    where = DATA if ours else folder or space_of(root).root / "lexicons"
    if not where.is_dir():
        raise fail(
            f"no folder {where}", "Own lexicons are files with our names and columns in it, for example actors.tsv."
        )
    problems = check(where, country_codes(DATA))
    for problem in problems:
        say(str(problem))
    grave = sum(p.grave for p in problems)
    say(f"{where}: {grave} errors, {len(problems) - grave} notes")
    if grave:
        raise typer.Exit(1)


@app.command()
def coverage() -> None:
    """How many persons and bodies of every country our lexicons name, as a Markdown table."""
    from extractors.lexicon import DATA
    from extractors.lexicon_coverage import coverage

    say(coverage(DATA), nl=False)


@app.command("import")
def import_(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE…", help="TABARI or PETRARCH actor and agent dictionaries.")
    ],
    root: Root = None,
) -> None:
    """Add the rows of TABARI and PETRARCH dictionaries to the workspace's own lexicons, which win over ours.

    Codes without a counterpart are passed over and counted; a row that is there already is not written twice.
    """
    from extractors.dictionaries import import_dictionary
    from extractors.lexicon import DATA
    from extractors.lexicon_check import country_codes

    target = space_of(root).root / "lexicons"
    countries = country_codes(DATA)
    for file in files:
        try:
            text = file.read_bytes().decode("utf-8", "replace")
        except OSError as error:
            raise fail(f"{file}: {error.strerror}") from error
        rows = import_dictionary(text.splitlines(), file.name, countries)
        actors = _write(target / "actors.tsv", rows.actors)
        agents = _write(target / "agents.tsv", rows.agents)
        say(f"{file}: {actors} actor rows, {agents} agent rows written to {target}; {len(rows.skipped)} passed over")
        for number, why in rows.skipped[:5]:
            say(f"  line {number}: {why}", err=True)


def _write(path: Path, rows: list[dict[str, str]]) -> int:
    """Add rows to a lexicon, sorted with those in it; how many were new."""
    from extractors.phrases import COLUMNS, file_lines

    if not rows:
        return 0
    columns = COLUMNS[path.name]
    old = {line for line in file_lines(path)[1:] if line} if path.exists() else set()
    new = {"\t".join(row.get(c, "") for c in columns) for row in rows} - old
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".tmp")
    beside.write_text("\n".join(["\t".join(columns), *sorted(old | new)]) + "\n", encoding="utf-8")
    beside.replace(path)
    return len(new)
