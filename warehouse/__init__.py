"""Records in, committed Parquet out; SQL over it."""

from __future__ import annotations

from warehouse.captures import Held, captures_by_load, forgotten_since, read_captures, standing
from warehouse.catalog import connect, rebuild
from warehouse.compaction import compact, due_months
from warehouse.index import Known
from warehouse.log import Snapshot, read_log
from warehouse.record import Commit, CorruptFile, File, Load, NewerSchema
from warehouse.rewrite import Outdated, by_load, by_source, by_url, captures_before, forget, replace
from warehouse.schema import DERIVED, SCHEMA_VERSION, TABLES
from warehouse.store import LoadConflict, commit
from warehouse.tables import Provenance, SchemaMismatch, Unstorable, build_tables
from warehouse.upkeep import GRACE, gc, verify

__all__ = [
    "DERIVED",
    "GRACE",
    "SCHEMA_VERSION",
    "TABLES",
    "Commit",
    "CorruptFile",
    "File",
    "Held",
    "Known",
    "Load",
    "LoadConflict",
    "NewerSchema",
    "Outdated",
    "Provenance",
    "SchemaMismatch",
    "Snapshot",
    "Unstorable",
    "build_tables",
    "by_load",
    "by_source",
    "by_url",
    "captures_before",
    "captures_by_load",
    "commit",
    "compact",
    "connect",
    "due_months",
    "forget",
    "forgotten_since",
    "gc",
    "read_captures",
    "read_log",
    "rebuild",
    "replace",
    "standing",
    "verify",
]
