"""The one direction, read from the imports: flows → extractors, flows → warehouse; extractors and warehouse know neither
Prefect nor each other, and extractors touch no network, no clock and no random numbers."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FORBIDDEN = {
    "extractors": {
        "flows",
        "warehouse",
        "prefect",
        "duckdb",
        "pyarrow",
        "httpx",
        "socket",
        "urllib.request",
        "random",
        "subprocess",
    },
    "warehouse": {"flows", "extractors", "prefect", "lxml", "bs4", "httpx", "socket", "urllib.request"},
    "flows/readers": {"prefect", "warehouse"},
}
# The clock is an argument of extractors: none of them may ask for the time.
CLOCK = {"now", "today", "utcnow", "time", "perf_counter", "monotonic"}


# Training reads files, asks for the time and draws lots: it is exempt, and nothing may import it at run time.
TRAINING = ROOT / "extractors" / "tagger" / "train"


def files_of(room: str) -> list[Path]:
    """The modules of a room, without training."""
    return sorted(p for p in (ROOT / room).rglob("*.py") if TRAINING not in p.parents)


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
    return found


@pytest.mark.parametrize("room", FORBIDDEN)
def test_room_imports_only_what_it_may(room: str) -> None:
    files = files_of(room)
    assert files
    for path in files:
        for name in imports(path):
            for forbidden in FORBIDDEN[room]:
                assert f"{name}.".startswith(f"{forbidden}.") is False, f"{path.relative_to(ROOT)} imports {name}"


def test_nothing_imports_training_or_its_libraries_at_run_time() -> None:
    for room in ("extractors", "flows", "warehouse"):
        for path in files_of(room):
            for name in imports(path):
                assert not f"{name}.".startswith("extractors.tagger.train."), f"{path.relative_to(ROOT)} imports {name}"
                assert name.split(".")[0] not in ("torch", "onnx", "onnxscript", "safetensors", "transformers"), path


def test_prefect_is_known_to_few_files_of_flows() -> None:
    users = {p.name for p in (ROOT / "flows").rglob("*.py") if any(n.split(".")[0] == "prefect" for n in imports(p))}
    assert users <= {
        "tasks.py",
        "sweep.py",
        "maintain.py",
        "reextract.py",
        "watch.py",
        "deployments.py",
        "serve.py",
        "deploy.py",
        "deploy_cli.py",
        "guard.py",
    }, users


def test_extractors_never_ask_for_the_time() -> None:
    for path in files_of("extractors"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK:
                owner = ast.unparse(node.func.value)
                assert owner not in ("datetime", "date", "time", "datetime.datetime", "dt"), (
                    f"{path.name}:{node.lineno}"
                )


def test_command_imports_nothing_heavy_before_it_needs_it() -> None:
    script = "import sys, flows.cli; print(' '.join(m for m in ('prefect', 'duckdb', 'pyarrow', 'lxml', 'httpx', 'onnxruntime', 'numpy') if m in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


WAYS_OUT = ("print", "typer.echo", "typer.secho")
"""What writes to the terminal as it stands."""
MADE_SAFE = ("for_terminal", "for_json")
EXEMPT = {
    "terminal.py": "the one place",
    "serve_cli.py: typer.echo(secret.new_secret(space) if renew else secret.ensure_secret(space))": "made by us",
    "query.py: print(relation)": "into a string, which is made safe",
    "sources.py: typer.echo(text)": "the user's own settings, for programs",
}


def test_what_is_printed_is_made_safe_or_said_by_us() -> None:
    """Names, addresses and errors come from outside: they leave through `say`, `fail`, `warn`, `console` or for_terminal."""
    for path in files_of("flows"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or ast.unparse(node.func) not in WAYS_OUT or not node.args:
                continue
            given = node.args[0]
            safe = isinstance(given, ast.Constant) or (
                isinstance(given, ast.Call) and ast.unparse(given.func) in MADE_SAFE
            )
            where = f"{path.name}: {ast.unparse(node)}"
            assert safe or path.name in EXEMPT or where in EXEMPT, where


def test_docs_name_tests_that_are_there() -> None:
    named = [
        m
        for page in (ROOT / "docs").rglob("*.md")
        for m in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?", page.read_text())
    ]
    assert len(named) > 40
    for file, test in named:
        assert (ROOT / file).is_file(), file
        assert not test or f"def {test}(" in (ROOT / file).read_text(), f"{file}::{test}"
