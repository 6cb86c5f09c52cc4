"""Near duplicates of a lake: the same groups and pairs whatever the order in which the articles came and the batches they came in."""

from __future__ import annotations

import datetime as dt
import random
import tempfile
from pathlib import Path
from typing import Any

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.eval.copies import edited, specimens
from pipeline.batches.duplicates import catch_up, duplicate_rows
from pipeline.lake.catalog import Catalog
from pipeline.lake.snapshot import Snapshot
from pipeline.lake.store import append
from pipeline.lake.views import write_database
from pipeline.schema.tables import arrow_table, table
from pipeline.text.groups import groups_of_pairs
from pipeline.text.near_duplicates import MAX_NEIGHBOURS, WINDOW_DAYS

Row = dict[str, Any]
Shown = tuple[list[Any], list[Any]]
_STORIES = [one.text for one in specimens(12) if one.kind == "original"][:3]


def _texts() -> list[str]:
    """Copies of three stories, far more of the first than are compared with each, and short texts."""
    chance = random.Random(5)
    crowd = [
        " ".join(edited(_STORIES[0].split(), 0.06, chance, longest=5)) for _ in range(3 * MAX_NEIGHBOURS)
    ]
    others = [
        " ".join(edited(story.split(), 0.05, chance, longest=4)) for story in _STORIES[1:] for _ in range(3)
    ]
    return [*crowd, *others, _STORIES[1][:400], "Ten killed in Kelwa.", "TEN KILLED IN KELWA"]


TEXTS = _texts()
ARTICLES = st.tuples(
    st.integers(0, 60),
    st.sampled_from(range(len(TEXTS))),
    st.sampled_from([0, 0, 0, 1, 2, WINDOW_DAYS, WINDOW_DAYS + 1, 2 * WINDOW_DAYS, 400]),
)


def article_row(number: int, text: int, day: int) -> Row:
    """A row of the table ``articles``; the article's version is told by its text and day."""
    moment = dt.datetime(2025, 1, 20, tzinfo=dt.UTC) + dt.timedelta(days=day)
    blank = dict.fromkeys(column.name for column in table("articles").columns)
    return blank | {
        "article_id": f"a-{number:03}", "version": f"v-{number:03}-{text:03}-{day:03}", "text": TEXTS[text],
        "published_at": moment, "published_year": moment.year, "source_name": f"outlet {number % 4}",
    }  # fmt: skip


def published(lake: Path, batches: list[list[Row]], *, at_once: bool = False) -> Catalog:
    """The lake after the batches; ``at_once`` signs only when all articles are there."""
    catalog = Catalog()
    for number, batch in enumerate(batches):
        with Snapshot(lake, catalog) as snapshot:
            new = {(row["article_id"], row["version"]): row for row in batch}
            held = snapshot.held("articles", table("articles").key, new.keys())
            rows = {"articles": [row for key, row in new.items() if key not in held]}
            if not at_once:
                rows |= duplicate_rows(snapshot, rows["articles"], batch_id=f"b-{number}")
        versions = {
            name: append(lake, name, arrow_table(name, found), batch_id=f"b-{number}")
            for name, found in rows.items()
            if found
        }
        catalog = Catalog(number + 1, catalog.tables | versions)
    return catch_up(lake, catalog, batch_id="b-last")


def shown(lake: Path, catalog: Catalog) -> Shown:
    """Groups and pairs as the views show them."""
    database = lake.parent / f"{lake.name}.duckdb"
    write_database(database, lake, catalog)
    with duckdb.connect(str(database), read_only=True) as connection:
        groups = connection.execute(
            "SELECT article_id, version, near_duplicate_group FROM articles ORDER BY ALL"
        ).fetchall()
        pairs = connection.execute("SELECT * EXCLUDE (batch_id) FROM near_duplicates ORDER BY ALL").fetchall()
    return groups, pairs


@given(
    st.lists(ARTICLES, max_size=30, unique=True),
    st.randoms(use_true_random=False),
    st.integers(1, 4),
)
@settings(max_examples=6, deadline=None)
def test_order_and_batches_do_not_matter_to_groups(
    specs: list[tuple[int, int, int]], order: random.Random, cuts: int
) -> None:
    crowd = [article_row(100 + number, number % 3, number % 4) for number in range(4 * MAX_NEIGHBOURS)]
    rows = [*crowd, *(article_row(*spec) for spec in specs)]
    shuffled = order.sample(rows, len(rows))
    again = order.sample(rows, len(rows) // 2)
    with tempfile.TemporaryDirectory() as folder:
        whole, cut, late = (Path(folder) / name for name in ("whole", "cut", "late"))
        expected = shown(whole, published(whole, [rows]))
        assert shown(cut, published(cut, [*(shuffled[n::cuts] for n in range(cuts)), again])) == expected
        assert shown(late, published(late, [shuffled], at_once=True)) == expected


def test_a_text_carried_by_very_many_is_one_group_of_pairs_with_neighbours_only() -> None:
    rows = [article_row(number, 0, 0) for number in range(60)]
    random.Random(1).shuffle(rows)
    with tempfile.TemporaryDirectory() as folder:
        lake = Path(folder) / "lake"
        groups, pairs = shown(lake, published(lake, [rows[n::5] for n in range(5)]))
    assert {row[2] for row in groups} == {"a-000"}
    assert len(pairs) == sum(min(MAX_NEIGHBOURS, later) for later in range(60))


def test_articles_further_apart_than_the_window_are_not_compared_whichever_comes_first() -> None:
    with tempfile.TemporaryDirectory() as folder:
        for number, days in enumerate(
            [(0, WINDOW_DAYS), (WINDOW_DAYS, 0), (0, WINDOW_DAYS + 1), (WINDOW_DAYS + 1, 0)]
        ):
            lake = Path(folder) / str(number)
            batches = [[article_row(n, 0, day)] for n, day in enumerate(days)]
            groups, pairs = shown(lake, published(lake, batches))
            assert len(pairs) == (1 if number < 2 else 0)
            assert len({row[2] for row in groups}) == (1 if number < 2 else 2)


@given(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from("abcdefgh")), max_size=12),
    st.randoms(use_true_random=False),
)
@settings(max_examples=200, deadline=None)
def test_groups_are_what_hangs_together_named_after_the_smallest(
    pairs: list[tuple[str, str]], order: random.Random
) -> None:
    groups = groups_of_pairs(pairs)
    turned = [(b, a) if order.random() < 0.5 else (a, b) for a, b in order.sample(pairs, len(pairs))]
    assert groups_of_pairs(turned) == groups
    assert all(groups[a] == groups[b] for a, b in pairs)
    assert all(group <= member and groups[group] == group for member, group in groups.items())
