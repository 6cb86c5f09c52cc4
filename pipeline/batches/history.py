"""History: what the standing dashboard shows, summed up by day from the tables of the lake."""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict
from typing import Any

from pipeline.batches.source_states import states_for_pages
from pipeline.batches.trends import failed_trends
from pipeline.batches.volumes import Volume, active_days, volumes
from pipeline.config import Settings
from pipeline.lake.snapshot import Snapshot
from pipeline.quality.freshness import idle_days
from pipeline.quality.ledger import IDENTITIES, SUMMED
from pipeline.report.charts import MINIMUM_SLOTS
from pipeline.report.history import (
    DAYS,
    SHOWN_BATCHES,
    SHOWN_LINES,
    History,
    Line,
    null_alarms,
)
from pipeline.report.model import IMPORTANT_COLUMNS, UNREAD, Intake, intake

Row = dict[str, Any]
_SUMS = ", ".join(f"sum({name})::BIGINT AS {name}" for name in SUMMED)
_FILLED = ", ".join(f"coalesce({name}, 0) AS {name}" for name in SUMMED)
_HOLDS = " AND ".join(f"{' + '.join(left)} = {' + '.join(right)}" for _, left, right in IDENTITIES)
_MISSING = ", ".join(
    f"count_if(r.{name} IS NULL)"
    if name not in {"perpetrators", "targets"}
    else f"count_if(len(r.{name}) = 0)"
    for name in IMPORTANT_COLUMNS
)


def history(settings: Settings, snapshot: Snapshot) -> History:
    """The last :data:`~pipeline.report.history.DAYS` days up to the newest batch."""
    [ends] = snapshot.rows("SELECT max(committed_at) AS newest, min(committed_at) AS oldest FROM batches")
    if ends["newest"] is None:
        return _empty()
    newest: dt.datetime = ends["newest"]
    last, first = newest.date(), ends["oldest"].date()
    shown = min(DAYS, max(MINIMUM_SLOTS, (last - first).days + 1))
    days = [last - dt.timedelta(days=back) for back in range(shown - 1, -1, -1)]
    snapshot.execute(
        f"""CREATE OR REPLACE TEMP TABLE recent AS
           SELECT * REPLACE ({_FILLED}), date_diff('day', $1::DATE, committed_at::DATE)::INTEGER AS slot FROM batches WHERE committed_at >= $1::DATE""",
        [days[0]],
    )
    by_day = {
        row["slot"]: row
        for row in snapshot.rows(f"SELECT slot, count(*) AS batches, {_SUMS} FROM recent GROUP BY slot")
    }
    newest_batches = snapshot.rows(
        f"SELECT *, {_HOLDS} AS is_conserved FROM recent ORDER BY committed_at DESC, batch_id LIMIT {SHOWN_BATCHES}"
    )
    [unbalanced] = snapshot.rows(f"SELECT count_if(NOT ({_HOLDS}))::BIGINT AS n FROM recent")
    [opened] = snapshot.rows("SELECT count(*) AS n FROM quarantine WHERE replayed_at IS NULL")
    snapshot.execute(
        """CREATE OR REPLACE TEMP TABLE judged AS
           SELECT quality_results.*, slot, committed_at FROM quality_results
           JOIN (SELECT batch_id, slot, committed_at FROM recent) USING (batch_id)"""
    )
    brought = volumes(snapshot, days, newest)
    expectations, met = _expectations(snapshot, shown)
    failed = _failed_last(snapshot, shown)
    trends = failed_trends(failed)
    return History(
        written_at=newest,
        days=days,
        ledger_by_day=[by_day.get(slot) for slot in range(shown)],
        ledger={name: sum(row[name] for row in newest_batches) for name in SUMMED},
        batches=newest_batches,
        unbalanced=unbalanced["n"],
        expectations=expectations,
        met=met,
        intakes=_intakes(snapshot, shown),
        failed_last=len(failed) - len(trends),
        trends=trends,
        reasons=_reasons(snapshot, shown, set(by_day)),
        open_quarantine=opened["n"],
        nulls=_nulls(snapshot, shown),
        volumes=_volumes(brought, shown),
        idle=idle_days(active_days(one.brought for one in brought), shown - 1),
        sources=[
            asdict(state) for state in states_for_pages(settings, brought, now=newest, snapshot=snapshot)
        ],
    )


