"""The default extractor: finders and rules, no model, no network; one article in, everything it says out."""

from __future__ import annotations

from pipeline.extract.aggregates import read_aggregate
from pipeline.extract.assembly import build_figures, build_report, build_responsibility
from pipeline.extract.individuation import group_incidents
from pipeline.extract.scenes import Reading, read_article
from pipeline.records import Article, Extraction

MAX_CHARACTERS = 100_000
"""Of a longer text only the beginning is read: the news is there."""
_LEAD_SENTENCES = 3


class RulesExtractor:
    """Gate, sentences, mentions, individuation, assembly."""

    name = "rules"
    version = "1"

    def extract(self, article: Article) -> Extraction:
        """What the article says; an error where its language is not supported."""
        if article.language not in (None, "en"):
            return Extraction(
                article_id=article.article_id,
                error=f"Language {article.language!r} is not supported; only English articles are read.",
            )
        published_on = article.published_on or (article.published_at.date() if article.published_at else None)
        reading = read_article(article.text[:MAX_CHARACTERS], article.title, published_on)
        incidents = group_incidents(reading)
        claims = [
            (read_aggregate(s.sentence.text, s.sentence.start, s.casualties, s.dates, s.places, s.actors), s)
            for s in reading.scenes
            if s.kind == "aggregate"
        ]
        claims = [(claim, scene) for claim, scene in claims if claim.states_a_figure]
        return Extraction(
            article_id=article.article_id,
            incidents=[
                build_report(i, reading, is_lead=_is_lead(i.anchor.sentence.start, reading))
                for i in incidents
            ],
            aggregate_claims=[claim for claim, _ in claims],
            casualty_figures=build_figures(incidents, [scene for _, scene in claims]),
            responsibility_claims=build_responsibility(incidents, reading),
        )


def _is_lead(start: int, reading: Reading) -> bool:
    body = [scene for scene in reading.scenes if not scene.is_title]
    return any(scene.sentence.start == start for scene in body[:_LEAD_SENTENCES])
