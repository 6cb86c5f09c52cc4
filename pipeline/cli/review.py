"""``incidents correct``, ``retract`` and ``reprocess``: published rows revised by people, or read again."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

import typer
from rich.markup import escape

from pipeline.cli.batch import show_batch
from pipeline.cli.console import ExtractorName, Json, clean_text, out, print_json, quiet, say
from pipeline.config import settings

Set = Annotated[
    list[str],
    typer.Option(
        "--set", help="field=value; null empties it; repeat for more fields.", metavar="FIELD=VALUE"
    ),
]
Reason = Annotated[str, typer.Option("--reason", help="Why, in words that a stranger understands.")]
By = Annotated[str, typer.Option("--by", help="Who decides.")]
Key = Annotated[
    str, typer.Argument(help="report_id (or the key of another extracted row).", metavar="REPORT_ID")
]


def apply_decision(
    action: str,
    target: str,
    reason: str,
    by: str,
    extractor: str,
    *,
    changes: list[str] | None = None,
    is_accepted: bool = False,
    as_json: bool,
) -> None:
    """Decide, read the article again, publish, and print what came out."""
    from pipeline import stages
    from pipeline.batches.review import Decision, counted_instead
    from pipeline.batches.summary import summarize_batch
    from pipeline.quality.corrections import parse_settings

    found = settings()
    corrections = parse_settings(changes or []) if action == "correct" else {}
    decision = Decision(action, target, reason, by, corrections, is_accepted)
    batch_id = stages.ingest_decisions([decision], found)
    stages.finish(batch_id, found, extractor=extractor, progress=quiet if as_json else say)
    counted = counted_instead(batch_id, found)
    if as_json:
        print_json(summarize_batch(batch_id, found) | {"counted_instead": counted})
        return
    show_batch(batch_id, found, as_json=False)
    show_revisions(batch_id)
    for line in counted:
        out.print(escape(clean_text(line)))


def show_revisions(batch_id: str) -> None:
    """What a batch has decided, changed and taken back."""
    from pipeline.lake.snapshot import Snapshot

    with Snapshot(settings().lake) as snapshot:
        rows = snapshot.rows(
            "SELECT * FROM revisions WHERE batch_id = ? ORDER BY reviewer_name NULLS LAST, entity, entity_id",
            [batch_id],
        )
    for row in rows:
        what = f"{row['action']} {row['entity']} {row['entity_id']}"
        if row["field"] is not None:
            what += f" {row['field']}: {row['old_value']} → {row['new_value']}"
        out.print("  " + escape(clean_text(what + f" ({row['reason']})")))


def correct(
    key: Key,
    changes: Set,
    reason: Reason,
    by: By,
    accept: Annotated[
        bool, typer.Option("--accept", help="Publish it in spite of the expectations that it fails then.")
    ] = False,
    extractor: ExtractorName = "rules",
    json: Json = False,
) -> None:
    """Set fields of a published row. The correction holds whenever the article is read again."""
    apply_decision("correct", key, reason, by, extractor, changes=changes, is_accepted=accept, as_json=json)


def retract(
    key: Key,
    reason: Reason,
    by: By,
    undo: Annotated[bool, typer.Option("--undo", help="Publish what was retracted again.")] = False,
    extractor: ExtractorName = "rules",
    json: Json = False,
) -> None:
    """Take a published row back, with what belongs to it, for as long as the decision stands."""
    apply_decision("restore" if undo else "retract", key, reason, by, extractor, as_json=json)


def reprocess(
    article_ids: Annotated[
        list[str] | None,
        typer.Argument(help="Articles; all that meet the conditions if left out.", metavar="[ARTICLE_ID]..."),
    ] = None,
    source: Annotated[str | None, typer.Option("--source", help="The outlet or feed (source_name).")] = None,
    since: Annotated[
        dt.datetime | None,
        typer.Option("--since", help="Published on this day or later.", formats=["%Y-%m-%d"]),
    ] = None,
    country: Annotated[
        str | None, typer.Option("--country", help="With an incident in it now (ISO 3166-1 alpha-3).")
    ] = None,
    outdated: Annotated[
        bool, typer.Option("--outdated", help="Only what another version of the extractor read.")
    ] = False,
    everything: Annotated[
        bool, typer.Option("--all", help="The whole lake, where no condition is given.")
    ] = False,
    extractor: ExtractorName = "rules",
    json: Json = False,
) -> None:
    """Read articles of the lake again and replace what was published of them.

    Killed, the same command goes on, and then reads what has come since.
    """
    from pipeline import stages
    from pipeline.batches.reprocess import Selection
    from pipeline.errors import ReviewError

    if not any((article_ids, source, since, country, outdated, everything)):
        raise ReviewError("Say which articles: ids, --source, --since, --country, --outdated, or --all.")
    chosen = Selection(tuple(article_ids or ()), source, since.date() if since else None, country, outdated)
    batch_ids = list(
        stages.reprocess(chosen, settings(), extractor=extractor, progress=quiet if json else say)
    )
    if json:
        print_json({"batch_ids": batch_ids})
        return
    for batch_id in batch_ids:
        show_batch(batch_id, settings(), as_json=False)
        show_revisions(batch_id)
    if not batch_ids:
        out.print("There is nothing to read again.")
