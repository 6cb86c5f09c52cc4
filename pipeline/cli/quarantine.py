"""``incidents quarantine``: what was rejected, and what people decide about it."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
import typer
from rich.markup import escape

from pipeline.cli.batch import show_batch
from pipeline.cli.console import ExtractorName, Json, clean_text, out, print_json, print_table, quiet, say
from pipeline.cli.review import By, Reason, Set, apply_decision
from pipeline.config import settings
from pipeline.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="Look at what was rejected, decide about it, and try it again.")
Id = Annotated[str, typer.Argument(help="Id of `incidents quarantine list`.", metavar="ID")]


@app.command("list")
def quarantine_list(
    stage: Annotated[str | None, typer.Option("--stage", help="ingest, extract or validate.")] = None,
    reason: Annotated[str | None, typer.Option("--reason", help="A reason code.")] = None,
    source: Annotated[
        str | None, typer.Option("--source", help="Part of the file or source it came from.")
    ] = None,
    orphaned: Annotated[
        bool,
        typer.Option(
            "--orphaned",
            help="Decisions that reach no row: its article came in a newer version, or it does not come out any more.",
        ),
    ] = False,
    everything: Annotated[bool, typer.Option("--all", help="Replayed rows too.")] = False,
    json: Json = False,
) -> None:
    """Rejected inputs and rows, each with what happened and what to do, and how many there are of a kind."""
    from pipeline.batches.decisions import orphaned_decisions
    from pipeline.lake.snapshot import Snapshot

    _check_known("stage", stage)
    _check_known("reason_code", reason)
    with Snapshot(settings().lake) as snapshot:
        if orphaned:
            _show_orphaned(orphaned_decisions(snapshot), as_json=json)
            return
        rows = snapshot.rows(
            "SELECT * FROM quarantine WHERE (? OR replayed_at IS NULL) AND stage = coalesce(?, stage) "
            "AND reason_code = coalesce(?, reason_code) AND contains(input_location, coalesce(?, '')) "
            "ORDER BY stage, reason_code, input_location",
            [everything, stage, reason, source],
        )
    if json:
        print_json(rows)
        return
    if not rows:
        is_filtered = any(given is not None for given in (stage, reason, source))
        out.print("Nothing in quarantine matches." if is_filtered else "Nothing is in quarantine.")
        return
    print_table(["id", "stage", "reason", "where", "what happened and what to do"],
           [[r["quarantine_id"], r["stage"], r["reason_code"], r["input_location"], r["reason"]] for r in rows])  # fmt: skip
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        kind = (row["stage"], row["reason_code"])
        counts[kind] = counts.get(kind, 0) + 1
    print_table(["stage", "reason", "count"], [[*kind, count] for kind, count in sorted(counts.items())])


def _check_known(column: str, given: str | None) -> None:
    from pipeline.schema.tables import table

    [known] = [c.values or () for c in table("quarantine").columns if c.name == column]
    if given is not None and given not in known:
        raise ConfigError(f"There is no {column.replace('_', ' ')} {given!r}; known: {', '.join(known)}.")


def _show_orphaned(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        print_json(rows)
    elif not rows:
        out.print(
            "Every decision is about a row of a current article that is published, retracted or in quarantine."
        )
    else:
        print_table(["row", "action", "field", "value", "by", "reason"],
           [[r["entity_id"], r["action"], r["field"], r["new_value"], r["reviewer_name"], r["reason"]] for r in rows])  # fmt: skip


@app.command("show")
def quarantine_show(quarantine_id: Id, json: Json = False) -> None:
    """One rejected row, open or closed: what it fails, field by field, and the words of the article around its quotes."""
    from pipeline.batches.dossier import dossier

    found = dossier(quarantine_id, settings(), is_open=False)
    if json:
        print_json(found)
        return
    out.print(f"[bold]{escape(clean_text(quarantine_id))}[/bold] {escape(clean_text(found['reason']))}")
    if found["replayed_at"] is not None:
        out.print(
            f"  closed since {found['replayed_at']}: it was published, decided about or rejected otherwise"
        )
    for sentence in found["failed_expectations"]:
        out.print(f"  fails: {escape(clean_text(sentence))}")
    rows = [[name, _text(value)] for name, value in found["row"].items()]
    print_table(["field", "value"], rows, found["input_location"])
    for quote in found["quotes"]:
        before, words, after = (escape(clean_text(quote[part])) for part in ("before", "quote", "after"))
        out.print(f"  {escape(clean_text(quote['field']))}: …{before}[bold]{words}[/bold]{after}…")
    if found["content"] is not None:
        out.print(escape(clean_text(found["content"])))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


@app.command("correct")
def quarantine_correct(
    quarantine_id: Id,
    changes: Set,
    reason: Reason,
    by: By,
    extractor: ExtractorName = "rules",
    json: Json = False,
) -> None:
    """Set fields of a rejected row or record; it is checked again like all others and published if it passes."""
    apply_decision("correct", quarantine_id, reason, by, extractor, changes=changes, as_json=json)


@app.command("accept")
def quarantine_accept(
    quarantine_id: Id, reason: Reason, by: By, extractor: ExtractorName = "rules", json: Json = False
) -> None:
    """Publish a rejected row in spite of the expectations it fails now; it still must meet all others."""
    apply_decision("accept", quarantine_id, reason, by, extractor, as_json=json)


@app.command("retract")
def quarantine_retract(
    quarantine_id: Id, reason: Reason, by: By, extractor: ExtractorName = "rules", json: Json = False
) -> None:
    """Settle a rejected row as not to be published."""
    apply_decision("retract", quarantine_id, reason, by, extractor, as_json=json)


@app.command("replay")
def quarantine_replay(
    ids: Annotated[
        list[str] | None,
        typer.Argument(help="Ids to try again; all open ones if left out.", metavar="[ID]..."),
    ] = None,
    extractor: ExtractorName = "rules",
    json: Json = False,
) -> None:
    """Send rejected inputs and rows through the stages again, after a mend or an update."""
    from pipeline import stages

    found = settings()
    progress = quiet if json else say
    progress("ingest: reading the kept originals")
    batch_id = stages.finish(
        stages.ingest_quarantined(ids or [], found), found, extractor=extractor, progress=progress
    )
    show_batch(batch_id, found, as_json=json)
