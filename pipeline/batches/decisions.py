"""Decisions of people: those that the lake holds, and their copies in the raw store."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import orjson

from pipeline.errors import LakeError
from pipeline.extract.rows import EXTRACTED_TABLES
from pipeline.files import write_atomically
from pipeline.lake.catalog import read_catalog
from pipeline.lake.snapshot import Snapshot, sql_text
from pipeline.quality.revisions import DECIDED
from pipeline.schema.tables import table

Row = dict[str, Any]
_RESTORE = "Restore it from a backup, or remove it to go on without; a rebuild writes what the table revisions tells again."


class _Decision(msgspec.Struct, kw_only=True):
    """A decision as its file tells it: a row of ``revisions`` but for its batch."""

    revision_id: str
    entity: str
    entity_id: str
    article_id: str | None = None
    article_version: str | None = None
    action: Literal["correct", "accept", "retract", "restore"]
    field: str | None = None
    old_value: str | None = None
    new_value: str | None = None
    reason: str
    reviewer_name: str | None = None
    decided_at: Annotated[dt.datetime, msgspec.Meta(tz=True)]


def decisions_about(lake: Path, versions: set[tuple[str, str]]) -> list[Row]:
    """What people have decided about rows of these article versions, as the lake holds it now."""
    catalog = read_catalog(lake)
    if "revisions" not in catalog.tables or not versions:
        return []
    with Snapshot(lake, catalog) as snapshot:
        return snapshot_decisions(snapshot, versions)


def snapshot_decisions(snapshot: Snapshot, versions: set[tuple[str, str]]) -> list[Row]:
    """The same of one visible state."""
    columns = [column.name for column in table("revisions").columns]
    wanted = {(version,) for _, version in versions}
    found = snapshot.matching("revisions", columns, ("article_version",), wanted)
    decided = [row for row in found if row["action"] in DECIDED]
    return sorted(decided, key=lambda row: (row["decided_at"], row["revision_id"]))


def decided_versions(snapshot: Snapshot, superseded: Iterable[Row]) -> frozenset[str]:
    """Those of the superseded versions that people have decided about."""
    versions = {(row["article_id"], row["version"]) for row in superseded}
    decided = snapshot_decisions(snapshot, versions) if versions else []
    return frozenset(row["article_version"] for row in decided)


def orphaned_decisions(snapshot: Snapshot) -> list[Row]:
    """Decisions that reach no row: their article has come in a newer version, or what they are about does not come out any more.

    They stay in the table and hold again when their row does. A retracted row is where it was sent, so of current versions it is not told.
    """
    held = " UNION ALL ".join(
        f"SELECT {table(name).key[0]} AS entity_id FROM {name}" for name in EXTRACTED_TABLES
    )
    return snapshot.rows(
        f"""WITH held AS ({held}), verdicts AS (
              SELECT entity_id, arg_max(action, (decided_at, revision_id)) AS verdict FROM revisions
              WHERE action IN ('retract', 'restore') GROUP BY entity_id)
            SELECT revisions.* FROM revisions LEFT JOIN verdicts USING (entity_id)
            WHERE entity IN ({", ".join(map(sql_text, EXTRACTED_TABLES))})
              AND (action IN ('correct', 'accept') OR (action = 'retract' AND verdict = 'retract'))
              AND (article_version IN (SELECT version FROM superseded_versions)
                   OR (verdict IS DISTINCT FROM 'retract' AND NOT EXISTS (FROM held WHERE held.entity_id = revisions.entity_id)
                       AND NOT EXISTS (SELECT 1 FROM quarantine AS q WHERE q.article_version = revisions.article_version
                                       AND q.replayed_at IS NULL AND contains(q.row_json, '"' || revisions.entity_id || '"'))))
            ORDER BY decided_at, revision_id"""
    )


def is_decided_otherwise(
    snapshot: Snapshot, versions: set[tuple[str, str]], seen: list[str], raced: set[tuple[Any, ...]]
) -> bool:
    """True where people have decided about the versions since ``seen``; those of ``raced`` ones count for nothing."""
    decided = snapshot_decisions(snapshot, versions | raced)
    known = {row["revision_id"] for row in decided if (row["article_id"], row["article_version"]) in raced}
    return {row["revision_id"] for row in decided} - known != set(seen) - known


def keep_decisions(rows: Iterable[Row], store: Path) -> None:
    """Write each decision of a person into the raw store, content-addressed, so that a lost table can be made again."""
    for row in rows:
        if row["action"] not in DECIDED:
            continue
        content = orjson.dumps(without_batch(row), option=orjson.OPT_SORT_KEYS)
        path = decisions_folder(store) / f"{hashlib.sha256(content).hexdigest()}.json"
        if not path.exists():
            write_atomically(path, content)


def read_decisions(store: Path) -> list[Row]:
    """All decisions of the raw store, as rows of ``revisions`` but for their batch, earliest first.

    Raises:
        LakeError: a decision is damaged.
    """
    found = []
    for kept in kept_decisions(store):
        if isinstance(kept, LakeError):
            raise kept
        found.append(kept)
    return sorted(found, key=lambda row: (row["decided_at"], row["revision_id"]))


def kept_decisions(store: Path) -> Iterator[Row | LakeError]:
    """The same in no order that matters, those that are damaged as the error that names the file."""
    for path in sorted(decisions_folder(store).glob("*.json")):
        try:
            content = path.read_bytes()
        except OSError as error:
            yield LakeError(f"The decision {path} cannot be read ({error.strerror}). {_RESTORE}")
            continue
        if hashlib.sha256(content).hexdigest() != path.stem:
            yield LakeError(f"The decision {path} is damaged. {_RESTORE}")
            continue
        try:
            yield msgspec.structs.asdict(msgspec.json.decode(content, type=_Decision))
        except msgspec.DecodeError as error:
            yield LakeError(f"The decision {path} is damaged ({error}). {_RESTORE}")


def unkept_decisions(rows: Iterable[Row], store: Path) -> list[Row]:
    """Those decisions among rows of ``revisions`` of which the raw store holds no whole file that says the same."""
    kept = {
        found["revision_id"]: found for found in kept_decisions(store) if not isinstance(found, LakeError)
    }
    return [
        row for row in rows if row["action"] in DECIDED and kept.get(row["revision_id"]) != without_batch(row)
    ]


def without_batch(row: Row) -> Row:
    """What a row of ``revisions`` says of a decision, whichever batch published it."""
    return {name: value for name, value in row.items() if name != "batch_id"}


def decisions_folder(store: Path) -> Path:
    """Where the raw store keeps decisions."""
    return store / "decisions"
