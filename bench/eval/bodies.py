"""The bodies of gold that accuracy is measured on, each as triples of gold, extraction and text.

``own`` and ``wire``: invented articles with records by hand, in the repository; those of ``wire`` are longer, tell of several incidents each, and
were written last, by hands that saw nothing of the extractor. ``annotated``: real articles by others, of which the
repository keeps only ids and offsets (``annotations/``); the texts are read from the folder of evaluation data beside the
repository. ``dev``: the gold that came with that folder.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipeline.extract.contract import contract_line, parse_article
from pipeline.extract.protocol import get_extractor
from pipeline.schema.tables import sub_event_types

HERE = Path(__file__).parent
EVAL = Path(__file__).parents[3] / "shared" / "eval"
OWN = HERE / "own"
WIRE = HERE / "wire"
ANNOTATIONS = HERE / "annotations" / "articles.jsonl"
_TEXTS = {"guardian": "articles/guardian_2017_2019.jsonl", "muc4": "muc4/train.jsonl"}
Record = dict[str, Any]
Body = list[tuple[Record, Record, str]]


def read_lines(path: Path) -> list[Record]:
    """The objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]


def extract(article: Record) -> Record:
    """What the default extractor says of an article, in the contract's form."""
    line = json.dumps(article, ensure_ascii=False).encode("utf-8", "surrogatepass")
    found: Record = json.loads(contract_line(get_extractor("rules").extract(parse_article(line))))
    return found


def own() -> Body:
    """The repository's own gold set."""
    return _body(OWN)


def wire() -> Body:
    """The repository's invented agency reports."""
    return _body(WIRE)


def dev() -> Body:
    """The gold of the evaluation folder."""
    return _body(EVAL / "incidents")


def _body(folder: Path) -> Body:
    articles = {a["id"]: a for a in read_lines(folder / "articles.jsonl")}
    gold = read_lines(folder / "gold.jsonl")
    return [(g, extract(articles[g["id"]]), articles[g["id"]]["text"]) for g in gold]


def texts() -> dict[str, str]:
    """The texts of the annotated corpora by id."""
    return {a["id"]: a["text"] for corpus in _TEXTS for a in read_lines(EVAL / _TEXTS[corpus])}


def annotated(part: str) -> Body:
    """The annotated articles of a part, ``seen`` (looked at while rules are written) or ``unseen``."""
    found = texts()
    body = []
    for row in read_lines(ANNOTATIONS):
        if row["part"] != part:
            continue
        text = found[row["id"]]
        if hashlib.sha256(text.encode()).hexdigest() != row["text_sha256"]:
            raise ValueError(f"The text of {row['id']} is not the annotated one; its offsets do not hold.")
        article = {
            "id": row["id"],
            "title": None,
            "text": text,
            "published_at": row["published"],
            "language": "en",
        }
        body.append((with_words(row, text), extract(article), text))
    return body


def with_words(row: Record, text: str) -> Record:
    """An annotated row with words where it has offsets."""

    def words(span: list[int] | None) -> str | None:
        return None if span is None else text[span[0] : span[1]]

    def evidence(record: Record) -> str:
        return " [...] ".join(text[start:end] for start, end in record["evidence"])

    incidents = []
    for incident in row["incidents"]:
        kind = incident["sub_event_type"]
        incidents.append(
            incident
            | {
                "event_type": next(e for e, subs in sub_event_types().items() if kind in subs),
                "evidence": evidence(incident),
            }
            | {name: words(incident[name]) for name in ("place", "claimed_by")}
            | {name: [words(s) for s in incident[name]] for name in ("perpetrators", "targets", "weapons")}
        )
    return {"incidents": incidents, "aggregates": [a | {"evidence": evidence(a)} for a in row["aggregates"]]}


def bodies() -> Iterator[tuple[str, Body]]:
    """All bodies that can be measured here, by name."""
    yield "own", own()
    yield "wire", wire()
    if EVAL.is_dir():
        yield "dev", dev()
        yield "annotated_seen", annotated("seen")
        yield "annotated_unseen", annotated("unseen")
