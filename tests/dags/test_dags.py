"""The Dags: thin, documented, retried; and run for real on an Airflow of their own."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipeline.config import DAGS_DIR, SAMPLES_DIR, Settings
from pipeline.orchestration.embedded import EmbeddedRunFailed, run_embedded
from pipeline.orchestration.environment import airflow_environment
from tests.broker import declare_topic

DAG_FILES = sorted(DAGS_DIR.glob("*.py"))
OF_SOURCES = {
    "stream_wire": "stream_sources",
    "fetch_courier": "fetch_sources",
    "fetch_gazette": "fetch_sources",
}
"""Dags of declared sources, and their files."""
INSPECT = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(dag_folder=sys.argv[1])
print("FOUND " + json.dumps({
    "errors": {str(k): v for k, v in bag.import_errors.items()},
    "dags": {d.dag_id: {
        "file": d.fileloc, "doc": d.doc_md, "tags": sorted(d.tags), "catchup": d.catchup,
        "schedule": getattr(d.timetable, "expression", None), "max_active_runs": d.max_active_runs,
        "edges": {t.task_id: sorted(t.downstream_task_ids) for t in d.tasks},
        "retries": [t.retries for t in d.tasks], "timeouts": [t.execution_timeout is not None for t in d.tasks],
        "params": {k: d.params.get_param(k).schema for k in d.params},
    } for d in bag.dags.values()}}))
"""


