"""``make up`` for real: a file in the drop folder becomes incidents by itself, a run is triggered by REST, people answer, Ctrl-C ends all."""

from __future__ import annotations

import html
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline import stages
from pipeline.batches import review
from pipeline.batches.review import Decision
from pipeline.config import SAMPLES_DIR, Settings
from pipeline.lake.database import open_database
from pipeline.orchestration.environment import USER, write_password
from tests.airflow_pages import check_refusals, check_views, correct_in_form
from tests.articles import record
from tests.broker import Broker, as_values, declare_topic, held_ids, rows, running_broker

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


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Settings of the one installation that these tests share, for a start costs half a minute."""
    root = tmp_path_factory.mktemp("standing")
    return Settings(home=root, lake=root / "lake", workers=1)


@pytest.fixture(scope="module")
def broker(home: Settings) -> Iterator[Broker]:
    """A broker with a topic, declared as a source before Airflow starts."""
    with running_broker() as running:
        running.create("reports", partitions=2)
        waiting = {"messages": 1, "seconds": 1}
        declare_topic(home, "wire", servers=running.servers, topic="reports", batch=waiting)
        yield running


@pytest.fixture(scope="module")
def standing(home: Settings, broker: Broker) -> Iterator[tuple[Settings, int, subprocess.Popen[str]]]:
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
    port: int,
    path: str,
    body: dict[str, Any] | None = None,
    token: str | None = None,
) -> dict[str, Any]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=None if body is None else json.dumps(body).encode(),
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
    with open_database(home.database) as connection:
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
            lambda expected=expected: (
                home.database.exists() and [one for one in held_ids(home) if one.startswith("t-")] == expected
            ),
            f"the incidents of {len(expected)} messages",
        )
    assert process.poll() is None


@pytest.mark.airflow
def test_people_decide_about_quarantined_rows_in_a_form_and_the_decisions_are_published(
    standing: tuple[Settings, int, subprocess.Popen[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    home, port, _ = standing
    article = tmp_path / "review.jsonl"
    hostile = record(7)["text"] + " {{ conf }} [here](https://evil.example) <b>now</b>"
    article.write_text(json.dumps(record(7, id="review-7", text=hostile)) + "\n", encoding="utf-8")
    stages.run([article], home)
    [key] = [row["report_id"] for row in rows(home, _REVIEWED)]
    wrong = Decision("correct", key, "a slip", "Ada", {"date_start": "2025-04-20", "date_end": "2025-04-20"})
    with monkeypatch.context() as patch:
        patch.setattr(
            review, "failed_anew", lambda *_: []
        )  # as if an expectation were newer than the decision
        stages.finish(stages.ingest_decisions([wrong], home), home)
    assert rows(home, _REVIEWED) == []

    token = _call(port, "/auth/token", {"username": USER, "password": write_password(home)})["access_token"]
    dag = "/api/v2/dags/review_quarantine/dagRuns"
    run = _call(port, dag, {"logical_date": None, "conf": {}}, token)
    path = f"{dag}/{run['dag_run_id']}"

    def open_forms() -> list[dict[str, Any]]:
        """Questions that wait and whose asking the scheduler has taken note of.

        Airflow 3.3 takes a task that goes on in the second before that for lost, and asks again: no person is so fast.
        """
        log = (home.airflow_home / "standalone.log").read_text(encoding="utf-8", errors="replace")
        noted = {
            int(found[1])
            for found in re.finditer(r"event with state success .*task_id='decide'.*try_number=(\d+)", log)
        }
        asked = _call(port, f"{path}/hitlDetails", token=token)["hitl_details"]
        waiting = [
            one for one in asked if one["task_instance"]["map_index"] >= 0 and not one["response_received"]
        ]
        return [one for one in waiting if one["task_instance"]["try_number"] in noted]

    form = until(open_forms, "the question")[0]
    assert form["subject"].endswith(": failed expectation")
    assert "The incident is not later than" in html.unescape(form["body"])
    assert not any(sign in form["body"] for sign in ("{", "<", "](", "://"))
    reason, corrections = "It was in March.", "date_start=2025-03-03\ndate_end=2025-03-03"
    correct_in_form(f"http://127.0.0.1:{port}", form["subject"], reason, corrections, write_password(home))

    state = until(
        lambda: (s := _call(port, path, token=token)["state"]) in {"success", "failed"} and s,
        "the end of the review",
    )
    assert state == "success"
    [row] = rows(home, _REVIEWED)
    assert (row["report_id"], str(row["date_start"])) == (key, "2025-03-03")
    decided = rows(home, "SELECT DISTINCT reviewer_name FROM revisions WHERE reason = 'It was in March.'")
    assert decided == [{"reviewer_name": USER}]


_REVIEWED = (
    "SELECT r.report_id, r.date_start FROM incident_reports AS r JOIN articles AS a USING (article_id) "
    "WHERE a.source_article_id = 'review-7'"
)
