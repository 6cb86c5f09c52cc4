"""A scene: one sentence with everything the finders saw in it, and what kind of statement it is."""

from __future__ import annotations

import datetime as dt
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from pipeline.extract.actors import find_actors
from pipeline.extract.aggregates import continues_aggregate, is_aggregate
from pipeline.extract.casualties import find_casualties
from pipeline.extract.dates import find_dates
from pipeline.extract.mentions import ActorMention, CasualtyMention, DateMention, PlaceMention
from pipeline.extract.names import fold
from pipeline.extract.persons import find_persons
from pipeline.extract.places import find_places
from pipeline.extract.triggers import (
    TriggerMention,
    conflict_words,
    find_triggers,
    screened_out,
    unreal_spans,
)
from pipeline.text.sentences import Sentence, split_sentences

_DATELINE = re.compile(
    r"^(?:[A-ZÀ-Þ][\w'’. -]{1,40}(?:[,/]\s?[\w'’. -]{2,40}){0,2}(?:\s\([^)]{1,40}\))?\s?(?:[–—]|--|-\s|\s-)\s?|[A-ZÀ-Þ]{3,}[A-ZÀ-Þ’'. -]*(?:,\s[\w'’. -]{2,40}){0,2}:\s|[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)?(?:, [A-Z][a-z]{2,8}\.? \d{1,2})?(?:,? \d{4})?: |[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)? \([A-Z][A-Za-z ]{1,20}\):? )"
)
_Mention = TypeVar("_Mention", PlaceMention, ActorMention)
_OLD_DAYS = 200
_LONGEST_HEADING = 160
_CONFLICT_WORDS = 3
_SHORT_TEXT = 600
_LEAD = 3
# Nothing else in a sentence outweighs these; the other screens yield to an armed party and its act.
_FIRM = {"rehearsed", "remembered", "tried", "sport", "disease", "economy", "crime"}
_NATURAL = {"accident", "disease", "sport", "economy"}
_WEAK = {"Attack", "Arrests", "Peaceful protest", "Armed clash", "Looting/property destruction"}
_SEPARATE = re.compile(
    r"^\W*(?:separately|elsewhere|in (?:yet )?(?:a |an )?(?:\w+ )?(?:separate|another|other|different|second|third|similar)\b|another (?:\w+ ){0,2}(?:attack|incident|blast|bomb|bombing|explosion|strike|airstrike|clash|raid|ambush|shooting|protest|assault)|(?:a|the) (?:second|separate|third) (?:\w+ ){0,2}(?:attack|incident|blast|bomb|bombing|explosion|strike|clash|raid|ambush|shooting)|earlier,? in a separate|similarly|likewise|two days (?:earlier|later)|(?:a|one) (?:day|week) (?:earlier|later|before)|(?:on )?the (?:same|previous|following|next) day)\b"
    r"|\bin (?:a |an )?(?:separate|another|unrelated|different) (?:\w+ ){0,2}(?:attack|incident|encounter|operation|raid|clash|blast|shooting|ambush|strike|development)s?\b",
    re.IGNORECASE,
)
_TURNS = re.compile(
    r"^\W*(?:meanwhile|on the other hand|earlier|also|moreover|furthermore|in addition|additionally|later)\b",
    re.IGNORECASE,
)
_NOMINAL = re.compile(
    r"attacks?|attacking|attackers?|raids?|killings?|operation|assaults?|battles?|offensive|clashes|explosives|bombs?|rockets?|missiles?|mortars?|artillery|blasts|explosions|bombings|drones?|fighting \w+|warplanes|protest|protesters|demonstrators|mines?|ied|ieds|shootings?|murders?|abductions|kidnappings|executions|massacres",
    re.IGNORECASE,
)
# Words of harm that say nothing of an act: floods and fevers kill too.
_HARM = re.compile(r"killed|killings?|wounded|slain|found dead|burn(?:ed|t|ing)? .*", re.IGNORECASE)
# People whose arrest is political.
_DISSENT = re.compile(
    r"protest|demonstrat|activist|journalist|opposition|dissident|student|monk|politician", re.IGNORECASE
)
# A place that somebody comes from or heads for is not where the act was.
_ON_THE_WAY = re.compile(r"\b(?:from|to|towards?|into|capital)\s+(?:the\s+)?$", re.IGNORECASE)
_SINGLE = re.compile(
    r"\b(?:an?|one) (?:[\w-]+ ){0,2}(?:attack|raid|strike|ambush|bombing|clash|blast|explosion)\b",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    r"^\W*(?:\w+ (?:days?|hours?|weeks?) )?(?:following|after|since|despite|before|unlike)\b[^,]{3,120},\s",
    re.IGNORECASE,
)
_NEAR = 70
_CARRIED_OUT = re.compile(
    r"\b(?:carr(?:ied|ying) out|launch(?:ed|ing)|conduct(?:ed|ing)|execut(?:ed|ing)|stag(?:ed|ing)|mount(?:ed|ing)|took place|broke out|erupted|occurred|happened|ensued|was a|were|subjected to|came under|included|used|fired)\b",
    re.IGNORECASE,
)
_ALLEGED = re.compile(
    r"\b(?:alleged|suspected|accused of|ties to|links? (?:to|with)|members? of)\b[^.;]{0,60}\b(?:[A-Z][A-Za-z]*(?:-[A-Z]\w+)*|militant|terror\w*|rebel|separatist|takfiri|insurgent|extremist)",
)
_SAYING = re.compile(
    r"\b(?:told|said|announced|reported|stated|met|meeting|speaking|statement|interview|tweeted|added|held|press conference)\b[^,.;]{0,40}$",
    re.IGNORECASE,
)
_CLAIM = re.compile(
    r"\bclaim(?:ed|ing|s)? (?:the )?(?:responsibility|credit)\b|\bclaim(?:ed|s) (?:the|that) attack|\bclaimed it\b|\bclaimed the \w+\b|\bsaid [^.;]{0,40}\b(?:it|they|its (?:men|fighters|soldiers|members|militants)) (?:was|were|had) (?:behind|done|set|carried|responsible|killed|attacked)|\btook (?:responsibility|credit)\b|\bdenied (?:any )?(?:responsibility|involvement|carrying out)\b|\bsaid (?:it|they) (?:was|were) (?:behind|responsible)",
    re.IGNORECASE,
)
_HABITUAL = re.compile(
    r"\b(?:often|frequently|regularly|routinely|usually|continues? to|have (?:repeatedly|often|long|stepped up|increased|intensified|been (?:fighting|carrying|waging))|has (?:repeatedly|often|long|stepped up|increased|intensified|been (?:fighting|plagued|hit|battling|waging|gripped|rocked))|is (?:home|known)|are known|since the (?:start|beginning)|widely blamed|recent (?:months|weeks|years|offensives|attacks)|series of attacks|wave of|spate of|increase in|upsurge|surge in)\b",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Scene:
    """One sentence, read; ``kind`` is ``act``, ``aggregate``, ``claim``, ``detail`` or ``none``."""

    sentence: Sentence
    triggers: list[TriggerMention]
    casualties: list[CasualtyMention]
    dates: list[DateMention]
    places: list[PlaceMention]
    actors: list[ActorMention]
    persons: list[CasualtyMention] = field(default_factory=list)
    """People harmed who are not counted, one mention each."""
    is_title: bool = False
    kind: str = "none"
    screen: str | None = None

    @property
    def day(self) -> DateMention | None:
        """The mention that dates the act: an exact day or a short span, not a period of counting."""
        exact = [m for m in self.event_dates if m.date_start and not m.is_period]
        after = self.sentence.start + self._main_clause
        exact = [m for m in exact if m.start >= after] or exact
        first = min(
            (t.start for t in self.triggers if t.start >= after),
            default=min((t.start for t in self.triggers), default=self.sentence.start),
        )
        return min(exact, key=lambda m: (m.precision, abs(m.start - first))) if exact else None

    @property
    def _main_clause(self) -> int:
        """Where the main clause begins in a sentence that opens with another ("Following a clash on Saturday, ...")."""
        head = _SUBORDINATE.match(self.sentence.text)
        return head.end() if head else 0

    @property
    def event_dates(self) -> list[DateMention]:
        """Dates but those of somebody's words about the act ("officials said on Monday")."""
        return [m for m in self.dates if m.start >= self._body and not self._dates_a_statement(m)]

    @property
    def statement_day(self) -> DateMention | None:
        """The day on which somebody spoke of the act."""
        spoken = [m for m in self.dates if m.date_start and m.precision == 1 and self._dates_a_statement(m)]
        return spoken[0] if spoken else None

    def _dates_a_statement(self, mention: DateMention) -> bool:
        """True where the day is that of somebody's words about the act."""
        return bool(_SAYING.search(self.sentence.text[: mention.start - self.sentence.start]))

    @property
    def is_dated(self) -> bool:
        """True where the sentence has a day of its own, or opens a dispatch with the day of writing."""
        return self.day is not None or any(m.date_start and m.start < self._body for m in self.dates)

    @property
    def _body(self) -> int:
        """Where the sentence begins after its dateline."""
        head = _DATELINE.match(self.sentence.text)
        return self.sentence.start + (head.end() if head else 0)

    @property
    def local_places(self) -> list[PlaceMention]:
        """Places below the province; not the one where a dispatch was written ("KABUL, Afghanistan – ...")."""
        return [
            m
            for m in self.places
            if m.start >= self._body and (m.place is None or m.place.kind not in {"country", "adm1"})
        ]

    @property
    def site(self) -> PlaceMention | None:
        """The place of the act: the innermost one named, of several the one told after the act and next to it."""
        local = self.local_places
        if not local:
            return None
        act = min((t.start for t in self.triggers), default=self.sentence.start)
        owners = {fold(name) for m in local for name in m.parent_names}
        inner = [m for m in local if fold(m.text) not in owners] or local
        return min(
            inner,
            key=lambda m: (
                bool(_ON_THE_WAY.search(self.sentence.text[: m.start - self.sentence.start])),
                m.geo_precision in (3, 4, 5),
                m.start < act,
                abs(m.start - act),
            ),
        )

    @property
    def opens_another(self) -> bool:
        """True where the sentence says that it tells of another incident ("In a separate attack ...")."""
        return bool(_SEPARATE.search(self.sentence.text))

    @property
    def turns(self) -> bool:
        """True where the sentence turns to something else, maybe another incident ("Meanwhile ...")."""
        return bool(_TURNS.match(self.sentence.text))

    @property
    def victims(self) -> list[CasualtyMention]:
        """Counts that are no part of another count."""
        return [m for m in self.casualties if not m.is_subset]


@dataclass(slots=True)
class Reading:
    """A whole article, read."""

    text: str
    published_on: dt.date | None
    scenes: list[Scene] = field(default_factory=list)
    places: list[PlaceMention] = field(default_factory=list)
    actors: list[ActorMention] = field(default_factory=list)


def read_article(text: str, title: str | None, published_on: dt.date | None) -> Reading:
    """Run all finders over an article and say of each sentence what kind of statement it is."""
    reading = Reading(text, published_on, places=find_places(text), actors=find_actors(text))
    sentences = split_sentences(text)
    written_on = _written_on(sentences, published_on) or published_on
    reading.published_on = written_on
    headings = _headings(sentences, title)
    is_drill = any(screened_out(s.text) == "rehearsed" for s in sentences[:_LEAD])
    needed = _CONFLICT_WORDS if len(text) > _SHORT_TEXT else 1
    is_conflict = len(conflict_words(text)) >= needed or any(
        a.actor_type in {"rebel_group", "militia"} for a in reading.actors
    )
    last_day: dt.date | None = None
    for sentence in sentences:
        scene = Scene(
            sentence,
            _real(find_triggers(sentence.text, sentence.start), sentence),
            find_casualties(sentence.text, sentence.start),
            [_moved(m, sentence.start) for m in find_dates(sentence.text, written_on, last_day)],
            _inside(reading.places, sentence),
            _inside(reading.actors, sentence),
            is_title=sentence.start in headings,
        )
        scene.persons = [
            m
            for m in find_persons(sentence.text, sentence.start, scene.casualties)
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
        scene.kind = _kind(scene, published_on)
        if scene.kind in {"act", "detail"} and _follows_total(scene, reading):
            scene.kind = "aggregate" if any(m.low for m in scene.victims) else "none"
        if is_drill or (scene.kind == "act" and not (is_conflict or conflict_words(sentence.text))):
            scene.kind = "none"
        reading.scenes.append(scene)
    return reading


def _written_on(sentences: Sequence[Sentence], published_on: dt.date | None) -> dt.date | None:
    """The day in a dispatch's dateline, of an article put out again later: its "Friday" is the one before that day."""
    for sentence in sentences[:_LEAD]:
        head = _DATELINE.match(sentence.text)
        days = [m.date_start for m in find_dates(head[0], published_on) if m.precision == 1] if head else []
        if days and days[0] is not None and published_on is not None:
            return days[0] if days[0] >= published_on - dt.timedelta(days=_OLD_DAYS) else None
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


def _real(triggers: list[TriggerMention], sentence: Sentence) -> list[TriggerMention]:
    spans = [(start + sentence.start, end + sentence.start) for start, end in unreal_spans(sentence.text)]
    return [t for t in triggers if not any(start <= t.start < end for start, end in spans)]


def _inside(mentions: Sequence[_Mention], sentence: Sentence) -> list[_Mention]:
    return [m for m in mentions if sentence.start <= m.start and m.end <= sentence.end]


def _moved(mention: DateMention, offset: int) -> DateMention:
    return DateMention(
        mention.start + offset,
        mention.end + offset,
        mention.text,
        mention.date_start,
        mention.date_end,
        mention.precision,
        mention.is_period,
    )


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


def _kind(scene: Scene, published_on: dt.date | None) -> str:
    text = scene.sentence.text
    if scene.is_title:
        return "none"
    if scene.screen in _NATURAL and not _is_armed_act(scene):
        return "none"
    if is_aggregate(
        text, scene.casualties, scene.event_dates, published_on, is_local=bool(scene.local_places)
    ):
        return "aggregate"
    if _CLAIM.search(text) and not scene.victims:
        return "claim"
    if not scene.triggers and not scene.victims and not scene.persons:
        return "none"
    if scene.screen in _FIRM or (scene.screen and not _is_armed_act(scene)):
        return "none"
    if _is_old(scene, published_on) or (_HABITUAL.search(text) and not scene.day):
        return "none"
    return "act" if _is_concrete(scene) else "detail"


def _is_armed_act(scene: Scene) -> bool:
    """An armed party and a violent act of its own: no accident or film, whatever else the sentence says."""
    armed = any(a.actor_type not in {"civilians", "protesters"} for a in scene.actors)
    return armed and any(
        not _NOMINAL.fullmatch(t.text) and not _HARM.fullmatch(t.text) for t in scene.triggers
    )


def _is_old(scene: Scene, published_on: dt.date | None) -> bool:
    if (scene.local_places or (scene.places and scene.persons)) and any(
        m.date_start and any(c.isdigit() for c in m.text) for m in scene.dates
    ):
        return False
    ends = [m.date_end for m in scene.dates if m.date_end]
    return bool(published_on and ends and max(ends) < published_on - dt.timedelta(days=_OLD_DAYS))


def _is_concrete(scene: Scene) -> bool:
    """Enough for an incident: an act with people harmed, or an act by or against armed people at a day or a place."""
    armed = any(a.actor_type not in {"civilians", "protesters"} for a in scene.actors) or any(
        m.victim_class in {"security_forces", "militants"} for m in scene.victims
    )
    harmed = any(
        m.low and m.outcome in {"killed", "injured", "abducted", "killed_or_injured"} for m in scene.victims
    )
    fixed = scene.day is not None and bool(scene.local_places)
    if not scene.triggers:
        return harmed and armed and fixed
    if any(m.outcome in {"killed", "injured", "abducted", "killed_or_injured"} for m in scene.victims):
        return armed or fixed or any(not _HARM.fullmatch(t.text) for t in scene.triggers)
    if scene.persons and (scene.is_dated or scene.local_places or (scene.statement_day and armed)):
        return armed or any(not _HARM.fullmatch(t.text) for t in scene.triggers)
    if all(t.sub_event_type == "Arrests" for t in scene.triggers):
        return any(
            a.actor_type not in {"civilians", "state_forces"} or _DISSENT.search(a.text) for a in scene.actors
        ) or bool(fixed and _ALLEGED.search(scene.sentence.text))
    return _is_act_told(scene, armed=armed)


def _is_act_told(scene: Scene, *, armed: bool) -> bool:
    """Nobody counted: an act by its verb, or by a noun with its day, that has a day or a place of its own."""
    acts = [t for t in scene.triggers if not _NOMINAL.fullmatch(t.text)]
    local = bool(scene.local_places)
    placed = any(m.place is None or m.place.kind != "country" for m in scene.places)
    if not acts:
        if local and _CARRIED_OUT.search(scene.sentence.text) and _SINGLE.search(scene.sentence.text):
            return True
        return scene.is_dated and (
            (local and _is_dated_noun(scene))
            or ((local or armed) and bool(_CARRIED_OUT.search(scene.sentence.text)))
        )
    strong = any(t.sub_event_type not in _WEAK for t in acts)
    if local and (armed or strong):
        return True
    if not scene.is_dated:
        return False
    named = any(not a.is_generic and a.actor_type != "civilians" for a in scene.actors)
    return (placed or strong or named) if strong or armed else local


def _is_dated_noun(scene: Scene) -> bool:
    """ "The April 6 raid on ...", "the attack on 24 March": the noun and its day stand together."""
    return any(
        -_NEAR <= m.start - t.end <= _NEAR
        for t in scene.triggers
        for m in scene.dates
        if m.precision == 1 and m.date_start
    )
