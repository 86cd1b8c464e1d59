"""Records in, committed Parquet out; SQL over it."""

from __future__ import annotations

from warehouse.captures import CUTTING, Held, captures_by_load, forgotten_since, read_captures, standing
from warehouse.catalog import connect, rebuild
from warehouse.compaction import compact, due_months
from warehouse.forgotten import Forgotten, forgotten, recall
from warehouse.index import Known
from warehouse.log import Checked, Snapshot, check_log, read_log
from warehouse.record import Commit, CorruptFile, DamagedLog, File, Load, NewerSchema
from warehouse.rewrite import Outdated, by_load, by_source, by_url, captures_before, forget, replace
from warehouse.schema import DERIVED, SCHEMA_VERSION, TABLES
from warehouse.store import LoadConflict, commit, item_key
from warehouse.tables import Provenance, SchemaMismatch, build_tables
from warehouse.upkeep import GRACE, gc, verify

__all__ = [
    "CUTTING",
    "DERIVED",
    "GRACE",
    "SCHEMA_VERSION",
    "TABLES",
    "Checked",
    "Commit",
    "CorruptFile",
    "DamagedLog",
    "File",
    "Forgotten",
    "Held",
    "Known",
    "Load",
    "LoadConflict",
    "NewerSchema",
    "Outdated",
    "Provenance",
    "SchemaMismatch",
    "Snapshot",
    "build_tables",
    "by_load",
    "by_source",
    "by_url",
    "captures_before",
    "captures_by_load",
    "check_log",
    "commit",
    "compact",
    "connect",
    "due_months",
    "forget",
    "forgotten",
    "forgotten_since",
    "gc",
    "item_key",
    "read_captures",
    "read_log",
    "rebuild",
    "recall",
    "replace",
    "standing",
    "verify",
]
