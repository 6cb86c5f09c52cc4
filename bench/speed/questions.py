"""Ten questions of an analyst on millions of incident reports: the lake against plain hive-partitioned Parquet, of the same rows and of fewer.

``python -m bench.speed.questions [--reports 10000000] [--threads 2] [--rounds 3] [--folder FOLDER]``. The reports are invented by
DuckDB with the skew of real ones (few countries have most, most incidents kill few) and appended to a lake by the product's own writer:
one article in 50 has an older version too, and one in 40 is a copy of another. Beside it the same rows are written as plain
hive-partitioned Parquet, asked by the same views: that tells what the lake's files and its catalog cost. A second plain side is kinder than
any archive: the current versions only, with a column that says which reports count: that tells what leaving out old versions and copies
costs. All sides must give the same answers. All lies in a temporary folder, some 250 bytes a report, or in ``--folder``, where it stays to be
asked again.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

import duckdb

from pipeline.lake.catalog import Catalog
from pipeline.lake.counting import UNCOUNTED_TABLE
from pipeline.lake.duplicates import GROUPS_TABLE
from pipeline.lake.snapshot import duckdb_type
from pipeline.lake.store import append
from pipeline.lake.views import view_statements, write_database
from pipeline.schema import handwritten_views
from pipeline.schema.tables import table

APPENDED_AT_ONCE = 2_500_000
_COUNTRIES = "['UKR','SYR','SDN','MMR','NGA','SOM','COD','MLI','BFA','YEM','IRQ','AFG','PAK','ETH','COL','MEX','HTI','IND','PHL','CMR','NER','MOZ','PSE','LBN','ISR','TUR','IRN','EGY','LBY','KEN']"
_MACROS = """
CREATE MACRO chance(n, k) AS (hash(n * 64 + k) % 1000003) / 1000003.0;
CREATE MACRO article_key(article) AS printf('a-%016x', hash(article));
CREATE MACRO version_key(article, revision) AS printf('v-%016x', hash(article * 4 + revision));
CREATE MACRO has_older(article) AS article % 50 = 0;
CREATE MACRO is_original(article) AS article % 40 = 0;
CREATE MACRO is_copy(article) AS article % 40 = 1;
"""
_REPORTS = f"""
SELECT article, printf('r-%016x', hash(n)) AS report_id, article_key(article) AS article_id, version_key(article, 1) AS article_version,
  CASE kind WHEN 0 THEN 'Battles' WHEN 1 THEN 'Violence against civilians' ELSE 'Explosions/Remote violence' END AS event_type,
  CASE kind WHEN 0 THEN 'Armed clash' WHEN 1 THEN 'Attack' ELSE 'Shelling/artillery/missile attack' END AS sub_event_type,
  CASE WHEN is_original(article) THEN 'actual' WHEN is_copy(article) AND n % 2 = 0 THEN 'foiled'
       WHEN chance(told, 6) < .97 THEN 'actual' ELSE 'foiled' END AS status,
  status = 'actual' AND NOT is_copy(article) AS is_counted,
  day AS date_start, day AS date_end, CASE WHEN chance(told, 7) < .9 THEN 1 ELSE 2 END AS date_precision, 'Sunday' AS date_text,
  code AS country_code, 'Country ' || code AS country_name, 'Province ' || spot % 12 AS admin1_name, 'Town ' || spot AS place_name,
  -30 + c * 2.1 + spot % 20 * .1 AS latitude, 10 + c * 3.3 + spot // 20 * .1 AS longitude,
  CASE WHEN chance(told, 8) < .8 THEN 1 ELSE 4 END AS geo_precision,
  ['Group ' || c || '-' || spot % 5] AS perpetrators, ['soldiers'] AS targets, ['rifle'] AS weapons,
  [struct_pack("name" := 'Group ' || c || '-' || spot % 5, "role" := 'perpetrator', actor_id := '1', actor_type := 'rebel_group'),
   struct_pack("name" := 'soldiers', "role" := 'target', actor_id := NULL, actor_type := CASE kind WHEN 1 THEN 'civilians' ELSE 'state_forces' END)] AS actors,
  dead AS fatalities_low, CASE WHEN chance(told, 9) < .85 THEN dead END AS fatalities_best,
  CASE WHEN chance(told, 10) < .7 THEN dead + 1 END AS fatalities_high, CASE kind WHEN 1 THEN dead END AS fatalities_civilians,
  dead * 2 AS injured_best, .3 + .6 * chance(told, 11) AS confidence,
  [struct_pack(field := 'event_type', "start" := 0, "end" := 20, quote := 'killing ' || dead || ' people in Town ' || spot)] AS evidence,
  'rules' AS extractor, '1' AS extractor_version, year(day) AS incident_year, 'b-1' AS batch_id
