"""Reading: all finders over an article, sentence by sentence."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from pipeline.extract.actors import find_actors
from pipeline.extract.aggregates import continues_aggregate
from pipeline.extract.casualties import find_casualties
from pipeline.extract.clauses import split_acts
from pipeline.extract.dates import find_dates
from pipeline.extract.mentions import ActorMention, CasualtyMention, DateMention, PlaceMention
from pipeline.extract.persons import find_persons
from pipeline.extract.places import find_places
from pipeline.extract.scenes import DATELINE, Reading, Scene
from pipeline.extract.statements import OLD_DAYS, kind_of
from pipeline.extract.triggers import (
    TriggerMention,
    conflict_words,
    denied_spans,
    find_triggers,
    screened_out,
    unreal_spans,
)
from pipeline.text.sentences import Sentence, split_sentences

_Mention = TypeVar("_Mention", PlaceMention, ActorMention)
_Told = TypeVar("_Told", TriggerMention, CasualtyMention)
_LONGEST_HEADING = 160
_CONFLICT_WORDS = 3
_SHORT_TEXT = 600
_LEAD = 3
# Most news holds no such word, nor one of conflict: it is read no further.
_VIOLENCE = re.compile(
    r"\b(?:kill|attack|abduct|kidnap|dead\b|death|died|shot|shoot|wound|injur|murder|slain|behead|massacr|burn|torch|seiz|captur)",
    re.IGNORECASE,
)


def read_article(text: str, title: str | None, published_on: dt.date | None) -> Reading:
    """Run all finders over an article and say of each sentence what kind of statement it is."""
    words = conflict_words(text)
    if not words and len(text) > _SHORT_TEXT and not _VIOLENCE.search(text):
        return Reading(text, published_on, title)
    reading = Reading(text, published_on, title, places=find_places(text, title), actors=find_actors(text))
    sentences = split_acts(split_sentences(text))
    written_on = _written_on(sentences, published_on) or published_on
    reading.published_on = written_on
    headings = _headings(sentences, title)
    is_drill = any(screened_out(s.text) == "rehearsed" for s in sentences[:_LEAD])
    needed = _CONFLICT_WORDS if len(text) > _SHORT_TEXT else 1
    is_conflict = len(words) >= needed or any(
        a.actor_type in {"rebel_group", "militia"} for a in reading.actors
    )
    last_day: dt.date | None = None
    for sentence in sentences:
        denied = denied_spans(sentence.text)
        scene = Scene(
            sentence,
            _outside(
                find_triggers(sentence.text, sentence.start),
                [*denied, *unreal_spans(sentence.text)],
                sentence,
            ),
            _outside(find_casualties(sentence.text, sentence.start), denied, sentence),
            [
                replace(m, start=m.start + sentence.start, end=m.end + sentence.start)
                for m in find_dates(sentence.text, written_on, last_day)
            ],
            _inside(reading.places, sentence),
            _inside(reading.actors, sentence),
            is_title=sentence.start in headings,
        )
        scene.persons = [
            m
            for m in _outside(find_persons(sentence.text, sentence.start, scene.casualties), denied, sentence)
            if not _is_group(m, scene)
        ]
        kin = {m.outcome for m in scene.casualties}
        scene.casualties += [m for m in scene.persons if m.outcome in kin]
        scene.dates = _dated_weekdays(scene.dates)
        scene.casualties = [
            m for m in scene.casualties if not any(d.start <= m.start < d.end for d in scene.dates)
        ]
        scene.dates = _nights(scene)
        last_day = scene.day.date_start if scene.day and scene.day.precision == 1 else last_day
        scene.screen = screened_out(sentence.text)
        scene.kind = kind_of(scene, published_on)
        if scene.kind in {"act", "detail"} and _follows_total(scene, reading):
            scene.kind = "aggregate" if any(m.low for m in scene.victims) else "none"
        if is_drill or (scene.kind == "act" and not (is_conflict or conflict_words(sentence.text))):
            scene.kind = "none"
        reading.scenes.append(scene)
    return reading


def _written_on(sentences: Sequence[Sentence], published_on: dt.date | None) -> dt.date | None:
    """The day in a dispatch's dateline, of an article put out again later: its "Friday" is the one before that day."""
    for sentence in sentences[:_LEAD]:
        head = DATELINE.match(sentence.text)
        days = [m.date_start for m in find_dates(head[0], published_on) if m.precision == 1] if head else []
        if days and days[0] is not None and published_on is not None:
            return days[0] if days[0] >= published_on - dt.timedelta(days=OLD_DAYS) else None
    return None


def _follows_total(scene: Scene, reading: Reading) -> bool:
    last = reading.scenes[-1].kind if reading.scenes else "none"
    recent = {s.kind for s in reading.scenes[-3:]}
    text = scene.sentence.text
    return continues_aggregate(text) and ("aggregate" in recent if "period" in text else last == "aggregate")


def _nights(scene: Scene) -> list[DateMention]:
    """ "Overnight" in words of Tuesday is the night to Tuesday."""
    spoken = scene.statement_day
    if spoken is None or spoken.date_start is None:
        return scene.dates
    night = (spoken.date_start - dt.timedelta(days=1), spoken.date_start)
    return [
        replace(m, date_start=night[0], date_end=night[1]) if m.text.casefold() == "overnight" else m
        for m in scene.dates
    ]


def _is_group(person: CasualtyMention, scene: Scene) -> bool:
    """True where the words of a person are those of a party or a place."""
    return any(a.start < person.end and person.start < a.end and a.end == person.end for a in scene.actors)


def _outside(mentions: list[_Told], spans: Sequence[tuple[int, int]], sentence: Sentence) -> list[_Told]:
    """The mentions that begin in none of the spans, which count from the sentence's start."""
    return [m for m in mentions if not any(start <= m.start - sentence.start < end for start, end in spans)]


def _inside(mentions: Sequence[_Mention], sentence: Sentence) -> list[_Mention]:
    return [m for m in mentions if sentence.start <= m.start and m.end <= sentence.end]


def _dated_weekdays(dates: list[DateMention]) -> list[DateMention]:
    """ "Wednesday, Sept. 15": the date says which Wednesday."""
    explicit = [m for m in dates if any(c.isdigit() for c in m.text)]
    return [m for m in dates if m in explicit or not any(0 <= e.start - m.end <= 3 for e in explicit)]


def _headings(sentences: Sequence[Sentence], title: str | None) -> set[int]:
    """Where lines start that are no sentences: the headline, crossheads, captions, links to other stories.

    A line without a full stop is one only where other lines have them; copy without punctuation is all text.
    """
    if len(sentences) <= 1:
        return set()
    alone = Counter(sentence.paragraph for sentence in sentences)
    lines = {s.paragraph: s for s in sentences}
    is_punctuated = sum(_is_closed(s) for s in lines.values()) * 4 > len(lines)
    found = {
        s.start
        for s in sentences
        if alone[s.paragraph] == 1
        and not _is_closed(s)
        and len(s.text) < _LONGEST_HEADING
        and (is_punctuated or s is sentences[0])
    }
    if sentences and title and sentences[0].text.strip().casefold() == title.strip().casefold():
        found.add(sentences[0].start)
    return found


def _is_closed(sentence: Sentence) -> bool:
    return sentence.text.rstrip("”\"'’)").endswith((".", "!", "?", "…"))
