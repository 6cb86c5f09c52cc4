"""``incidents sources``: what can be read, what is declared, and what has dried up."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import msgspec
from rich.markup import escape

from pipeline.cli.console import Json, clean_text, out, print_json, print_table
from pipeline.config import settings

if TYPE_CHECKING:
    from pipeline.quality.freshness import Freshness


def sources(json: Json = False) -> None:
    """The kinds of files that can be read, the kinds of sources that can be declared, and those that are.

    The state of a declared source is ok, dry or flood: whether it brings what the bounds of its declaration expect;
    broken where the declaration is wrong.
    """
    from pipeline.batches.source_states import source_states
    from pipeline.sources.declaration import Declaration
    from pipeline.sources.registry import SOURCES
    from pipeline.sources.streams import STREAMS, survey

    found = settings()
    declared = survey(found.sources)
    states = {state.source: state for state in source_states(found, now=dt.datetime.now(dt.UTC))}
    if json:
        print_json(
            {
                "files": [
                    {"name": s.name, "endings": s.endings, "description": s.description} for s in SOURCES
                ],
                "kinds": [{"kind": s.kind, "description": s.description} for s in STREAMS],
                "declared": [
                    (msgspec.to_builtins(d) if isinstance(d, Declaration) else {"name": name})
                    | _state_fields(states[name])
                    for name, d in declared.items()
                ],
            }
        )
        return
    print_table(
        ["files", "file names", "what"], [[s.name, " ".join(s.endings), s.description] for s in SOURCES]
    )
    print_table(["kind of source", "what"], [[s.kind, s.description] for s in STREAMS])
    print_table(
        ["declared source", "kind", "schedule", "state", "licence", "what"],
        [
            [name, d.kind, d.schedule, states[name].state, d.licence, d.description]
            if isinstance(d, Declaration)
            else [name, None, None, states[name].state, None, None]
            for name, d in declared.items()
        ],
        title=str(found.sources),
    )
    for state in states.values():
        if state.is_alarm:
            out.print(f"  {state.state}: {escape(clean_text(state.sentence))}")


def _state_fields(state: Freshness) -> dict[str, Any]:
    return {"state": state.state, "articles_in_window": state.articles, "finding": state.sentence}