FROM (SELECT n, told, n // 2 AS article, c, {_COUNTRIES}[c + 1] AS code, (chance(told, 2) * 3)::INTEGER % 3 AS kind, (chance(told, 3) ** 2 * 399)::INTEGER AS spot,
             CASE WHEN chance(told, 12) < .8 THEN (-ln(1 - chance(told, 4) * .9999) * 3)::INTEGER END AS dead,
             DATE '2018-01-01' + (chance(told, 5) * 2921)::INTEGER AS day
      FROM (SELECT range AS n, CASE WHEN is_copy(range // 2) THEN range - 2 ELSE range END AS told, (chance(told, 1) ** 2 * 29)::INTEGER AS c
            FROM range($first, $last)))
"""
_ARTICLES = """
SELECT n AS article, article_key(n) AS article_id, version_key(n, 1) AS version, 'Outlet ' || (chance(n, 20) ** 2 * 200)::INTEGER AS source_name,
  'Attack kills people in town ' || n AS title, 'Gunmen killed people on Sunday, officials said.' AS "text", 'en' AS "language",
  TIMESTAMPTZ '2018-01-02 00:00:00+00' + to_hours((chance(n - is_copy(n)::INTEGER, 21) * 70000)::INTEGER + is_copy(n)::INTEGER) AS published_at, published_at::DATE AS published_on,
  year(published_at) AS published_year, published_at AS first_seen_at, 'b-1' AS batch_id
FROM (SELECT range AS n FROM range($first // 2, $last // 2))
"""
_OLDER = {
    "incident_reports": "report_id || '-older' AS report_id, version_key(article, 0) AS article_version",
    "articles": "version_key(article, 0) AS version, published_at - INTERVAL 1 HOUR AS published_at",
}
"""What the older version of an article and its reports have otherwise."""
_DERIVED = {
    "superseded_versions": """
SELECT article_key(n) AS article_id, version_key(n, 0) AS version, version_key(n, 1) AS superseding_version, 'b-1' AS batch_id
FROM (SELECT range AS n FROM range($first // 2, $last // 2)) WHERE has_older(n)""",
    "near_duplicates": """
SELECT least(one, two) AS article_id, CASE WHEN one < two THEN version_one ELSE version_two END AS version,
  greatest(one, two) AS other_article_id, CASE WHEN one < two THEN version_two ELSE version_one END AS other_version,
  1 AS jaccard, 'same_words' AS "rule", 'b-1' AS batch_id
FROM (SELECT article_key(range - 1) AS one, article_key(range) AS two, version_key(range - 1, 1) AS version_one,
             version_key(range, 1) AS version_two FROM range($first // 2, $last // 2) WHERE is_copy(range))""",
    "article_signatures": f"""
SELECT article_id, version, published_at, year(published_at) * 100 + month(published_at) AS published_month, 40 AS shingle_count,
  [article // 40] AS band_keys, 'm' AS method, 'b-1' AS batch_id
FROM ({_ARTICLES}) WHERE is_original(article) OR is_copy(article)""",
}
QUESTIONS = {
    "incidents a week and province, one year": "SELECT * FROM weekly_by_admin1('2024-01-01', '2024-12-31')",
    "killed by country and month, one year": "SELECT * FROM killed_by_country_and_month('2024-01-01', '2024-12-31')",
    "who attacks civilians, one year": "SELECT actor, count(*), sum(fatalities_low) FROM (SELECT unnest(perpetrators) AS actor, fatalities_low FROM counted_reports "
    "WHERE event_type = 'Violence against civilians' AND incident_year = 2024) GROUP BY actor ORDER BY 2 DESC, 1 LIMIT 20",
    "within 50 km of a town, all years": "SELECT date_start, place_name, fatalities_low FROM reports_near(-13.2, 36.4, 50)",
    "types by country, all years": "SELECT country_code, event_type, count(*), sum(fatalities_low), sum(fatalities_best) FROM counted_reports GROUP BY ALL ORDER BY ALL",
    "where reports disagree, a country and year": "SELECT * EXCLUDE (report_ids) FROM incident_candidates WHERE country_code = 'MLI' AND incident_year = 2024 AND is_disputed ORDER BY candidate_id",
    "one-sided or battle, a country and year": "SELECT type_of_violence, count(*), sum(best) FROM v_ucdp_ged WHERE country = 'Country MLI' AND \"year\" = 2024 GROUP BY 1 ORDER BY 1",
    "evidence behind a figure": "SELECT field, quote FROM evidence WHERE report_id = (SELECT min(report_id) FROM incident_reports WHERE country_code = 'KEN' AND incident_year = 2018)",
    "which outlets, a country and year": "SELECT source_name, count(*) FROM counted_reports JOIN articles USING (article_id) WHERE country_code = 'MLI' AND incident_year = 2024 GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 20",
    "deadliest places, all years": "SELECT country_code, place_name, sum(fatalities_low) AS killed FROM counted_reports GROUP BY ALL ORDER BY killed DESC, country_code, place_name LIMIT 20",
}


def _name(column: str) -> str:
    return f'"{column}"'


def invent(connection: duckdb.DuckDBPyConnection, name: str, select: str, first: int, last: int) -> None:
    """Make the table ``invented``: all declared columns and types, NULL where nothing is invented, and what else the SELECT gives."""
    made = f"({select})".replace("$first", str(first)).replace("$last", str(last))
    known = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {made}").fetchall()}
    declared = {c.name: duckdb_type(c.type) for c in table(name).columns}
    columns = [
        f"{_name(column) if column in known else 'NULL'}::{kind} AS {_name(column)}"
        for column, kind in declared.items()
    ]
    columns += sorted(known - declared.keys())
    connection.execute(f"CREATE OR REPLACE TABLE invented AS SELECT {', '.join(columns)} FROM {made}")


def append_invented(connection: duckdb.DuckDBPyConnection, folder: Path, name: str, part: int) -> int:
    """Append the invented rows, and those of older versions, to the lake and to the plain files; returns the table's version."""
    select = "SELECT * FROM invented"
    if name in _OLDER:
        select += f" UNION ALL SELECT * REPLACE ({_OLDER[name]}) FROM invented WHERE has_older(article)"
    schema = table(name).arrow_schema
    columns = ", ".join(map(_name, schema.names))
    found = connection.sql(f"SELECT {columns} FROM ({select})").to_arrow_table().cast(schema)
    copy_plain(connection, f"(SELECT {columns} FROM ({select}))", name, folder / "same", part)
    return append(folder / "lake", name, found, batch_id="b-1")


def copy_plain(connection: duckdb.DuckDBPyConnection, rows: str, name: str, folder: Path, part: int) -> None:
    """Write rows as plain Parquet with the table's partitions."""
    keys = ", ".join(table(name).partition_by)
    partitioned = f", PARTITION_BY ({keys})" if keys else ", PER_THREAD_OUTPUT"
    (folder / name).mkdir(parents=True, exist_ok=True)
    connection.execute(
        f"COPY (FROM {rows}) TO '{folder / name}' (FORMAT parquet, COMPRESSION zstd, FILENAME_PATTERN 'part-{part}-{{uuid}}', "
        f"OVERWRITE_OR_IGNORE{partitioned})"
    )


def write(folder: Path, reports: int) -> None:
    """The reports as a lake with its database, and plain."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute(_MACROS)
    folder.mkdir(parents=True)
    versions: dict[str, int] = {}
    for first in range(0, reports, APPENDED_AT_ONCE):
        last = min(first + APPENDED_AT_ONCE, reports)
        for name, select in ({"incident_reports": _REPORTS, "articles": _ARTICLES} | _DERIVED).items():
            invent(connection, name, select, first, last)
            versions[name] = append_invented(connection, folder, name, first)
            if name in _OLDER:
                copy_plain(
                    connection, "(SELECT * EXCLUDE (article) FROM invented)", name, folder / "current", first
                )
    write_database(folder / "incidents.duckdb", folder / "lake", Catalog(1, versions))
    write_same_database(folder, Catalog(1, versions))
    write_current_database(folder)


def plain_select(folder: Path, name: str) -> str:
    """All rows of plain files, as any client reads them."""
    kinds = {c.name: duckdb_type(c.type) for c in table(name).columns if c.name in table(name).partition_by}
    typed = ", ".join(f"{column}: {kind}" for column, kind in kinds.items())
    partitioned = f", hive_partitioning = true, hive_types = {{{typed}}}" if kinds else ""
    return f"FROM read_parquet('{folder}/{name}/**/*.parquet'{partitioned})"


def write_same_database(folder: Path, catalog: Catalog) -> None:
    """The lake's database over the plain files of the same rows."""
    with duckdb.connect(str(folder / "same.duckdb")) as connection:
        for statement in view_statements(folder / "lake", catalog):
            name = statement.removeprefix('CREATE VIEW versions."').partition('"')[0]
            if name in catalog.tables:
                statement = f'CREATE VIEW versions."{name}" AS {plain_select(folder / "same", name)}'
            connection.execute(statement)
        connection.execute(f"ATTACH '{folder}/incidents.duckdb' AS lake (READ_ONLY)")
        for name in (GROUPS_TABLE, UNCOUNTED_TABLE):
            connection.execute(f"INSERT INTO {name} FROM lake.{name}")


def write_current_database(folder: Path) -> None:
    """A database over the plain files of current rows: no versions, no copies, else the same views."""
    with duckdb.connect(str(folder / "current.duckdb")) as connection:
        for name in _OLDER:
            connection.execute(f"CREATE VIEW {name} AS {plain_select(folder / 'current', name)}")
        connection.execute("CREATE SCHEMA versions; CREATE VIEW versions.articles AS FROM main.articles")
        connection.execute("CREATE VIEW counted_reports AS FROM incident_reports WHERE is_counted")
        wanted = ("countries", "evidence", "incident_candidates", "report_sides", "v_ucdp_ged")
        for statement in handwritten_views.view_statements():
            if statement.startswith(("CREATE MACRO", *(f"CREATE VIEW main.{view} " for view in wanted))):
                connection.execute(statement)


class Cost(NamedTuple):
    """Seconds of a question."""

    passed: float
    processor: float


def asked(database: Path, sql: str, threads: int) -> tuple[Cost, list[tuple[object, ...]]]:
    """Cost and answer of one question, asked by a client that has just opened the file."""
    with duckdb.connect(str(database), read_only=True, config={"threads": threads}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        began, begun = time.perf_counter(), time.process_time()
        answer = connection.execute(sql).fetchall()
        return Cost(time.perf_counter() - began, time.process_time() - begun), answer


def main() -> None:
    """Write, ask and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reports", type=int, default=10_000_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="where the rows lie; written where it is not there yet")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.folder or Path(temporary) / "questions"
        if not folder.exists():
            start = time.perf_counter()
            write(folder, given.reports)
            print(
                f"{given.reports:,} reports written three times in {time.perf_counter() - start:.0f} s",
                flush=True,
            )
        ask(folder, given.threads, given.rounds)


def ask(folder: Path, threads: int, rounds: int) -> None:
    """Ask all sides in turn, and print."""
    sides = [folder / f"{name}.duckdb" for name in ("incidents", "same", "current")]
    print(f"{'':44} {'seconds of the clock':>33} {'seconds of processors':>34}")
    print(f"{'':44}" + f" {'lake':>7} {'same':>6}{'':7}{'current':>6}{'':6}" * 2)
    for name, sql in QUESTIONS.items():
        found = [[asked(side, sql, threads) for side in sides] for _ in range(rounds)]
        answers = [sorted(map(repr, answer)) for _, answer in found[0]]
        if any(answer != answers[0] for answer in answers):
            raise SystemExit(f"Not the same answer: {name}.")
        told = ""
        for n in range(2):  # time passed and processor time, which other work on the machine disturbs less
            ours, *theirs = (median(one[side][0][n] for one in found) for side in range(len(sides)))
            told += f" {ours:7.2f}" + "".join(f" {other:6.2f} {ours / other:5.2f}x" for other in theirs)
        print(f"{name:44}{told}", flush=True)


if __name__ == "__main__":
    main()
