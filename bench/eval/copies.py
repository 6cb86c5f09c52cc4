"""Invented articles for measuring near duplicates: stories, copies of them as outlets carry them, and articles that only look alike.

Always the same articles for the same seed. A pair is true where both are copies of one story.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

TOWNS = ["Harun", "Kelwa", "Osmara", "Dintal", "Bergush", "Tamuri", "Zalmeh", "Okondo", "Perane", "Lushaba", "Marrat", "Voskaya", "Idrin", "Sabiti"]  # fmt: skip
COUNTRIES = ["Nigeria", "Iraq", "Mali", "Somalia", "Sudan", "Yemen", "Niger", "Syria"]
GROUPS = ["the Black Ridge militia", "fighters of the Northern Front", "unknown gunmen", "the River Brigade", "armed herders", "the Seventh Column", "rebels of the Dawn Movement"]  # fmt: skip
VICTIMS = [
    "soldiers",
    "farmers",
    "traders",
    "police officers",
    "villagers",
    "aid workers",
    "students",
    "miners",
]
PLACES = ["a checkpoint", "the weekly market", "a convoy on the main road", "the old barracks", "a primary school", "a bus station", "the grain depot", "a gold mine"]  # fmt: skip
PEOPLE = ["Major Tariq Osei", "the mayor, Leila Hamdan", "a nurse, Joseph Maro", "Colonel Ibrahim Sule", "a shopkeeper, Amal Nour", "the provincial spokesman, Peter Adeke", "an elder, Musa Garba"]  # fmt: skip
THINGS = ["bridge", "well", "clinic", "mosque", "pumping station", "radio mast", "warehouse", "courthouse", "bakery", "ferry", "power line", "police post"]  # fmt: skip
VERBS = ["rebuilt", "burned down", "guarded", "searched", "emptied", "shelled", "abandoned", "reopened", "looted", "surrounded"]  # fmt: skip
TIMES = ["before dawn", "shortly after the evening prayer", "around noon", "late at night", "at first light", "in the early hours", "during the market hour", "as the rain began"]  # fmt: skip
ADVERBS = ["slowly", "angrily", "quietly", "repeatedly", "reluctantly", "openly", "hastily", "calmly", "bitterly", "carefully"]  # fmt: skip
OUTLETS = ["Harbour Post", "Daily Beacon", "The Meridian", "Plateau News", "City Courier", "Evening Ledger"]

_LEADS = [
    "At least {n} {victims} were killed {time} on {day} when {group} attacked {place} in {town}, officials said.",
    "{Group} stormed {place} near {town} {time} on {day}, leaving {n} {victims} dead, according to {person}.",
    "An assault on {place} in {town} claimed the lives of {n} {victims}, {person} told reporters on {day}.",
]
_BODY = [
    "Witnesses said the {thing} beside the road was {verb} {adverb} while people fled towards {town2}.",
    "“We heard the first shots {time} and ran to the {thing},” said {person}, who lives nearby.",
    "The attackers came on {n2} motorcycles and left in the direction of {town2}, residents said {adverb}.",
    "{Person} said {n2} people were being treated for wounds in the {thing} at {town2}.",
    "A {thing} and {n3} houses were {verb} before the army arrived from {town2} {time}.",
    "The governor visited the {thing} on {day2} and promised {adverb} that those responsible would be found.",
    "No group has said it was behind the attack, but {person} blamed {group2} from around {town2}.",
    "It was the worst violence near the {thing} of {town2} since it was {verb} in {month}, {person} recalled {adverb}.",
    "Traders in {town2} closed their stalls {time}, and the {thing} was {verb} by order of the council.",
    "“Nobody came to help us for {n2} hours,” {person} said {adverb}, standing outside the {thing}.",
    "Security forces {verb} a {thing} on the road to {town2} {time} and detained {n3} suspects.",
    "The {thing} had been {verb} twice this year, most recently {time} in {month}, when {n3} {victims2} died.",
    "Families carried their belongings {adverb} past the {verb} {thing} to a camp outside {town2}.",
    "An officer at the {thing} said {adverb} that patrols from {town2} would now set out {time}.",
    "In {month} {group2} and elders of {town2} had agreed {adverb} to leave the {thing} alone.",
    "Phone lines to {town2} were cut {time}, and the {thing} that supplies the district was {verb}.",
]  # fmt: skip
_BULLETIN = (
    "The General Staff said in its daily summary that there were {n} combat engagements along the front over the past day. "
    "The enemy carried out {n2} air strikes, dropped {n3} guided bombs and used {n4} attack drones against positions and settlements. "
    "In the northern sector units repelled {n5} assaults; in the eastern sector {n6} attacks were stopped near the {thing}. "
    "Losses of the enemy amounted to {n7} personnel, {n8} armoured vehicles and {n9} artillery systems, the summary said. "
    "Air defence shot down {n10} missiles, and {n11} civilians were wounded in {town}. The figures cannot be verified independently. "
    "The General Staff publishes the summary every morning at the close of the reporting day and asks the media to wait for official "
    "word before they name settlements, units or routes. Photographs of positions, of the movement of equipment and of the work of air "
    "defence may not be shown. Families who look for relatives that serve in the {thing} guard can turn to the coordination headquarters "
    "in {town}, where officers answer by telephone around the clock. Support for the wounded is organised by the fund of the veterans."
)
_WIRE = ["Unity Wire", "Crescent Agency", "Global Dispatch"]
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = ["January", "March", "May", "July", "September", "November"]


@dataclass(frozen=True)
class Specimen:
    """One article: ``story`` is equal for copies of one story, ``kind`` tells how it was made, ``day`` when it appeared."""

    story: str
    kind: str
    day: int
    title: str
    text: str


def _filled(template: str, chance: random.Random, facts: dict[str, str]) -> str:
    person = chance.choice(PEOPLE)
    chosen = {
        "time": chance.choice(TIMES), "person": person, "Person": person[0].upper() + person[1:],
        "thing": chance.choice(THINGS), "verb": chance.choice(VERBS), "adverb": chance.choice(ADVERBS),
        "town2": chance.choice(TOWNS), "day2": chance.choice(_DAYS), "month": chance.choice(_MONTHS),
        "group2": chance.choice(GROUPS), "victims2": chance.choice(VICTIMS),
        **{f"n{k}": str(chance.randint(2, 400)) for k in range(2, 12)},
    }  # fmt: skip
    return template.format(**(chosen | facts))


def _facts(chance: random.Random) -> dict[str, str]:
    group = chance.choice(GROUPS)
    return {"town": chance.choice(TOWNS), "group": group, "Group": group[0].upper() + group[1:], "victims": chance.choice(VICTIMS),
            "place": chance.choice(PLACES), "n": str(chance.randint(2, 60)), "day": chance.choice(_DAYS)}  # fmt: skip


def told(facts: dict[str, str], chance: random.Random) -> list[str]:
    """The sentences of one writer's report of an event."""
    bodies = [_filled(template, chance, facts) for template in chance.sample(_BODY, chance.randint(8, 15))]
    return [_filled(chance.choice(_LEADS), chance, facts), *bodies]


