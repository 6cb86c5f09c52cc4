"""Generate ``schemas/generated/`` from the schema files: ``python -m pipeline.schema.generate [--check]``.

Made are: JSON Schemas of the rows, the Great Expectations suites, the DuckDB types and the data dictionary.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from pipeline.config import SCHEMAS_DIR
from pipeline.schema.expectations import suite
from pipeline.schema.handwritten_views import described_macros, described_views, view_columns
from pipeline.schema.tables import Column, Table, codebook, quarantine_reasons, tables

GENERATED = SCHEMAS_DIR / "generated"
_JSON_TYPES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "int32": {"type": "integer"},
    "int64": {"type": "integer"},
    "float64": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "timestamp": {"type": "string", "format": "date-time"},
}


def generated_files() -> dict[Path, str]:
    """Every generated file with its content."""
    files: dict[Path, str] = {}
    for spec in tables().values():
        files[GENERATED / "json_schema" / f"{spec.name}.schema.json"] = _json(_row_schema(spec))
        files[GENERATED / "expectations" / f"{spec.name}.json"] = _json(
            {"name": spec.name, "expectations": suite(spec)}
        )
    files[GENERATED / "expectations.md"] = _expectations()
    files[GENERATED / "data_dictionary.md"] = _dictionary()
    return files


def stale_files() -> list[Path]:
    """Generated files that differ from what would be generated, and files that nothing generates."""
    wanted = generated_files()
    stale = [
        path
        for path, content in wanted.items()
        if not path.exists() or path.read_text(encoding="utf-8") != content
    ]
    extra = [path for path in GENERATED.rglob("*") if path.is_file() and path not in wanted]
    return sorted(stale + extra)


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _row_schema(spec: Table) -> dict[str, Any]:
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": spec.name,
        "description": spec.description,
        "type": "object",
        "properties": {column.name: _property(column) for column in spec.columns},
        "required": [column.name for column in spec.columns if column.required],
        "additionalProperties": False,
    }


def _property(column: Column) -> dict[str, Any]:
    found = _json_type(column.type)
    if column.values is not None:
        found["enum"] = [*column.values, *([] if column.required else [None])]
    limits = {
        "minimum": column.min,
        "maximum": column.max,
        "pattern": column.pattern,
        "minLength": column.min_length,
    }
    found |= {name: value for name, value in limits.items() if value is not None}
    if not column.required and "type" in found:
        found["type"] = [found["type"], "null"]
    return {"description": column.description, **found}


def _json_type(kind: str) -> dict[str, Any]:
    kind = kind.strip()
    if kind in _JSON_TYPES:
        return dict(_JSON_TYPES[kind])
    if kind.startswith("list<"):
        return {"type": "array", "items": _json_type(kind[5:-1])}
    fields = dict(part.split(":", 1) for part in kind[len("struct<") : -1].split(","))
    properties = {name.strip(): _json_type(inner) for name, inner in fields.items()}
    for entry in properties.values():
        entry["type"] = [entry["type"], "null"]
    return {"type": "object", "properties": properties}


def _expectations() -> str:
    lines = ["# Expectations", "", "Generated from `schemas/tables/`; `make generate` makes it again.", ""]
    for spec in tables().values():
        lines += [f"## {spec.name}", "", "| expected | a failure | name |", "|---|---|---|"]
        metas = [config["meta"] for config in suite(spec)]
        lines += [f"| {m['sentence']} | {m['severity']} | `{m['expectation']}` |" for m in metas]
        lines.append("")
    return "\n".join(lines)


def _dictionary() -> str:
    lines = ["# Data dictionary", "", "Generated from `schemas/`; `make generate` makes it again.", ""]
    for spec in tables().values():
        partition = f" Partitioned by {', '.join(spec.partition_by)}." if spec.partition_by else ""
        lines += [f"## {spec.name}", "", f"{spec.description} Key: {', '.join(spec.key)}.{partition}", ""]
        lines += ["| column | type | required | what it says |", "|---|---|---|---|"]
        lines += [
            f"| {c.name} | {c.type} | {'yes' if c.required else ''} | {c.description} |" for c in spec.columns
        ]
        lines += [
            f"| {c.name} | {c.type} | {'yes' if c.required else ''} | {c.description} In the view only. |"
            for c in spec.view_columns
        ]
        if spec.expectations:
            lines += ["", "Expected of its rows:", ""]
            lines += [f"- {e['sentence']} ({e.get('severity', 'reject')})" for e in spec.expectations]
        lines.append("")
    lines += ["## Views", ""]
    for name, sentence in described_views():
        lines.append(f"- **{name}**: {sentence}")
        lines += [f"  - {column}: {text}" for column, text in view_columns(name)]
    lines += ["", "## Macros", ""]
    lines += [f"- **{call}**: {sentence}" for call, sentence in described_macros()]
    lines += ["", "## Codes", ""]
    for name, entry in codebook()["event_types"].items():
        lines += [f"### {name}", "", entry["description"], ""]
        lines += [f"- **{sub}**: {text}" for sub, text in entry["sub_event_types"].items()]
        lines.append("")
    for heading in ("statuses", "date_precisions", "geo_precisions", "actor_types"):
        lines += [f"### {heading.replace('_', ' ')}", ""]
        lines += [f"- **{code}**: {text}" for code, text in codebook()[heading].items()]
        lines.append("")
    lines += ["### reasons of quarantine", ""]
    lines += [f"- **{code}**: {entry['what']} {entry['do']}" for code, entry in quarantine_reasons().items()]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the files, or with ``--check`` fail where they are stale."""
    if "--check" in sys.argv[1:]:
        stale = stale_files()
        if stale:
            sys.exit("Stale: " + ", ".join(path.name for path in stale) + ". Run: make generate")
        return
    wanted = generated_files()
    for path in set(GENERATED.rglob("*")) - set(wanted):
        if path.is_file():
            path.unlink()
    for path, content in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    print(f"{len(wanted)} files in {GENERATED}")


if __name__ == "__main__":
    main()
