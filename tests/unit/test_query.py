"""Users' SQL reads the catalog and does nothing else."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipeline import stages
from pipeline.cli import app
from pipeline.config import SAMPLES_DIR, Settings
from pipeline.errors import QueryError
from pipeline.lake.query import Sandbox, reading, run_query
from pipeline.lake.sandbox import confined

ATTACKS = (
    "COPY (SELECT 1) TO '{lake}/evil.parquet'",
    "COPY articles TO '/tmp/out.csv'",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM read_text('/etc/hostname')",
    "SELECT * FROM read_blob('{lake}/catalog.json')",
    "SELECT * FROM '{lake}/../airflow/jwt.key'",
    "SELECT * FROM '{canary}'",
    'SELECT * FROM "{canary}"',
    "SELECT * FROM main.'{canary}'",
    "WITH \"{canary}\" AS (SELECT 1) SELECT * FROM (SELECT 1), '{canary}'",
    "SELECT (SELECT max(secret) FROM '{canary}')",
    "DESCRIBE '{canary}'",
    "SUMMARIZE '{canary}'",
    "EXPLAIN ANALYZE SELECT * FROM '{canary}'",
    "EXPLAIN /* ( */ SELECT * FROM read_text('/etc/hostname')",
    "EXPLAIN ANALYZE (SELECT /* ) SELECT 1 -- */ * FROM duckdb_settings())",
    "EXPLAIN ANALYZE (SELECT /* ) SELECT 1 -- */ current_setting('temp_directory'))",
    "SELECT * FROM articles JOIN '{canary}' ON true",
    "SELECT * FROM articles UNION ALL FROM '{canary}'",
    "SELECT * FROM read_parquet('http://127.0.0.1:9/x.parquet')",
    "SELECT * FROM parquet_metadata('{canary}')",
    "SELECT * FROM parquet_scan(['{canary}'])",
    "SELECT * FROM sniff_csv('/etc/passwd')",
    "SELECT * FROM glob('/*')",
    "SELECT * FROM READ_TEXT('/etc/hostname')",
    "SELECT * FROM query('SELECT * FROM read_text(''/etc/hostname'')')",
    "SELECT * FROM query_table('{canary}')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM glob(''/*'')'))",
    "SELECT json_serialize_plan('SELECT * FROM glob(''/*'')')",
    "SELECT list_transform([1], lambda x: (SELECT count(*) FROM glob('/*')))",
    "SELECT * FROM articles ORDER BY (SELECT count(*) FROM glob('/*'))",
    "INSTALL httpfs",
    "LOAD httpfs",
    "ATTACH '/tmp/other.duckdb'",
    "USE memory",
    "CREATE TABLE t AS SELECT 1",
    "CREATE TEMP MACRO m() AS 1",
    "DROP VIEW articles",
    "ALTER VIEW articles RENAME TO a",
    "SET enable_external_access = true",
    "RESET lock_configuration",
    "PRAGMA enable_profiling",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "EXPORT DATABASE '/tmp/export'",
    "DELETE FROM articles",
    "SELECT 1; SELECT 2",
    "CHECKPOINT",
    "PREPARE p AS SELECT 1",
    "SELECT getenv('HOME')",
    "SELECT current_setting('secret_directory')",
    "SELECT getvariable('x')",
    "SELECT write_log('x')",
    "SELECT pg_get_viewdef(1)",
    "FROM duckdb_settings()",
    "FROM duckdb_databases()",
    "FROM duckdb_secrets()",
    "FROM pragma_database_list",
    "FROM pragma_storage_info('articles')",
    "FROM information_schema.tables",
    "FROM seq_scan('articles')",
    "FROM python_map_function()",
    "SHOW DATABASES",
    "PIVOT articles ON language",
    "not sql at all",
    "",
)
ANSWERED = (
    "SELECT count(*) FROM articles",
    "FROM ledger",
    "FROM versions.articles",
    "DESCRIBE articles",
    "SUMMARIZE incident_reports",
    "SHOW TABLES",
    "SHOW v_acled",
    "EXPLAIN SELECT 1",
    "EXPLAIN (SELECT 1)",
    "EXPLAIN ANALYZE SELECT count(*) FROM articles",
    "WITH a AS (SELECT 1 AS n) SELECT n, row_number() OVER () FROM a, range(3)",
    "SELECT count(*) FILTER (WHERE title ILIKE '%a%'), list(title ORDER BY title)[1:2], date_trunc('week', max(published_at)) FROM articles",
    "SELECT a.name, [x.name for x in actors if x.role = 'target'], list_transform(targets, lambda t: upper(t)) "
    "FROM incident_reports, unnest(actors) AS u(a)",
    "FROM articles PIVOT (count(*) FOR language IN ('en'))",
    "FROM reports_near(33.3, 44.4, 20000)",
    "SELECT km_between(0, 0, 0, 1), current_date, random()",
    "SELECT description FROM dictionary WHERE name = 'v_acled'",
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    root = tmp_path_factory.mktemp("lake")
    home = Settings(home=root, lake=root / "lake", workers=1)
    stages.run([SAMPLES_DIR / "articles" / "tigris_wire.jsonl"], home)
    return home


@pytest.fixture(scope="module")
def canary(lake: Settings) -> Path:
    """A file inside the lake that is no part of the visible state."""
    path = lake.lake / "articles" / "canary.parquet"
    duckdb.sql("SELECT 'seen' AS secret").write_parquet(str(path))
    return path


@pytest.fixture(scope="module")
def sandbox(lake: Settings) -> Iterator[Sandbox]:
    with reading(lake.database) as opened:
        yield opened


def _files(folder: Path) -> dict[str, str]:
    return {
        str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in folder.rglob("*")
        if p.is_file()
    }


def _environment(home: Settings) -> dict[str, str]:
    return os.environ | {"INCIDENTS_HOME": str(home.home)}


def _ran(
    home: Settings, *arguments: str, typed: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """A command as it is run from a shell; its output with the line ends that it wrote."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *arguments],
        input=typed.encode(errors="surrogateescape"),
        capture_output=True,
        check=False,
        env=_environment(home) | environment,
    )
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def _succeeded(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert done.returncode == 0, done.stderr
    return done


@pytest.mark.parametrize("sql", ATTACKS)
def test_is_refused_and_changes_nothing(lake: Settings, sandbox: Sandbox, canary: Path, sql: str) -> None:
    before = _files(lake.lake)
    with pytest.raises(QueryError):
        run_query(sandbox, sql.format(lake=lake.lake, canary=canary))
    assert _files(lake.lake) == before


@pytest.mark.parametrize("sql", ANSWERED)
def test_is_answered(sandbox: Sandbox, sql: str) -> None:
    assert run_query(sandbox, sql).num_rows >= 1


@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM read_parquet('{canary}')", "SELECT * FROM read_text('{lake}/catalog.json')",
     "COPY (SELECT 1) TO '{lake}/evil.parquet'", "SET memory_limit = '1TB'", "INSTALL httpfs"],
)  # fmt: skip
def test_the_connection_itself_refuses_what_the_rules_might_miss(
    lake: Settings, canary: Path, tmp_path: Path, sql: str
) -> None:
    connection = confined(str(lake.database), str(tmp_path), 1 << 30)
    assert connection.execute("SELECT count(*) FROM articles").fetchall()[0][0] > 0
    with pytest.raises(duckdb.Error):
        connection.execute(sql.format(lake=lake.lake, canary=canary)).fetchall()
    connection.close()


