"""Decisions applied to rows: in any order, once or twice, whatever they are."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pipeline.quality.revisions import json_text, revise_rows, revision_row
from pipeline.schema.tables import table

REPORTS = table("incident_reports")
KEYS = ("r-1", "r-2", "r-3")
ROWS: list[dict[str, Any]] = [
    {
        "report_id": key,
        "fatalities_best": 3,
        "date_start": dt.date(2025, 3, 3),
        "incident_year": 2025,
        "evidence": [{"field": "event_type", "start": 0, "end": 3, "quote": "hit"}],
    }
    for key in KEYS
]
MOMENTS = st.integers(0, 5).map(lambda n: dt.datetime(2025, 3, 5, n, tzinfo=dt.UTC))


@st.composite
def decisions(draw: st.DrawFn) -> dict[str, Any]:
    """One decision of a person about one of the rows, or about one that is not there."""
    action = draw(st.sampled_from(["correct", "accept", "retract", "restore"]))
    common = {
        "entity": "incident_reports",
        "entity_id": draw(st.sampled_from((*KEYS, "r-4"))),
        "action": action,
        "reason": "read it",
        "reviewer": draw(st.sampled_from(["Ada", "Bo"])),
        "at": draw(MOMENTS),
    }
    if action == "correct":
        name, value = draw(
            st.sampled_from(
                [("fatalities_best", 7), ("fatalities_best", None), ("date_start", dt.date(2024, 1, 1))]
            )
        )
        return revision_row(**common, name=name, new=json_text(value))
    if action == "accept":
        return revision_row(**common, new=json_text(draw(st.lists(st.sampled_from(["a", "b"]), unique=True))))
    return revision_row(**common)


@given(made=st.lists(decisions(), max_size=8), data=st.data())
def test_decisions_are_free_of_order_and_of_repetition_and_no_row_is_lost(
    made: list[dict[str, Any]], data: st.DataObject
) -> None:
    revised = revise_rows(REPORTS, ROWS, made)
    shuffled = data.draw(st.permutations(made + made))
    assert revise_rows(REPORTS, ROWS, shuffled) == revised
    again = revise_rows(REPORTS, revised.rows, made)
    assert again.rows == revised.rows
    kept = [row["report_id"] for row in (*revised.rows, *revised.retracted)]
    assert sorted(kept) == sorted(KEYS)
    assert all(row["incident_year"] == row["date_start"].year for row in revised.rows)


def test_a_decision_and_its_key_do_not_depend_on_where_it_is_made() -> None:
    moment = dt.datetime(2025, 3, 5, tzinfo=dt.UTC)
    one, other = (
        revision_row(
            entity="articles",
            entity_id="v-1",
            action="accept",
            reason="x",
            reviewer="Ada",
            at=moment,
            origin=origin,
        )
        for origin in ("b-1", "b-2")
    )
    assert one == other
