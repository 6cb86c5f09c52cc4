"""The views and macros of ``incidents.duckdb`` on a small lake written for them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pycountry
import pytest

from pipeline.lake.catalog import Catalog
from pipeline.lake.store import append
from pipeline.lake.views import write_database
from pipeline.schema.tables import arrow_table, table

SOLDIERS = {"name": "soldiers", "role": "target", "actor_id": None, "actor_type": "state_forces"}
GUNMEN = {"name": "Gunmen", "role": "perpetrator", "actor_id": None, "actor_type": "unknown"}
GROUP = {"name": "JNIM", "role": "perpetrator", "actor_id": "6964", "actor_type": "rebel_group"}
CLAIM = GROUP | {"role": "claimant"}
FARMERS = {"name": "farmers", "role": "target", "actor_id": None, "actor_type": "civilians"}
RIVALS = {"name": "ISGS", "role": "target", "actor_id": "7000", "actor_type": "rebel_group"}


def _article(number: int, day: int, source: str) -> dict[str, Any]:
    moment = dt.datetime(2025, 3, day, 12, tzinfo=dt.UTC)
    blank = dict.fromkeys(column.name for column in table("articles").columns)
    return blank | {
        "article_id": f"a-{number}", "version": f"v-{number}", "source_name": source, "title": f"Title {number}", "text": "x",
        "published_at": moment, "published_on": moment.date(), "published_year": 2025, "first_seen_at": moment,
    }  # fmt: skip


def _report(number: int, article: int, **told: Any) -> dict[str, Any]:
    blank: dict[str, Any] = dict.fromkeys(column.name for column in table("incident_reports").columns)
    blank |= {
        "report_id": f"r-{number}", "article_id": f"a-{article}", "article_version": f"v-{article}", "status": "actual",
        "event_type": "Battles", "sub_event_type": "Armed clash", "date_start": dt.date(2025, 3, 5),
        "date_end": dt.date(2025, 3, 5), "date_precision": 1, "country_code": "MLI", "country_name": "Mali",
        "admin1_name": "Mopti", "place_name": "Mopti", "latitude": 14.5, "longitude": -4.2, "geo_precision": 1,
        "actors": [GROUP, SOLDIERS, CLAIM], "perpetrators": ["JNIM"], "targets": ["soldiers"], "weapons": [],
        "fatalities_low": 4, "fatalities_best": 4, "fatalities_high": 4, "fatalities_security_forces": 3,
        "evidence": [{"field": "event_type", "start": 0, "end": 1, "quote": "x"}], "incident_year": 2025, "batch_id": "b",
    }  # fmt: skip
    return blank | told


ARTICLES = [_article(1, 6, "Wire"), _article(2, 7, "Post"), _article(3, 8, "Other"), _article(4, 9, "Wire")]
ELSEWHERE = {
    "place_name": "Gao", "admin1_name": "Gao", "latitude": 16.27, "longitude": -0.04, "date_start": dt.date(2025, 3, 20),
}  # fmt: skip
REPORTS = [
    _report(1, 1),
    _report(2, 2),  # a copy of the same words tells the same
    _report(3, 3, fatalities_low=6, fatalities_best=7, fatalities_high=None),  # another outlet, own words
    _report(4, 4, **ELSEWHERE, event_type="Violence against civilians", sub_event_type="Attack",
            actors=[GUNMEN, FARMERS], perpetrators=["Gunmen"], targets=["farmers"],
            fatalities_low=12, fatalities_best=None, fatalities_high=None, fatalities_security_forces=None,
            date_precision=5, geo_precision=6),
    _report(5, 4, **ELSEWHERE, status="foiled"),
    _report(6, 4, **ELSEWHERE, actors=[GROUP, FARMERS], targets=["farmers"], fatalities_civilians=4,
            fatalities_security_forces=None, date_precision=4, geo_precision=3),
    _report(7, 4, **ELSEWHERE, actors=[GROUP, RIVALS], targets=["ISGS"], fatalities_militants=4,
            fatalities_security_forces=None, date_precision=3, geo_precision=4, country_code="XKX", country_name="Kosovo"),
    _report(8, 4, **ELSEWHERE, actors=[SOLDIERS | {"role": "perpetrator"}, RIVALS], perpetrators=["soldiers"],
            fatalities_low=None, fatalities_best=None, fatalities_high=None, fatalities_security_forces=None),
    _report(9, 4, **dict.fromkeys(["date_start", "date_end", "date_precision", "incident_year"]),
            country_code="NER", country_name="Niger", admin1_name=None, place_name=None, latitude=None,
            longitude=None, geo_precision=6, event_type="Protests", actors=[], fatalities_low=70, fatalities_best=70, fatalities_high=70,
            fatalities_security_forces=None),
]  # fmt: skip


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    root: Path = tmp_path_factory.mktemp("views")
    pair = {
        "article_id": "a-1", "version": "v-1", "other_article_id": "a-2", "other_version": "v-2",
        "jaccard": 1.0, "rule": "same_words", "batch_id": "b",
    }  # fmt: skip
    signatures = [
        {"article_id": row["article_id"], "version": row["version"], "published_at": row["published_at"], "published_month": 202503,
         "shingle_count": 40, "band_keys": [1 if row["article_id"] in {"a-1", "a-2"} else 2], "method": "m", "batch_id": "b"}
        for row in ARTICLES
    ]  # fmt: skip
    rows = {"incident_reports": REPORTS, "near_duplicates": [pair], "article_signatures": signatures}
    with _opened(root, rows) as opened:
        yield opened


@contextmanager
def _opened(folder: Path, rows: dict[str, list[dict[str, Any]]]) -> Iterator[duckdb.DuckDBPyConnection]:
    """The database of a lake of the articles and these rows."""
    versions = {
        name: append(folder / "lake", name, arrow_table(name, found), batch_id="b")
        for name, found in ({"articles": ARTICLES} | rows).items()
    }
    write_database(folder / "views.duckdb", folder / "lake", Catalog(1, versions))
    with duckdb.connect(str(folder / "views.duckdb"), read_only=True) as opened:
        yield opened


def test_every_view_and_column_says_what_it_means(connection: duckdb.DuckDBPyConnection) -> None:
    views = connection.execute(
        "SELECT view_name, comment FROM duckdb_views() WHERE NOT internal AND schema_name = 'main'"
    ).fetchall()
    columns = connection.execute(
        "SELECT table_name, column_name, comment FROM duckdb_columns() "
        "WHERE NOT internal AND schema_name = 'main' AND table_name <> 'catalog_version'"
    ).fetchall()
    assert len(views) > 20
    assert [name for name, comment in views if not comment] == []
    assert [(view, name) for view, name, comment in columns if not (comment or "").endswith(".")] == []


def test_a_copy_and_what_did_not_happen_are_not_counted(connection: duckdb.DuckDBPyConnection) -> None:
    counted = connection.execute("SELECT report_id FROM counted_reports ORDER BY 1").fetchall()
    assert [report for (report,) in counted] == ["r-1", "r-3", "r-4", "r-6", "r-7", "r-8", "r-9"]


def test_what_two_outlets_tell_of_one_day_and_place_is_one_candidate(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    together = connection.execute(
        "SELECT reports, outlets, fatalities_low, fatalities_best, fatalities_high, is_disputed, report_ids "
        "FROM incident_candidates WHERE place_name = 'Mopti'"
    ).fetchall()
    assert together == [(2, 2, 4, 7, None, True, ["r-1", "r-3"])]


def _numbers(number: int | None) -> dict[str, int | None]:
    return dict.fromkeys(("fatalities_low", "fatalities_best", "fatalities_high"), number)


@pytest.mark.parametrize(
    ("told", "together"),
    [
        ({1: [10], 2: [12]}, [(10, 12, 12, ["r-1-0", "r-2-0"])]),
        ({1: [10, 2]}, [(10, 10, 10, ["r-1-0"]), (2, 2, 2, ["r-1-1"])]),
        ({1: [10, 2], 2: [2]}, [(10, 10, 10, ["r-1-0"]), (2, 2, 2, ["r-1-1", "r-2-0"])]),
        ({1: [2], 2: [2, 10], 3: [9]}, [(9, 9, 10, ["r-2-1", "r-3-0"]), (2, 2, 2, ["r-1-0", "r-2-0"])]),
        ({1: [10, 2], 2: [11, 1]}, [(10, 11, 11, ["r-1-0", "r-2-0"]), (1, 1, 2, ["r-1-1", "r-2-1"])]),
        ({1: [10, 4, 1], 2: [9, 8]}, [(9, 9, 10, ["r-1-0", "r-2-0"]), (8, 8, 8, ["r-2-1"]), (4, 4, 4, ["r-1-1"]), (1, 1, 1, ["r-1-2"])]),
        ({1: [3], 2: [None]}, [(3, 3, 3, ["r-1-0", "r-2-0"])]),
    ],
)  # fmt: skip
def test_attacks_that_one_article_tells_apart_stay_apart_and_others_join_the_nearest(
    tmp_path: Path, told: dict[int, list[int | None]], together: list[tuple[Any, ...]]
) -> None:
    reports = [
        _report(0, article, report_id=f"r-{article}-{n}", fatalities_security_forces=None, **_numbers(toll))
        for article, tolls in told.items()
        for n, toll in enumerate(tolls)
    ]
    asked = "SELECT fatalities_low, fatalities_best, fatalities_high, report_ids FROM incident_candidates ORDER BY 1 DESC"
    assert _answer(tmp_path, reports, asked) == together


def _answer(folder: Path, reports: list[dict[str, Any]], sql: str) -> list[tuple[Any, ...]]:
    """What a lake of these reports answers."""
    with _opened(folder, {"incident_reports": reports}) as opened:
        return opened.execute(sql).fetchall()


def test_the_four_kinds_of_dead_add_up_to_the_best_number(connection: duckdb.DuckDBPyConnection) -> None:
    apart = connection.execute(
        "SELECT id FROM v_ucdp_ged WHERE best <> coalesce(deaths_a, 0) + coalesce(deaths_b, 0) "
        "+ coalesce(deaths_civilians, 0) + coalesce(deaths_unknown, 0)"
    ).fetchall()
    assert apart == []


ARMY = SOLDIERS | {"name": "the army", "role": "perpetrator"}
REBELS = RIVALS | {"role": "perpetrator"}
MARCHERS = FARMERS | {"name": "marchers", "actor_type": "protesters"}
POLICE = ARMY | {"name": "police"}


@pytest.mark.parametrize(
    ("told", "sides"),
    [
        ({"actors": [ARMY, REBELS]}, ("the army", None, "ISGS", None)),
        ({"actors": [REBELS, ARMY, GROUP]}, ("ISGS", "JNIM", "the army", None)),
        ({"actors": [ARMY, POLICE]}, ("the army", "police", None, None)),
        ({"actors": [ARMY, REBELS, SOLDIERS]}, ("the army", "ISGS", "soldiers", None)),
        ({"actors": [GUNMEN, ARMY]}, ("Gunmen", "the army", None, None)),
        ({"actors": [ARMY, REBELS], "event_type": "Explosions/Remote violence"}, ("the army", "ISGS", None, None)),
        ({"actors": [POLICE, MARCHERS], "event_type": "Protests"}, ("marchers", None, "police", None)),
        ({"actors": [POLICE, MARCHERS], "event_type": "Riots"}, ("police", None, "marchers", None)),
    ],
)  # fmt: skip
def test_who_fought_whom_is_on_two_sides(
    tmp_path: Path, told: dict[str, Any], sides: tuple[str | None, ...]
) -> None:
    names = [actor["name"] for actor in told["actors"] if actor["role"] == "perpetrator"]
    sql = "SELECT actor1, assoc_actor_1, actor2, assoc_actor_2 FROM v_acled"
    assert _answer(tmp_path, [_report(1, 1, **told, perpetrators=names)], sql) == [sides]


def test_a_report_without_exact_day_or_place_stands_alone(connection: duckdb.DuckDBPyConnection) -> None:
    alone = connection.execute(
        "SELECT count(*), max(reports) FROM incident_candidates WHERE place_name = 'Gao'"
    ).fetchone()
    assert alone == (4, 1)


def test_acled_names_carry_acled_codes_and_null_where_the_text_says_less(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = connection.execute(
        "SELECT event_id_cnty, time_precision, geo_precision, iso, region, actor1, inter1, actor2, inter2, interaction, "
        "civilian_targeting, fatalities, disorder_type FROM v_acled ORDER BY 1"
    ).fetchall()
    battle = ("JNIM", "Rebel group", "soldiers", "State forces", "State forces-Rebel group", None)
    assert rows[:3] == [
        ("r-1", 1, 1, 466, "Western Africa", *battle, 4, "Political violence"),
        ("r-3", 1, 1, 466, "Western Africa", *battle, 7, "Political violence"),
        ("r-4", None, None, 466, "Western Africa", "Gunmen", None, "farmers", "Civilians", None, "Civilian targeting", 12, "Political violence"),
    ]  # fmt: skip
    assert [row[1:5] for row in rows[3:5]] == [(3, 2, 466, "Western Africa"), (2, 3, None, "Europe")]
    assert rows[5][11] is None


def test_ged_names_carry_the_type_of_violence_and_the_dead_by_side(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    rows = connection.execute(
        "SELECT id, type_of_violence, side_a, side_b, deaths_a, deaths_b, deaths_civilians, deaths_unknown, best "
        "FROM v_ucdp_ged ORDER BY 1"
    ).fetchall()
    assert rows == [
        ("r-1", 1, "soldiers", "JNIM", 3, None, None, 1, 4),
        ("r-3", 1, "soldiers", "JNIM", 3, None, None, 4, 7),
        ("r-4", None, "Gunmen", "farmers", None, None, None, None, None),
        ("r-6", 3, "JNIM", "Civilians", None, None, 4, 0, 4),
        ("r-7", 2, "JNIM", "ISGS", None, None, None, 4, 4),
        ("r-9", None, None, None, None, None, None, 70, 70),
    ]


def test_prio_grid_and_well_known_text_follow_from_the_coordinates(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    cell = connection.execute("SELECT priogrid_gid, geom_wkt FROM v_ucdp_ged WHERE id = 'r-1'").fetchone()
    assert cell == (209 * 720 + 351 + 1, "POINT (-4.2 14.5)")


def test_the_edges_of_the_world_lie_in_cells_of_the_grid(tmp_path: Path) -> None:
    edges = [(0.0, 180.0), (0.0, -180.0), (90.0, 10.0), (89.9, 10.0), (-90.0, 10.0)]
    reports = [
        _report(n, 1, latitude=latitude, longitude=longitude) for n, (latitude, longitude) in enumerate(edges)
    ]
    cells = [
        cell for (cell,) in _answer(tmp_path, reports, "SELECT priogrid_gid FROM v_ucdp_ged ORDER BY id")
    ]
    assert cells == [180 * 720 + 1, 180 * 720 + 1, 359 * 720 + 381, 359 * 720 + 381, 381]


def test_the_macros_answer(connection: duckdb.DuckDBPyConnection) -> None:
    def asked(sql: str) -> list[tuple[Any, ...]]:
        return connection.execute(sql).fetchall()

    assert asked(
        "SELECT round(km_between(0, 0, 0, 1), 1), km_between(10, 20, 10, 20), km_between(NULL, NULL, 0, 1)"
    ) == [(111.2, 0.0, None)]
    assert asked("SELECT DISTINCT place_name FROM reports_near(14.6, -4.2, 50)") == [("Mopti",)]
    assert asked("SELECT count(*) FROM reports_between('2025-03-05', DATE '2025-03-05')") == [(2,)]
    assert asked("FROM weekly_by_admin1('2025-03-01', '2025-03-31') WHERE admin1_name = 'Mopti'") == [
        ("MLI", "Mopti", dt.date(2025, 3, 3), 2, 10, 11, 0, 0)
    ]
    assert asked("FROM killed_by_country_and_month('2025-03-01', '2025-03-31')") == [
        ("MLI", dt.date(2025, 3, 1), 4, 14, 15, None, 1, 0.25, 0.25),
        ("MLI", None, 1, 12, None, None, 1, 1.0, 0.0),
        ("NER", None, 1, 70, 70, 70, 0, 0.0, 0.0),
        ("XKX", dt.date(2025, 3, 1), 1, 4, 4, 4, 0, 0.0, 0.0),
    ]
    assert asked("FROM killed_by_country_and_month('2025-04-01', '2025-04-30')") == []


def test_the_dead_of_a_country_add_up_whether_or_not_they_belong_to_a_month(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    by_month = connection.execute(
        "SELECT country_code, sum(reports), sum(killed_low) FROM killed_by_country_and_month('2025-01-01', '2025-12-31') "
        "GROUP BY 1 ORDER BY 1"
    ).fetchall()
    counted = connection.execute(
        "SELECT country_code, count(*), sum(fatalities_low) FROM counted_reports GROUP BY 1 ORDER BY 1"
    ).fetchall()
    assert by_month == counted


def test_country_codes_are_those_of_iso(connection: duckdb.DuckDBPyConnection) -> None:
    known = connection.execute("SELECT country_code, iso_numeric FROM countries").fetchall()
    assert dict(known) == {c.alpha_3: int(c.numeric) for c in pycountry.countries} | {"XKX": None}
    # Where ACLED and UCDP draw their lines otherwise than most would.
    regions = {
        "AFG": ("Caucasus and Central Asia", "Asia"),
        "ARM": ("Caucasus and Central Asia", "Europe"),
        "EGY": ("Northern Africa", "Middle East"),
        "MEX": ("North America", "Americas"),
        "SDN": ("Northern Africa", "Africa"),
        "ZWE": ("Southern Africa", "Africa"),
    }
    found = connection.execute("SELECT country_code, acled_region, ucdp_region FROM countries").fetchall()
    assert {code: where for code, *where in found if code in regions} == {
        code: list(where) for code, where in regions.items()
    }
