"""`dateline sources`: what is known about where articles come from, and how a page of a source is read.

A sub-command group: each command is a few lines here and a call into the module that does the work.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows.terminal import Private, Root, console, fail, may_replace, named_path, say

if TYPE_CHECKING:
    from extractors.records import Capture
    from flows.config import Workspace
    from flows.readers.files import Failure

app = typer.Typer(
    name="sources",
    help="Where articles come from, and how their pages are read.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


Page = Annotated[
    str | None,
    typer.Option("--url", help="The page's address, when it is a file that does not say it.", show_default=False),
]


@app.command("list")
def list_sources(root: Root = None) -> None:
    """Show the configured sources: kind, address, schedule, and when each was tried last and is due next.

    Example:

        dateline sources list
    """
    from flows.config import workspace
    from flows.sourcetable import sources_table

    space = workspace(root)
    table = sources_table(space)
    if table is None:
        say(f"{space.settings}: no sources yet: `dateline sources add NAME ADDRESS`")
        return
    console().print(table)


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call it; stored with every article.", show_default=False)],
    address: Annotated[list[str], typer.Argument(metavar="URL|PATH…", help="Where it is.", show_default=False)],
    kind: Annotated[
        str | None,
        typer.Option(
            help="feed, sitemap, site (a front page), urls (single pages), folder or warc. Else the address is looked at, and the feed of a page taken.",
            show_default=False,
        ),
    ] = None,
    schedule: Annotated[
        str | None, typer.Option(help='"every 30 minutes", or a cron line.', show_default=False)
    ] = None,
    country: Annotated[str | None, typer.Option(help="Of the publisher, as KEN.", show_default=False)] = None,
    language: Annotated[str | None, typer.Option(help="As en.", show_default=False)] = None,
    pause: Annotated[
        str | None, typer.Option(help='Between two requests to one host, as "5 seconds".', show_default=False)
    ] = None,
    licence: Annotated[str | None, typer.Option(help="A note on the terms of use.", show_default=False)] = None,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Let it be an address of this machine or a local network.")
    ] = False,
    root: Root = None,
) -> None:
    """Write a source into the workspace's dateline.toml, where its other keys may be set by hand.

    Examples:

        dateline sources add example-news https://example.org/feed.xml --schedule "every 30 minutes" --country KEN

        dateline sources add example https://example.org/          (finds the feed of the page)

        dateline sources add archive clippings/
    """
    from flows.config import from_home, workspace
    from flows.configured import LOCAL, add_source
    from flows.readers.http import is_url

    for given in address:
        named_path(given)

    space = workspace(root)
    if kind is None and not is_url(address[0]):
        from flows.discovery import local_kind

        kind = local_kind(Path(address[0]))
    elif kind is None:
        kind, address = _looked_at(address, allow_private, space)
    if kind in LOCAL:
        address = [str(from_home(a).resolve()) for a in address]
    table = {"kind": kind, "address": address[0] if len(address) == 1 else address, "schedule": schedule,
             "country": country, "language": language, "pause": pause, "licence": licence,
             "allow_private": allow_private or None}  # fmt: skip
    add_source(space, name, {key: value for key, value in table.items() if value is not None})
    say(f"{space.settings}: {name} added; `dateline ingest --source {name}` fetches it")


def _looked_at(address: list[str], allow_private: bool, space: Workspace) -> tuple[str, list[str]]:
    """The kind of what stands at an address, and where its listing is."""
    from flows.discovery import NotFound, discover
    from flows.fetching import contact_of

    try:
        found = discover(address[0], allow_private, contact_of(space))
    except NotFound as error:
        raise fail(str(error), "--kind feed (sitemap, site, urls) adds it without looking.") from error
    entries = f"{len(found.listing.entries):,} entries" if found.listing.entries else f"{len(found.listing.more)} parts"
    say(f"{found.address}: a {found.kind}, {entries}")
    for other in found.also:
        say(f"  another feed of the page: {other}")
    return found.kind, [found.address, *address[1:]]


@app.command("import")
def import_opml(
    file: Annotated[Path, typer.Argument(metavar="FILE.opml", help="As feed readers export it.", show_default=False)],
    schedule: Annotated[
        str | None, typer.Option(help='Of all of them: "every 30 minutes", or a cron line.', show_default=False)
    ] = None,
    root: Root = None,
) -> None:
    """Add every feed of an OPML file as a source; those that are there already are left as they are.

    Example:

        dateline sources import subscriptions.opml --schedule "every 1 hour"
    """
    from extractors.listings import NotAListing
    from extractors.opml import read_opml
    from flows.config import workspace
    from flows.configured import add_sources, read_sources
    from flows.discovery import name_for

    space = workspace(root)
    try:
        feeds = read_opml(file.read_bytes())
    except (OSError, NotAListing) as error:
        raise fail(f"{file}: {error}", "name an OPML file, as feed readers export it.") from error
    there = read_sources(space)
    taken, known = {s.name for s in there}, {address for s in there for address in s.address}
    tables: dict[str, dict[str, Any]] = {}
    for feed in feeds:
        if feed.address not in known:
            name = name_for(feed.title, taken | tables.keys())
            tables[name] = {"kind": "feed", "address": feed.address}
            if schedule:
                tables[name]["schedule"] = schedule
    if tables:
        add_sources(space, tables)
    say(f"{space.settings}: {len(tables)} sources added, {len(feeds) - len(tables)} were there")


@app.command("export")
def export_opml(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE.opml", help="Else standard output.", show_default=False)
    ] = None,
    root: Root = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Replace the file without asking.")] = False,
) -> None:
    """Write the feeds among the sources as OPML, for a feed reader or another workspace.

    Example:

        dateline sources export subscriptions.opml
    """
    from extractors.opml import Subscription, write_opml
    from flows.config import workspace
    from flows.configured import read_sources
    from flows.outfile import NotWritten, whole_file

    feeds = [Subscription(s.name, a) for s in read_sources(workspace(root)) if s.kind == "feed" for a in s.address]
    text = write_opml("Dateline", feeds)
    if file is None:
        typer.echo(text)
        return
    try:
        with whole_file(file, workspace(root).root, replace=lambda path: may_replace(path, yes)) as out:
            out.write(text + "\n")
    except NotWritten as error:
        raise fail(str(error), error.remedy) from error
    except OSError as error:
        raise fail(f"{file}: {error.strerror or error}") from error
    say(f"{file}: {len(feeds)} feeds")


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="As in `dateline sources list`.", show_default=False)], root: Root = None
) -> None:
    """Take a source out of dateline.toml. What it brought stays in the warehouse (`dateline forget NAME` takes that out).

    Example:

        dateline sources remove example-news
    """
    from flows.config import workspace
    from flows.configured import remove_source

    space = workspace(root)
    remove_source(space, name)
    say(f"{space.settings}: {name} removed")


@app.command("test")
def compare(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="FILE|URL|NAME…",
            help="Pages, folders of them, URLs, or configured sources: of each its newest pages.",
            show_default=False,
        ),
    ],
    url: Page = None,
    allow_private: Private = False,
    root: Root = None,
) -> None:
    """Show what is read from a page with its site's rule beside what is read without: title, authors, date, body.

    Rules are CSS selectors in TOML: the package's, and your own in the `sites` folder of the workspace. Of a configured source the
    listing is fetched and its newest pages are shown; nothing is stored.

    Examples:

        dateline sources test page.html --url https://example.org/2024/06/story

        dateline sources test example-news
    """
    from extractors.siterules import RuleError
    from flows.config import workspace
    from flows.sitetest import show_pages

    space = workspace(root)
    try:
        good = show_pages(_pages_of(paths, space), space.own_sites, url, allow_private)
    except RuleError as error:
        raise fail(str(error)) from error
    if not good:
        raise typer.Exit(1)


def _pages_of(given: list[str], space: Workspace) -> list[Capture | Failure | str]:
    """What was given, with the pages of configured sources in place of their names."""
    from flows.configured import read_sources
    from flows.discovery import NotFound, newest_pages
    from flows.fetching import contact_of

    sources = {s.name: s for s in read_sources(space)}
    found: list[Capture | Failure | str] = []
    for one in given:
        if one not in sources or Path(one).exists():
            found.append(one)
            continue
        try:
            said, pages = newest_pages(sources[one], space, contact_of(space))
        except NotFound as error:
            raise fail(str(error)) from error
        say(said)
        found += pages
    return found


@app.command()
def profile(
    root: Root = None,
) -> None:
    """Count what each source usually writes about, so that its small towns are found where it is at home.

    The counts become `lexicons/sources-<hash>.tsv` of the workspace and hold for later loads and for `code` lines with a `source`.

    Example:

        dateline sources profile
    """
    from flows.config import workspace
    from flows.profile import LEAST, make_profile

    made = make_profile(workspace(root).root)
    if made is None:
        raise fail(f"no source has {LEAST} articles with places yet")
    say(f"{made.path}: {made.sources} sources, {made.rows} rows")


@app.command()
def draft(
    path: Annotated[str, typer.Argument(metavar="FILE|URL", help="A page of the site.", show_default=False)],
    url: Page = None,
    allow_private: Private = False,
) -> None:
    """Propose a rule for a page's site: look it through, save it in the `sites` folder of the workspace, and `test` it.

    Example:

        dateline sources draft page.html --url https://example.org/2024/06/story > data/sites/example.toml
    """
    from flows.sitetest import draft_rules

    proposed = draft_rules(path, url, allow_private)
    if proposed is None:
        raise fail(f"{path}: no article in it; name a page that shows one.")
    say(proposed, nl=False)