def _expectations(snapshot: Snapshot, shown: int) -> tuple[list[Line], int]:
    """The expectations that rows failed, those of the newest day first; and how many were met."""
    snapshot.execute(
        """CREATE OR REPLACE TEMP TABLE results AS
           SELECT table_name, expectation, slot, sum(unexpected_count)::BIGINT AS failed, sum(element_count)::BIGINT AS seen
           FROM judged GROUP BY table_name, expectation, slot"""
    )
    [counts] = snapshot.rows(
        """SELECT count(*) FILTER (failed = 0) AS met
           FROM (SELECT sum(failed) AS failed FROM results GROUP BY table_name, expectation)"""
    )
    rows = snapshot.rows(
        """WITH worst AS (
             SELECT table_name, expectation, sum(unexpected_count)::BIGINT AS all_failed, sum(element_count)::BIGINT AS all_seen,
                    max(slot) FILTER (unexpected_count > 0) = $2 AS is_new,
                    max_by(judged, (committed_at, batch_id)) FILTER (unexpected_count > 0) AS newest
             FROM judged GROUP BY table_name, expectation HAVING sum(unexpected_count) > 0
             ORDER BY is_new DESC, all_failed DESC, table_name, expectation LIMIT $1
           )
           SELECT worst.*, slot, failed, seen FROM worst JOIN results USING (table_name, expectation)
           ORDER BY is_new DESC, all_failed DESC, table_name, expectation, slot""",
        [SHOWN_LINES, shown - 1],
    )
    lines: dict[tuple[str, str], Line] = {}
    for row in rows:
        line = lines.setdefault(
            (row["table_name"], row["expectation"]),
            Line(
                row["newest"]["sentence"],
                [None] * shown,
                row["all_failed"],
                row["all_seen"],
                _note(row["newest"]),
            ),
        )
        line.values[row["slot"]] = row["failed"] / row["seen"] if row["seen"] else None
    return list(lines.values()), counts["met"]


def _note(result: Row) -> str:
    observed = f", observed {result['observed']}" if result["observed"] else ""
    return f"{result['table_name']}, {result['severity']}{observed}"


def _intakes(snapshot: Snapshot, shown: int) -> dict[str, Intake]:
    rows = snapshot.rows(
        """SELECT r.*, count(q.batch_id) AS failed, count(*) FILTER (q.reason_code = $2) AS unread
           FROM recent AS r LEFT JOIN quarantine AS q ON q.batch_id = r.batch_id AND q.stage = 'extract'
           WHERE slot = $1 GROUP BY ALL ORDER BY r.batch_id""",
        [shown - 1, UNREAD],
    )
    return {row["batch_id"]: intake(row, row["failed"] - row["unread"], row["unread"]) for row in rows}


def _failed_last(snapshot: Snapshot, shown: int) -> list[Row]:
    """The expectations that failed on the newest day, each as its newest failing batch tells it."""
    return snapshot.rows(
        """SELECT * FROM judged WHERE slot = $1 AND unexpected_count > 0
           QUALIFY row_number() OVER (PARTITION BY table_name, expectation ORDER BY committed_at DESC, batch_id) = 1
           ORDER BY table_name, expectation""",
        [shown - 1],
    )


def _reasons(snapshot: Snapshot, shown: int, active: set[int]) -> list[Line]:
    """Lines of what was rejected, the most frequent reason first; days without a batch stay empty."""
    rows = snapshot.rows(
        """SELECT q.reason_code, r.slot, count(*) AS n, count_if(q.replayed_at IS NULL)::BIGINT AS opened
           FROM quarantine AS q JOIN recent AS r USING (batch_id) GROUP BY ALL"""
    )
    totals: dict[str, int] = {}
    for row in rows:
        totals[row["reason_code"]] = totals.get(row["reason_code"], 0) + row["n"]
    kept = sorted(totals, key=lambda code: (-totals[code], code))[:SHOWN_LINES]
    lines = []
    for code in kept:
        own = {row["slot"]: row for row in rows if row["reason_code"] == code}
        values = [
            float(own[slot]["n"]) if slot in own else 0.0 if slot in active else None for slot in range(shown)
        ]
        still_open = sum(row["opened"] for row in own.values())
        lines.append(Line(code.replace("_", " "), values, totals[code], still_open))
    return lines


def _volumes(found: list[Volume], shown: int) -> list[Line]:
    """Lines of all sources, those with a day that stands out first."""
    active = set(active_days(one.brought for one in found))
    lines = [
        Line(
            one.source,
            [float(one.brought.get(day, 0)) if day in active else None for day in range(shown)],
            sum(one.brought.values()),
            alarms=dict.fromkeys(one.jumps, "jump") | dict.fromkeys(one.silences, "fell silent"),
        )
        for one in found
    ]
    return sorted(lines, key=lambda line: not line.alarms)


def _nulls(snapshot: Snapshot, shown: int) -> list[Line]:
    rows = snapshot.rows(
        f"""SELECT b.slot, count(*) AS n, [{_MISSING}]::BIGINT[] AS missing
            FROM incident_reports AS r JOIN recent AS b USING (batch_id) GROUP BY b.slot"""
    )
    if not rows:
        return []
    seen = [0] * shown
    for row in rows:
        seen[row["slot"]] = row["n"]
    lines = []
    for place, name in enumerate(IMPORTANT_COLUMNS.values()):
        shares: list[float | None] = [None] * shown
        for row in rows:
            shares[row["slot"]] = row["missing"][place] / row["n"]
        missing = sum(row["missing"][place] for row in rows)
        lines.append(Line(name, shares, missing, sum(seen), alarms=null_alarms(shares, seen)))
    return lines


def _empty() -> History:
    moment = dt.datetime.fromtimestamp(0, dt.UTC)
    return History(moment, [], [], dict.fromkeys(SUMMED, 0), [], 0, [], 0, {}, 0, [], [], 0, [], [], [], [])
