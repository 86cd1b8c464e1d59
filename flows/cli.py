"""The `dateline` command. Each command says what it did and where; errors name the input, the reason and the remedy.

Heavy modules are imported by the command that needs them: `dateline --help` imports none of them, and Prefect is imported only
when a flow is asked for.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import deploy_cli, lexicon_cli, mending_cli, reextract_cli, rules_cli, serve_cli, sources, warehouse_cli
from flows.config import SettingsError
from flows.terminal import Private, Root, console, fail, named_path, say, space_of, warn

if TYPE_CHECKING:
    from flows.config import Workspace
    from flows.pipeline import Counts

app = typer.Typer(
    name="dateline",
    help="Your own political event data set from the news you choose: who did what to whom, with the words that say so.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(sources.app)
app.add_typer(warehouse_cli.app)
app.add_typer(mending_cli.app)
app.add_typer(deploy_cli.app)
app.add_typer(reextract_cli.app)
app.add_typer(lexicon_cli.app, name="lexicon")
app.add_typer(rules_cli.app)
app.add_typer(serve_cli.app)


_INTERRUPTED = "Query interrupted"
"""What DuckDB says where a signal came while it answered."""
_ENDED_BY: list[int] = []
"""The exit status that a signal asked for."""


def main() -> None:
    """Run the command line; a closed pipe, Ctrl-C, SIGTERM and a closed terminal end it quietly, and whole."""
    _end_orderly()
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(141) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    except SettingsError as error:
        fail(str(error))
        raise SystemExit(2) from None
    except Exception as error:
        if str(error) == _INTERRUPTED:  # in the place of what the signal raised
            raise SystemExit(_ENDED_BY[-1] if _ENDED_BY else 130) from None
        if not (said := _broken_world(error)):
            raise
        fail(*said)
        raise SystemExit(1) from None


def _broken_world(error: Exception) -> tuple[str, str] | None:
    """What a command met that is no fault of the program, in words, and a remedy; None of any other error."""
    import warehouse

    if isinstance(error, (warehouse.CorruptFile, warehouse.NewerSchema)):
        return str(error), "what is damaged: dateline verify"
    if isinstance(error, OSError) and error.strerror:
        return (
            f"{error.filename or 'disk'}: {error.strerror}",
            "nothing half done stays: mend this and repeat the command.",
        )
    return None


def _end_orderly() -> None:
    """Let SIGTERM and a closed terminal end a command as an error does: workers are ended, what is committed stays. The second time it
    ends at once: no version of the warehouse and no worker depends on how we end."""

    def stop(number: int, _: object) -> None:
        signal.signal(number, signal.SIG_DFL)
        _ENDED_BY.append(128 + number)
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as `nohup` asked
            signal.signal(number, stop)


@app.command()
def ingest(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATH|URL…", help="Files, folders (recursive), URLs, or - for standard input.", show_default=False
        ),
    ] = None,
    root: Root = None,
    source: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="Of paths and URLs: the source's name, stored with every article. Alone: the configured source to fetch (may be repeated).",
            show_default=False,
        ),
    ] = None,
    due: Annotated[bool, typer.Option("--due", help="Fetch the configured sources whose schedule has come.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="With --source or --due: take what was forgotten of them once more.")
    ] = False,
    allow_private: Private = False,
    flow: Annotated[
        bool | None,
        typer.Option(
            "--flow/--direct",
            help="As a Prefect flow, or without Prefect. Default: as a flow when a server answers.",
            show_default=False,
        ),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")] = False,
) -> None:
    """Read, clean, code and commit articles: the main job.

    Takes .html, .htm, .txt, .jsonl and .warc files, each also as .gz, folders of them, URLs and standard input. What is in the
    warehouse already is left alone, so it may be repeated at any time; a file that cannot be read is a row in `rejects`.

    Examples:

        dateline ingest news/ --source wire

        dateline ingest https://example.org/story.html

        dateline ingest --source example-news   (a source of `dateline sources list`)

        cat articles.jsonl | dateline ingest -
    """
    from flows import fetchview, report
    from flows import ingest as job_of

    space = space_of(root)
    given, label, named = _asked(paths or [], source or [], due, space)
    if due and not named:
        say("no source is due")
        return
    job = job_of.plan(given, label, named, space, allow_private, again)
    for failed in job.inputs.failures:
        warn(f"{failed.input}: {failed.message}")
    if not job.units:
        if not job.inputs.failures:
            raise fail(
                f"nothing to read in {', '.join(given)}",
                f"{job.inputs.passed_over} files there are of other kinds; the doors are .html, .htm, .txt, .jsonl, .warc and .gz of them.",
            )
        raise fail("nothing was taken", "check the paths, or run `dateline ingest --help` for the kinds of input.")
    if job.inputs.passed_over and not quiet:
        warn(f"{job.inputs.passed_over} files of other kinds passed over")
    from extractors.siterules import RuleError
    from warehouse import CorruptFile, NewerSchema

    began = job_of.started()
    try:
        counts = _run(job, space, flow, quiet)
    except (CorruptFile, NewerSchema) as error:
        raise fail(str(error), "what is damaged: dateline verify; then the same command takes up the rest.") from error
    except RuleError as error:
        raise fail(str(error), "mend the rule, or move its file out of the workspace's `sites` folder.") from error
    seconds = job_of.started() - began
    if not quiet:
        import warehouse

        if counts.sources:
            console().print(fetchview.sources_table(counts.sources))
        console().print(report.summary_table(counts, seconds, space.root, warehouse.read_log(space.root).version))
    if counts.known and not quiet:
        from flows.reextract_cli import hint

        hint(space)
    for name in counts.recalled:
        warn(f"{name} had been forgotten; asked for by hand it came back, and may come by itself again")
    if counts.forgotten:
        how = "with --again they come back" if job.sources else "by hand they come back"
        warn(f"{counts.forgotten} documents were left out because they were forgotten; {how}")
    for note in fetchview.notes_of(counts.sources):
        warn(note)
    _say_rejects(counts)
    if job.sources:
        if counts.sources and len(fetchview.unread(counts.sources)) == len(counts.sources):
            raise fail("no source could be read", 'what each said is above; every attempt: dateline sql "from fetches"')
        return
    if counts.read and counts.rejects == counts.read:
        raise fail("nothing was taken: every document was rejected", 'the reasons: dateline sql "from rejects"')
    if not counts.read and not job.urls:
        raise fail("nothing was taken: the input is empty")


def _asked(given: list[str], source: list[str], due: bool, space: Workspace) -> tuple[list[str], str | None, list[str]]:
    """What to read, its label, and the names of configured sources: `--source` labels what is given, and alone names what to fetch."""
    if given and (due or len(source) > 1):
        raise fail(
            "paths and configured sources are separate runs", "leave out the paths, or --due and the second --source."
        )
    if not all(name.strip() for name in source):
        raise fail("--source is empty", "is a variable not set?", code=2)
    if given:
        return given, source[0] if source else None, []
    if not source and not due:
        raise fail("nothing is named", "name files, folders or URLs, or --source NAME, or --due.", code=2)
    if not due:
        return [], None, list(dict.fromkeys(source))
    from datetime import UTC, datetime

    from flows.fetchstate import due_sources

    found = [s.name for s in due_sources(space, datetime.now(UTC))]
    return [], None, [name for name in found if not source or name in source]


def _run(job: Any, space: Workspace, flow: bool | None, quiet: bool) -> Counts:
    from flows import ingest as job_of

    if flow is not False:
        from flows.server import find_server, use_server

        url, why = find_server(space)
        if url is not None:
            use_server(space, url)
        elif flow:
            raise fail(f"--flow: {why.partition(': running')[0]}", "start `dateline serve`, or leave --flow out.")
        flow = url is not None
        if not quiet and why:
            say(why, err=True)
    if flow:
        from flows.config import quiet_prefect

        quiet_prefect(space.prefect_home)
        return job_of.ingest_flow(job, space)
    return _direct(job, space, quiet)


def _direct(job: Any, space: Workspace, quiet: bool) -> Counts:
    from flows import ingest as job_of
    from flows.pipeline import Counts

    so_far = Counts()

    def done(counts: Counts) -> None:
        nonlocal so_far
        so_far += counts

    try:
        if job.sources:
            from flows.fetchview import watched

            with watched(job.tallies, quiet):
                return job_of.ingest_direct(job, space, lambda _: None, done)
        if quiet or job.units < 20 or not sys.stderr.isatty():
            return job_of.ingest_direct(job, space, lambda _: None, done)
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn("reading"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[events]:,} events"),
        )
        with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
            bar = progress.add_task("reading", total=job.units, events=0)

            def committed(counts: Counts) -> None:
                done(counts)
                progress.update(bar, events=so_far.events)

            return job_of.ingest_direct(job, space, lambda n: progress.advance(bar, n), committed)
    except (KeyboardInterrupt, SystemExit):
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C once more ends at once
        job_of.finish(space.root, so_far)
        warn(
            f"stopped: {so_far.articles} articles in {so_far.loads} loads are committed, no half load; the same command takes up the rest."
        )
        raise
    except OSError as error:
        raise fail(
            f"{error.filename or space.root}: {error.strerror or error}",
            "what was committed before stays; mend this and repeat the command.",
        ) from error


def _say_rejects(counts: Counts) -> None:
    for reject in counts.examples[:5]:
        warn(f"{reject.input}: {reject.reason}: {reject.message}")
    if counts.rejects > 5:
        warn(f'… and {counts.rejects - 5} more; all of them: dateline sql "from rejects"')


@app.command()
def demo(
    root: Annotated[
        Path | None,
        typer.Option(
            "--root",
            help="Folder for the demo's workspace. Else a new temporary one.",
            show_default=False,
            parser=named_path,
            metavar="DIRECTORY",
        ),
    ] = None,
) -> None:
    """Ingest a dozen sample articles into a fresh workspace and answer three questions.

    Example:

        dateline demo --root my-demo
    """
    from flows.demo import run_demo

    raise typer.Exit(run_demo(root))


@app.command()
def read(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH|URL…", help="Files, folders, URLs, or - for standard input.", show_default=False),
    ],
    format: Annotated[str, typer.Option("--format", "-f", help="jsonl (one line an input) or text.")] = "text",
    source: Annotated[str | None, typer.Option(help="Name of the source.", show_default=False)] = None,
    allow_private: Private = False,
    root: Root = None,
) -> None:
    """Show the article in a page, without a warehouse: title, date, body; an error line for a bad input.

    Examples:

        dateline read page.html

        dateline read --format jsonl pages/ > articles.jsonl
    """
    from flows import answering

    if format not in ("jsonl", "text"):
        raise fail(f"--format {format}: jsonl or text", code=2)
    from extractors.siterules import RuleError

    try:
        good = answering.read_all(paths, format, source, space_of(root).own_sites, allow_private)
    except RuleError as error:
        raise fail(str(error), "mend the rule, or move its file out of the workspace's `sites` folder.") from error
    if not good:
        raise typer.Exit(1)


@app.command()
def code(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE.jsonl|-",
            help="Lines {id, text, published?, title?, country?, source?}; - is standard input.",
            show_default=False,
        ),
    ],
    mentions: Annotated[bool, typer.Option("--mentions", help="Also the actor, place and date mentions.")] = False,
    as_training: Annotated[
        bool,
        typer.Option(
            "--as-training",
            help="Forms to correct by hand and train a tagger on (docs/tagger.md), in place of answers.",
        ),
    ] = False,
    confidence: Annotated[
        float | None,
        typer.Option(
            help="Events at least as sure, 0 to 1; 0.3 gives all. Default: [coding] confidence in dateline.toml, else where precision and recall are balanced best.",
            min=0,
            max=1,
            show_default=False,
        ),
    ] = None,
    root: Root = None,
) -> None:
    """Code texts to events: one JSON answer a line, the main event first. A bad line gives {id, error} and the rest goes on.

    Examples:

        dateline code --confidence 0.3 articles.jsonl

        dateline code --as-training articles.jsonl > forms.jsonl

        echo '{"id": 1, "text": "Israel and Egypt signed a treaty on Monday.", "published": "1979-03-28"}' | dateline code -
    """
    from flows import answering
    from flows.coding import read_coding

    if as_training and mentions:
        raise fail("--as-training --mentions: a form holds no mentions", "leave one of them out.", code=2)
    space = space_of(root)
    coding = read_coding(space)
    least = coding.confidence if confidence is None else confidence
    try:
        answering.code_all(file, mentions, space.own_lexicons, least, coding.device, as_training)
    except OSError as error:
        raise fail(f"{file}: {error.strerror or error}", "name a JSON Lines file, or - for standard input.") from error


@app.command()
def explain(
    what: Annotated[
        str,
        typer.Argument(
            metavar="SENTENCE|URL|ID", help="A sentence, an article's or event's id, or its URL.", show_default=False
        ),
    ],
    root: Root = None,
    published: Annotated[
        str | None, typer.Option(help="Day that relative dates count from, YYYY-MM-DD.", show_default=False)
    ] = None,
    json_: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Show which words and which rule made an event, and why others made none.

    Examples:

        dateline explain "Norway recognised the State of Palestine on Tuesday."

        dateline explain 4f0c2d…   (an event_id from `from events`)
    """
    from flows import answering

    try:
        answering.explain_one(what, space_of(root), published, json_)
    except answering.Unknown as error:
        raise fail(str(error), error.remedy) from error
