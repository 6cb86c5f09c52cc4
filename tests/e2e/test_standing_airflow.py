"""``make up`` for real: a file in the drop folder becomes incidents by itself, a run is triggered by REST, Ctrl-C ends all."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import duckdb
import pytest

from pipeline.config import SAMPLES_DIR, Settings
from pipeline.orchestration.environment import USER, write_password
from tests.airflow_pages import check_refusals, check_views
from tests.articles import record
from tests.broker import Broker, as_values, declare_topic, held_ids, running_broker

PATIENCE_SECONDS = 240.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(condition: Callable[[], Any], what: str) -> Any:
    """Poll a condition until it gives something; fail naming it after the patience is over."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    poll = threading.Event()
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        poll.wait(0.5)
    raise AssertionError(f"{what} did not happen within {PATIENCE_SECONDS:g} seconds")


@pytest.fixture
def broker(home: Settings) -> Iterator[Broker]:
    """A broker with a topic, declared as a source before Airflow starts."""
    with running_broker() as running:
        running.create("reports", partitions=2)
        waiting = {"messages": 1, "seconds": 1}
        declare_topic(home, "wire", servers=running.servers, topic="reports", batch=waiting)
        yield running


@pytest.fixture
def standing(home: Settings) -> Iterator[tuple[Settings, int, subprocess.Popen[str]]]:
    """A standing Airflow on a free port."""
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "pipeline.orchestration.standalone", "--port", str(port)],
        env=os.environ | {"INCIDENTS_HOME": str(home.home), "INCIDENTS_WORKERS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        lines = iter(process.stdout.readline, "")
        assert any(line.startswith("Ctrl-C") for line in lines), "Airflow did not start"
        yield home, port, process
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=90)


def _call(
    port: int, path: str, body: dict[str, Any] | None = None, token: str | None = None
) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data=None if body is None else json.dumps(body).encode()
    )
    request.add_header("Content-Type", "application/json")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def _sources(home: Settings) -> set[str]:
    if not home.database.exists():
        return set()
    with duckdb.connect(str(home.database), read_only=True) as connection:
        return {
            row[0]
            for row in connection.execute(
                "SELECT DISTINCT source_name FROM incident_reports JOIN articles USING (article_id)"
            ).fetchall()
        }


@pytest.mark.airflow
def test_a_dropped_file_and_a_rest_call_publish_incidents(
    standing: tuple[Settings, int, subprocess.Popen[str]],
) -> None:
    home, port, process = standing
    arriving = home.inbox / ".tigris_wire.jsonl.part"
    arriving.write_bytes((SAMPLES_DIR / "articles" / "tigris_wire.jsonl").read_bytes())
    arriving.rename(home.inbox / "tigris_wire.jsonl")
    until(lambda: "Tigris Wire" in _sources(home), "the dropped file's incidents")
    until(
        lambda: list((home.inbox / "processed").glob("*/*/tigris_wire.jsonl")), "the move of the dropped file"
    )

    token = _call(port, "/auth/token", {"username": USER, "password": write_password(home)})["access_token"]
    conf = {"paths": [str(SAMPLES_DIR / "articles" / "sahel_courier.jsonl")]}
    run = _call(port, "/api/v2/dags/publish_incidents/dagRuns", {"logical_date": None, "conf": conf}, token)
    path = f"/api/v2/dags/publish_incidents/dagRuns/{run['dag_run_id']}"
    state = until(
        lambda: (s := _call(port, path, token=token)["state"]) in {"success", "failed"} and s,
        "the end of the run",
    )
    assert state == "success"
    assert "Sahel Courier" in _sources(home)
    published = _call(port, f"{path}/taskInstances/publish/xcomEntries/return_value", token=token)["value"]
    base = f"http://127.0.0.1:{port}"
    check_refusals(base, home.reports, run["dag_run_id"], token)
    check_views(base, run["dag_run_id"], published, write_password(home))
    assert process.poll() is None


@pytest.mark.airflow
def test_messages_of_a_declared_topic_publish_incidents(
    broker: Broker, standing: tuple[Settings, int, subprocess.Popen[str]]
) -> None:
    home, _, process = standing
    for number in range(2):
        broker.produce("reports", as_values([record(number)]), number)
        expected = [f"t-{one}" for one in range(number + 1)]
        until(
            lambda expected=expected: home.database.exists() and held_ids(home) == expected,
            f"the incidents of {len(expected)} messages",
        )
    assert process.poll() is None
