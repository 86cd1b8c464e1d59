"""Saves small workspaces as an earlier version made them: what `tests/flows/test_migration.py` opens.

    python -m tests.data.save_workspaces 002930b 0.1.0

The code of a revision is taken out of git and run as its users ran it: `ingest`, a corrected article, `forget`, `compact`, `gc`.
A second workspace has a log with checkpoints and index segments, which are made after every third record instead of the 500th.
What the workspaces answered then lies beside them, so that a later version can be held to it; and that version's warehouse, which
has to refuse what a later one has written.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
COUNTED = ("articles", "articles_all", "events", "events_all", "event_actors", "event_magnitudes", "mentions", "captures", "rejects", "loads")  # fmt: skip
_PAGE = """<html lang="en"><head><title>{title}</title><link rel="canonical" href="https://news.example/{name}">
<meta property="article:published_time" content="2024-03-0{day}T09:00:00Z">{changed}</head>
<body><article><h1>{title}</h1><p>{first} The talks lasted two days, the ministry said in a statement.</p>
<p>Seven people were killed when soldiers shelled a market in Khartoum on Monday, officials said.{added}</p></article></body></html>"""
_LONG = """
import sys
from pathlib import Path
import warehouse
from tests.warehouse.makers import MOMENT, digest, load, make_pair, make_tables
for module in ("warehouse.index", "warehouse.store", "warehouse.log"):
    sys.modules[module].CHECKPOINT_EVERY = 3
root = Path(sys.argv[1])
for i in range(7):
    load(root, f"load{i}", count=2)
pair = make_pair("load1-0", " Corrected.", modified_at=MOMENT.replace(day=24))
warehouse.commit(root, digest("fix"), make_tables([pair], digest("fix")), run_id="r", versions={})
"""


def _pages(folder: Path, corrected: bool = False) -> Path:
    folder.mkdir(exist_ok=True)
    for day, name in enumerate(("envoy", "strike", "accord"), 1):
        first = (
            f"France's foreign minister met the prime minister of {('Kenya', 'Ghana', 'Japan')[day - 1]} on Tuesday."
        )
        changed = corrected and name == "strike"
        meta = '<meta property="article:modified_time" content="2024-03-09T09:00:00Z">' if changed else ""
        added = " The army denied it on Wednesday." if changed else ""
        page = _PAGE.format(title=f"Report {name}", name=name, day=day, first=first, changed=meta, added=added)
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    (folder / "empty.html").write_text("<html><body></body></html>", encoding="utf-8")
    return folder


def _answers(code: Path, root: Path) -> dict[str, int]:
    query = " union all ".join(f"select '{name}' as name, count(*) as n from {name}" for name in COUNTED)
    found = _run(code, "-m", "flows", "sql", "--root", str(root), "--format", "json", query)
    return {row["name"]: row["n"] for row in json.loads(found)}


def _run(code: Path, *arguments: str) -> str:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT_", "DATELINE_"))}
    environment |= {"PYTHONPATH": str(code)}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=code, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{arguments}: {done.stderr}")
    return done.stdout


def save(revision: str, name: str) -> None:
    """Write `NAME.tar.xz` and `NAME.json` beside this file."""
    packed = subprocess.run(["git", "archive", revision], cwd=HERE.parents[1], check=True, capture_output=True).stdout
    with tempfile.TemporaryDirectory() as scratch:
        code, root, long = (Path(scratch) / part for part in ("code", "workspace", "long"))
        with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(code, filter="data")

        def dateline(*arguments: str) -> None:
            _run(code, "-m", "flows", *arguments, "--root", str(root))

        dateline("ingest", str(code / "flows" / "samples"))
        dateline("ingest", str(_pages(Path(scratch) / "pages")))
        dateline("ingest", str(_pages(Path(scratch) / "pages", corrected=True)))
        dateline("forget", "https://news.example/accord", "--yes")
        dateline("compact")
        dateline("gc", "--grace", "0")
        (Path(scratch) / "pages" / "late.html").write_text(_PAGE.format(title="Late", name="late", day=7, first="Peru's president resigned on Friday.", changed="", added=""))  # fmt: skip
        dateline("ingest", str(Path(scratch) / "pages" / "late.html"))
        _run(code, "-c", _LONG, str(long))
        answers = {folder.name: _answers(code, folder) for folder in (root, long)}
        with tarfile.open(HERE / f"{name}.tar.xz", "w:xz", preset=9) as tar:
            tar.add(root, "workspace", filter=_kept)
            tar.add(long, "long", filter=_kept)
            tar.add(code / "warehouse", "code/warehouse", filter=_kept)
    (HERE / f"{name}.json").write_text(json.dumps(answers, indent=1) + "\n", encoding="utf-8")


def _kept(info: tarfile.TarInfo) -> tarfile.TarInfo | None:
    """What belongs to the workspace, as anybody's."""
    if "/.catalog.lock" in info.name or "__pycache__" in info.name:
        return None
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    return info


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("revision")
    parser.add_argument("name")
    arguments = parser.parse_args()
    save(arguments.revision, arguments.name)
