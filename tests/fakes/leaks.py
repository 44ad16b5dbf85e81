"""Scenes full of canaries, and an oracle that knows who may know which.

The oracle keeps its own account of presence, from what is played in front of it: it asks none of
the code that it watches.
"""

import itertools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from agents.cast.moment import LEARNER
from agents.manager.beats import Beat, Plan
from scenarios.schema import Scenario

_TOKEN = re.compile(r"CANARY\d{5}")


@dataclass
class Oracle:
    """Who may know each canary. `kinds` tells what a canary stands for."""

    scenario: Scenario | None = None
    kinds: dict[str, str] = field(default_factory=dict)
    _allowed: dict[str, set[str]] = field(default_factory=dict)
    _named: dict[str, str] = field(default_factory=dict)
    _coming: set[str] = field(default_factory=set)
    _here: set[str] = field(default_factory=set)
    _count: Iterable[int] = field(default_factory=lambda: itertools.count(1))

    def plant(self, kind: str, *may_know: str, name: str = "") -> str:
        """A new canary; `name` is how events find it."""
        token = f"CANARY{next(iter(self._count)):05d}"
        self._allowed[token] = set(may_know)
        self.kinds[token] = kind
        if name:
            self._named[name] = token
        return token

    def leaks(self, text: str, persona: str) -> set[str]:
        """Kinds of what stands in the text and is not for that character."""
        return {
            self.kinds[token]
            for token in _TOKEN.findall(text)
            if persona not in self._allowed[token]
        }

    def kinds_in(self, text: str) -> set[str]:
        """Kinds of all canaries in the text."""
        return {self.kinds[token] for token in _TOKEN.findall(text)}

    def said(self, speaker: str, phase: str) -> str:
        """A canary in words that are said now, for those who hear them."""
        if speaker == LEARNER:
            self._here |= self._coming
            self._coming.clear()
        elif speaker in self._coming:
            self._coming.discard(speaker)
            self._here.add(speaker)
        return self.plant("said", speaker, *self.room(phase))

    def room(self, phase: str) -> set[str]:
        """Who hears what is said in that phase now."""
        assert self.scenario is not None
        there = next(one for one in self.scenario.phases if one.id == phase)
        late = set(self.scenario.late_guests) - self._here
        return set(self.scenario.present_in(there)) - late

    def committed(self, plan: Plan) -> None:
        """The plan is played: what it fires, releases and lets in counts from here."""
        assert self.scenario is not None
        self._coming |= set(plan.effects.arrives)
        for event in self.scenario.events:
            if event.id not in plan.effects.fires:
                continue
            if event.do == "news":
                self._allow(f"news:{event.id}", event.by, *event.to)
            elif event.do == "show":
                self._allow(f"document:{event.id}", *(one.id for one in self.scenario.cast))
            elif event.do == "release" and event.secret:
                owner = event.secret.partition(".")[0]
                self._allow(f"secret:{event.secret}", owner, event.by)

    def _allow(self, name: str, *personas: str) -> None:
        if name in self._named:
            self._allowed[self._named[name]] |= set(personas)


def canaried(scenario: Scenario) -> tuple[Scenario, Oracle]:
    """The scene with a canary in everything private, and the oracle that planted them."""
    oracle = Oracle()
    data: dict[str, Any] = scenario.model_dump(by_alias=True, exclude_none=True)
    data["learner"]["brief"] = f"Brief {oracle.plant('brief')}."
    data["tests"] = []
    for one in data["cast"]:
        _of_character(one, oracle)
    for event in data.get("events", ()):
        _of_event(event, oracle)
    oracle.scenario = Scenario.model_validate(data)
    return oracle.scenario, oracle


