"""P1: nothing crosses. Canaries stand in all that is private, and every prompt is looked at.

The five scenes of the library and scenes made at random are played through, with guests who come
late, phases that some miss, news, documents and secrets. After each move every character's prompts
are composed as the run composes them, the speaker's and everybody else's.
"""

import itertools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from random import Random

import pytest

from agents.cast import presence, prompts, recall
from agents.cast.moment import LEARNER, Said
from agents.cast.prompts import LineTemplate, compose
from agents.manager.beats import Beat, BeatKind, Plan
from agents.manager.manager import MultiAgentManager
from agents.roleplay.prompting import Prompting
from agents.roleplay.remembering import Remembering
from scenarios.catalogue import LIBRARY, Catalogue
from scenarios.schema import Scenario
from tests.fakes.leaks import Oracle, canaried, random_scene, speaks

LIBRARY_IDS = Catalogue((LIBRARY,)).ids()
TEMPLATES: tuple[LineTemplate | None, ...] = (None, "escalation", "reaction")
STEPS = 22


@dataclass
class Play:
    """One scene played to its end or for STEPS moves; what leaked, and what was looked at."""

    scenario: Scenario
    oracle: Oracle
    seed: int
    leaks: Counter[str] = field(default_factory=Counter)
    seen: set[str] = field(default_factory=set)
    texts: int = 0
    kinds: set[BeatKind] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.rng = Random(self.seed)
        self.now_s = 0.0
        self.manager = MultiAgentManager(self.scenario, rng=Random(self.seed))
        memory = Remembering(self.scenario, self.manager, room="s-1")
        self.prompting = Prompting(
            self.scenario,
            self.manager,
            now_s=lambda: self.now_s,
            learner_name="Sam",
            recollection=memory,
        )

    def run(self) -> "Play":
        self.perform(self.manager.begin(0.0), "")
        for _ in range(STEPS):
            if self.manager.scene.ended is not None:
                break
            self.now_s += self.rng.uniform(3.0, 25.0)
            self.move()
        self.look_everywhere()
        return self

    def move(self) -> None:
        token = self.oracle.said(LEARNER, self.manager.phase.id)
        words = f"{self.calls()} nous publierons le rapport {token}, viens, {self.heard_word()}."
        match self.rng.choice(["answer"] * 6 + ["tick", "skip", "cut_in", "returned"]):
            case "answer":
                self.perform(self.manager.answer(words, self.now_s), words)
            case "cut_in":
                plan = self.manager.cut_in(words, self.now_s, speaking_s=500.0)
                self.perform(plan or self.manager.answer(words, self.now_s), words)
            case "returned":
                self.perform(self.manager.returned(self.now_s, away_s=12.0), "")
            case "skip" if self.rng.random() < 0.3:
                self.perform(self.manager.skip(self.now_s), "")
            case _:
                plan = self.manager.tick(
                    self.now_s, quiet_s=self.rng.choice([20.0, 70.0]), busy=False
                )
                if plan is not None:
                    self.perform(plan, "")

    def calls(self) -> str:
        one = self.rng.choice(self.scenario.cast)
        return f"{one.name}, " if self.rng.random() < 0.4 else ""

    def heard_word(self) -> str:
        words = [word for event in self.scenario.events for word in event.when.heard or ()]
        return self.rng.choice(words) if words else "bon"

    def perform(self, plan: Plan, words: str) -> None:
        """As the stage does it: the words of a plan's beats are wanted before it is committed."""
        self.oracle.committed(plan)
        for beat in plan.beats[:2]:
            self.look(beat, plan, words, [])
        self.manager.commit(plan, words=words or None, now_s=self.now_s, who="Sam")
        for beat, after in zip(plan.beats, (*plan.beats[1:], None), strict=True):
            text = f"Je crois que {self.oracle.said(beat.persona, beat.phase)} compte."
            self.look(beat, plan, words, [])
            if after is not None:
                name = self.scenario.character(beat.persona).name
                coming = Said(
                    speaker=beat.persona, name=name, text=text, turn_id=beat.id, phase=beat.phase
                )
                self.look(after, plan, words, [coming])
            cut = self.rng.random() < 0.1
            self.manager.performed(beat, text, cut, self.now_s)
            if cut:
                break

    def look(self, beat: Beat, plan: Plan, words: str, before: list[Said]) -> None:
        """The prompt of that beat, as it is and as if any other character had it."""
        self.kinds.add(beat.kind)
        self.check(speaks(beat), beat.persona)
        for one in self.scenario.cast:
            own = replace(beat, persona=one.id)
            for message in self.prompting.wanted(own, plan, words, before).prompt().messages:
                self.check(message.content, one.id)

    def look_everywhere(self) -> None:
        """Beats of every kind in every phase, through the other templates too."""
        cases = itertools.product(self.scenario.phases, BeatKind, self.scenario.cast, TEMPLATES)
        for phase, kind, one, template in cases:
            made = compose(
                one.id,
                scenario=self.scenario,
                memory=self.manager.memory,
                scene=self.manager.scene,
                beat=Beat(id="a9999-1", persona=one.id, kind=kind, phase=phase.id),
                template=template,
            )
            for message in made.messages:
                self.check(message.content, one.id)

    def check(self, text: str, persona: str) -> None:
        self.texts += 1
        leaks = self.oracle.leaks(text, persona)
        self.leaks.update(leaks)
        self.seen |= self.oracle.kinds_in(text) - leaks


