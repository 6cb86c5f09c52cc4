"""Damage: whatever happens to the files of a lake is told clearly, found by the check, and healed by the rebuild."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.speed.staged import article_row, stage_batch
from pipeline.batches import extraction
from pipeline.batches.lake_check import check_lake
from pipeline.batches.publication import publish, published_ledger
from pipeline.batches.rebuild import rebuild
from pipeline.config import Settings
from pipeline.errors import ContractError, LakeError
from pipeline.lake.catalog import read_catalog, writer_lock
from pipeline.lake.digest import lake_digest
from pipeline.lake.views import refresh_database
from pipeline.text.guard import Outcome
from tests.articles import record
from tests.forks import Done, ForkServer, fork_server

QUESTION = ("query", "SELECT count(*) AS n FROM articles WHERE text <> ''", "--json")


def _sampled(cases: list[Any], *in_suite: int) -> list[Any]:
    """All cases, but those not numbered are left to the drill: each takes seconds and differs little from its neighbours."""
    return [
        case if number in in_suite else pytest.param(case, marks=pytest.mark.drill)
        for number, case in enumerate(cases)
    ]


@pytest.fixture(scope="module")
def server() -> Iterator[ForkServer]:
    with fork_server() as running:
        yield running


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory, server: ForkServer) -> Path:
    """A home whose lake was filled in two batches, copies and a line that is no article among them."""
    folder = tmp_path_factory.mktemp("filled")
    for name, numbers in (("a", (1, 2)), ("b", (2, 3))):
        lines = [json.dumps(record(number)) for number in numbers]
        (folder / f"{name}.jsonl").write_text("\n".join([*lines, f"no article {name}"]))
        done = server.run(folder / "home", "run", str(folder / f"{name}.jsonl"), "--json")
        assert done.code == 0, done.err
    return folder / "home"


@pytest.fixture(scope="module")
def grown(filled: Path, tmp_path_factory: pytest.TempPathFactory, server: ForkServer) -> dict[str, str]:
    """What that lake says with a third batch."""
    home = tmp_path_factory.mktemp("grown") / "home"
    shutil.copytree(filled, home)
    (home.parent / "new.jsonl").write_text(json.dumps(record(9)))
    done = server.run(home, "run", str(home.parent / "new.jsonl"), "--json")
    assert done.code == 0, done.err
    return lake_digest(home / "incidents.duckdb")


@pytest.fixture
def copied(filled: Path, tmp_path: Path) -> Settings:
    """A copy that a test may damage, of files that no table refers to by an absolute path but the database's views."""
    home = tmp_path / "home"
    shutil.copytree(filled, home)
    (home / "incidents.duckdb").unlink()

    refresh_database(home / "incidents.duckdb", home / "lake")
    return Settings(home=home, lake=home / "lake", workers=1)


def a_file(lake: Path, name: str) -> Path:
    return sorted(path for path in (lake / name).rglob("*.parquet") if "_delta_log" not in path.parts)[0]


def cut_short(lake: Path) -> None:
    path = a_file(lake, "articles")
    path.write_bytes(path.read_bytes()[:-100])


def overwritten(lake: Path) -> None:
    path = a_file(lake, "articles")
    content = bytearray(path.read_bytes())
    content[4:400] = bytes(396)
    path.write_bytes(content)


def log_overwritten(lake: Path) -> None:
    for path in (lake / "incident_reports" / "_delta_log").iterdir():
        path.write_bytes(b"{no log")


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "a table is gone": (lambda lake: shutil.rmtree(lake / "incident_reports"), "incident_reports"),
    "a file is cut short": (cut_short, "cut short"),
    "a file is overwritten": (overwritten, "a part of it was changed"),
    "a file is gone": (lambda lake: a_file(lake, "casualty_figures").unlink(), "is gone"),
    "a log is overwritten": (log_overwritten, "incident_reports"),
    "the catalog is overwritten": (lambda lake: (lake / "catalog.json").write_bytes(b"\0" * 50), "damaged"),
    "the catalog is gone": (lambda lake: (lake / "catalog.json").unlink(), "is gone"),
}


def assert_told(done: Done) -> None:
    """An error in a sentence, with what to do, and exit code 1."""
    assert done.code == 1, done.err
    assert "Traceback" not in done.err
    assert "lake rebuild" in done.err + done.out


@pytest.mark.parametrize("damage", _sampled(list(DAMAGES), 0, 1, 6))
def test_damage_is_told_found_and_healed(
    server: ForkServer, copied: Settings, grown: dict[str, str], tmp_path: Path, damage: str
) -> None:
    work, named = DAMAGES[damage]
    work(copied.lake)
    asked = server.run(copied.home, *QUESTION)
    if asked.code:
        assert_told(asked)
    else:  # what the question reads is not what is damaged
        assert json.loads(asked.out) == [{"n": 3}]
    (tmp_path / "new.jsonl").write_text(json.dumps(record(9)))
    if damage != "a file is overwritten":  # only reading it to the end can tell
        assert_told(server.run(copied.home, "doctor"))
        assert_told(server.run(copied.home, "run", str(tmp_path / "new.jsonl"), "--json"))
    checked = server.run(copied.home, "lake", "check", "--json")
    assert checked.code == 1
    assert any(named in found["damage"] for found in json.loads(checked.out)["damages"]), checked.out
    healed = server.run(copied.home, "lake", "rebuild", "--json")
    assert healed.code == 0, healed.err
    assert json.loads(healed.out)["problems"] == []
    assert server.run(copied.home, "run", str(tmp_path / "new.jsonl"), "--json").code == 0
    assert lake_digest(copied.database) == grown
    again = server.run(copied.home, "lake", "check", "--raw", "--json")
    assert again.code == 0, again.out


