"""The commands over what is stored: ask it, see its state, check it, tidy it, take something out, hand it on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from flows.terminal import Root, fail, may_replace, say, space_of, warn

app = typer.Typer()

Raw = Annotated[
    bool,
    typer.Option(
        "--raw",
        help="CSV for programs: texts as they are stored. Else those that a spreadsheet would run (= + - @) get an apostrophe in front.",
    ),
]


@contextmanager
def in_words() -> Iterator[None]:
    """Turn what may go wrong with the stored data into words and a remedy."""
    import warehouse

    try:
        yield
    except (warehouse.CorruptFile, warehouse.NewerSchema) as error:
        raise fail(str(error), "which parts are damaged: dateline verify") from error
    except warehouse.LoadConflict as error:
        raise fail(str(error), "other runs were busy with the same articles; try again.") from error
    except OSError as error:
        raise fail(f"{error.filename or 'disk'}: {error.strerror or error}", "nothing has changed.") from error


@app.command()
def sql(
    query: Annotated[
        str | None,
        typer.Argument(
            help="One statement or several; without it a prompt opens. `-` reads from standard input.",
            show_default=False,
        ),
    ] = None,
    root: Root = None,
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            "-f",
            help="table, csv, json, jsonl, parquet or markdown. Default: table on a terminal, csv in a pipe.",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file; its ending names the format.", show_default=False),
    ] = None,
    version: Annotated[
        int | None, typer.Option(help="As the warehouse was at this version (see `from loads`).", show_default=False)
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Give up after this many seconds.", show_default=False, min=0.001)
    ] = None,
    raw: Raw = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace the --output file without asking.")] = False,
    tables: Annotated[
        bool, typer.Option("--tables", help="List views, macros and tables; with a name as QUERY, its columns.")
    ] = False,
) -> None:
    """Ask the warehouse in DuckDB's SQL. `from help` lists views and macros with examples.

    Statements only read: what would write is refused, and nothing reaches the network. CSV and Parquet files under the current
    folder can be joined by their path. `--output` writes outside the workspace, whole or not at all.

    Examples:

        dateline sql "from events"

        dateline sql "select actor_country, recipient_country, count(*) n from events group by all order by n desc"

        dateline sql "from event_evidence where event_type = 'ASSAULT'" --output assaults.csv

        dateline sql "select e.*, m.region from events e join 'my-regions.csv' m on e.place_name = m.name"

        dateline sql --tables events
    """
    from flows import query as asked
    from flows.coding import read_coding

    space = space_of(root)
    read_coding(space)  # a threshold that cannot be is said before anything is counted by another

    def run(text: str, comments: bool = False) -> None:
        may = partial(may_replace, yes=yes)
        asked.run(space.root, text, format, output, version, timeout, comments=comments, raw=raw, replace=may)

    if not (space.root / "_log").is_dir():
        warn(
            f"{space.root} holds no warehouse yet: all tables are empty. `dateline ingest PATH` fills it; `dateline demo` shows one."
        )
    try:
        if tables:
            query = asked.columns_query(query) if query else "from help"
            run(query, comments=True)
        elif query is None and sys.stdin.isatty():
            asked.prompt(space.root, version)
        else:
            text = sys.stdin.read() if query in (None, "-") else str(query)
            if "places" in text:
                from flows.gazetteer import show_places

                show_places(space.root, space.own_lexicons)
            run(text)
    except asked.QueryError as error:
        raise fail(str(error), error.remedy) from error


@app.command()
def status(root: Root = None) -> None:
    """Show what the workspace holds: rows by table, loads, size, the last run, rejects by reason.

    Example:

        dateline status --root data
    """
    from flows import keeping

    with in_words():
        keeping.show_status(space_of(root))


@app.command()
def verify(root: Root = None) -> None:
    """Compare every live part with the sha256 it was committed with; exit status 1 if one differs.

    Example:

        dateline verify
    """
    from flows import keeping

    with in_words():
        bad = keeping.verify(space_of(root).root)
    for error in bad:
        warn(str(error))
    if bad:
        raise fail(f"{len(bad)} parts are not what was committed")


@app.command()
def compact(root: Root = None) -> None:
    """Merge small parts into large sorted ones: queries get faster, no answer changes. Safe beside a running ingest.

    It happens by itself once a month has more than 64 parts of a table.

    Example:

        dateline compact
    """
    from flows import keeping

    with in_words():
        keeping.compact(space_of(root).root)


@app.command()
def gc(
    root: Root = None,
    grace: Annotated[
        float,
        typer.Option(help="Days that a part is kept after it was replaced, for readers of older versions.", min=0),
    ] = 7.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be deleted.")] = False,
) -> None:
    """Delete parts that have been replaced for longer than the grace, and what killed runs left. Nothing live is touched.

    With `[captures] keep` in dateline.toml, captures older than that are taken out first.

    Examples:

        dateline gc --dry-run

        dateline gc --grace 0
    """
    from flows import keeping

    with in_words():
        keeping.collect(space_of(root), grace, dry_run)


@app.command()
def forget(
    what: Annotated[
        str,
        typer.Argument(
            metavar="LOAD|SOURCE|URL", help="A load_id, a source's name or an article's address.", show_default=False
        ),
    ],
    root: Root = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would go.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Take a load, a source or an article out of every table, and out of the files beside them that hold it.

    A source or an address stays away: polls, the inbox and `reextract` do not bring it back. `dateline ingest PATH|URL`
    does, and `dateline ingest --source NAME --again`. A load may be ingested again at once.

    Earlier versions still show it (`dateline sql --version`) until `dateline gc` has deleted their parts.

    Examples:

        dateline forget https://example.org/story.html

        dateline forget some-source --dry-run
    """
    from flows import keeping

    space = space_of(root)
    with in_words():
        found = keeping.forget(space, what, dry_run=True)
    if not found:
        raise fail(
            f"{what}: no load, source or article of that name",
            'loads: dateline sql "from loads"; sources: dateline sql "select distinct source from articles"',
        )
    for folder in found.backups:
        warn(f"the backup {folder} holds it until the next `dateline backup` there")
    if dry_run:
        say(f"would take out {found.words()}")
        return
    if not yes and not (sys.stdin.isatty() and typer.confirm(f"take out {found.words()}?")):
        raise fail("nothing was taken out", "say --yes where nobody can be asked.")
    with in_words():
        found = keeping.forget(space, what, dry_run=False)
    say(f"took out {found.words()}; their bytes leave the disk with `dateline gc`")
    for path in found.beside.shared:
        warn(f"{path} holds it beside others and stays: delete it, or write it anew without it")


