"""Records in, committed Parquet out; SQL over it."""

from __future__ import annotations

from warehouse.backups import BackedUp, NotABackup, backup, backups_of, restore
from warehouse.captures import CUTTING, Held, captures_by_load, forgotten_since, read_captures, standing
from warehouse.catalog import connect, rebuild
from warehouse.compaction import compact, due_months
from warehouse.index import Known
from warehouse.kept import Kept
from warehouse.log import Checked, Snapshot, check_log, read_log
from warehouse.mending import Beyond, Repaired, repair
from warehouse.record import Commit, CorruptFile, DamagedLog, File, Load, NewerSchema
from warehouse.rewrite import Chosen, Outdated, by_load, by_source, by_url, captures_before, forget, replace
from warehouse.schema import DERIVED, SCHEMA_VERSION, TABLES
from warehouse.store import LoadConflict, commit, item_key
from warehouse.tables import Provenance, SchemaMismatch, Unstorable, build_tables
from warehouse.tombstones import Forgotten, forgotten, recall
from warehouse.upkeep import GRACE, gc, verify
from warehouse.versions import cut_kept, holding, keep, kept_versions, release, restore_version

__all__ = [
    "CUTTING",
    "DERIVED",
    "GRACE",
    "SCHEMA_VERSION",
    "TABLES",
    "BackedUp",
    "Beyond",
    "Checked",
    "Chosen",
    "Commit",
    "CorruptFile",
    "DamagedLog",
    "File",
    "Forgotten",
    "Held",
    "Kept",
    "Known",
    "Load",
    "LoadConflict",
    "NewerSchema",
    "NotABackup",
    "Outdated",
    "Provenance",
    "Repaired",
    "SchemaMismatch",
    "Snapshot",
    "Unstorable",
    "backup",
    "backups_of",
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
    "cut_kept",
    "due_months",
    "forget",
    "forgotten",
    "forgotten_since",
    "gc",
    "holding",
    "item_key",
    "keep",
    "kept_versions",
    "read_captures",
    "read_log",
    "rebuild",
    "recall",
    "release",
    "repair",
    "replace",
    "restore",
    "restore_version",
    "standing",
    "verify",
]
