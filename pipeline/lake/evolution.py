"""How a table may change: columns may be added, and fields within a list of structs; nothing else, without a migration.

A lake of an older product lacks the newer columns: they are read as NULL, and stored from the next write on.
"""

from __future__ import annotations

from pathlib import Path

import deltalake
import pyarrow as pa
from deltalake.schema import ArrayType, StructType

from pipeline.errors import LakeError
from pipeline.ids import sha256_text
from pipeline.schema.tables import Table


def missing_columns(opened: deltalake.DeltaTable, spec: Table) -> frozenset[str]:
    """Declared columns that the stored table does not have."""
    return frozenset(column.name for column in spec.columns) - {f.name for f in opened.schema().fields}


def changed_columns(opened: deltalake.DeltaTable, spec: Table) -> frozenset[str]:
    """Columns that are stored in another type than declared."""
    declared = _declared_types(spec)
    return frozenset(
        f.name for f in opened.schema().fields if f.name in declared and f.type != declared[f.name]
    )


def made_with(rows: pa.Schema) -> str:
    """What a new table's metadata say of the columns it is made with."""
    return _made_with(deltalake.Schema.from_arrow(rows))


def is_uniform(opened: deltalake.DeltaTable) -> bool:
    """Whether every file is known to have the table's columns: those that it was made with, since columns are only ever added."""
    return bool(opened.metadata().description == _made_with(opened.schema()))


def _made_with(schema: deltalake.Schema) -> str:
    return f"Made with the columns {sha256_text(schema.to_json())}"


def must_grow(opened: deltalake.DeltaTable, spec: Table, lake: Path) -> bool:
    """Whether a write has to add what the declaration has and the stored table has not.

    Raises:
        LakeError: the declaration drops, renames or retypes a column, or partitions the table otherwise.
    """
    declared = _declared_types(spec)
    for field in opened.schema().fields:
        if field.name not in declared:
            raise _refusal(
                lake, spec, f"has the column {field.name}, which is not declared: columns are not dropped or renamed"
            )  # fmt: skip
        if not _extends(declared[field.name], field.type):
            told = f"has the column {field.name} as {field.type} and not as declared: types are not changed"
            raise _refusal(lake, spec, told)
    if list(opened.metadata().partition_columns) != list(spec.partition_by):
        raise _refusal(lake, spec, f"is partitioned by {opened.metadata().partition_columns}")
    return bool(missing_columns(opened, spec) or changed_columns(opened, spec))


def _refusal(lake: Path, spec: Table, found: str) -> LakeError:
    return LakeError(
        f"The table {spec.name} of the lake {lake} {found}. Nothing was written. Declare it again as it is stored in "
        f"schemas/tables/{spec.name}.yaml, or make the lake again as it is declared now: `incidents lake rebuild`."
    )


def _declared_types(spec: Table) -> dict[str, object]:
    fields = deltalake.Schema.from_arrow(spec.arrow_schema).fields
    return {field.name: field.type for field in fields}


def _extends(declared: object, stored: object) -> bool:
    """Whether the declared type is the stored one, but for fields of structs that were added."""
    if isinstance(declared, ArrayType) and isinstance(stored, ArrayType):
        return _extends(declared.element_type, stored.element_type)
    if isinstance(declared, StructType) and isinstance(stored, StructType):
        kept = {field.name: field.type for field in declared.fields}
        return all(f.name in kept and _extends(kept[f.name], f.type) for f in stored.fields)
    return bool(declared == stored)