def test_a_lost_original_is_found_and_the_rebuild_says_what_it_leaves_out(
    server: ForkServer, copied: Settings
) -> None:
    [lost, *_] = sorted(path for path in copied.raw.glob("??/*"))
    lost.write_bytes(b"something else")
    assert server.run(copied.home, "lake", "check").code == 0
    checked = server.run(copied.home, "lake", "check", "--raw", "--json")
    assert checked.code == 1
    assert [found["file"] for found in json.loads(checked.out)["damages"]] == [str(lost)] * 2
    before = read_catalog(copied.lake), lake_digest(copied.database)
    refused = server.run(copied.home, "lake", "rebuild", "--discard-old", "--json")
    [problem] = json.loads(refused.out)["problems"]
    assert str(lost) in problem
    assert "Deliver it again" in problem
    assert (refused.code, json.loads(refused.out)["is_shown"]) == (1, False)
    assert "--accept-losses" in refused.err
    assert (read_catalog(copied.lake), lake_digest(copied.database)) == before
    assert not list(copied.lake.glob("generations/[0-9]*"))
    done = server.run(copied.home, "lake", "rebuild", "--discard-old", "--accept-losses", "--json")
    assert (done.code, json.loads(done.out)["problems"][0]) == (0, problem)
    assert (copied.lake / "articles").exists()
    assert lake_digest(copied.database) != before[1]


@pytest.mark.parametrize("lost", _sampled([(), ("batches", "articles", "quarantine")], 1))
def test_a_rebuild_without_the_originals_keeps_the_lake(
    server: ForkServer, copied: Settings, lost: tuple[str, ...]
) -> None:
    before = lake_digest(copied.database)
    copied.raw.rename(copied.home / "elsewhere")
    for name in lost:
        shutil.rmtree(copied.lake / name)
    catalog = read_catalog(copied.lake)
    done = server.run(copied.home, "lake", "rebuild", "--discard-old")
    assert done.code == 1, done.out
    assert "would be lost" in done.err
    assert "Nothing is changed" in done.err
    assert read_catalog(copied.lake) == catalog
    (copied.home / "elsewhere").rename(copied.raw)
    assert server.run(copied.home, "lake", "rebuild", "--discard-old").code == 0
    assert lake_digest(copied.database) == before


def test_a_rebuild_that_reads_fewer_articles_keeps_the_lake(server: ForkServer, copied: Settings) -> None:
    """An article version that its original does not give any more."""
    import msgspec

    from pipeline.lake.catalog import write_catalog
    from pipeline.lake.checksums import sealed
    from pipeline.lake.snapshot import Snapshot
    from pipeline.lake.store import append
    from pipeline.schema.tables import arrow_table

    with Snapshot(copied.lake) as snapshot:
        [row] = snapshot.rows("SELECT * FROM articles ORDER BY version LIMIT 1")
        catalog = snapshot.catalog
    rows = arrow_table("articles", [row | {"version": "v-other"}])
    tables = catalog.tables | {"articles": append(copied.lake, "articles", rows, batch_id=row["batch_id"])}
    write_catalog(copied.lake, sealed(copied.lake, catalog, msgspec.structs.replace(catalog, tables=tables)))
    before = read_catalog(copied.lake)
    done = server.run(copied.home, "lake", "rebuild", "--discard-old", "--json")
    assert done.code == 1, done.out
    [problem] = json.loads(done.out)["problems"]
    assert problem == "The old lake holds 4 article versions, the new one 3."
    assert read_catalog(copied.lake) == before
    assert not list(copied.lake.glob("generations/[0-9]*"))


