"""The default extractor on MUC-4's simplified role templates: ``python -m bench.eval.muc4 [train | dev]``.

Records become templates of a type and five roles, and are scored as Du et al. (2021, GTT) do by template and Du et al.
(2021, GRIT) by document. By template: key and found templates are paired one to one, equal types only, so that the
article's F1 is highest; an entity found is right where all its mentions are mentions of one key entity of its role;
unpaired templates count as missing or spurious; the type counts as one more slot. As in GTT's program, several entities
found may match one key entity; the same with entities paired one to one, as its paper has it, is printed as well.
Optional templates and slots are keys like others. A victim is a key only by name, never by description.
"""

from __future__ import annotations

import json
import re
import string
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from pipeline.extract.casualties import victim_class
from pipeline.extract.contract import parse_article
from pipeline.extract.protocol import get_extractor
from pipeline.records import IncidentReport

EVAL = Path(__file__).parents[3] / "shared" / "eval"
SLOTS = {
    "PerpInd": "perp_individual_id",
    "PerpOrg": "perp_organization_id",
    "Target": "phys_tgt_id",
    "Victim": "hum_tgt_name",
    "Weapon": "incident_instrument_id",
}
TYPE = "incident_type"
PUBLISHED = "GE 1992 54.29, GTT 50.23, IterX CEAF-RME 48.17"

# Arrests, protests, agreements and territory changing hands are no incidents in MUC-4, nor are exchanges of fire between
# armies: of the last, only acts of others than a state's forces become templates. Doubtful types were settled on train.
TYPES = {
    "Armed clash": "attack",
    "Attack": "attack",
    "Sexual violence": "attack",
    "Mob violence": "attack",
    "Excessive force against protesters": "attack",
    "Abduction/forced disappearance": "kidnapping",
    "Remote explosive/landmine/IED": "bombing",
    "Suicide bomb": "bombing",
    "Grenade": "bombing",
    "Disrupted weapons use": "bombing",
    "Air/drone strike": "attack",
    "Shelling/artillery/missile attack": "attack",
    "Chemical weapon": "attack",
}
_PROPERTY = "Looting/property destruction"
_FIRE = re.compile(r"\b(?:burn\w*|set\w* .{0,60}\bfire|on fire|ablaze|arson\w*|torch\w*|incendiary|fires?)\b", re.IGNORECASE)  # fmt: skip
_STRIKE = re.compile(r"\b(?:armed strike|work stoppage|transport(?:ation)? (?:strike|stoppage))\b", re.IGNORECASE)  # fmt: skip
_ORGANISED = {"state_forces", "rebel_group", "militia", "communal_militia", "external_forces"}
_MEMBERS = re.compile(r"\b(?:soldiers?|troops?|(?:police)?m[ae]n|commandos?|officers?|guards|guardsm[ae]n|agents?|members?|fighters?|guerrillas?|rebels?|terrorists?|militants?|patrols?|units?)$", re.IGNORECASE)  # fmt: skip
_DESCRIBED = re.compile(r"\b(?:people|persons?|m[ae]n|individuals?|citizens?|members?|leaders?|officials?|employees?|victims?|junta|indians?)\b", re.IGNORECASE)  # fmt: skip
_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_BRACKETS = str.maketrans("[]", "()")
_PUNCTUATION = str.maketrans("", "", string.punctuation)

Entity = frozenset[str]
Entities = tuple[Entity, ...]
Rule = Callable[[Entities, Entities], tuple[int, int]]


@dataclass(frozen=True)
class Template:
    """An incident's type and the entities of its roles, each a set of mentions as ``normalize`` leaves them.

    The type of a key may name several ("bombing / attack"); one found is right where it is among them.
    """

    kind: str
    roles: dict[str, Entities]