def play(scenario: Scenario, seed: int) -> Play:
    planted, oracle = canaried(scenario)
    return Play(scenario=planted, oracle=oracle, seed=seed).run()


def of_library(id: str) -> Scenario:
    return Catalogue((LIBRARY,)).get(id).scenario


@pytest.fixture(scope="module")
def at_random() -> list[Play]:
    return [play(random_scene(seed), seed) for seed in range(8)]


@pytest.mark.parametrize("id", LIBRARY_IDS)
def test_p1_nothing_crosses_in_the_library_s_scenes(id: str) -> None:
    played = play(of_library(id), 1)
    assert played.leaks == Counter()
    assert {"persona", "knows", "said", "line"} <= played.seen


def test_p1_nothing_crosses_in_scenes_made_at_random(at_random: list[Play]) -> None:
    assert [one.leaks for one in at_random] == [Counter()] * len(at_random)
    assert sum(one.texts for one in at_random) > 5000


def test_what_may_be_known_is_told_and_every_kind_of_beat_is_looked_at(
    at_random: list[Play],
) -> None:
    assert set().union(*(one.seen for one in at_random)) == {
        "document", "knows", "line", "news", "persona", "said", "say", "secret",
    }  # fmt: skip
    assert set().union(*(one.kinds for one in at_random)) == set(BeatKind)


Sabotage = Callable[[pytest.MonkeyPatch], None]


def hears_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(prompts, "heard_by", lambda _, memory, *__: tuple(memory))


def recalls_all(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(recall, "heard_by", lambda _, memory, *__: tuple(memory))


def is_there_early(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(presence, "_arrival", lambda *_: presence.Place(0, 0))


def knows_secrets(patch: pytest.MonkeyPatch) -> None:
    def all_of(_: str, scenario: Scenario, __: object) -> tuple[str, ...]:
        return tuple(secret.text for one in scenario.cast for secret in one.secrets)

    patch.setattr(prompts, "released_to", all_of)


def knows_news(patch: pytest.MonkeyPatch) -> None:
    def all_of(_: str, scenario: Scenario, __: object) -> tuple[str, ...]:
        return tuple(event.news for event in scenario.events if event.news)

    patch.setattr(prompts, "news_of", all_of)


def sees_documents(patch: pytest.MonkeyPatch) -> None:
    def all_of(scenario: Scenario, _: object) -> tuple[str, ...]:
        return tuple(event.document.text for event in scenario.events if event.document)

    patch.setattr(prompts, "shown_in", all_of)


def reads_others(patch: pytest.MonkeyPatch) -> None:
    mine = prompts._session

    def of_neighbour(character: object, scenario: Scenario, knowledge: object) -> dict[str, str]:
        return mine(scenario.cast[0], scenario, knowledge)  # type: ignore[arg-type]

    patch.setattr(prompts, "_session", of_neighbour)


@pytest.mark.parametrize(
    ("sabotage", "kinds"),
    [
        (hears_all, {"said"}),
        (recalls_all, {"said"}),
        (is_there_early, {"said"}),
        (knows_secrets, {"secret"}),
        (knows_news, {"news"}),
        (sees_documents, {"document"}),
        (reads_others, {"persona", "knows", "line"}),
    ],
)
def test_a_leak_would_be_found(
    sabotage: Sabotage, kinds: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sabotage(monkeypatch)
    found: set[str] = set()
    for seed in range(8):
        found |= set(play(random_scene(seed), seed).leaks)
        if found >= kinds:
            break
    assert found == kinds