def test_a_rebuild_in_which_extraction_fails_keeps_the_lake(
    copied: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine without enough memory, which an article needed no more of when it was published."""

    def starved(
        work: Callable[[Any], Any], tasks: Iterable[Any], **_limits: object
    ) -> Iterator[Outcome[Any, Any]]:
        for task in tasks:
            failure = "it needed more than 1 GiB of memory" if "5 soldiers" in task[1].text else None
            yield Outcome(task, None if failure else work(task), failure, is_limit=bool(failure))

    monkeypatch.setattr(extraction, "map_guarded", starved)
    before, digest = read_catalog(copied.lake), lake_digest(copied.database)
    asked = partial(
        rebuild, copied, extractor="rules", progress=print, now=dt.datetime.now(dt.UTC), is_old_discarded=True
    )
    made = asked()
    [problem] = made.problems
    assert (
        "The extraction of 1 article versions failed that the old lake had read, 1 reports fewer" in problem
    )
    assert (made.is_shown, read_catalog(copied.lake), lake_digest(copied.database)) == (False, before, digest)
    accepted = asked(is_loss_accepted=True)
    assert (accepted.is_shown, accepted.problems, accepted.incident_reports) == (True, [problem], 2)
    assert (copied.lake / "articles").exists()


def test_rows_that_contradict_the_ledger_are_found(server: ForkServer, copied: Settings) -> None:
    import deltalake
    import msgspec

    from pipeline.lake.catalog import write_catalog
    from pipeline.lake.checksums import sealed

    table = deltalake.DeltaTable(copied.lake / "articles")
    table.delete("source_article_id = 't-1'")
    catalog = read_catalog(copied.lake)
    tables = catalog.tables | {"articles": table.version()}
    write_catalog(copied.lake, sealed(copied.lake, catalog, msgspec.structs.replace(catalog, tables=tables)))
    refresh_database(copied.database, copied.lake)
    checked = server.run(copied.home, "lake", "check", "--json")
    found = {entry["table"]: entry["damage"] for entry in json.loads(checked.out)["damages"]}
    assert "refer to no row of articles" in found["incident_reports"]
    assert "the tables hold" in found["batches"]


def test_a_version_that_is_wrongly_superseded_is_found(server: ForkServer, copied: Settings) -> None:
    import msgspec

    from pipeline.lake.catalog import write_catalog
    from pipeline.lake.checksums import sealed
    from pipeline.lake.snapshot import Snapshot
    from pipeline.lake.store import append
    from pipeline.lake.supersession import SUPERSEDED
    from pipeline.schema.tables import arrow_table

    with Snapshot(copied.lake) as snapshot:
        [row] = snapshot.rows("SELECT article_id, version, batch_id FROM articles ORDER BY ALL LIMIT 1")
        catalog = snapshot.catalog
    rows = arrow_table(SUPERSEDED, [row | {"superseding_version": "v-none"}])
    tables = catalog.tables | {SUPERSEDED: append(copied.lake, SUPERSEDED, rows, batch_id=row["batch_id"])}
    write_catalog(copied.lake, sealed(copied.lake, catalog, msgspec.structs.replace(catalog, tables=tables)))
    refresh_database(copied.database, copied.lake)
    checked = server.run(copied.home, "lake", "check", "--json")
    [found] = json.loads(checked.out)["damages"]
    assert found["table"] == SUPERSEDED
    assert found["damage"].startswith("1 versions are superseded here or by the articles, but not by both")


def test_a_rebuild_keeps_batches_times_and_source_states(server: ForkServer, copied: Settings) -> None:
    import msgspec

    from pipeline.lake.catalog import SourceState, write_catalog
    from pipeline.lake.snapshot import Snapshot

    catalog = read_catalog(copied.lake)
    states = {"wire": SourceState(3, {"offsets": {"0": 7}})}
    write_catalog(copied.lake, msgspec.structs.replace(catalog, sources=states))

    def told() -> list[list[dict[str, object]]]:
        with Snapshot(copied.lake) as snapshot:
            return [
                snapshot.rows("SELECT * EXCLUDE (seconds) FROM batches ORDER BY batch_id"),
                snapshot.rows("SELECT article_id, first_seen_at, batch_id FROM articles ORDER BY ALL"),
            ]

    before = told()
    done = server.run(copied.home, "lake", "rebuild", "--discard-old", "--json")
    assert done.code == 0, done.err
    after = read_catalog(copied.lake)
    assert (after.version, after.sources, after.generation) == (catalog.version + 1, states, "generations/1")
    assert told() == before
    assert not (copied.lake / "articles").exists()
    assert server.run(copied.home, *QUESTION).code == 0


def test_a_batch_that_was_read_and_never_published_is_not_published_by_a_rebuild(
    server: ForkServer, copied: Settings, tmp_path: Path
) -> None:
    before = lake_digest(copied.database)
    (tmp_path / "looked.jsonl").write_text(json.dumps(record(9)))
    assert server.run(copied.home, "ingest", str(tmp_path / "looked.jsonl")).code == 0
    made = json.loads(server.run(copied.home, "lake", "rebuild", "--json").out)
    assert (made["unpublished"], lake_digest(copied.database)) == (1, before)


def test_batches_whose_row_of_the_ledger_is_lost_are_made_again(server: ForkServer, copied: Settings) -> None:
    """Whatever else tells of them: rows of tables, or a kept state."""
    before = lake_digest(copied.database)
    log = sorted((copied.lake / "batches" / "_delta_log").glob("*.json"))[-1]
    log.write_text("".join(line + "\n" for line in log.read_text().splitlines() if '"add"' not in line))
    done = server.run(copied.home, "lake", "rebuild", "--json")
    assert done.code == 0, done.err
    assert json.loads(done.out)["unpublished"] == 0
    assert lake_digest(copied.database) == before
    assert server.run(copied.home, "lake", "check").code == 0


def test_a_batch_of_nothing_but_duplicates_is_known_by_the_state_it_made(
    server: ForkServer, copied: Settings, tmp_path: Path
) -> None:
    (tmp_path / "again.jsonl").write_text(json.dumps(record(1)))
    assert server.run(copied.home, "run", str(tmp_path / "again.jsonl"), "--json").code == 0
    before = ledgers(copied)
    for name in ("batches", "quality_results"):
        log = sorted((copied.lake / name / "_delta_log").glob("*.json"))[-1]
        log.write_text("".join(line + "\n" for line in log.read_text().splitlines() if '"add"' not in line))
    assert len(ledgers(copied)) == 2
    assert server.run(copied.home, "lake", "rebuild").code == 0
    assert ledgers(copied) == before


def ledgers(home: Settings) -> list[dict[str, object]]:
    """The batches in their order, as the ledger tells them."""
    from pipeline.lake.snapshot import Snapshot

    with Snapshot(home.lake) as snapshot:
        return snapshot.rows("SELECT * EXCLUDE (seconds) FROM batches ORDER BY committed_at, batch_id")


@pytest.mark.drill
def test_a_rebuild_keeps_times_and_counts_of_batches_where_people_have_decided(
    server: ForkServer, copied: Settings, tmp_path: Path
) -> None:
    report = ("query", "SELECT report_id FROM incident_reports ORDER BY fatalities_best LIMIT 1", "--json")
    [row] = json.loads(server.run(copied.home, *report).out)
    decision = ("--set", "fatalities_low=2", "--reason", "read it", "--by", "Ada")
    assert server.run(copied.home, "correct", row["report_id"], *decision).code == 0
    (tmp_path / "later.jsonl").write_text(json.dumps(record(3)) + "\n" + json.dumps(record(4)))
    assert server.run(copied.home, "run", str(tmp_path / "later.jsonl"), "--json").code == 0
    told = ("batch_id", "committed_at", "inputs", "source")
    counted = (
        "items_fetched",
        "items_parsed",
        "items_failed",
        "articles_new",
        "articles_updated",
        "articles_duplicate",
    )
    before = [{name: batch[name] for name in (*told, *counted)} for batch in ledgers(copied)]
    assert server.run(copied.home, "lake", "rebuild").code == 0
    once = ledgers(copied)
    assert [{name: batch[name] for name in (*told, *counted)} for batch in once] == before
    assert server.run(copied.home, "lake", "rebuild", "--discard-old").code == 0
    assert ledgers(copied) == once
    assert server.run(copied.home, "lake", "check").code == 0


@pytest.mark.drill
def test_a_rebuild_keeps_the_order_of_batches_of_one_time(
    server: ForkServer, copied: Settings, tmp_path: Path
) -> None:
    """A clock that ran ahead for once gives all later batches one time."""
    catalog = copied.lake / "catalog.json"
    ahead = json.loads(catalog.read_text()) | {"committed_at": "2099-01-01T00:00:00Z"}
    for path in (catalog, copied.lake / "history" / f"{ahead['version']:012}.json"):
        path.write_text(json.dumps(ahead))
    for name in ("p", "q", "r", "s"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(record(7)))
        assert server.run(copied.home, "run", str(tmp_path / f"{name}.jsonl"), "--json").code == 0
    before = ledgers(copied)
    assert [batch["articles_new"] for batch in before[2:]] != [1, 0, 0, 0]  # not in the order of their ids
    assert server.run(copied.home, "lake", "rebuild").code == 0
    assert ledgers(copied) == before


@pytest.mark.parametrize("is_lost", [pytest.param(False, marks=pytest.mark.drill), True])
def test_what_people_decided_holds_after_a_rebuild(
    server: ForkServer, copied: Settings, is_lost: bool
) -> None:
    reports = ("query", "SELECT report_id FROM incident_reports ORDER BY report_id", "--json")
    [first, *others] = json.loads(server.run(copied.home, *reports).out)
    decided = server.run(copied.home, "retract", first["report_id"], "--reason", "told twice", "--by", "Ada")
    assert decided.code == 0, decided.err
    if is_lost:
        shutil.rmtree(copied.lake / "revisions")
    done = server.run(copied.home, "lake", "rebuild", "--json")
    assert (done.code, bool(json.loads(done.out)["problems"])) == (int(is_lost), is_lost), done.err
    if is_lost:  # what was taken back is told nowhere else
        assert server.run(copied.home, "lake", "rebuild", "--accept-losses").code == 0
    assert json.loads(server.run(copied.home, *reports).out) == others
    assert server.run(copied.home, "lake", "check").code == 0


@pytest.fixture
def corrected(server: ForkServer, copied: Settings, tmp_path: Path) -> Settings:
    """That lake with a record that had no date, and was published when a person gave it one."""
    path = tmp_path / "2025-03-05T10:00.jsonl"
    path.write_text(json.dumps(record(8, published_at=None)))
    assert server.run(copied.home, "run", str(path), "--json").code == 0
    waiting = "SELECT quarantine_id FROM quarantine WHERE reason_code = 'missing_published_at'"
    [row] = json.loads(server.run(copied.home, "query", waiting, "--json").out)
    decision = ("--set", "published_at=2025-03-05", "--reason", "see the index", "--by", "Ada")
    done = server.run(copied.home, "quarantine", "correct", row["quarantine_id"], *decision)
    assert done.code == 0, done.err
    return copied


CORRECTED = (
    "SELECT (SELECT count(*) FROM articles WHERE source_article_id = 't-8') AS articles, "
    "count(*) FILTER (replayed_at IS NULL) AS open FROM quarantine WHERE reason_code = 'missing_published_at'"
)


@pytest.mark.parametrize("lost", _sampled([(), ("lake",), ("lake/batches",), ("raw/arrivals",)], 3))
def test_a_corrected_record_comes_again(
    server: ForkServer, corrected: Settings, lost: tuple[str, ...]
) -> None:
    before = lake_digest(corrected.database)
    for name in lost:
        shutil.rmtree(corrected.home / name)
    done = server.run(corrected.home, "lake", "rebuild", "--json")
    assert (done.code, json.loads(done.out)["problems"]) == (0, []), done.err
    assert json.loads(server.run(corrected.home, "query", CORRECTED, "--json").out) == [
        {"articles": 1, "open": 0}
    ]
    assert lake_digest(corrected.database) == before
    assert server.run(corrected.home, "lake", "check", "--raw").code == 0


def test_a_correction_whose_record_is_lost_is_told_and_can_be_made_again(
    server: ForkServer, corrected: Settings
) -> None:
    for path in (corrected.raw / "arrivals").glob("*.json"):
        if ".corrected.jsonl" in path.read_text():
            path.unlink()
    shutil.rmtree(corrected.lake)
    done = server.run(corrected.home, "lake", "rebuild", "--json")
    [problem] = json.loads(done.out)["problems"]
    assert (done.code, "correct it again" in problem) == (1, True)
    assert server.run(corrected.home, "lake", "rebuild", "--accept-losses").code == 0
    [row] = json.loads(server.run(corrected.home, "query", CORRECTED, "--json").out)
    assert row == {"articles": 0, "open": 1}


def original(home: Settings, words: bytes) -> Path:
    """The kept original that holds the words."""
    [path] = [path for path in home.raw.glob("??/*") if words in path.read_bytes()]
    return path


def test_delivering_a_file_again_mends_its_original(
    server: ForkServer, copied: Settings, filled: Path
) -> None:
    kept = original(copied, b"t-1")
    content = kept.read_bytes()
    for damaged in (content[:50], content.replace(b"3 soldiers", b"9 soldiers")):
        kept.write_bytes(damaged)
        assert server.run(copied.home, "lake", "check", "--raw").code == 1
        assert server.run(copied.home, "run", str(filled.parent / "a.jsonl"), "--json").code == 0
        assert kept.read_bytes() == content
        assert server.run(copied.home, "lake", "check", "--raw").code == 0


@pytest.mark.parametrize("is_gone", _sampled([False, True], 0))
def test_a_rejected_line_is_not_replayed_from_a_damaged_original(
    server: ForkServer, copied: Settings, is_gone: bool
) -> None:
    kept = original(copied, b"t-1")
    if is_gone:
        kept.unlink()
    else:
        kept.write_bytes(kept.read_bytes().splitlines(keepends=True)[0])
    done = server.run(copied.home, "quarantine", "replay")
    assert (done.code, str(kept) in done.err) == (1, True), done.err
    assert "deliver the file again" in done.err
    asked = "SELECT count(*) FILTER (replayed_at IS NULL) AS open FROM quarantine"
    assert json.loads(server.run(copied.home, "query", asked, "--json").out) == [{"open": 2}]


def test_a_rejected_line_that_was_not_read_again_stays_open(copied: Settings) -> None:
    import datetime as dt

    from pipeline import stages
    from pipeline.batches.intake import stage_objects
    from pipeline.lake.snapshot import Snapshot

    asked = "SELECT quarantine_id FROM quarantine WHERE replayed_at IS NULL ORDER BY 1"
    with Snapshot(copied.lake) as snapshot:
        ids = [row["quarantine_id"] for row in snapshot.rows(asked)]
    assert len(ids) == 2
    stages.finish(
        stage_objects([], [], [], "b-none", copied, now=dt.datetime.now(dt.UTC), replays=ids), copied
    )
    with Snapshot(copied.lake) as snapshot:
        assert [row["quarantine_id"] for row in snapshot.rows(asked)] == ids


def test_a_file_that_changes_while_it_is_read_is_kept_as_it_was_read(
    server: ForkServer, copied: Settings, tmp_path: Path
) -> None:
    """Each opening of this file gives other bytes."""
    changing = tmp_path / "changing.jsonl"
    changing.symlink_to("/proc/sys/kernel/random/uuid")
    assert server.run(copied.home, "run", str(changing), "--json").code == 0
    assert server.run(copied.home, "lake", "check", "--raw").code == 0
    before = ledgers(copied)
    assert server.run(copied.home, "lake", "rebuild").code == 0
    assert ledgers(copied) == before


def told_of(done: Done) -> str:
    """What stands on standard error, in one line."""
    return " ".join(done.err.split())


@pytest.mark.parametrize("is_gone", _sampled([False, True], 1))
def test_a_decision_whose_file_is_lost_or_damaged_is_found_and_written_again(
    server: ForkServer, corrected: Settings, is_gone: bool
) -> None:
    [path] = (corrected.raw / "decisions").iterdir()
    content = path.read_bytes()
    path.write_bytes(content.replace(b"Ada", b"Eve"))
    if is_gone:
        path.unlink()
    checked = server.run(corrected.home, "lake", "check", "--json")
    damages = json.loads(checked.out)["damages"]
    assert checked.code == 1
    assert [found["table"] for found in damages] == (["revisions"] if is_gone else ["", "revisions"])
    if is_gone:
        path.parent.rmdir()
        path.parent.write_bytes(b"in the way")
        before = read_catalog(corrected.lake)
        refused = server.run(corrected.home, "lake", "rebuild")
        assert (refused.code, read_catalog(corrected.lake)) == (1, before)
        assert (
            f"{path.parent} is a file, and is in the way of the folder of that name. Move it away"
            in told_of(refused)
        )
        path.parent.unlink()
    else:
        assert str(path) in damages[0]["damage"]
        refused = server.run(corrected.home, "lake", "rebuild")
        assert (refused.code, str(path) in refused.err) == (1, True)
        path.unlink()
    assert server.run(corrected.home, "lake", "rebuild").code == 0
    assert path.read_bytes() == content
    assert server.run(corrected.home, "lake", "check").code == 0


def rewritten(lake: Path, name: str, **changed: object) -> Path:
    """Write other values into the columns of a data file, which can be read as before."""
    path = a_file(lake, name)
    rows = pq.read_table(path)
    for column, value in changed.items():
        place = rows.column_names.index(column)
        rows = rows.set_column(
            place, rows.field(column), pa.array([value] * len(rows), rows.field(column).type)
        )
    pq.write_table(rows, path)
    return path


@pytest.mark.parametrize("is_compared", _sampled([True, False], 1))
def test_the_file_of_a_decision_holds_against_the_table(
    server: ForkServer, corrected: Settings, is_compared: bool
) -> None:
    changed = rewritten(corrected.lake, "revisions", new_value='{"published_at":"2025-03-15"}')
    if not is_compared:  # an older product's file, of the size it has
        (corrected.lake / "checksums.json").unlink()
        log = corrected.lake / "revisions" / "_delta_log" / f"{0:020}.json"
        log.write_text(re.sub(r'"size":\d+', f'"size":{changed.stat().st_size}', log.read_text()))
    damages = checked_lake(server, corrected.home)["damages"]
    assert "has no file that says the same" in damages[-1]["damage"]
    done = server.run(corrected.home, "lake", "rebuild", "--json")
    [problem] = json.loads(done.out)["problems"]
    assert (done.code, ("was changed" if is_compared else "says something else") in problem) == (1, True)
    assert server.run(corrected.home, "lake", "rebuild", "--accept-losses").code == 0
    asked = ("query", "SELECT new_value FROM revisions", "--json")
    assert json.loads(server.run(corrected.home, *asked).out) == [
        {"new_value": '{"published_at":"2025-03-05"}'}
    ]
    assert checked_lake(server, corrected.home)["damages"] == []


@pytest.mark.parametrize("content", _sampled([b"[]", b'{"a": 1}', b"\xff"], 1))
def test_a_decision_that_is_none_is_told(server: ForkServer, copied: Settings, content: bytes) -> None:
    path = copied.raw / "decisions" / f"{hashlib.sha256(content).hexdigest()}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    [found] = checked_lake(server, copied.home)["damages"]
    assert f"The decision {path} is damaged" in found["damage"]
    done = server.run(copied.home, "lake", "rebuild")
    assert (done.code, f"The decision {path} is damaged" in told_of(done)) == (1, True)


@pytest.mark.parametrize("name", _sampled(["batches", "quarantine"], 0))
def test_a_rebuild_plans_nothing_from_a_table_that_was_changed(
    server: ForkServer, copied: Settings, name: str
) -> None:
    before = lake_digest(copied.database)
    path = rewritten(copied.lake, name, batch_id="b-x")
    with pytest.raises(LakeError, match=f"{path} is gone, or has not the size that was written"):
        publish(stage_batch(copied, "b-more", []), copied, now=dt.datetime.now(dt.UTC))
    done = server.run(copied.home, "lake", "rebuild", "--json")
    assert (done.code, json.loads(done.out)["problems"]) == (0, []), done.err
    assert lake_digest(copied.database) == before


def as_file(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    path.write_bytes(b"x")


def as_folder(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir(parents=True)


@pytest.mark.parametrize(
    "case",
    _sampled(
        [
            (lambda home: as_file(home / "raw" / "ab"), 0),
            (lambda home: as_folder(home / "raw" / "decisions" / "x.json"), 1),
            (lambda home: as_folder(home / "raw" / "arrivals" / "b-1.json"), 1),
            (lambda home: as_folder(home / "lake" / "catalog.json"), 0),
            (lambda home: as_file(home / "lake" / "generations"), 1),
            (lambda home: as_file(home / "lake" / "history"), 1),
            (lambda home: as_file(home / "raw" / "arrivals"), 0),
            (lambda home: as_folder(home / "lake" / "generations" / "²"), 0),
            (lambda home: as_folder(home / "lake" / "generations" / "7.bak"), 0),
            (lambda home: as_file(home / "lake" / "history" / "².json"), 0),
        ],
        0,
        5,
    ),
)
def test_a_rebuild_that_finds_a_file_for_a_folder_says_so(
    server: ForkServer, copied: Settings, case: tuple[Callable[[Path], object], int]
) -> None:
    harm, code = case
    harm(copied.home)
    done = server.run(copied.home, "lake", "rebuild")
    assert done.code == code, done.err
    assert "Traceback" not in done.err
    assert server.run(copied.home, *QUESTION).code == 0


def test_a_damaged_arrival_record_is_written_again_when_its_file_is_delivered(
    server: ForkServer, copied: Settings, filled: Path
) -> None:
    for path in (copied.raw / "arrivals").iterdir():
        path.write_bytes(path.read_bytes()[:-3])
    assert server.run(copied.home, "lake", "rebuild").code == 1
    for name in ("a", "b"):
        assert server.run(copied.home, "run", str(filled.parent / f"{name}.jsonl"), "--json").code == 0
    assert server.run(copied.home, "lake", "check").code == 0
    assert server.run(copied.home, "lake", "rebuild").code == 0


def test_the_states_of_sources_are_taken_from_the_history_where_the_catalog_is_lost(
    server: ForkServer, copied: Settings
) -> None:
    import msgspec

    from pipeline.lake.catalog import SourceState, write_catalog

    states = {"wire": SourceState(3, {"offsets": {"0": 7}})}
    write_catalog(copied.lake, msgspec.structs.replace(read_catalog(copied.lake), sources=states))
    (copied.lake / "catalog.json").unlink()
    assert server.run(copied.home, "lake", "rebuild").code == 0
    assert read_catalog(copied.lake).sources == states


def test_a_lake_of_before_there_were_arrival_records_is_made_again(
    server: ForkServer, copied: Settings
) -> None:
    before = lake_digest(copied.database)
    shutil.rmtree(copied.raw / "arrivals")
    done = server.run(copied.home, "lake", "rebuild", "--json")
    assert (done.code, lake_digest(copied.database)) == (0, before), done.err


def test_a_killed_rebuild_shows_the_old_lake_and_goes_on(server: ForkServer, copied: Settings) -> None:
    before = lake_digest(copied.database)
    switch = "lake/catalog.json"
    for at in (40, 40, f"before replace {switch}", f"after replace {switch}"):
        version = read_catalog(copied.lake).version
        assert server.run(copied.home, "lake", "rebuild", at=at).code == -9
        assert read_catalog(copied.lake).version == version + str(at).startswith("after")
        assert server.run(copied.home, *QUESTION).code == 0
    done = server.run(copied.home, "lake", "rebuild", "--json")
    assert done.code == 0, done.err
    assert lake_digest(copied.database) == before
    assert len(json.loads(done.out)["old_tables"]) >= 1
    assert not list(copied.lake.glob("generations/*/.work"))


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mounts a small disk or a folder read-only; skipped, saying so, where that is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()

    def mount(*options: str) -> Path:
        done = subprocess.run(["mount", *options, str(folder)], capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
        return folder

    yield mount
    subprocess.run(["umount", str(folder)], capture_output=True, check=False)


def test_a_full_disk_is_told_and_loses_nothing(
    server: ForkServer, filled: Path, mounted: Callable[..., Path], tmp_path: Path
) -> None:
    disk = mounted("-t", "tmpfs", "-o", "size=16m", "none")
    home = disk / "home"
    shutil.copytree(filled, home)
    (home / "incidents.duckdb").unlink()
    (tmp_path / "new.jsonl").write_text(json.dumps(record(9)))
    prepared = server.run(home, "stage", "ingest", str(tmp_path / "new.jsonl"))
    for stage in ("extract", "validate"):
        assert server.run(home, "stage", stage, prepared.out).code == 0
    state = (home / "lake" / "catalog.json").read_bytes()
    filling = disk / "filling"
    for left in (0, 4, 24, 64):
        size = shutil.disk_usage(disk).free - left * 1024
        filling.write_bytes(bytes(size))
        done = server.run(home, "stage", "publish", prepared.out)
        filling.unlink()
        assert done.code == 1, (left, done.err)
        assert str(home) in done.err
        assert "ree space" in done.err
        assert (home / "lake" / "catalog.json").read_bytes() == state
    assert server.run(home, "stage", "publish", prepared.out).code == 0
    assert published_ledger(prepared.out, home / "lake") is not None
    for left, told in ((4, "What is visible stays as it was"), (300, "is committed all the same")):
        filling.write_bytes(bytes(shutil.disk_usage(disk).free - left * 1024))
        done = server.run(home, "lake", "compact")
        filling.unlink()
        assert (done.code, told in told_of(done)) == (1, True), (left, done.err)
        assert "Traceback" not in done.err
    assert server.run(home, "lake", "compact").code == 0
    assert server.run(home, "lake", "check", "--raw").code == 0


def test_a_folder_that_cannot_be_written_is_told_and_can_still_be_asked(
    server: ForkServer, copied: Settings, mounted: Callable[..., Path], tmp_path: Path
) -> None:
    disk = mounted("--bind", "-o", "ro", str(copied.home))
    (tmp_path / "new.jsonl").write_text(json.dumps(record(9)))
    done = server.run(disk, "run", str(tmp_path / "new.jsonl"), "--json")
    assert done.code == 1
    assert "Traceback" not in done.err
    assert str(disk) in done.err
    assert "give write permission" in done.err
    [found] = json.loads(server.run(disk, "lake", "check", "--json").out)["damages"]
    assert found["damage"].startswith("the database does not show this state of the lake in")


def test_a_copy_that_somebody_made_of_a_table_is_left_alone(
    server: ForkServer, copied: Settings, tmp_path: Path
) -> None:
    copy = copied.lake / "articles.bak"
    shutil.copytree(copied.lake / "articles", copy)
    for name in ("²", "7.bak"):
        (copied.lake / "generations" / name).mkdir(parents=True)
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    (tmp_path / "new.jsonl").write_text(json.dumps(record(9)))
    for command in (
        ("run", str(tmp_path / "new.jsonl")),
        ("lake", "rebuild", "--discard-old"),
        ("lake", "vacuum", "--retain", "0d"),
        ("lake", "check"),
    ):
        done = server.run(copied.home, *command)
        assert done.code == 0, done.err
    assert {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()} == before


def rows_of(path: Path) -> list[dict[str, object]] | None:
    """The rows of a data file; nothing where it cannot be read."""
    try:
        return pq.ParquetFile(path).read().to_pylist()
    except (pa.ArrowException, OSError, ValueError):
        return None


def change_a_value(path: Path) -> None:
    """Turn a bit over that changes what is read, and leaves the file readable."""
    content, before = path.read_bytes(), rows_of(path)
    for place in range(4, len(content)):
        changed = bytearray(content)
        changed[place] ^= 1
        path.write_bytes(changed)
        if rows_of(path) not in (None, before):
            return
    pytest.fail(f"every bit of {path} that changes a value makes it unreadable")


def checked_lake(server: ForkServer, home: Path) -> dict[str, Any]:
    """What the check says."""
    told: dict[str, Any] = json.loads(server.run(home, "lake", "check", "--json").out)
    return told


@pytest.mark.parametrize("name", _sampled(["incident_reports", "quarantine", "casualty_figures"], 0))
def test_a_value_that_was_changed_in_a_readable_file_is_named_and_not_written_on(
    server: ForkServer, copied: Settings, name: str
) -> None:
    path = a_file(copied.lake, name)
    change_a_value(path)
    [found] = checked_lake(server, copied.home)["damages"]
    assert found["file"] == str(path)
    assert found["damage"] == "the file is not what was written: a part of it was changed"
    compacted = server.run(copied.home, "lake", "compact")
    assert_told(compacted)
    assert path.name in compacted.err
    assert server.run(copied.home, "lake", "rebuild", "--json").code == 0
    assert checked_lake(server, copied.home)["damages"] == []


@pytest.mark.parametrize(
    "name", _sampled(["quarantine", "article_signatures", "quality_results", "articles", "batches"], 4)
)
def test_files_that_a_log_has_lost_are_told_and_nothing_is_written_on(
    server: ForkServer, copied: Settings, grown: dict[str, str], tmp_path: Path, name: str
) -> None:
    log = copied.lake / name / "_delta_log" / f"{1:020}.json"
    log.write_text("".join(f"{line}\n" for line in log.read_text().splitlines() if '"add"' not in line))
    found = {entry["table"]: entry["damage"] for entry in checked_lake(server, copied.home)["damages"]}
    assert "a part of the log is gone" in found[name]
    (tmp_path / "new.jsonl").write_text(json.dumps(record(9)))
    refused = server.run(copied.home, "run", str(tmp_path / "new.jsonl"))
    assert refused.code == 1
    assert f"The log of the table {name} in {copied.lake / name} tells of" in refused.err
    # What was read and not published is made too where the ledger is not whole: it does not tell which it is.
    assert server.run(copied.home, "lake", "rebuild", "--json").code == 0
    assert server.run(copied.home, "run", str(tmp_path / "new.jsonl")).code == 0
    assert lake_digest(copied.database) == grown


def test_every_file_that_is_there_is_compared_whatever_has_been_done(
    server: ForkServer, copied: Settings, tmp_path: Path
) -> None:
    (tmp_path / "new.jsonl").write_text(json.dumps(record(9)))
    for command in (
        ("lake", "compact"),
        ("run", str(tmp_path / "new.jsonl")),
        ("reprocess", "--all"),
        ("duplicates", "rebuild"),
        ("lake", "vacuum", "--retain", "0d"),
        ("lake", "rebuild"),
        ("lake", "vacuum", "--retain", "0d"),
    ):
        done = server.run(copied.home, *command)
        assert done.code == 0, done.err
        found = checked_lake(server, copied.home)
        assert (found["damages"], found["files_without_checksum"]) == ([], 0), command
    assert [path.parent.name for path in copied.lake.rglob("checksums.json")] == ["1"]


def test_a_lake_of_before_checksums_were_kept_is_whole_and_its_new_files_are_compared(
    server: ForkServer, copied: Settings, tmp_path: Path
) -> None:
    (copied.lake / "checksums.json").unlink()
    for path in (copied.lake / "catalog.json", *(copied.lake / "history").iterdir()):
        path.write_text(json.dumps({k: v for k, v in json.loads(path.read_text()).items() if k != "rows"}))
    refresh_database(copied.database, copied.lake)
    before = checked_lake(server, copied.home)
    assert (before["damages"], before["files_without_checksum"]) == ([], before["files"])
    assert "a changed value in them may go unseen" in server.run(copied.home, "lake", "check").out.replace(
        "\n", " "
    )
    (tmp_path / "new.jsonl").write_text(json.dumps(record(9)))
    assert server.run(copied.home, "run", str(tmp_path / "new.jsonl")).code == 0
    after = checked_lake(server, copied.home)
    assert (after["damages"], after["files_without_checksum"]) == ([], before["files"])
    assert after["files"] > before["files"]


def test_damaged_checksums_are_told(server: ForkServer, copied: Settings, tmp_path: Path) -> None:
    (copied.lake / "checksums.json").write_bytes(b"{")
    [found] = checked_lake(server, copied.home)["damages"]
    assert found["file"] == str(copied.lake / "checksums.json")
    (tmp_path / "new.jsonl").write_text(json.dumps(record(9)))
    refused = server.run(copied.home, "run", str(tmp_path / "new.jsonl"))
    assert_told(refused)
    assert "checksums.json cannot be read" in refused.err


def is_waited_for(path: Path) -> bool:
    """Whether somebody waits for the lock of the file."""
    inode = f":{path.stat().st_ino} "
    return any("->" in line and inode in line for line in Path("/proc/locks").read_text().splitlines())


def test_a_check_beside_a_writer_waits_for_the_database_that_is_being_made(
    copied: Settings, tmp_path: Path
) -> None:
    older = tmp_path / "older.duckdb"
    shutil.copy(copied.database, older)
    publish(stage_batch(copied, "b-more", []), copied, now=dt.datetime.now(dt.UTC))
    newer = tmp_path / "newer.duckdb"
    copied.database.rename(newer)
    shutil.copy(older, copied.database)
    with ThreadPoolExecutor(1) as threads:
        with writer_lock(copied.lake):
            checking = threads.submit(check_lake, copied)
            while not checking.done() and not is_waited_for(copied.lake / ".writer.lock"):
                pass
            newer.replace(copied.database)
        assert checking.result().damages == []
    shutil.copy(older, copied.database)
    [found] = check_lake(copied).damages
    assert found.damage == "the database shows state 2, the catalog is at 3"


def test_a_time_ahead_of_the_clock_is_told(server: ForkServer, copied: Settings) -> None:
    ahead = dt.datetime.now(dt.UTC) + dt.timedelta(days=2)
    publish(stage_batch(copied, "b-ahead", []), copied, now=ahead)
    [found] = checked_lake(server, copied.home)["damages"]
    assert f"the state 3 was committed at {ahead.isoformat()}" in found["damage"]
    assert "ask them by their number" in found["remedy"]
    told = server.run(copied.home, "doctor")
    assert told.code == 1
    assert ahead.isoformat() in "".join((told.out + told.err).split())


LEFT_BY_STAGES = [
    "ingest.json",
    "ingest/articles.parquet",
    "ingest/quarantine.parquet",
    "revise/revisions.parquet",
    "extract.json",
    "extract/incident_reports.parquet",
    "validate.json",
    "validate/incident_reports.parquet",
]


@pytest.mark.parametrize(
    "damaged",
    _sampled(
        [(left, how) for left in LEFT_BY_STAGES for how in ("cut short", "empty")]
        + [(left, "without keys") for left in LEFT_BY_STAGES if left.endswith(".json")],
        0,
        3,
        10,
        18,
    ),
)
def test_what_a_stage_left_and_was_damaged_is_told_and_made_again(
    tmp_path: Path, damaged: tuple[str, str]
) -> None:
    left, how = damaged
    home = Settings(home=tmp_path, lake=tmp_path / "lake", workers=1)
    staged = stage_batch(home, "b-1", [article_row(1)])
    path = staged.folder / left
    path.write_bytes({"cut short": path.read_bytes()[:40], "empty": b"", "without keys": b"{}"}[how])
    with pytest.raises(ContractError) as told:
        publish(staged, home, now=dt.datetime.now(dt.UTC))
    stage = left.split("/")[0].removesuffix(".json").replace("revise", "ingest")
    assert f"The file {path} of batch b-1 is damaged" in str(told.value)
    assert f"Run the stage {stage} again" in str(told.value)
    ledger = publish(stage_batch(home, "b-1", [article_row(1)]), home, now=dt.datetime.now(dt.UTC))
    assert ledger["articles_new"] == 1
