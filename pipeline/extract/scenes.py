"""A scene: one sentence with everything the finders saw in it."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from pipeline.extract.mentions import ActorMention, CasualtyMention, DateMention, PlaceMention
from pipeline.extract.names import fold
from pipeline.extract.triggers import TriggerMention
from pipeline.text.sentences import Sentence

DATELINE = re.compile(
    r"^(?:[A-ZÀ-Þ][\w'’. -]{1,40}(?:[,/]\s?[\w'’. -]{2,40}){0,3}(?:\s\([^)]{1,40}\))?\s?(?:[–—]|--|-\s|\s-)\s?|[A-ZÀ-Þ]{3,}[A-ZÀ-Þ’'. -]*(?:,\s[\w'’. -]{2,40}){0,2}:\s|[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)?(?:, [A-Z][a-z]{2,8}\.? \d{1,2})?(?:,? \d{4})?: |[A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ][\w'’-]+)? \([A-Z][A-Za-z ]{1,20}\):? )"
)
_SEPARATE = re.compile(
    r"^\W*(?:(?:an |\w+ )?(?:hours?|days?) (?:later|earlier|afterwards),? )?(?:(?-i:while|whereas)|separately|elsewhere|in (?:yet )?(?:a |an )?(?:\w+ )?(?:separate|another|other|different|second|third|similar)\b|another (?:\w+ ){0,2}(?:attack|incident|blast|bomb|bombing|explosion|strike|airstrike|clash|raid|ambush|shooting|protest|assault)|(?:a|the) (?:second|separate|third) (?:\w+ ){0,2}(?:attack|incident|blast|bomb|bombing|explosion|strike|clash|raid|ambush|shooting)|earlier,? in a separate|similarly|likewise|two days (?:earlier|later)|(?:a|one) (?:day|week) (?:earlier|later|before)|(?:on )?the (?:same|previous|following|next) day)\b"
    r"|\bin (?:a |an )?(?:separate|another|unrelated|different) (?:\w+ ){0,2}(?:attack|incident|encounter|operation|raid|clash|blast|shooting|ambush|strike|development)s?\b",
    re.IGNORECASE,
)
_TURNS = re.compile(
    r"^\W*(?:meanwhile|on the other hand|earlier|also|moreover|furthermore|in addition|additionally|later)\b",
    re.IGNORECASE,
)
# A place that somebody comes from or heads for is not where the act was.
_ON_THE_WAY = re.compile(r"\b(?:from|to|towards?|into|capital)\s+(?:the\s+)?$", re.IGNORECASE)
_ORIENTS = re.compile(
    r",\s+(?:located |situated |some |about |around |nearly |just )*(?:\d[\d,.]*\s?(?:km|kilomet(?:er|re)s?|miles?)\s+(?:\([^)]*\)\s+)?)?(?:(?:to the )?(?:north|south|east|west|northeast|northwest|southeast|southwest|north-east|north-west|south-east|south-west)\s+(?:of|from)|from|away from)\s+(?:the\s+)?(?:capital,?\s+|state capital,?\s+|provincial capital,?\s+)*$",
    re.IGNORECASE,
)
_AMID = re.compile(
    r"\b(?:amid|on the eve of|ahead of|as (?:the )?(?:violence|tensions?|anger|fighting|war|unrest|conflict)\b)",
    re.IGNORECASE,
)
_SUBORDINATE = re.compile(
    r"^\W*(?:\w+ (?:days?|hours?|weeks?) )?(?:following|after|since|despite|before|unlike)\b[^,]{3,120},\s",
    re.IGNORECASE,
)
_OCCASION = re.compile(
    r"\s+(?:military )?(?:coup|elections?|vote|referendum|revolution|uprising|agreement|deal|ceasefire|truce|withdrawal|deadline|summit|inauguration|brigades?|battalion|movement|regiment|hospital|university|square|bridge|street)\b",
    re.IGNORECASE,
)
_AHEAD_OF = re.compile(r"\b(?:ahead of|in the run-up to) (?:an?|the|its|his)?\s*$", re.IGNORECASE)
_SINCE_CLAUSE = re.compile(r"^\W*since\b[^,]{5,160}?,\s(?!when\b)", re.IGNORECASE)
_SAYING = re.compile(
    r"\b(?:told|said|announced|reported|stated|met|meeting|speaking|statement|interview|tweeted|added|held|press conference)\b(?![^,.;]*\b(?:that|attacks?|strikes?|raids?|clash(?:es)?|blasts?|bomb(?:ing)?s?|explosions?|shooting|ambush|shelling|fighting|killed|killing|died)\b)[^,.;]{0,40}$",
    re.IGNORECASE,
)

_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DIGIT = re.compile(r"\d")
# Between an act and a date: words by which the date is that of something else ("killed 12 in a village founded in 1982").
_ACT_WORD = re.compile(r"^(?:shot dead|\w+)")
_OTHER_VERB = re.compile(
    r"\b(?!(?:killed|wounded|injured|exploded|massacred|murdered|armed|hundred|aged)\b)(?:[a-z]{3,}ed|which|who|that|whose|where|was|were|had|has|have|is|are|fell|built|took|began|since|held|won|died)\b"
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
        if (own := self._own_date(exact, first)) is not None:
            return own
        return min(exact, key=lambda m: (m.precision, abs(m.start - first))) if exact else None

    def _own_date(self, dates: list[DateMention], act: int) -> DateMention | None:
        """The year right after the act, beside a weekday of something else ("killed in 1982, were buried on Monday")."""
        told = sorted((m for m in dates if m.start > act), key=lambda m: m.start)[:1]
        years = [m for m in told if _YEAR.search(m.text)]
        if not years or any(_DIGIT.search(m.text) for m in dates if m is not years[0]):
            return None
        between = self.sentence.text[act - self.sentence.start : years[0].start - self.sentence.start]
        return None if _OTHER_VERB.search(_ACT_WORD.sub("", between)) else years[0]

    @property
    def _main_clause(self) -> int:
        """Where the main clause begins in a sentence that opens with another ("Following a clash on Saturday, ...")."""
        head = _SUBORDINATE.match(self.sentence.text)
        return head.end() if head else 0

    @property
    def event_dates(self) -> list[DateMention]:
        """Dates but those of somebody's words about the act ("officials said on Monday")."""
        if not self.dates:
            return []
        body = self._body
        return [
            m
            for m in self.dates
            if m.start >= body and not self._dates_a_statement(m) and not self._dates_another_thing(m)
        ]

    @property
    def statement_day(self) -> DateMention | None:
        """The day on which somebody spoke of the act."""
        spoken = [m for m in self.dates if m.date_start and m.precision == 1 and self._dates_a_statement(m)]
        return spoken[0] if spoken else None

    def _dates_another_thing(self, mention: DateMention) -> bool:
        """ "Since the Feb. 1 coup", "ahead of the September 11 withdrawal": no day of an act."""
        start, end = mention.start - self.sentence.start, mention.end - self.sentence.start
        if _OCCASION.match(self.sentence.text, end) or _AHEAD_OF.search(self.sentence.text[:start]):
            return True
        since = _SINCE_CLAUSE.match(self.sentence.text)
        return since is not None and start < since.end()

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
        head = DATELINE.match(self.sentence.text)
        return self.sentence.start + (head.end() if head else 0)

    @property
    def told_places(self) -> list[PlaceMention]:
        """Places but that where a dispatch was written ("KABUL, Afghanistan – ...")."""
        if not self.places:
            return []
        body = self._body
        return [m for m in self.places if m.start >= body]

    @property
    def local_places(self) -> list[PlaceMention]:
        """Places below the province, but that where a dispatch was written."""
        return [m for m in self.told_places if m.place is None or m.place.kind not in {"country", "adm1"}]

    @property
    def site(self) -> PlaceMention | None:
        """The place of the act: the innermost one named, of several the one told after the act and next to it."""
        local = self.local_places
        if not local:
            return None
        local = [m for m in local if not self._only_orients(m)]
        if not local:
            return None
        act = min((t.start for t in self.triggers), default=self.sentence.start)
        owners = {fold(name) for m in local for name in m.parent_names}
        owners |= {
            fold(m.place.admin1_name)
            for m in local
            if m.place and m.place.admin1_name and m.geo_precision == 3
        }
        inner = [m for m in local if fold(m.text) not in owners] or local
        return min(
            inner,
            key=lambda m: (
                bool(_ON_THE_WAY.search(self.sentence.text[: m.start - self.sentence.start])),
                m.geo_precision >= 3,
                m.start < act,
                abs(m.start - act),
            ),
        )

    def _only_orients(self, mention: PlaceMention) -> bool:
        """ "In Camarines Sur province, south of Manila": the second place only says where the first one lies."""
        before = self.sentence.text[: mention.start - self.sentence.start]
        if _AMID.search(before):
            return True
        return any(m.end <= mention.start for m in self.places) and bool(_ORIENTS.search(before))

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
    title: str | None = None
    scenes: list[Scene] = field(default_factory=list)
    places: list[PlaceMention] = field(default_factory=list)
    actors: list[ActorMention] = field(default_factory=list)

    @property
    def acts(self) -> list[Scene]:
        """The sentences that tell of an act, in order."""
        return [scene for scene in self.scenes if scene.kind == "act"]
