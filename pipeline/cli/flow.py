"""The whole flow and each part of it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from pipeline.cli.batch import show_batch
from pipeline.cli.console import (
    EXIT_FAILURE,
    ExtractorName,
    Json,
    out,
    print_json,
    print_table,
    quiet,
    say,
    tell_error,
)
from pipeline.config import settings
from pipeline.errors import ConfigError, PipelineError
from pipeline.files import replacing

Paths = Annotated[
    list[str],
    typer.Argument(
        help="Files or folders of articles; `incidents sources` lists the kinds.", metavar="PATH..."
    ),
]


def run(paths: Paths, extractor: ExtractorName = "rules", json: Json = False) -> None:
    """Read articles, extract incidents, check and publish them, write the report. The same stages that the Dags run."""
    from pipeline import stages

    found = settings()
    batch_id = stages.run(paths, found, extractor=extractor, progress=quiet if json else say)
    show_batch(batch_id, found, as_json=json)


def fetch(
    names: Annotated[
        list[str],
        typer.Argument(help="Declared sources; `incidents sources` lists them.", metavar="SOURCE..."),
    ],
    extractor: ExtractorName = "rules",
    json: Json = False,
) -> None:
    """Read what declared sources have that is new, and publish it: the whole flow, a batch a source.

    One that fails is told, and the others are read all the same; the exit code is 1 then.
    """
    from pipeline import stages

    found, failed = settings(), False
    for name in names:
        try:
            batch_id = stages.run_source(name, found, extractor=extractor, progress=quiet if json else say)
        except PipelineError as error:
            tell_error(error)
            failed = True
            continue
        if batch_id is not None:
            show_batch(batch_id, found, as_json=json)
        elif json:
            print_json({"batch_id": None, "source": name})
        else:
            out.print(f"{name}: nothing new.")
    if failed:
        raise typer.Exit(EXIT_FAILURE)


def ingest(paths: Paths, json: Json = False) -> None:
    """Read articles and publish nothing: what is there, and what cannot be read and why."""
    from pipeline import stages
    from pipeline.batches.staging import StagedBatch

    found = settings()
    batch_id = stages.ingest(paths, found)
    staged = StagedBatch(found.staging, batch_id)
    if not staged.folder.exists():
        counts, failed = {"items_fetched": 0}, []
    else:
        note = staged.read_note("ingest")
        counts = {
            name: note[name]
            for name in (
                "items_fetched",
                "items_parsed",
                "items_failed",
                "items_gated",
                "duplicates",
                "conflicting",
            )
        }
        counts["to_extract"] = staged.read_arrow("ingest", "articles").num_rows
        failed = [
            [r["input_location"], r["reason_code"], r["reason"]]
            for r in staged.read_rows("ingest", "quarantine")
        ]
    if json:
        print_json({"batch_id": batch_id, **counts, "rejected": failed})
        return
    out.print(
        f"Batch {batch_id}: "
        + ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counts.items())
    )
    if failed:
        print_table(["where", "reason", "what happened and what to do"], failed)
    out.print(f"Go on with: incidents run {' '.join(paths)}", markup=False)


def extract(
    source: Annotated[
        str, typer.Argument(help="JSONL of articles, or - for standard input.", metavar="IN.jsonl")
    ] = "-",
    output: Annotated[
        str, typer.Option("-o", "--output", help="Where to write, or - for standard output.")
    ] = "-",
    extractor: ExtractorName = "rules",
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes to use.")] = 1,
) -> None:
    """Extract incidents from articles, nothing else: one line in, one line out, in order; no lake, no Airflow.

    A line that is no article, or whose article cannot be read, gives a line whose `error` says why.
    """
    from pipeline.batches.lines import extract_lines

    if source != "-" and output != "-" and _are_same(Path(source), Path(output)):
        raise ConfigError(
            f"{output} is the file that is read: what is written there would replace its articles. Give another name."
        )
    with _read(source) as lines, _written(output) as made:
        for line in extract_lines(lines, extractor=extractor, workers=workers):
            made.write(line + b"\n")


def _are_same(source: Path, output: Path) -> bool:
    return source.exists() and output.exists() and source.samefile(output)


@contextmanager
def _read(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdin.buffer
        return
    try:
        lines = Path(name).open("rb")  # noqa: SIM115
    except OSError as error:
        raise ConfigError(f"Cannot open {name}: {error.strerror}.") from error
    with lines:
        yield lines


@contextmanager
def _written(name: str) -> Iterator[BinaryIO]:
    """A stream whose content stands under the name when all is written; a file that was there stays until then."""
    path = Path(name).resolve()  # a link goes on leading to the file
    if name == "-":
        yield sys.stdout.buffer
    elif path.exists() and not path.is_file() and not path.is_dir():  # a pipe or a device cannot be replaced
        with path.open("wb") as made:
            yield made
    else:
        with replacing(path) as staged:
            staged.unlink()  # it is made anew with the permissions that the user's files have
            with staged.open("wb") as made:
                yield made


def report(
    batch: Annotated[
        str | None, typer.Option("--batch", help="Batch to report on; the latest if left out.")
    ] = None,
    json: Json = False,
) -> None:
    """Write the data-quality report of a batch again and print its path."""
    from pipeline import stages
    from pipeline.lake.snapshot import Snapshot

    found = settings()
    with Snapshot(found.lake) as snapshot:
        known = [
            row["batch_id"]
            for row in snapshot.rows("SELECT batch_id FROM batches ORDER BY committed_at DESC")
        ]
    chosen = batch or (known[0] if known else None)
    if chosen is None or chosen not in known:
        raise ConfigError(f'No batch {chosen or ""} is published. See: incidents query "FROM ledger".')
    path = stages.write_batch_report(chosen, found)
    print_json({"batch_id": chosen, "report": path}) if json else out.print(path)