@app.command()
def export(
    folder: Annotated[Path, typer.Argument(help="A new or empty folder.", show_default=False)],
    root: Root = None,
    format: Annotated[
        str, typer.Option("--format", "-f", help="parquet, csv, or warc for the pages themselves.")
    ] = "parquet",
    version: Annotated[
        int | None, typer.Option(help="As the warehouse was at this version.", show_default=False)
    ] = None,
    raw: Raw = False,
) -> None:
    """Write a clean copy for others: the newest wording of every article, its events, participants, numbers and mentions.

    `--format warc` writes the captures kept, the pages as they were fetched, into web archives, which `ingest` reads too.

    Examples:

        dateline export release-1

        dateline export release-1-csv --format csv --version 42

        dateline export pages --format warc
    """
    from flows import keeping
    from flows.query import QueryError

    try:
        with in_words():
            written = keeping.export(space_of(root).root, folder, format, version, raw=raw)
    except QueryError as error:
        raise fail(str(error), error.remedy) from error
    except OSError as error:
        raise fail(
            f"{error.filename or folder}: {error.strerror or error}", "name a new folder on a disk with room."
        ) from error
    for name, rows in written.items():
        say(f"{folder / name}: {rows:,} {'records' if format == 'warc' else 'rows'}")
    if not written:
        raise fail("there are no captures", "`[captures] keep` in dateline.toml says whether they are kept.")
