"""`dateline rules`: the rules that code events, listed, tested on their own sentences, and added to in the workspace.

A workspace's rules live in `lexicons/rules/*.toml` under its root, in the form of ours; one of the same id replaces ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.terminal import Root, fail, say, space_of
from flows.wording import for_terminal

if TYPE_CHECKING:
    from extractors.lexicon import Lexicons
    from extractors.rules import Rule

app = typer.Typer(
    name="rules",
    help="The rules that code events: list them, test them on their own sentences, add your own.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _lexicons(root: Path | None) -> Lexicons:
    from flows.gazetteer import read_lexicons

    try:
        return read_lexicons(space_of(root).own_lexicons)
    except ValueError as error:
        raise fail(str(error), "mend the rule file of the workspace, then try again.") from error


@app.command("list")
def list_rules(
    event_type: Annotated[
        str | None, typer.Option("--type", help="Only this event type, such as ASSAULT.", show_default=False)
    ] = None,
    root: Root = None,
) -> None:
    """List the rules: id, type, mode, how many patterns, and the sentence each must code.

    Example:

        dateline rules list --type CONSULT
    """
    rules = _lexicons(root).rules.rules.values()
    for rule in sorted(rules, key=lambda r: r.id):
        if event_type is None or rule.type.lower() == event_type.lower():
            mode = f"/{rule.mode}" if rule.mode else ""
            patterns = len(rule.verbs) + len(rule.nouns)
            say(f"{rule.id:24} {rule.type + mode:24} {patterns:4}  {next(iter(rule.codes), '')}")


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
    lexicons = _lexicons(root)
    known = lexicons.rules.rules
    unknown = [i for i in ids or () if i not in known]
    if unknown:
        raise fail(f"no rule {', '.join(unknown)}", "`dateline rules list` names them all.")
    if _wrong([known[i] for i in ids] if ids else list(known.values()), lexicons):
        raise typer.Exit(1)


def _wrong(rules: list[Rule], lexicons: Lexicons) -> int:
    """Print every failure and how many rules were tested; return how many sentences went wrong."""
    from extractors.rulecheck import check_rule

    failures = [failure for rule in rules for failure in check_rule(rule, lexicons)]
    for failure in failures:
        typer.secho(for_terminal(failure, lines=True), fg="red")
    sentences = sum(len(r.codes) + len(r.skips) for r in rules)
    say(f"{len(rules)} rules, {sentences} sentences, {len(failures)} wrong")
    return len(failures)


@app.command()
def new(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="A name of your own, such as own.sail.")],
    event_type: Annotated[str, typer.Option("--type", help="A PLOVER type or an own x_ type.")],
    codes: Annotated[str, typer.Option(help="A sentence the rule must code.")],
    skips: Annotated[str, typer.Option(help="A sentence it must not code.")],
    verb: Annotated[
        list[str] | None, typer.Option("--verb", help='A verb pattern: "sail", "call off ~ talks|visit".')
    ] = None,
    noun: Annotated[list[str] | None, typer.Option("--noun", help='A nominal event: "naval review".')] = None,
    mode: Annotated[str | None, typer.Option(help="The type's mode.", show_default=False)] = None,
    root: Root = None,
) -> None:
    """Write a rule into the workspace and test it there.

    Example:

        dateline rules new own.sail --type MOBILIZE --verb "sail ~ fleet" --codes "France sailed its fleet to Libya." --skips "Tourists sailed to Libya."
    """
    path = space_of(root).root / "lexicons" / "rules" / "own.toml"
    known = _lexicons(root).rules
    problem = _problem(rule_id, event_type, mode, verb, noun, known.rules, known.types)
    if problem:
        raise fail(problem, code=2)
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a", encoding="utf-8") as file:
        file.write(_toml(rule_id, event_type, mode, verb or [], noun or [], codes, skips))
    say(f"written to {path}")
    lexicons = _lexicons(root)
    if _wrong([lexicons.rules.rules[rule_id]], lexicons):
        say(f"  `dateline explain` shows how a sentence is read; the rule stays in {path} for you to mend.", err=True)
        raise typer.Exit(1)


def _problem(
    rule_id: str,
    event_type: str,
    mode: str | None,
    verb: list[str] | None,
    noun: list[str] | None,
    rules: dict[str, Rule],
    types: dict[str, dict[str, object]],
) -> str:
    if rule_id in rules:
        return f"there is a rule {rule_id} already"
    if event_type not in types:
        return f"no event type {event_type}: one of {', '.join(types)}"
    modes = types[event_type].get("modes", {})
    if mode is not None and isinstance(modes, dict) and mode not in modes:
        return f"{event_type} has no mode {mode}" + (f": one of {', '.join(modes)}" if modes else "")
    return "" if verb or noun else "a rule needs a --verb or a --noun"


def _toml(
    rule_id: str, event_type: str, mode: str | None, verbs: list[str], nouns: list[str], codes: str, skips: str
) -> str:
    import json

    # A JSON string or list of strings is written as TOML writes it.
    pairs = {
        "id": rule_id,
        "type": event_type,
        "mode": mode,
        "verbs": verbs,
        "nouns": nouns,
        "codes": [codes],
        "skips": [skips],
    }
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in pairs.items() if value]
    return "\n[[rule]]\n" + "\n".join(lines) + "\n"
