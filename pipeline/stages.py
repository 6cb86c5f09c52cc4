"""The page to read first: the stages that news articles flow through, in order, each callable alone.

``ingest`` → ``extract`` → ``validate`` → ``publish`` → ``write_batch_report``. A stage reads what the one before left
in the batch's staging folder, and leaves its own; a stage that was killed is run again. The batch id is made from
the inputs, so the same inputs are the same batch, and a batch that is published already goes through untouched.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pipeline.batches import arrivals, extraction, intake, publication, replay, reporting, validation
from pipeline.batches import reprocess as reprocessing
from pipeline.batches import review as reviewing
from pipeline.batches.staging import StagedBatch
from pipeline.batches.sweep import sweep_sometimes
from pipeline.config import Settings
from pipeline.errors import ContractError, LakeError, OutdatedError, SupersededError

DEFAULT_EXTRACTOR = "rules"
_TRIES = 5
Progress = Callable[[str], None]
"""Told a line whenever there is something to say about long work."""


def _silent(_line: str) -> None:
    return


def ingest(paths: Sequence[str | Path], settings: Settings) -> str:
    """Read the articles of files and folders, keep the original bytes, stage what is new. Returns the batch id."""
    sweep_sometimes(settings, now=_now())
    return intake.ingest(paths, settings, now=_now())


def ingest_source(name: str, settings: Settings) -> str | None:
    """Stage what a declared source has that is new since its last published batch.

    Returns the batch id; ``None`` where there is nothing new.
    """
    sweep_sometimes(settings, now=_now())
    return arrivals.ingest_source(name, settings, now=_now())


def ingest_quarantined(quarantine_ids: Sequence[str], settings: Settings) -> str:
    """Stage the originals of quarantined rows again (all open ones where none is named). Returns the batch id."""
    return replay.ingest_quarantined(list(quarantine_ids), settings, now=_now())


def ingest_decisions(decisions: Sequence[reviewing.Decision], settings: Settings) -> str:
    """Stage people's decisions with the articles they are about. Returns the batch id.

    Raises:
        ReviewError: a decision names what is not there or sets what cannot be; nothing was staged.
    """
    return reviewing.ingest_decisions(decisions, settings, now=_now())


def extract(
    batch_id: str, settings: Settings, *, extractor: str = DEFAULT_EXTRACTOR, progress: Progress = _silent
) -> dict[str, int]:
    """Turn the staged articles into incident reports, claims and figures. Returns counts."""
    staged = _staged(batch_id, settings)
    return _unless_published(
        staged,
        settings,
        lambda: extraction.extract(staged, settings, extractor_name=extractor, now=_now(), progress=progress),
    )


def validate(batch_id: str, settings: Settings) -> dict[str, int]:
    """Check every row against the expectations; split accepted rows from quarantined ones. Returns counts.

    Raises:
        ContractError: an expectation that must stop the batch failed; nothing will be published.
    """
    staged = _staged(batch_id, settings)
    return _unless_published(staged, settings, lambda: validation.validate(staged, settings, now=_now()))


def publish(batch_id: str, settings: Settings) -> dict[str, int]:
    """Make the batch visible, whole, once. Returns its conservation ledger.

    Raises:
        ContractError: the counts do not add up; nothing is published.
    """
    return publication.publish(_staged(batch_id, settings), settings, now=_now())


def write_batch_report(batch_id: str, settings: Settings) -> str:
    """Write the data-quality report of a published batch. Returns the path of the HTML file."""
    return str(reporting.write_batch_report(batch_id, settings))


def run(
    paths: Sequence[str | Path],
    settings: Settings,
    *,
    extractor: str = DEFAULT_EXTRACTOR,
    progress: Progress = _silent,
    is_reported: bool = True,
) -> str:
    """The whole flow in this process; the report is left for later where not ``is_reported``. Returns the batch id."""
    progress("ingest: reading articles")
    batch_id = ingest(paths, settings)
    return finish(batch_id, settings, extractor=extractor, progress=progress, is_reported=is_reported)


def run_source(
    name: str,
    settings: Settings,
    *,
    extractor: str = DEFAULT_EXTRACTOR,
    progress: Progress = _silent,
    is_reported: bool = True,
) -> str | None:
    """The whole flow for what a declared source has that is new. Returns the batch id.

    ``None`` where nothing is new, or where another run of the same source was faster.
    """
    progress(f"ingest: reading the source {name}")
    try:
        batch_id = ingest_source(name, settings)
    except SupersededError as error:
        progress(str(error))
        return None
    if batch_id is None:
        return None
    try:
        return finish(batch_id, settings, extractor=extractor, progress=progress, is_reported=is_reported)
    except SupersededError as error:
        progress(str(error))  # its staging folder is left to the sweep: a twin may be working in it
        return None


def reprocess(
    selection: reprocessing.Selection,
    settings: Settings,
    *,
    extractor: str = DEFAULT_EXTRACTOR,
    progress: Progress = _silent,
) -> Iterator[str]:
    """Read articles of the lake again and replace their rows, batch after batch. Gives the batch ids."""
    return reprocessing.reprocess(
        selection,
        settings,
        extractor=extractor,
        finish=lambda batch_id: finish(batch_id, settings, extractor=extractor, progress=progress),
        progress=progress,
    )


def finish(
    batch_id: str,
    settings: Settings,
    *,
    extractor: str = DEFAULT_EXTRACTOR,
    progress: Progress = _silent,
    is_reported: bool = True,
) -> str:
    """All stages after reading. Returns the batch id."""
    progress("extract: finding incidents")
    extract(batch_id, settings, extractor=extractor, progress=progress)
    _check_and_publish(batch_id, settings, progress)
    if is_reported:
        progress("report: writing the data-quality report")
        write_batch_report(batch_id, settings)
    return batch_id


def _check_and_publish(batch_id: str, settings: Settings, progress: Progress) -> None:
    """Validate and publish; again where people have decided about the rows in between."""
    for tries_left in reversed(range(_TRIES)):
        progress("validate: checking expectations")
        validate(batch_id, settings)
        progress("publish: committing the batch")
        try:
            publish(batch_id, settings)
        except OutdatedError as error:
            if not tries_left:
                raise
            progress(str(error))
        else:
            return


def _staged(batch_id: str, settings: Settings) -> StagedBatch:
    return StagedBatch(settings.staging, batch_id)


def _unless_published(
    staged: StagedBatch, settings: Settings, work: Callable[[], dict[str, int]]
) -> dict[str, int]:
    """Do the work of a stage; nothing where the batch is published, also where another process did so meanwhile."""

    def is_published() -> bool:
        return publication.published_ledger(staged.batch_id, settings.lake) is not None

    if is_published():
        return {}
    try:
        return work()
    except (ContractError, LakeError, OSError):
        # A twin of this process has published the batch and cleared its staging folder.
        if is_published():
            return {}
        raise


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
