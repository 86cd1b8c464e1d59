"""Records in, committed Parquet out; SQL over it."""

from __future__ import annotations

from warehouse.catalog import connect, rebuild
from warehouse.index import Known
from warehouse.log import Snapshot, read_log
from warehouse.record import Commit, CorruptFile, File
from warehouse.schema import DERIVED, SCHEMA_VERSION, TABLES
from warehouse.store import LoadConflict, commit, verify
from warehouse.tables import Provenance, SchemaMismatch, build_tables

__all__ = [
    "DERIVED",
    "SCHEMA_VERSION",
    "TABLES",
    "Commit",
    "CorruptFile",
    "File",
    "Known",
    "LoadConflict",
    "Provenance",
    "SchemaMismatch",
    "Snapshot",
    "build_tables",
    "commit",
    "connect",
    "read_log",
    "rebuild",
    "verify",
]