class Count(NamedTuple):
    """Right and all of the found, right and all of the keys."""

    right_found: int = 0
    found: int = 0
    right_keys: int = 0
    keys: int = 0

    def plus(self, other: Count) -> Count:
        """Both together."""
        return Count(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def precision(self) -> float:
        """Share of the found that is right."""
        return self.right_found / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        """Share of the keys that is found."""
        return self.right_keys / self.keys if self.keys else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        p, r = self.precision, self.recall
        return 2 * p * r / (p + r) if p + r else 0.0


Counts = dict[str, Count]


def normalize(mention: str) -> str:
    """Lower case, without punctuation, articles and doubled spaces."""
    return " ".join(_ARTICLES.sub(" ", mention.lower().translate(_PUNCTUATION)).split())


def entities(groups: Iterable[Iterable[str]]) -> Entities:
    """Groups of mentions, normalised; each group once, empty ones not at all."""
    found = (frozenset(filter(None, map(normalize, group))) for group in groups)
    return tuple(dict.fromkeys(entity for entity in found if entity))


def many_to_one(found: Entities, keys: Entities) -> tuple[int, int]:
    """How many found entities match a key, and how many keys a found one; a key may match several."""
    return sum(any(f <= k for k in keys) for f in found), sum(any(f <= k for f in found) for k in keys)


def one_to_one(found: Entities, keys: Entities) -> tuple[int, int]:
    """As many pairs of a found entity and a key that it matches as can be made, each in one pair at most."""
    if not found or not keys:
        return 0, 0
    fits = np.array([[f <= k for k in keys] for f in found], dtype=int)
    pairs = int(fits[linear_sum_assignment(fits, maximize=True)].sum())
    return pairs, pairs


def compare(found: Template, key: Template, rule: Rule) -> dict[str, tuple[int, int]]:
    """Right found and right keys of a pair of templates by slot; nothing where the types differ."""
    if found.kind not in key.kind:
        return {}
    return {TYPE: (1, 1), **{role: rule(found.roles[role], key.roles[role]) for role in SLOTS}}


def pair_templates(
    found: Sequence[Template], keys: Sequence[Template], rule: Rule = many_to_one
) -> list[tuple[int, int]]:
    """The pairs, each template in one at most, that give an article its highest F1.

    The numbers of found and of key entities are the same for all pairings, so that only those pairings can be best
    that no other exceeds in both right found and right keys; of each set of keys used, these are kept.
    """
    states: dict[int, dict[tuple[int, int], tuple[tuple[int, int], ...]]] = {0: {(0, 0): ()}}
    for i, template in enumerate(found):
        gains = {j: compare(template, key, rule) for j, key in enumerate(keys)}
        right = {
            j: (sum(n for n, _ in g.values()), sum(n for _, n in g.values())) for j, g in gains.items() if g
        }
        grown = {used: dict(states[used]) for used in states}
        for used, reached in states.items():
            for j, (more_found, more_keys) in right.items():
                if used >> j & 1:
                    continue
                front = grown.setdefault(used | 1 << j, {})
                for (a, b), pairs in reached.items():
                    front.setdefault((a + more_found, b + more_keys), (*pairs, (i, j)))
        states = {used: _undominated(front) for used, front in grown.items()}
    total = slots_of(found), slots_of(keys)
    best = max(
        ((a, b, pairs) for front in states.values() for (a, b), pairs in front.items()),
        key=lambda state: Count(state[0], total[0], state[1], total[1]).f1,
    )
    return list(best[2])


def _undominated(
    front: dict[tuple[int, int], tuple[tuple[int, int], ...]],
) -> dict[tuple[int, int], tuple[tuple[int, int], ...]]:
    return {
        p: pairs
        for p, pairs in front.items()
        if not any(q != p and q[0] >= p[0] and q[1] >= p[1] for q in front)
    }


def slots_of(templates: Iterable[Template]) -> int:
    """Entities of all roles, and the types."""
    return sum(1 + sum(len(t.roles[role]) for role in SLOTS) for t in templates)


def by_template(found: Sequence[Template], keys: Sequence[Template], rule: Rule = many_to_one) -> Counts:
    """Counts of one article by slot."""
    right = [compare(found[i], keys[j], rule) for i, j in pair_templates(found, keys, rule)]
    counts = {TYPE: Count(len(right), len(found), len(right), len(keys))}
    for role in SLOTS:
        counts[role] = Count(
            sum(pair[role][0] for pair in right),
            sum(len(t.roles[role]) for t in found),
            sum(pair[role][1] for pair in right),
            sum(len(t.roles[role]) for t in keys),
        )
    return counts


def by_document(found: dict[str, Entities], keys: dict[str, Entities]) -> Counts:
    """Counts of one article by role, its templates taken together."""
    counts = {}
    for role in SLOTS:
        right, _ = one_to_one(found[role], keys[role])
        counts[role] = Count(right, len(found[role]), right, len(keys[role]))
    return counts


def total(counts: Counts, slots: Iterable[str]) -> Count:
    """Several slots together."""
    whole = Count()
    for slot in slots:
        whole = whole.plus(counts[slot])
    return whole


def _keyed(entry: dict[str, Any], text: str) -> tuple[str, ...]:
    """The mentions of a slot's filler, those that the text holds, in its order."""
    mentions = [alt["value"].lower() for alt in entry["alts"]]
    return tuple(sorted((m for m in mentions if m in text), key=text.index))


def read_keys(article: dict[str, Any]) -> tuple[list[Template], dict[str, Entities]]:
    """The key templates of an article, equal ones once, and the key entities of its document."""
    text = _body(article["text"]).lower()
    raw: dict[tuple[Any, ...], None] = {}
    merged: dict[str, list[list[str]]] = {role: [] for role in SLOTS}
    for template in article["gold"]["templates"]:
        slots = template["slots"]
        roles = []
        for role, slot in SLOTS.items():
            fillers = [_keyed(entry, text) for entry in slots[slot]]
            roles.append(tuple(sorted(filter(None, fillers), key=lambda mentions: text.index(mentions[0]))))
            for entry in slots[slot]:
                mentions = [alt["value"].lower() for alt in entry["alts"]]
                if not any(set(mentions) <= set(m) or set(m) <= set(mentions) for m in merged[role]):
                    merged[role].append(mentions)
        raw[(" / ".join(alt["value"].lower() for alt in slots[TYPE][0]["alts"]), *roles)] = None
    templates = [
        Template(str(kind), {role: entities(groups) for role, groups in zip(SLOTS, roles, strict=True)})
        for kind, *roles in raw
    ]
    held = {role: entities([m for m in group if m in text] for group in merged[role]) for role in SLOTS}
    return templates, held


def _body(text: str) -> str:
    """The text after its dateline, as one line, with GTT's round brackets: keys with square ones are not held by it."""
    return text.split("[TEXT]", 1)[-1].replace("\n", " ").translate(_BRACKETS)


def kind_of(incident: IncidentReport) -> str | None:
    """The MUC-4 type of a record, none where MUC-4 has no such incident."""
    words = " ".join(e.quote for e in incident.evidence if e.field == "event_type")
    if _STRIKE.search(words):
        return "forced work stoppage"
    if incident.sub_event_type == _PROPERTY:
        return "arson" if _FIRE.search(words) else "robbery"
    if incident.sub_event_type == "Armed clash" and any(
        a.role == "perpetrator" and a.actor_type == "state_forces" for a in incident.actors
    ):
        return None
    return TYPES.get(incident.sub_event_type)


def to_template(incident: IncidentReport) -> Template | None:
    """The template of a record, none where MUC-4 has no such incident."""
    kind = kind_of(incident)
    if kind is None:
        return None
    types = {(a.role, a.name): a.actor_type for a in incident.actors}
    fillers: dict[str, list[list[str]]] = {role: [] for role in SLOTS}
    for name in incident.perpetrators:
        organised = types.get(("perpetrator", name)) in _ORGANISED and not _MEMBERS.search(name)
        fillers["PerpOrg" if organised else "PerpInd"].append([name])
    for name in incident.targets:
        if ("target", name) not in types:
            fillers["Target"].append([name])
        elif _is_named(name, types["target", name]):
            fillers["Victim"].append([name])
    fillers["Weapon"] = [[name] for name in incident.weapons]
    return Template(kind, {role: entities(groups) for role, groups in fillers.items()})


def _is_named(name: str, actor_type: str | None) -> bool:
    """False for a force or group and for people only described ("two policemen")."""
    return actor_type not in _ORGANISED and victim_class(name) == "unknown" and not _DESCRIBED.search(name)


def extract_templates(article: dict[str, Any]) -> list[Template]:
    """The templates that the default extractor finds, equal ones once."""
    line = {name: article[name] for name in ("id", "title", "text", "source")}
    line |= {"published_at": article["published"], "language": "en"}
    extraction = get_extractor("rules").extract(parse_article(json.dumps(line).encode()))
    templates: list[Template] = []
    for incident in extraction.incidents:
        template = to_template(incident)
        if template is not None and template not in templates:
            templates.append(template)
    return templates


def _print(title: str, counts: Counts, totals: Mapping[str, Sequence[str]]) -> None:
    print(f"{title:<34}{'P':>8}{'R':>8}{'F1':>8}{'found':>8}{'keys':>8}")
    rows = {**counts, **{name: total(counts, slots) for name, slots in totals.items()}}
    for name, count in rows.items():
        shares = "".join(f"{100 * x:8.2f}" for x in (count.precision, count.recall, count.f1))
        print(f"  {name:<32}{shares}{count.found:8}{count.keys:8}")


def main() -> None:
    """Measure and print."""
    split = "train" if "train" in sys.argv[1:] else "dev"
    path = EVAL / "muc4" / f"{split}.jsonl"
    if not path.is_file():
        print(f"The evaluation data is not at {path}; nothing is measured.")
        return
    slots = [TYPE, *SLOTS]
    relaxed = dict.fromkeys(slots, Count())
    strict = dict.fromkeys(slots, Count())
    document = dict.fromkeys(SLOTS, Count())
    articles = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    empty = alarms = missed = 0
    for article in articles:
        keys, held = read_keys(article)
        found = extract_templates(article)
        merged = {role: tuple(dict.fromkeys(e for t in found for e in t.roles[role])) for role in SLOTS}
        for whole, part in (
            (relaxed, by_template(found, keys)),
            (strict, by_template(found, keys, one_to_one)),
            (document, by_document(merged, held)),
        ):
            for name, count in part.items():
                whole[name] = whole[name].plus(count)
        empty += not keys
        alarms += bool(found) and not keys
        missed += bool(keys) and not found
    totals = {"total (type and roles)": slots, "five roles": list(SLOTS)}
    print(f"MUC-4 {split}, {len(articles)} articles, default extractor")
    _print("CEAF-REE by template (GTT)", relaxed, totals)
    _print("the same, entities one to one", strict, totals)
    _print("CEAF-REE by document (GRIT)", document, {"total": list(SLOTS)})
    print(f"False alarms on articles without templates: {alarms} of {empty} ({100 * alarms / empty:.1f} %)")
    with_keys = len(articles) - empty
    print(
        f"Articles with templates where none is found: {missed} of {with_keys} ({100 * missed / with_keys:.1f} %)"
    )
    print(f"Published on test, not comparable: {PUBLISHED}")


if __name__ == "__main__":
    main()