def edited(words: list[str], share: float, chance: random.Random, *, longest: int) -> list[str]:
    """``share`` of the words replaced, left out or put in, in runs of 1 to ``longest`` words."""
    found, left = list(words), max(1, round(share * len(words)))
    while left > 0:
        run = min(left, chance.randint(1, longest))
        at = chance.randrange(max(1, len(found) - run))
        new = [chance.choice(ADVERBS + THINGS + TOWNS) for _ in range(run)]
        kind = chance.choice(["replace", "leave out", "put in"])
        found[at : at + (0 if kind == "put in" else run)] = [] if kind == "leave out" else new
        left -= run
    return found


def _dressed(text: str, facts: dict[str, str], chance: random.Random) -> str:
    """With an outlet's own dateline, credit and page furniture."""
    agency, outlet = chance.choice(_WIRE), chance.choice(OUTLETS)
    start = chance.choice(
        [
            f"{facts['town'].upper()}, {chance.choice(COUNTRIES)} ({agency}) – ",
            f"{facts['town'].upper()} - ",
            "",
        ]
    )
    end = chance.choice(["", f"\n(Reporting by {agency} staff; Editing by {outlet})", f"\n© 2025 {outlet}. All rights reserved.", "\nRead more: Ten things to know about the region"])  # fmt: skip
    return f"{start}{text}{end}"


def _copies(number: int, chance: random.Random) -> list[Specimen]:
    facts = _facts(chance)
    sentences = told(facts, chance)
    text = " ".join(sentences)
    words = text.split()
    quote = next((s for s in sentences if s.startswith("“")), sentences[-1])
    other_quote = f"“Everything is gone,” said {chance.choice(PEOPLE)} {chance.choice(TIMES)}."
    kept = max(4, round(len(sentences) * chance.uniform(0.3, 0.85)))
    made = {
        "original": text,
        "reset": text.replace("“", '"').replace("”", '"').replace(". ", ".\n\n"),
        "edited 3-10 % in phrases": " ".join(edited(words, chance.uniform(0.03, 0.10), chance, longest=6)),
        "edited 3-7 % in single words": " ".join(
            edited(words, chance.uniform(0.03, 0.07), chance, longest=1)
        ),
        "cut short": " ".join(sentences[:kept]),
        "another quote": text.replace(quote, other_quote),
    }
    chosen = ["original", *chance.sample(sorted(set(made) - {"original"}), chance.randint(1, 4))]
    return [
        Specimen(f"story-{number}", kind, chance.randint(0, 3), f"{chance.choice(OUTLETS)}: {n}", _dressed(made[kind], facts, chance))
        for n, kind in enumerate(chosen)
    ]  # fmt: skip


def _look_alikes(number: int, chance: random.Random) -> list[Specimen]:
    facts = _facts(chance)
    first = told(facts, chance)
    found = [Specimen(f"told-{number}-{n}", "another writer", 0, f"Attack in {facts['town']}", _dressed(" ".join(s), facts, chance))
             for n, s in enumerate([first, told(facts, chance)])]  # fmt: skip
    background = first[1 : 1 + round(len(first) * chance.uniform(0.2, 0.4))]
    news = told(_facts(chance) | {"town": facts["town"]}, chance)[
        : round(len(first) * chance.uniform(0.5, 0.9))
    ]
    follow_up = _dressed(" ".join(news + background), facts, chance)
    return [*found, Specimen(f"follow-{number}", "next day's follow-up", 1, "More dead", follow_up)]


def _bulletins(number: int, chance: random.Random) -> list[Specimen]:
    facts = {"town": chance.choice(TOWNS), "thing": chance.choice(THINGS)}
    return [
        Specimen(f"bulletin-{number}-{day}", "daily bulletin", day, "Summary of the day",
                 _filled(_BULLETIN, chance, facts | {"n": str(chance.randint(60, 200))}))
        for day in range(5)
    ]  # fmt: skip


def specimens(stories: int, *, seed: int = 20_250_101) -> list[Specimen]:
    """``stories`` stories with their copies, and about as many articles that only look alike."""
    chance = random.Random(seed)
    found: list[Specimen] = []
    for number in range(stories):
        found += _copies(number, chance)
        if number % 2 == 0:
            found += _look_alikes(number, chance)
        if number % 10 == 0:
            found += _bulletins(number, chance)
    chance.shuffle(found)
    return found