@pytest.fixture(scope="module")
def inspected(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Airflow's own Dag bag sees in the Dags folder."""
    root = tmp_path_factory.mktemp("airflow")
    declarations = {
        "courier": 'kind: feed\nlicence: invented\nschedule: "*/30 * * * *"\ndescription: The Courier.\noptions: {url: "https://courier.example/feed"}\n',
        "gazette": "kind: urls\nlicence: invented\nschedule: '@daily'\n",
        "on-demand": "kind: urls\nlicence: invented\n",
        "broken": "kind: [feed\n",
        "urlless": 'kind: feed\nlicence: invented\nschedule: "@daily"\noptions: {urll: x}\n',
        "untimely": "kind: feed\nlicence: invented\nschedule: now and then\n",
    }
    (root / "sources").mkdir()
    for name, content in declarations.items():
        (root / "sources" / f"{name}.yaml").write_text(content, encoding="utf-8")
    home = Settings(home=root, lake=root / "lake", workers=1)
    declare_topic(home, "wire", servers="127.0.0.1:9092", topic="reports")
    environment = airflow_environment(home)
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], env=environment, check=True, capture_output=True
    )
    seen = subprocess.run(
        [sys.executable, "-c", INSPECT, str(DAGS_DIR)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    [line] = [line for line in seen.stdout.splitlines() if line.startswith("FOUND ")]
    found: dict[str, Any] = json.loads(line.removeprefix("FOUND "))
    return found | {"log": seen.stdout + seen.stderr}


def test_every_dag_is_importable_and_named_after_its_file_or_its_source(inspected: dict[str, Any]) -> None:
    assert inspected["errors"] == {}
    named = {p.stem: p.stem for p in DAG_FILES if p.stem != "fetch_sources"} | OF_SOURCES
    for file in set(OF_SOURCES.values()):
        named.pop(file, None)
    assert {name: Path(dag["file"]).stem for name, dag in inspected["dags"].items()} == named


def test_each_declared_source_with_a_schedule_has_a_dag_and_a_broken_one_is_told(
    inspected: dict[str, Any],
) -> None:
    courier = inspected["dags"]["fetch_courier"]
    assert (courier["schedule"], courier["max_active_runs"]) == ("*/30 * * * *", 1)
    assert courier["edges"] == {"fetch_source": []}
    assert courier["doc"].startswith("The Courier.")
    assert "The source broken has no Dag: The source declaration" in inspected["log"]
    assert "The schedule 'now and then' of the source declared in" in inspected["log"]
    assert (
        "The source urlless has no Dag: The options of the source urlless (kind feed) are wrong"
        in inspected["log"]
    )


def test_every_dag_is_documented_retried_and_bounded(inspected: dict[str, Any]) -> None:
    for dag in inspected["dags"].values():
        assert dag["doc"]
        assert dag["tags"] == ["incidents"]
        assert dag["catchup"] is False
        assert min(dag["retries"]) >= 1
        assert all(dag["timeouts"])


def test_the_flow_goes_one_way(inspected: dict[str, Any]) -> None:
    assert inspected["dags"]["publish_incidents"]["edges"] == {
        "ingest": ["extract"],
        "extract": ["validate"],
        "validate": ["publish"],
        "publish": ["report"],
        "report": [],
    }


def test_the_sources_are_checked_every_hour(inspected: dict[str, Any]) -> None:
    checking = inspected["dags"]["check_sources"]
    assert (checking["schedule"], checking["max_active_runs"]) == ("0 * * * *", 1)
    assert checking["edges"] == {"check_sources": []}


def test_the_lake_is_maintained_every_day(inspected: dict[str, Any]) -> None:
    maintaining = inspected["dags"]["maintain_lake"]
    assert (maintaining["schedule"], maintaining["max_active_runs"]) == ("30 3 * * *", 1)
    assert maintaining["edges"] == {"maintain_lake": []}


def test_the_params_of_a_run_are_typed_and_described(inspected: dict[str, Any]) -> None:
    params = inspected["dags"]["publish_incidents"]["params"]
    assert set(params) == {"paths", "extractor"}
    assert all(schema["type"] and schema["title"] and schema["description_md"] for schema in params.values())


@pytest.mark.parametrize("path", DAG_FILES, ids=lambda path: path.stem)
def test_a_dag_file_is_thin(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    modules = {
        (node.module or "") if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.parse(source).body
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert modules <= {
        "__future__",
        "datetime",
        "airflow.sdk",
        "airflow.providers.standard.operators.hitl",
        "pipeline.orchestration.defaults",
        "pipeline.orchestration.schedules",
        "pipeline.orchestration.triggers",
    }
    assert len(source.splitlines()) <= 80


@pytest.mark.airflow
def test_the_dag_publishes_the_samples_on_an_embedded_airflow(home: Settings) -> None:
    lines: list[str] = []
    batch_id = run_embedded([SAMPLES_DIR], home, progress=lines.append)
    with duckdb.connect(str(home.database), read_only=True) as connection:
        [(shown, conserved)] = connection.execute("SELECT batch_id, is_conserved FROM ledger").fetchall()
        assert (shown, conserved) == (batch_id, True)
        assert connection.execute("SELECT count(*) > 25 FROM incident_reports").fetchone() == (True,)
    assert (home.reports / f"{batch_id}.html").exists()
    assert [line.split(":")[0] for line in lines if ":" in line and not line.startswith("airflow")] == [
        "ingest", "extract", "validate", "publish", "report",
    ]  # fmt: skip


@pytest.mark.airflow
def test_a_failing_run_says_what_was_wrong_and_where_the_log_is(home: Settings, tmp_path: Path) -> None:
    (home.airflow_home).mkdir(parents=True)
    (home.airflow_home / "airflow.db").write_bytes(b"half a database")
    with pytest.raises(EmbeddedRunFailed, match=r"no file or folder .*missing.*embedded.log"):
        run_embedded([tmp_path / "missing"], home, progress=lambda _line: None)


def test_airflow_listens_on_this_machine_only_and_has_secrets_of_its_own(
    home: Settings, tmp_path: Path
) -> None:
    environment = airflow_environment(home, port=8123)
    other = airflow_environment(Settings(home=tmp_path / "b", lake=tmp_path / "b" / "lake", workers=1))
    assert (
        environment["AIRFLOW__API__HOST"]
        == environment["AIRFLOW__LOGGING__WORKER_LOG_SERVER_HOST"]
        == "127.0.0.1"
    )
    for name in ("AIRFLOW__CORE__FERNET_KEY", "AIRFLOW__API_AUTH__JWT_SECRET", "AIRFLOW__API__SECRET_KEY"):
        assert len(environment[name]) >= 32
        assert environment[name] != other[name]
        assert environment[name] == airflow_environment(home)[name]
    for path in home.airflow_home.glob("*.key"):
        assert path.stat().st_mode & 0o077 == 0
