"""`dateline doctor` on workspaces that are well and that are not, each with its remedy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flows.demo import SAMPLES
from flows.locks import alone
from tests.conftest import Dateline


def examined(dateline: Dateline) -> tuple[int, dict[str, dict[str, Any]]]:
    done = dateline("doctor", "--format", "json")
    answer = json.loads(done.stdout)
    assert answer["ok"] == (done.returncode == 0)
    return done.returncode, {check["name"]: check for check in answer["checks"]}


def test_a_new_workspace_is_well_and_told_what_comes_next(dateline: Dateline) -> None:
    status, checks = examined(dateline)
    assert status == 0
    assert checks["warehouse"]["state"] == "note"
    assert "dateline serve" in checks["server"]["remedy"]
    assert checks["sqlalchemy"]["state"] == "ok"


def test_what_is_wrong_is_named_with_its_remedy(dateline: Dateline, root: Path) -> None:
    assert dateline("ingest", "--direct", "-q", str(SAMPLES / "treaty.html")).returncode == 0
    (root / "catalog.duckdb").write_bytes(b"damaged")
    (root / "dateline.toml").write_text('[sources.x]\nkind = "fed"\n')
    part = next((root / "events").rglob("*.parquet"))
    part.unlink()
    (root / ".prefect").mkdir()
    (root / ".prefect" / "server.json").write_text('{"api_url": "http://127.0.0.1:9/api"}')
    (root / "inbox").mkdir()
    with alone(root / ".prefect" / "serve.lock"):  # without who serves, the address counts for nothing
        status, checks = examined(dateline)
    assert status == 1
    wrong = {name: check for name, check in checks.items() if check["state"] == "wrong"}
    assert set(wrong) == {"catalogue", "settings", "warehouse", "server"}
    assert all(check["remedy"] for check in wrong.values())
    assert part.name in wrong["warehouse"]["found"]
    assert "[sources.x] kind" in wrong["settings"]["found"]
    assert "does not answer" in wrong["server"]["found"]
    assert "WRONG catalogue" in dateline("doctor").stdout
