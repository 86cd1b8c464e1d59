"""The source profile: counted from the warehouse by a command, in force by its file, named by its content."""

from __future__ import annotations

import json
from pathlib import Path

from extractors.lexicon import load_lexicons
from flows.profile import LEAST, make_profile
from tests.conftest import Dateline


def _articles(source: str, town: str, count: int) -> str:
    lines = []
    for n in range(count):
        text = f"A house burned in {town} on the night of the {n + 1}th. The mayor of {town} sent help, and nobody was hurt there, officials said."
        lines.append(
            json.dumps({"text": text, "title": f"Fire {n}", "source": source, "url": f"https://{source}.example/{n}"})
        )
    return "\n".join(lines) + "\n"


def test_profile_of_two_sources(dateline: Dateline, root: Path) -> None:
    many, few = _articles("gazette", "Dayton, Ohio,", LEAST), _articles("herald", "Macon, Georgia,", LEAST - 1)
    assert dateline("ingest", "--direct", "-", stdin=many + few).returncode == 0
    done = dateline("sources", "profile")
    assert done.returncode == 0, done.stderr
    (made,) = (root / "lexicons").glob("sources-*.tsv")
    assert str(made) in done.stdout
    homes = load_lexicons(root / "lexicons").homes
    assert set(homes) == {"gazette"}, "four articles are no beat"
    assert homes["gazette"]["USA/Ohio"] > 0.9
    assert load_lexicons(root / "lexicons").version != load_lexicons().version

    assert make_profile(root) is not None
    assert list((root / "lexicons").glob("sources-*.tsv")) == [made], "the same warehouse gives the same file"
    answer = dateline(
        "code", "--mentions", "-", stdin='{"id": 1, "text": "A fire broke out in Oxford.", "source": "gazette"}'
    )
    (place,) = [m for m in json.loads(answer.stdout)["mentions"] if m["kind"] == "place"]
    assert place["country"] == "USA"


def test_an_empty_warehouse_has_none(dateline: Dateline) -> None:
    done = dateline("sources", "profile")
    assert done.returncode == 1
    assert "no source has" in done.stderr
