"""The default extractor: finders and rules, no model, no network; one article in, everything it says out."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from pipeline.extract.aggregates import read_aggregate
from pipeline.extract.assembly import build_figures, build_report, build_responsibility
from pipeline.extract.gazetteer import default_gazetteer
from pipeline.extract.individuation import group_incidents
from pipeline.extract.reading import read_article
from pipeline.extract.scenes import Reading
from pipeline.records import (
    AggregateClaim,
    Article,
    CasualtyFigure,
    Extraction,
    IncidentReport,
    ResponsibilityClaim,
)
from pipeline.text.clean import CleanText, clean_text

MAX_CHARACTERS = 100_000
"""Of a longer text only the beginning is read: the news is there."""
_LEAD_SENTENCES = 3
EXTRACTOR_VERSION = "4"
_Told = TypeVar("_Told", IncidentReport, AggregateClaim, ResponsibilityClaim)


class RulesExtractor:
    """Gate, sentences, mentions, individuation, assembly."""

    name = "rules"

    def __init__(self) -> None:
        """The version names a gazetteer of the user's own: with other places known, other records come out."""
        self.version = EXTRACTOR_VERSION + default_gazetteer().mark

    def extract(self, article: Article) -> Extraction:
        """What the article says; an error where its language is not supported."""
        if article.language not in (None, "en"):
            return Extraction(
                article_id=article.article_id,
                error=f"Language {article.language!r} is not supported; only English articles are read.",
            )
        published_on = article.published_on or (article.published_at.date() if article.published_at else None)
        clean = clean_text(article.text[:MAX_CHARACTERS])
        reading = read_article(clean.text, clean_text(article.title or "").text or None, published_on)
        incidents = group_incidents(reading)
        claims = [
            (
                read_aggregate(
                    s.sentence.text, s.sentence.start, s.casualties, s.dates, s.told_places, s.actors
                ),
                s,
            )
            for s in reading.scenes
            if s.kind == "aggregate"
        ]
        claims = [(claim, scene) for claim, scene in claims if claim.states_a_figure]
        return Extraction(
            article_id=article.article_id,
            incidents=[
                _quoted(build_report(i, reading, is_lead=_is_lead(i.anchor.sentence.start, reading)), clean)
                for i in incidents
            ],
            aggregate_claims=[_quoted(claim, clean) for claim, _ in claims],
            casualty_figures=[
                _placed(figure, clean) for figure in build_figures(incidents, [scene for _, scene in claims])
            ],
            responsibility_claims=[
                _quoted(claim, clean) for claim in build_responsibility(incidents, reading)
            ],
        )


def _is_lead(start: int, reading: Reading) -> bool:
    body = [scene for scene in reading.scenes if not scene.is_title]
    return any(scene.sentence.start == start for scene in body[:_LEAD_SENTENCES])


def _quoted(told: _Told, clean: CleanText) -> _Told:
    """The record with evidence in the words of the article as it came."""
    evidence = []
    for quoted in told.evidence:
        start, end = clean.origin(quoted.start, quoted.end)
        evidence.append(replace(quoted, start=start, end=end, quote=clean.original[start:end]))
    return replace(told, evidence=evidence)


def _placed(figure: CasualtyFigure, clean: CleanText) -> CasualtyFigure:
    start, end = clean.origin(figure.start, figure.end)
    return replace(figure, start=start, end=end, words=clean.original[start:end])
