"""Near duplicates through the stages: groups in the views, never an article lost; the same after races, deaths and losses."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipeline import stages
from pipeline.batches import publication
from pipeline.batches.duplicates import rebuild
from pipeline.batches.lake_check import check_lake
from pipeline.batches.maintenance import vacuum_lake
from pipeline.batches.publication import published_ledger
from pipeline.batches.review import Decision, counted_instead
from pipeline.cli import app
from pipeline.config import Settings
from pipeline.errors import LakeError
from pipeline.lake.catalog import read_catalog, write_catalog
from pipeline.lake.digest import lake_digest
from pipeline.lake.views import database_as_of, write_database
from tests.articles import record

STORY = (
    "MAIDUGURI, Nigeria – Nine soldiers were killed on Monday when Boko Haram fighters attacked a base in Konduga, officials said. "
    "Witnesses heard the first shots near the grain depot and ran towards the old barracks, where a company was asleep. "
    "The attackers came on motorcycles and set fire to stalls, a bakery and the clinic beside the bridge before they left."
)


def _copy(number: int, source: str, **changes: Any) -> dict[str, Any]:
    text = STORY.replace("MAIDUGURI, Nigeria –", f"{source.upper()} (Unity Wire) –").replace(
        "a bakery", f"the bakery of {source}"
    )
    return record(number, source=source, text=text, title=f"{source}: soldiers killed") | changes


def _ask(home: Settings, sql: str) -> list[Any]:
    with duckdb.connect(str(home.database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_copies_are_one_story_of_several_outlets_and_each_is_kept(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    stages.run([write_jsonl("a.jsonl", _copy(1, "Beacon"), record(9))], home)
    batch_id = stages.run([write_jsonl("b.jsonl", _copy(2, "Meridian"), _copy(3, "Courier"))], home)
    ledger = published_ledger(batch_id, home.lake)
    assert ledger is not None
    assert (ledger["articles_new"], ledger["articles_duplicate"]) == (2, 0)
    stories = _ask(
        home, "SELECT article_count, source_count, source_names FROM stories ORDER BY article_count DESC"
    )
    assert stories == [(3, 3, ["Beacon", "Courier", "Meridian"]), (1, 1, ["Test Wire"])]
    [(groups, smallest)] = _ask(
        home,
        "SELECT list(DISTINCT near_duplicate_group), min(article_id) FROM articles WHERE source_name <> 'Test Wire'",
    )
    assert groups == [smallest]
    assert _ask(
        home, "SELECT count(*) FROM near_duplicates WHERE article_id < other_article_id AND rule = 'similar'"
    ) == [(3,)]


TWO_ATTACKS = " A bomb killed 7 civilians on Tuesday at a market in Gwoza, police said. The governor visited the wounded and asked for more troops."


def _decide(home: Settings, action: str, report_id: str, **corrections: str) -> str:
    decision = Decision(action, report_id, "The hospital's list.", "Ada", corrections)
    return stages.finish(stages.ingest_decisions([decision], home), home)


def _counted(home: Settings) -> list[Any]:
    return _ask(
        home,
        "SELECT place_name, fatalities_best, report_id FROM counted_reports ORDER BY place_name, report_id",
    )


def test_what_people_decide_about_the_counted_article_is_not_undone_by_its_copies(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    copies = [_copy(n, name) for n, name in enumerate(("Beacon", "Meridian", "Courier"), 1)]
    copies = [copy | {"text": copy["text"] + TWO_ATTACKS} for copy in copies]
    stages.run([write_jsonl("a.jsonl", *copies)], home)
    [(_, gwoza, bomb), (_, konduga, clash)] = _counted(home)
    assert (gwoza, konduga) == (7, 9)
    _decide(home, "retract", bomb)
    assert [row[:2] for row in _counted(home)] == [("Konduga", 9)]
    _decide(
        home,
        "correct",
        clash,
        fatalities_low="4",
        fatalities_best="4",
        fatalities_high="4",
        fatalities_security_forces="4",
    )
    assert _counted(home) == [("Konduga", 4, clash)]
    refresh = home.database.with_suffix(".again")
    write_database(refresh, home.lake, read_catalog(home.lake))
    with duckdb.connect(str(refresh), read_only=True) as connection:
        assert connection.execute("SELECT report_id FROM counted_reports").fetchall() == [(clash,)]


def test_a_correction_of_a_copy_counts_and_a_retraction_of_one_tells_which_article_counts(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    stages.run([write_jsonl("a.jsonl", _copy(1, "Beacon"), _copy(2, "Meridian"), _copy(3, "Courier"))], home)
    [(_, _, counted)] = _counted(home)
    others = [
        row[0] for row in _ask(home, "SELECT report_id FROM incident_reports ORDER BY 1") if row[0] != counted
    ]
    words = ["retract", others[0], "--reason", "read both", "--by", "Ada", "--json"]
    summary = json.loads(CliRunner().invoke(app, words).stdout)
    [told] = summary["counted_instead"]
    assert [told] == counted_instead(summary["batch_id"], home)
    assert counted in told
    assert "A copy tells the same" in told
    assert _counted(home) == [("Konduga", 9, counted)]
    batch_id = _decide(
        home,
        "correct",
        others[1],
        fatalities_low="8",
        fatalities_best="8",
        fatalities_high="8",
        fatalities_security_forces="8",
    )
    assert _counted(home) == [("Konduga", 8, others[1])]
    assert counted_instead(batch_id, home) == []


STOCK = (
    " The insurgency in the north-east has lasted for years and has driven millions of people from their homes, aid agencies say. "
    "The fighters want a state of their own and have attacked schools, markets and camps along the border with neighbouring countries. "
    "A joint force of the countries around the lake has taken back most of the towns that the group once held in the region."
)


def test_attacks_told_with_the_same_stock_sentences_all_count(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    attacks = (("14", "Konduga", "Monday"), ("31", "Gwoza", "Saturday"), ("9", "Damboa", "Sunday"))
    articles = [
        record(
            n,
            text=f"MAIDUGURI, Nigeria – Boko Haram fighters killed {killed} villagers in {place} on {day}, officials said.{STOCK}",
        )
        for n, (killed, place, day) in enumerate(attacks)
    ]
    stages.run([write_jsonl("a.jsonl", *articles)], home)
    assert _ask(home, "SELECT max(article_count) FROM stories") == [(3,)]
    assert [row[:2] for row in _counted(home)] == [("Damboa", 9), ("Gwoza", 31), ("Konduga", 14)]


def test_a_new_version_is_no_duplicate_of_the_old_and_leaves_the_group_with_its_words(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    stages.run([write_jsonl("a.jsonl", _copy(1, "Beacon"))], home)
    stages.run(
        [write_jsonl("b.jsonl", _copy(1, "Beacon", title="Corrected", published_at="2025-03-06"))], home
    )
    assert _ask(home, "SELECT count(*) FROM versions.articles") == [(2,)]
    assert _ask(home, "SELECT count(*) FROM versions.near_duplicates") == [(0,)]
    stages.run([write_jsonl("c.jsonl", _copy(2, "Courier"))], home)
    assert _ask(home, "SELECT article_count FROM stories") == [(2,)]
    other = record(3)["text"]
    stages.run([write_jsonl("d.jsonl", _copy(2, "Courier", text=other, published_at="2025-03-07"))], home)
    assert _ask(home, "SELECT article_count FROM stories") == [(1,), (1,)]


def test_the_same_text_under_two_ids_is_a_duplicate_however_short(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    stages.run(
        [
            write_jsonl(
                "a.jsonl", record(1, id="x", text="Ten killed."), record(1, id="y", text="Ten killed.")
            )
        ],
        home,
    )
    assert _ask(home, "SELECT jaccard, rule FROM near_duplicates") == [(1.0, "same_words")]


def test_one_address_in_two_spellings_is_one_article(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    urls = ["https://wire.example/1?utm_source=feed", "HTTPS://wire.example:443/1#top"]
    stages.run([write_jsonl("a.jsonl", *(record(1, id=None, url=url) for url in urls))], home)
    assert _ask(home, "SELECT count(*) FROM articles") == [(1,)]
    assert _ask(home, "SELECT count(*) FROM incident_reports") == [(1,)]


def test_two_batches_read_at_once_give_each_pair_once(
    home: Settings, write_jsonl: Callable[..., Path]
) -> None:
    batches = []
    for name, rows in (
        ("a", [_copy(1, "Beacon"), _copy(2, "Courier")]),
        ("b", [_copy(2, "Courier"), _copy(3, "Meridian")]),
    ):
        batches.append(stages.ingest([write_jsonl(f"{name}.jsonl", *rows)], home))
        stages.extract(batches[-1], home)
        stages.validate(batches[-1], home)
    for batch_id in batches:
        stages.publish(batch_id, home)
    assert _ask(
        home, "SELECT count(*), count(DISTINCT (article_id, other_article_id)) FROM versions.near_duplicates"
    ) == [(3, 3)]
    assert _ask(home, "SELECT article_count FROM stories") == [(3,)]


def test_groups_are_whole_after_a_death_between_commit_and_views(
    home: Settings, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    stages.run([write_jsonl("a.jsonl", _copy(1, "Beacon"))], home)

    def dying(*_args: object) -> None:
        raise LakeError("killed")

    monkeypatch.setattr(publication, "refresh_database", dying)
    path = write_jsonl("b.jsonl", _copy(2, "Courier"))
    with pytest.raises(LakeError):
        stages.run([path], home)
    assert _ask(home, "SELECT article_count FROM stories") == [(1,)]
    monkeypatch.undo()
    monkeypatch.setenv("INCIDENTS_HOME", str(home.home))
    stages.run([path], home)
    assert _ask(home, "SELECT article_count FROM stories") == [(2,)]


@pytest.fixture
def filled(home: Settings, write_jsonl: Callable[..., Path]) -> Settings:
    """A lake of three copies in two batches, and another article."""
    stages.run([write_jsonl("a.jsonl", _copy(1, "Beacon"), record(9))], home)
    stages.run([write_jsonl("b.jsonl", _copy(2, "Courier"), _copy(3, "Meridian"))], home)
    return home


@pytest.mark.parametrize("damage", [pytest.param("none", marks=pytest.mark.drill), "removed", "log"])
def test_lost_or_damaged_signatures_are_made_again_with_the_same_answer(
    filled: Settings, damage: str
) -> None:
    before = lake_digest(filled.database)
    for name in ("article_signatures", "near_duplicates"):
        if damage == "removed":
            shutil.rmtree(filled.lake / name)
        elif damage == "log":
            for path in (filled.lake / name / "_delta_log").iterdir():
                path.write_text("{", encoding="utf-8")
    assert rebuild(filled) == 3
    assert lake_digest(filled.database) == before
    assert rebuild(filled) == 3
    assert lake_digest(filled.database) == before


@pytest.mark.parametrize(
    "lost", ["near_duplicates", pytest.param("article_signatures", marks=pytest.mark.drill)]
)
def test_a_state_of_before_its_pairs_were_lost_shows_no_others(
    filled: Settings, write_jsonl: Callable[..., Path], caplog: pytest.LogCaptureFixture, lost: str
) -> None:
    shutil.rmtree(filled.lake / lost)
    rebuild(filled)
    for number in range(4, 7):
        stages.run([write_jsonl(f"{number}.jsonl", _copy(number, f"Wire {number}"))], filled)
    for version, groups in ((1, 2), (2, 4), (3, 2), (5, 2)):
        caplog.clear()
        with database_as_of(filled.lake, str(version)) as database:
            asked = duckdb.connect(str(database), read_only=True)
            [(found,)] = asked.execute("SELECT count(DISTINCT near_duplicate_group) FROM articles").fetchall()
            asked.close()
        assert found == groups
        assert ("has no near duplicates" in caplog.text) == (version < 3)
    assert check_lake(filled).damages == []
    vacuum_lake(filled, retain=dt.timedelta(0))
    assert check_lake(filled).damages == []


def test_a_lake_of_before_there_were_signatures_catches_up_with_the_next_batch(
    filled: Settings, write_jsonl: Callable[..., Path]
) -> None:
    catalog = read_catalog(filled.lake)
    for name in ("article_signatures", "near_duplicates"):
        shutil.rmtree(filled.lake / name)
        del catalog.tables[name]
    write_catalog(filled.lake, catalog)
    stages.run([write_jsonl("c.jsonl", _copy(4, "Ledger"))], filled)
    assert _ask(filled, "SELECT max(article_count), count(*) FROM stories") == [(4, 2)]


def test_signatures_of_another_method_are_made_anew(
    filled: Settings, write_jsonl: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.batches.duplicates.METHOD", "another")
    stages.run([write_jsonl("c.jsonl", _copy(4, "Ledger"))], filled)
    assert _ask(filled, "SELECT DISTINCT method FROM article_signatures") == [("another",)]
    assert _ask(filled, "SELECT max(article_count), count(*) FROM stories") == [(4, 2)]
    assert _ask(filled, "SELECT count(*) FROM article_signatures") == [(5,)]