def test_an_endless_query_is_stopped_and_the_next_one_is_answered(sandbox: Sandbox) -> None:
    with pytest.raises(QueryError, match="was stopped"):
        run_query(sandbox, "SELECT count(*) FROM range(1000000000) a, range(1000000000) b", seconds=0.2)
    assert run_query(sandbox, "SELECT 1").num_rows == 1


@pytest.mark.parametrize("killed_by", [signal.SIGKILL, signal.SIGABRT])
def test_a_dead_process_is_told_and_the_next_question_is_answered(
    sandbox: Sandbox, killed_by: signal.Signals
) -> None:
    run_query(sandbox, "SELECT 1")
    assert sandbox.process_id
    os.kill(sandbox.process_id, killed_by)
    with pytest.raises(QueryError, match="died") as told:
        run_query(sandbox, "SELECT 1")
    assert ("MiB of memory" in str(told.value)) is (killed_by == signal.SIGKILL)
    assert run_query(sandbox, "SELECT 1").num_rows == 1


@pytest.mark.parametrize("content", [None, b"", b"no database " * 2000])
def test_a_database_that_is_none_is_said_to_be_none(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "incidents.duckdb"
    if content is None:
        path.mkdir()
    else:
        path.write_bytes(content)
    with reading(path) as sandbox:
        for _ in range(2):
            with pytest.raises(QueryError) as told:
                run_query(sandbox, "SELECT 1", seconds=20)
            assert str(told.value).startswith(f"The database {path} cannot be opened: ")
            assert str(told.value).endswith("Remove it; the next run makes it again.")


@pytest.mark.parametrize("is_moved", [True, False])
def test_the_database_of_a_home_that_was_moved_or_copied_is_not_asked(
    lake: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_moved: bool
) -> None:
    first, home = tmp_path / "first", tmp_path / "second"
    shutil.copytree(lake.home, first)
    monkeypatch.setenv("INCIDENTS_HOME", str(first))
    invoke = CliRunner().invoke
    assert invoke(app, ["lake", "compact"]).exit_code == 0
    (shutil.move if is_moved else shutil.copytree)(first, home)
    monkeypatch.setenv("INCIDENTS_HOME", str(home))
    for command in (["query", "SELECT 1"], ["sql"]):
        told = str(invoke(app, command).exception)
        assert f"shows the lake in {first / 'lake'}, and not the one in {home / 'lake'}" in told
        assert "incidents lake compact" in told
    assert invoke(app, ["lake", "compact"]).exit_code == 0
    assert invoke(app, ["query", "SELECT count(*) > 0 AS n FROM articles", "--csv"]).stdout == "n\nTrue\n"


def test_more_than_the_memory_is_refused(lake: Settings) -> None:
    with reading(lake.database, memory=200 << 20) as sandbox:
        with pytest.raises(QueryError, match=r"more memory.*\(0\.2 GiB of memory\)"):
            run_query(sandbox, "SELECT list(md5(range::VARCHAR)) FROM range(20000000)")
        assert run_query(sandbox, "SELECT 1").num_rows == 1


def test_of_millions_of_rows_only_those_wanted_come(sandbox: Sandbox) -> None:
    answer = sandbox.ask("FROM range(100000000)", limit=7)
    assert (sum(batch.num_rows for batch in answer), answer.is_cut) == (7, True)
    unread = sandbox.ask("FROM range(100000000)")
    assert next(iter(unread)).num_rows
    assert run_query(sandbox, "SELECT 1").num_rows == 1


def test_csv_keeps_newlines_and_quotes_and_disarms_formulas(lake: Settings) -> None:
    sql = "SELECT E'a\\n\"b\",c\\r' AS \"=name\", '=1+1' AS formula, '+x' AS plus, '-x' AS minus, '@x' AS at, E'\\tx' AS tab, -1 AS number"
    shown = _succeeded(_ran(lake, "query", sql, "--csv")).stdout
    head, row = csv.reader(io.StringIO(shown, newline=""))
    assert head[0] == "'=name"
    assert row == ['a\n"b",c\r', "'=1+1", "'+x", "'-x", "'@x", "'\tx", "-1"]


def test_a_carriage_return_in_a_cell_makes_no_row_of_its_own(lake: Settings) -> None:
    shown = _ran(lake, "query", "SELECT E'T\\r=1+1' AS title, 2 AS n", "--csv").stdout
    assert list(csv.reader(io.StringIO(shown, newline=""))) == [["title", "n"], ["T\r=1+1", "2"]]


def test_json_keeps_columns_of_one_name_and_tells_sums_as_numbers_and_intervals_in_words(
    lake: Settings,
) -> None:
    sql = f"SELECT 1 AS k, 2 AS k, 3 AS k_1, 4 AS k, sum(range) AS s, 1.5 AS d, INTERVAL '1 month 2 days 3 hours' AS i, {2**127 - 1} AS h FROM range(3)"
    [row] = json.loads(_ran(lake, "query", sql, "--json").stdout)
    assert list(row.values())[:4] == [1, 2, 3, 4]
    assert list(row) == ["k", "k_2", "k_1", "k_3", "s", "d", "i", "h"]
    assert (row["s"], row["d"], row["i"]) == (3, 1.5, "1 month 2 days 03:00:00")
    assert int(row["h"]) == 2**127 - 1


VALUES: dict[str, tuple[Any, str]] = {
    "1.5": (1.5, "1.5"),
    "DATE '2020-01-31'": ("2020-01-31", "2020-01-31"),
    "DATE '-4000-01-01'": ("4001-01-01 (BC)", "4001-01-01 (BC)"),
    "'infinity'::TIMESTAMP": ("infinity", "infinity"),
    "'0044-03-15 (BC) 12:00:00+00'::TIMESTAMPTZ": ("0044-03-15 (BC) 12:00:00+00",) * 2,
    "TIMESTAMP '2020-01-31 06:00:00'": ("2020-01-31T06:00:00", "2020-01-31 06:00:00"),
    "TIME '24:00:00'": ("24:00:00", "24:00:00"),
    "INTERVAL '-3 hours'": ("-03:00:00", "'-03:00:00"),
    "INTERVAL 5 DAY - INTERVAL '3 hours'": ("5 days -03:00:00", "5 days -03:00:00"),
    f"{2**128 - 1}::UHUGEINT": (str(2**128 - 1), str(2**128 - 1)),
    "union_value(num := 2)": ("2", "2"),
    "row(1, 'a')": ("(1, a)", "(1, a)"),
    "'a'::ENUM ('a', 'b')": ("a", "a"),
    "'\\xff'::BLOB": ("\\xFF", "\\xFF"),
    "'nan'::DOUBLE": ("nan", "nan"),
    "'-infinity'::FLOAT": ("-inf", "-inf"),
    "[1.5, 2, NULL]": ([1.5, 2, None], "[1.5,2,null]"),
    "[sum(10) OVER ()]": ([10], "[10]"),
    "[DATE 'infinity', DATE '2020-01-31']": (["infinity", "2020-01-31"], '["infinity","2020-01-31"]'),
    "['infinity'::TIMESTAMP, TIMESTAMP '2020-01-31']": (["infinity", "2020-01-31T00:00:00"],) * 2,
    "[INTERVAL 3 HOUR]": (["03:00:00"], '["03:00:00"]'),
    "{'a \"b': [{'n': 1.5}], 'd': 'nan'::DOUBLE}": ({'a "b': [{"n": 1.5}], "d": "nan"},) * 2,
    "MAP {'a': DATE '2020-01-31', 'b': NULL}": ([["a", "2020-01-31"], ["b", None]],) * 2,
    "MAP {1: 'infinity'::TIMESTAMP}": ([[1, "infinity"]], '[[1,"infinity"]]'),
    "'[1]'::JSON": ("[1]", "[1]"),
    "NULL": (None, ""),
}  # fmt: skip


def test_values_of_every_type_are_told_at_every_depth(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As JSON numbers, lists and objects where it has them, else as DuckDB's text; in CSV and tables a list is JSON."""
    monkeypatch.setenv("INCIDENTS_HOME", str(lake.home))
    sql = "SELECT " + ", ".join(f"{value} AS c{n}" for n, value in enumerate(VALUES))
    as_json, as_csv = (CliRunner().invoke(app, ["query", sql, form]).stdout for form in ("--json", "--csv"))
    [row] = json.loads(as_json)
    assert list(row.values()) == [told for told, _ in VALUES.values()]
    _, cells = csv.reader(io.StringIO(as_csv))
    assert [_parts(cell) for cell in cells] == [_parts(told) for _, told in VALUES.values()]
    few = "SELECT [1.5, 2] AS l, INTERVAL '-3 hours' AS i, 'infinity'::TIMESTAMP AS t"
    as_table = CliRunner().invoke(app, ["query", few]).stdout
    assert all(cell in as_table for cell in ("[1.5,2]", "-03:00:00", "infinity"))


def _parts(cell: Any) -> Any:
    """A cell of CSV, read where it is JSON."""
    return json.loads(cell) if isinstance(cell, str) and cell.startswith(("[", "{")) else cell


@pytest.mark.parametrize("depth", [19, 100])
def test_what_is_nested_too_deep_for_a_list_is_text(sandbox: Sandbox, depth: int) -> None:
    assert run_query(sandbox, f"SELECT {'[' * depth}1{']' * depth} AS deep").num_rows == 1


@pytest.mark.parametrize(
    ("sql", "limit", "told"),
    [
        (f"SELECT {'[' * 900}1{']' * 900}", None, "nests too deep"),
        ("SELECT 1", 2**63, "more rows than there can be"),
        ("SELECT 'caf\udce9'", None, "no text in UTF-8"),
    ],
)
def test_a_question_that_cannot_be_asked_is_told_and_kills_nothing(
    sandbox: Sandbox, sql: str, limit: int | None, told: str
) -> None:
    before = run_query(sandbox, "SELECT 1") and sandbox.process_id
    with pytest.raises(QueryError, match=told):
        sandbox.ask(sql, limit=limit)
    assert run_query(sandbox, "SELECT 1").num_rows == 1
    assert sandbox.process_id == before


def test_a_row_of_more_columns_than_fit_is_shown_column_by_column(lake: Settings) -> None:
    columns = ", ".join(f"{n} AS column_{n}" for n in range(60))
    shown = _ran(lake, "query", f"SELECT {columns}").stdout
    assert all(f"column_{n} " in shown for n in range(60))
    assert "…" not in shown


def test_an_error_that_quotes_an_article_forges_nothing_and_any_terminal_shows_it(lake: Settings) -> None:
    done = _ran(lake, "query", "SELECT E'\\x1b[31mred \u202e'::INT", PYTHONIOENCODING="ascii")
    assert done.returncode == 1
    assert "\x1b" not in done.stderr
    assert "red" in done.stderr
    assert "Traceback" not in done.stderr
    assert _ran(lake, "query", "SELECT 'Ümit' AS name", PYTHONIOENCODING="ascii").returncode == 0


def test_two_forms_of_output_at_once_are_refused(lake: Settings) -> None:
    done = _ran(lake, "query", "SELECT 1", "--json", "--csv")
    assert done.returncode == 2
    assert "give one" in " ".join(done.stderr.split())


def test_rows_of_any_size_come_in_messages_of_bounded_size(sandbox: Sandbox) -> None:
    sizes = [batch.nbytes for batch in sandbox.ask("SELECT repeat('x', 100000) AS x FROM range(400)")]
    assert sum(sizes) > 40_000_000
    assert max(sizes) < 10_000_000


def test_a_statement_ends_with_its_semicolon_whatever_comment_follows_and_one_without_is_told(
    lake: Settings,
) -> None:
    shell = _succeeded(_ran(lake, "sql", typed="SELECT 40 + 2 AS sum; -- done\nSELECT 5\n.quit\n"))
    assert "42" in shell.stdout
    assert "Not run, for no semicolon ends it: SELECT 5" in shell.stderr


def test_json_is_one_document_and_a_terminal_sees_no_escapes(lake: Settings) -> None:
    def asked(*arguments: str) -> str:
        return _succeeded(_ran(lake, "query", *arguments)).stdout

    assert [row["range"] for row in json.loads(asked("FROM range(3)", "--json"))] == [0, 1, 2]
    assert json.loads(asked("FROM range(0)", "--json")) == []
    shown = asked("SELECT E'\\x1b[31mred\\nforged' AS \"\x1b[2Jname\"")
    assert "\x1b" not in shown
    assert "\\x1b[31mred\\x0aforged" in shown
    assert "\\x1b[2Jname" in shown


def test_the_shell_survives_errors_and_knows_its_commands(lake: Settings) -> None:
    typed = "SELECT 'caf\udce9';\nnonsense;\n.columns nope\nSELECT 'a;\nb' AS kept;\nFROM range(300);\n.tables\n.columns stories\n.help\nSELECT 40 +\n2 AS sum;\nFROM read_text('/etc/hostname');\n.quit\n"
    shell = _succeeded(_ran(lake, "sql", typed=typed))
    assert "There is no nope" in shell.stderr
    assert "a;\\x0ab" in shell.stdout
    assert "LIMIT and OFFSET" in shell.stdout
    assert "v_acled" in shell.stdout
    assert "source_count" in shell.stdout
    assert "Ctrl-C" in shell.stdout
    assert "42" in shell.stdout
    assert "syntax error" in shell.stderr
    assert "no text in UTF-8" in shell.stderr
    assert "read_text may not be used" in shell.stderr


def test_ctrl_c_stops_the_statement_and_not_the_shell(lake: Settings) -> None:
    # Where the tests run in the background, their children are born deaf to interrupts.
    terminal, inside = pty.openpty()
    shell = subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "sql"],
        stdin=inside,
        stdout=inside,
        stderr=inside,
        env=_environment(lake) | {"TERM": "dumb"},
        preexec_fn=lambda: (signal.signal(signal.SIGINT, signal.SIG_DFL), os.login_tty(inside)),
    )
    os.close(inside)
    try:
        _read_until(terminal, "incidents> ")
        os.write(terminal, b"SELECT count(*) FROM range(1000000000) a, range(1000000000) b;\n")
        _wait_until_busy(shell.pid)
        os.write(terminal, b"\x03")
        _read_until(terminal, "Stopped.")
        os.write(terminal, b"SELECT 6 * 7 AS answer;\n")
        _read_until(terminal, " 42 ")
        os.write(terminal, b".quit\n")
        assert shell.wait(10) == 0
    finally:
        shell.kill()
        os.close(terminal)


def _wait_until_busy(shell: int) -> None:
    """Wait until a child of the shell has worked longer than it takes to start."""
    children = Path(f"/proc/{shell}/task/{shell}/children")
    worked = 0
    while worked < 1.5 * os.sysconf("SC_CLK_TCK"):
        time.sleep(0.05)
        for child in children.read_text().split():
            worked = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[11])


def _read_until(terminal: int, wanted: str) -> None:
    seen = ""
    while wanted not in seen:
        seen += os.read(terminal, 4096).decode(errors="replace")
