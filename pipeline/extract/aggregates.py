"""Totals over a period or several places ("five attacks in the past month"): claims of their own, never incidents."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

from pipeline.extract.mentions import ActorMention, CasualtyMention, DateMention, PlaceMention
from pipeline.extract.numbers import find_numbers
from pipeline.records import AggregateClaim, Evidence

_ACTS = r"(?:(?!(?:in|of|on|and|by|at|from|people|persons|soldiers|civilians|others|to|were|was)\b)[\w-]+\s+){0,3}?(?:attacks?|incidents?|air ?strikes?|strikes?|clashes|bombings?|operations?|raids|killings|explosions|air raids|shellings?|violations|assaults|ambushes|blasts|kidnappings|abductions|suicide attacks|offensives|massacres|sorties|missiles|events|assassinations|protests|demonstrations|cases)\b"
_ACT_COUNT = re.compile(rf"^\s+{_ACTS}", re.IGNORECASE)
# Six days and more; a battle of two or three is one incident.
_LONG_SPAN = (
    r"(?:six|seven|eight|nine|ten|eleven|twelve|[6-9]|[1-9]\d) days|a few days|(?:\w+ )?(?:weeks|months)"
)
_COUNTING = re.compile(
    rf"\b(?:so far this year|in recent (?:months|weeks|years|days|decades)|since then|(?:the )?number of (?:people|civilians|persons|victims|dead|deaths|fatalities|those)|in total|altogether|a total of|over the (?:years|past)|since the (?:start|beginning|outbreak|coup|conflict|war|insurgency|takeover)\b|(?:conflict|war|insurgency|violence|fighting|unrest|uprising|crisis) (?:has|have) (?:killed|left|claimed|cost)|(?:have|has) been (?:killed|injured|displaced|abducted) (?:since|across|this)|nationwide|countrywide|across the country|throughout the country|every (?:month|week|year)|each (?:month|week|year)|per (?:month|week|year)|within (?:a|the) (?:week|month|year)|(?<!earlier )(?<!later )(?<!early )(?<!late )in the week\b|(?:in|over|during) (?:just |only |barely )?(?:the (?:past|last) )?(?:{_LONG_SPAN})\b|(?:attacks|strikes|raids|bombings|bombardments?|clashes|fighting|shelling) (?:this|last) (?:week|month) (?:have|has)\b|in the (?:\d+|[a-z]+)[- ](?:year|month|week)s?(?:-long|-old)?|(?:brought|brings?|bringing) the (?:week|month|year)-?long|alone\b)",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"\b(?:claim(?:ed|s|ing)? (?:to have|that (?:it|they|its)|responsibility for|its|credit)|propaganda|magazine|newsletter|Amaq|al-?Naba|boast(?:ed|s)|mouthpiece)\b",
    re.IGNORECASE,
)
_RUNNING = re.compile(
    r"since|(?:in|over|during|within) the (?:past|last)|so far|this (?:month|year)", re.IGNORECASE
)
_ONE_ACT = re.compile(
    r"\b(?:an?|the|this|that|his|her|its)\s+(?!series|wave|spate|string|number)(?:[\w-]+\s+){0,3}?(?:attack|raid|ambush|blast|explosion|bombing|massacre|assault|clash|gunfight|gun ?battle|firefight|rally|protest|demonstration|shooting|air ?strike|drone strike|assassination|killing)\b(?! (?:attempts|campaigns?)\b)",
    re.IGNORECASE,
)
_CONTINUING = re.compile(
    r"^\W*(?:all|these|those|they|of (?:these|those|them)|among (?:them|these|the total)|the (?:fatalities|victims|dead) (?:were|are))\b",
    re.IGNORECASE,
)
_SAME_PERIOD = re.compile(r"\b(?:same|that) (?:period|time ?frame)\b", re.IGNORECASE)
_SINCE_IT_BEGAN = re.compile(
    r"\bsince (?:[\w'’-]+ ){1,8}?(?:began|started|erupted|broke out|resumed|launched|invaded|(?:took|seized|came to) power)\b",
    re.IGNORECASE,
)
# "The deadliest attack since July", "the heaviest loss in 24 years" is one attack.
_SUPERLATIVE = re.compile(
    r"\b(?:deadliest|worst|bloodiest|biggest|largest|heaviest|highest|first)(?: [\w-]+){0,9}? (?:since|in (?:the (?:last|past) )?(?:[\w-]+ )?(?:years|months|weeks|decades)|in a (?:year|decade))\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_LONG_DAYS = 6
# Fewer dead than this in one place in a stated month or year are those of one attack.
_MANY = 50
# A count of a thousand and more in one sentence is the toll of a war or a year, not of one place and day.
_LARGEST_INCIDENT = 1000


def _event_count(text: str) -> tuple[int, int, int] | None:
    """The count of acts in a sentence with its span."""
    for number in find_numbers(text):
        acts = _ACT_COUNT.match(text[number.end :])
        if acts and number.low is not None and number.low >= 2 and not _YEAR.fullmatch(number.text):
            return number.low, number.start, number.end + acts.end()
    return None


def _periods(dates: Sequence[DateMention]) -> list[DateMention]:
    """Spans over which things are counted: periods of a week and more, months and years."""
    return [
        m
        for m in dates
        if (m.is_period and m.precision >= 3) or (m.precision >= 4) or (m.is_period and _days(m) >= 2)
    ]


def _days(mention: DateMention) -> int:
    if mention.date_start is None or mention.date_end is None:
        return 0
    return (mention.date_end - mention.date_start).days


def is_aggregate(
    text: str,
    casualties: Sequence[CasualtyMention],
    dates: Sequence[DateMention],
    published_on: dt.date | None,
    *,
    is_local: bool = False,
) -> bool:
    """True where a sentence gives a total of several incidents. ``is_local``: it names a place below the province."""
    periods, counted = _periods(dates), _event_count(text)
    if _SUPERLATIVE.search(text):
        periods = [m for m in periods if not _RUNNING.match(m.text)]
    exact = [m for m in dates if m.precision == 1 and not m.is_period]
    people = [
        m
        for m in casualties
        if m.outcome in {"killed", "injured", "killed_or_injured", "abducted", "displaced"}
        and (m.low or m.high)
    ]
    if any(m.low is not None and m.low >= _LARGEST_INCIDENT for m in people):
        return True
    if counted and (periods or _COUNTING.search(text) or (_OWN.search(text) and counted[0] >= 3)):
        return True
    if people and _SINCE_IT_BEGAN.search(text):
        return True
    if people and not exact and any(m.is_period and _RUNNING.match(m.text) for m in periods):
        return True
    if counted and counted[0] >= 5 and not exact:
        return True
    spans = [m for m in periods if m.is_period]
    few = all((m.low or m.high or 0) < _MANY for m in people)
    if is_local and few and not counted and not spans and not _COUNTING.search(text):
        return False
    return bool(
        people
        and not exact
        and (not _ONE_ACT.search(text) or any(m.is_period for m in periods))
        and (any(_days(m) >= _LONG_DAYS or m.is_period for m in periods) or _COUNTING.search(text))
    )


def continues_aggregate(text: str) -> bool:
    """True where a sentence that follows a total goes on with it ("All were killed in ...", "in the same period")."""
    return bool(_CONTINUING.match(text) or _SAME_PERIOD.search(text))


def read_aggregate(
    text: str,
    offset: int,
    casualties: Sequence[CasualtyMention],
    dates: Sequence[DateMention],
    places: Sequence[PlaceMention],
    actors: Sequence[ActorMention],
) -> AggregateClaim:
    """The claim that an aggregate sentence makes; spans of the mentions are those of the whole article."""
    counted = _event_count(text)
    period = next(iter(_periods(dates)), None)
    sums = {name: _total(casualties, name) for name in ("killed", "injured", "killed_or_injured")}
    armed = [a for a in actors if a.actor_type != "civilians" and not a.is_generic]
    actor = armed[0].name if armed else None
    own = bool(_OWN.search(text)) and bool(armed)
    claimant = actor if own else None
    evidence = [Evidence(field="claim", start=offset, end=offset + len(text), quote=text)]
    if counted:
        start, end = counted[1], counted[2]
        evidence.append(
            Evidence(field="event_count", start=offset + start, end=offset + end, quote=text[start:end])
        )
    return AggregateClaim(
        event_count=counted[0] if counted else None,
        **sums,
        period_start=period.date_start if period else None,
        period_end=period.date_end if period else None,
        area=places[0].text if places else None,
        actor=actor,
        claimant=claimant,
        is_party_propaganda=own,
        evidence=evidence,
    )


def _total(casualties: Sequence[CasualtyMention], outcome: str) -> int | None:
    counts = [
        m.low
        for m in casualties
        if m.outcome == outcome and not m.is_subset and m.low is not None and m.qualifier != "vague"
    ]
    return sum(counts) if counts else None
