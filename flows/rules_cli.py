"""`dateline rules`: own rules for words, listed, tested on their own sentences, and added to in the workspace.

A workspace's rules live in `lexicons/rules/*.toml` under its root, in the form of ours; one of the same id replaces ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.terminal import Root, fail, say, space_of
from flows.wording import for_terminal

if TYPE_CHECKING:
    from extractors.ownrules import OwnRule, RuleBook

app = typer.Typer(
    name="rules",
    help="Own rules beside the tagger: list them, test them on their own sentences, add to them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _book(root: Path | None) -> RuleBook:
    from extractors.ownrules import load_own_rules

    try:
        return load_own_rules(space_of(root).own_lexicons)
    except ValueError as error:
        raise fail(str(error), "mend the rule file in the workspace's `lexicons/rules`, then try again.") from error


@app.command("list")
def list_rules(
    event_type: Annotated[
        str | None, typer.Option("--type", help="Only this event type, such as x_election.", show_default=False)
    ] = None,
    root: Root = None,
) -> None:
    """List the rules: id, type, mode, how many patterns, and the sentence each must code.

    Example:

        dateline rules list --type x_election
    """
    for rule in sorted(_book(root).rules.values(), key=lambda r: r.id):
        if event_type is None or rule.type.lower() == event_type.lower():
            mode = f"/{rule.mode}" if rule.mode else ""
            say(f"{rule.id:24} {rule.type + mode:24} {len(rule.words):4}  {rule.codes}")


@app.command("test")
def run_tests(
    ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID…]", help="Rules to test; all without.", show_default=False)
    ] = None,
    root: Root = None,
) -> None:
    """Run each rule on the sentences it must code and must skip; exit status 1 if one goes wrong.

    Example:

        dateline rules test own.sail
    """
    book = _book(root)
    unknown = [i for i in ids or () if i not in book.rules]
    if unknown:
        raise fail(f"no rule {', '.join(unknown)}", "`dateline rules list` names them all.")
    if _wrong([book.rules[i] for i in ids] if ids else list(book.rules.values()), book):
        raise typer.Exit(1)


def _wrong(rules: list[OwnRule], book: RuleBook) -> int:
    """Print every failure and how many rules were tested; return how many sentences went wrong."""
    from extractors.ownrules import check_rule, spoken_by

    failures = [failure for rule in rules for failure in check_rule(rule, book, lambda text: spoken_by(text, book))]
    for failure in failures:
        typer.secho(for_terminal(failure, lines=True), fg="red")
    say(f"{len(rules)} rules, {2 * len(rules)} sentences, {len(failures)} wrong")
    return len(failures)


@app.command()
def new(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="A name of your own, such as own.sail.")],
    event_type: Annotated[
        str, typer.Option("--type", help="A PLOVER type, an x_ type of your own, or none: the words are silent.")
    ],
    codes: Annotated[str, typer.Option(help="A sentence the rule must code.")],
    skips: Annotated[str, typer.Option(help="A sentence it must not code.")],
    words: Annotated[
        list[str],
        typer.Option(
            "--words", help='Words in any of their forms: "sail ~ fleet", "call off ~ talks|visit". May be repeated.'
        ),
    ],
    mode: Annotated[str | None, typer.Option(help="The type's mode.", show_default=False)] = None,
    root: Root = None,
) -> None:
    """Write a rule into the workspace and test it there. Who did it to whom is found by the tagger.

    Examples:

        dateline rules new own.sail --type MOBILIZE --words "sail ~ fleet" --codes "France sailed its fleet to Libya." --skips "Tourists sailed to Libya."

        dateline rules new own.pitch --type none --words "storm ~ pitch" --codes "Fans stormed the pitch." --skips "Rebels stormed the palace."
    """
    from extractors.oldrules import as_toml
    from extractors.ownrules import read_rule

    path = space_of(root).root / "lexicons" / "rules" / "own.toml"
    book = _book(root)
    if rule_id in book.rules:
        raise fail(f"there is a rule {rule_id} already", code=2)
    item = {"id": rule_id, "type": event_type, "mode": mode, "words": words, "codes": codes, "skips": skips}
    item = {key: value for key, value in item.items() if value is not None}
    try:
        read_rule(item, "the new rule", book.types)
    except ValueError as error:
        raise fail(str(error), code=2) from error
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write(f"\n{as_toml(item)}\n")
    say(f"written to {path}")
    book = _book(root)
    if _wrong([book.rules[rule_id]], book):
        say(f"  `dateline explain` shows how a sentence is read; the rule stays in {path} for you to mend.", err=True)
        raise typer.Exit(1)
