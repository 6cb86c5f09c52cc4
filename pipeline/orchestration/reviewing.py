"""What the Dags of review and reprocessing do: questions for people, their answers applied, articles read again."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from airflow.sdk.exceptions import AirflowFailException

from pipeline import stages
from pipeline.batches.dossier import dossier
from pipeline.batches.reprocess import Selection
from pipeline.batches.review import ACTIONS, Decision, check_decision, questionable_ids
from pipeline.config import Settings, settings
from pipeline.errors import ReviewError, SourceError
from pipeline.orchestration.tasks import fails_at_once, say
from pipeline.quality.corrections import parse_settings

_VALUE_CHARACTERS = 400
_LINK = re.compile(r"(?i)(:)(?=//)|(?<=www)(\.)|(@)")


@fails_at_once
def questions(params: Mapping[str, Any]) -> list[dict[str, str]]:
    """Subject and body of the form of each row to ask about; nothing in them is read as a template, markup or link."""
    found = settings()
    ids = [str(one) for one in params.get("ids") or []] or questionable_ids(found, int(params["limit"]))
    say(f"review: asking about {len(ids)} rows")
    return [_question(one, found) for one in ids]


def _question(quarantine_id: str, found: Settings) -> dict[str, str]:
    told = dossier(quarantine_id, found)
    lines = [f"**{plain_markdown(told['reason'])}**", f"Where: {plain_markdown(told['input_location'])}"]
    lines += [f"- {plain_markdown(sentence)}" for sentence in told["failed_expectations"]]
    fields = (
        f"| {plain_markdown(n)} | {plain_markdown(_text(v))} |"
        for n, v in told["row"].items()
        if v not in (None, [])
    )
    lines.append("\n".join(["| field | value |", "|---|---|", *fields]))
    for quote in told["quotes"]:
        before, words, after = (plain_markdown(quote[part]) for part in ("before", "quote", "after"))
        lines.append(f"{plain_markdown(quote['field'])}: …{before} **{words}** {after}…")
    # the subject is shown as it is, not as Markdown: a reason code is a word of our own
    return {
        "subject": f"{quarantine_id}: {told['reason_code'].replace('_', ' ')}",
        "body": "\n\n".join(lines),
    }


def _text(value: Any) -> str:
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    return text if len(text) <= _VALUE_CHARACTERS else text[:_VALUE_CHARACTERS] + "…"


def plain_markdown(text: str) -> str:
    """Text that shows as it is wherever Markdown or a Jinja template is read: every sign is a character reference.

    Signs that make a bare address a link are put in brackets (``https[:]//``); control and direction characters are made visible.
    """
    bracketed = _LINK.sub(lambda match: f"[{match[0]}]", text)
    return "".join(map(_plain_character, bracketed))


def _plain_character(character: str) -> str:
    if character.isalnum() or character == " ":
        return character
    if not character.isprintable():
        return " " if character in "\n\r\t" else f"&#92;x{ord(character):02x}"
    return f"&#{ord(character)};"


@fails_at_once
def apply_answers(asked: Sequence[Mapping[str, str]], answers: Sequence[Mapping[str, Any]]) -> str | None:
    """Publish what people decided, as one batch. Returns its id; ``None`` where nothing was decided.

    An answer that cannot be applied leaves its row in quarantine, and fails the task after the others are published.
    """
    found = settings()
    decisions, refused = [], []
    for form, answer in zip(asked, answers, strict=True):
        target = form["subject"].partition(":")[0]
        try:
            decision = _decision(target, answer)
            if decision is not None:
                check_decision(decision, found)
                decisions.append(decision)
        except (ReviewError, SourceError) as error:
            refused.append(f"{target}: {error}")
    batch_id = None
    if decisions:
        batch_id = stages.finish(stages.ingest_decisions(decisions, found), found, progress=say)
        say(f"review: {len(decisions)} decisions in batch {batch_id}")
    if refused:
        raise AirflowFailException("Answers that could not be applied; ask again. " + " ".join(refused))
    return batch_id


def _decision(target: str, answer: Mapping[str, Any]) -> Decision | None:
    [action] = answer["chosen_options"]
    user = answer.get("responded_by_user")
    if action not in ACTIONS or not user:
        return None
    given = answer.get("params_input") or {}
    corrections = {}
    if action == "correct":
        entries = str(given.get("corrections") or "").splitlines()
        corrections = parse_settings([entry for entry in entries if entry.strip()])
    return Decision(action, target, str(given.get("reason") or ""), str(user["name"]), corrections)


@fails_at_once
def reprocess(params: Mapping[str, Any]) -> list[str]:
    """Read the chosen articles again. Returns the batch ids."""
    since = params.get("since")
    chosen = Selection(
        article_ids=tuple(params.get("article_ids") or ()),
        source=params.get("source"),
        since=dt.date.fromisoformat(str(since)) if since else None,
        country=params.get("country"),
        is_outdated=bool(params.get("outdated")),
    )
    return list(stages.reprocess(chosen, settings(), progress=say))