def _of_character(one: dict[str, Any], oracle: Oracle) -> None:
    id = one["id"]
    one["persona"] = f"{oracle.plant('persona', id)}. {one['persona']}"[:3900]
    one["knows"] = [f"Sait {oracle.plant('knows', id)}.", *one.get("knows", ())]
    for secret in one.setdefault("secrets", []) or ():
        secret["text"] = f"Cache {oracle.plant('secret', name=f'secret:{id}.' + secret['id'])}."
    one["secrets"] = [*one["secrets"], {"id": "canari", "text": oracle.plant("secret")}]
    lines = one["understudy"]
    for name in ("opening", "lines", "reactions", "closing"):
        lines[name] = [f"{oracle.plant('line', id)} {text}"[:490] for text in lines.get(name, ())]
    lines["phases"] = {
        phase: [f"{oracle.plant('line', id)} {text}"[:490] for text in texts]
        for phase, texts in lines.get("phases", {}).items()
    }


def _of_event(event: dict[str, Any], oracle: Oracle) -> None:
    id = event["id"]
    if event.get("news"):
        event["news"] = f"Apprend {oracle.plant('news', name=f'news:{id}')}."
    if event.get("document"):
        event["document"]["text"] = f"Lit {oracle.plant('document', name=f'document:{id}')}."
    if event.get("say"):
        event["say"] = f"{oracle.plant('say', event['by'])} {event['say']}"[:490]


def random_scene(seed: int) -> Scenario:
    """A scene of two to six, some of whom are away or come late, in which a lot happens."""
    rng = Random(seed)
    ids = [f"c{n}" for n in range(rng.randint(2, 6))]
    guests = rng.sample(ids[1:], min(len(ids) - 1, rng.randint(0, 2)))
    phases = [_phase(f"p{n}", ids, rng) for n in range(rng.randint(2, 4))]
    events = [
        {"id": f"vient-{one}", "when": {"heard": ["viens"]}, "by": one, "do": "arrive"}
        for one in guests
    ]
    for n in range(rng.randint(2, 6)):
        events.append(_event(f"e{n}", ids, rng))
    return Scenario.model_validate(
        {
            "schema": 1,
            "id": f"hasard-{seed}",
            "title": "Au hasard",
            "language": rng.choice(["fr", "en"]),
            "summary": "Une scène.",
            "learner": {"role": "ministre"},
            "cast": [_character(one, rng) for one in ids],
            "phases": phases,
            "events": events,
            "limits": {"cast_turns": rng.randint(0, 6)},
        }
    )


def _character(id: str, rng: Random) -> dict[str, Any]:
    dials = ("patience", "hostility", "talkativeness", "interruption")
    return {
        "id": id,
        "name": f"Nom{id.title()} Famille{id.title()}",
        "persona": "Quelqu'un.",
        "secrets": [{"id": "s", "text": "Un secret."}],
        "temper": {name: round(rng.random(), 2) for name in dials},
        "understudy": {"opening": ["Bonjour."], "lines": ["Oui."], "closing": ["Merci."]},
    }


def _phase(id: str, ids: Sequence[str], rng: Random) -> dict[str, Any]:
    present = rng.sample(ids, rng.randint(1, len(ids)))
    phase: dict[str, Any] = {
        "id": id,
        "goal": "avancer",
        "opening": rng.choice(["lead", "parallel"]),
        "turns": {"min": 1, "max": rng.randint(3, 8)},
        "speakers": present,
    }
    if rng.random() < 0.7:
        phase["present"] = present
    return phase


def _event(id: str, ids: Sequence[str], rng: Random) -> dict[str, Any]:
    by = rng.choice(ids)
    event: dict[str, Any] = {"id": id, "by": by, "when": {"turns": rng.randint(1, 6)}}
    match rng.choice(["release", "say", "show", "news"]):
        case "release":
            return event | {"do": "release", "secret": f"{rng.choice(ids)}.s"}
        case "say":
            return event | {"do": "say", "say": "Voilà."}
        case "show":
            return event | {"do": "show", "document": {"title": "Page", "text": "Texte."}}
        case _:
            to = rng.sample(ids, rng.randint(0, len(ids)))
            return event | {"do": "news", "news": "Une nouvelle.", "to": to}


def speaks(beat: Beat) -> str:
    """What the beat says or asks for in words that are fixed."""
    return " ".join((beat.cue, beat.say or "", beat.lead_in))
