"""`dateline demo`: the whole way of the data in one command, on the sample articles that come with the package."""

from __future__ import annotations

import tempfile
from pathlib import Path

from flows import ingest as job_of
from flows import query, report
from flows.config import workspace
from flows.terminal import console
from flows.wording import for_terminal

SAMPLES = Path(__file__).parent / "samples"

QUESTIONS = (
    (
        "Who did what to whom?",
        (
            "select date_start, event_type, actor_country as actor, recipient_country as recipient, status, support\n"
            "from events order by date_start desc, published_at desc limit 12"
        ),
    ),
    (
        "How many were killed, injured, missing or displaced, and who says so?",
        (
            'select date_start, kind, qualifier, "value", actor_country, recipient_country, attribution, support\n'
            "from casualties order by date_start desc limit 10"
        ),
    ),
    (
        "Which words and which rule stand behind a row?",
        "select event_type, rule_id, \"trigger\", support, url from event_evidence where event_type = 'SANCTION' limit 5",
    ),
)


def run_demo(root: Path | None) -> int:
    """Ingest the samples and print three questions with their answers.

    Args:
        root: folder of the workspace, kept; None makes a temporary one, which is kept too and named at the end.
    Returns:
        The exit status: 0 when the samples gave events.
    """
    from rich.text import Text

    import warehouse

    shown = console()
    space = workspace(root or tempfile.mkdtemp(prefix="dateline-demo-"))
    job = job_of.plan([str(SAMPLES)])
    files = f" {len(job.inputs.files)} sample files → {for_terminal(space.root)}\n"
    shown.print(Text.assemble(("dateline ingest", "bold"), files))
    began = job_of.started()
    counts = job_of.ingest_direct(job, space, lambda _: None, lambda _: None)
    shown.print(
        report.summary_table(counts, job_of.started() - began, space.root, warehouse.read_log(space.root).version)
    )
    for question, statement in QUESTIONS:
        shown.print(f"\n{question}", style="bold")
        shown.print(statement, style="dim", highlight=False)
        query.run(space.root, statement, "table", None, None)
    turn = (f'dateline sql --root {for_terminal(space.root)} "from events"', "bold")
    shown.print(Text.assemble("\nYour turn: ", turn, '  ·  views and macros: "from help"'))
    return 0 if counts.events or counts.known else 1
