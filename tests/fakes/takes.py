"""A scene that is improvised move by move, recorded as a room would record it."""

import json
from dataclasses import dataclass, field
from random import Random
from typing import Any

from agents.manager.beats import Plan
from agents.manager.manager import MultiAgentManager
from agents.manager.memory import Said
from agents.manager.ports import Shift
from agents.manager.record import Recorder
from agents.manager.replay import Note
from agents.manager.scene import Scene
from scenarios.schema import Scenario

WORDS = (
    "Bonsoir à tous.",
    "Monsieur Roche, votre avis ?",
    "Madame Kerbrat et monsieur Castan, qu'en pensez-vous ?",
    "Je défends cette réforme, parce que le fret recule depuis dix ans.",
    "Non, vous avez tort.",
    "Je vous remercie de votre question, elle est excellente.",
    "Le budget est de trois milliards, sur cinq ans, avec les régions et avec l'État.",
    "Euh, oui, enfin, je ne sais pas.",
    "",
    "Taisez-vous, c'est ridicule.",
)


@dataclass
class Take:
    """What a recorded session leaves: notes as the store gives them back, and all that was said."""

    scenario: Scenario
    notes: list[Note] = field(default_factory=list)
    turns: list[Said] = field(default_factory=list)
    seed: int = 0

    def note(self, kind: str, data: dict[str, Any]) -> None:
        self.notes.append((kind, json.loads(json.dumps(data))))


class Improvised:
    """Plays at random: words, cuts, long silences, returns, opinions, restarts; all from a seed."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.take = Take(scenario)
        self._random = Random(seed)
        self._now_s = 0.0
        self._measured_s = 0.0
        self._start(MultiAgentManager(scenario, rng=Random(seed)))
        self.take.seed = self.manager.scene.seed

    def play(self, moves: int) -> Take:
        """The scene's opening and so many moves of somebody, unless it ends before."""
        self._put(self.recorder.begin(self._now_s), None)
        for _ in range(moves):
            if self.manager.scene.ended is not None:
                break
            self._now_s = round(self._now_s + self._random.uniform(0.5, 9.0), 4)
            self._move()
        return self.take

    def restart(self) -> None:
        """Another job takes the scene up from what the store holds of it."""
        stored = json.loads(json.dumps(self.manager.scene.to_json()))
        scene = Scene.from_json(stored)
        manager = MultiAgentManager.restore(self.take.scenario, scene, self.take.turns, Random(1))
        self._start(manager)
        self._put(self.recorder.begin(self._now_s), None)

    def _start(self, manager: MultiAgentManager) -> None:
        self.manager = manager
        self.recorder = Recorder(manager, self.take.note, clock_s=self._clock_s)

    def _clock_s(self) -> float:
        self._measured_s += 0.001
        return self._measured_s

    def _move(self) -> None:
        draw = self._random.random()
        words = self._random.choice(WORDS)
        if draw < 0.5:
            self._answer(words)
        elif draw < 0.8:
            quiet_s = round(self._random.uniform(0.0, 70.0), 4)
            self._put(self.recorder.tick(self._now_s, quiet_s=quiet_s, busy=draw < 0.53), None)
        elif draw < 0.86:
            long = " ".join(WORDS[:8])
            self._put(self.recorder.cut_in(long, self._now_s, speaking_s=200 * draw), long)
        elif draw < 0.9:
            self._put(self.recorder.returned(self._now_s, away_s=12.5), None)
        elif draw < 0.92 and self.manager.phase is not self.take.scenario.phases[-1]:
            self._put(self.recorder.skip(self._now_s), None)
        else:
            trust = round(self._random.uniform(-1, 1), 3)
            self.recorder.judged({"morel": Shift(trust=trust, impatience=0.4)}, self._now_s)

    def _answer(self, words: str) -> None:
        """An answer as a room has it: prepared early and thrown away, or kept past a cut line."""
        question = self.manager.question(words)
        choice = self._random.choice((*question.candidates, "nobody")) if question else None
        self.recorder.answer(words + " et donc", self._now_s)
        plan = self.recorder.answer(words, self._now_s, choice=choice)
        if self._random.random() < 0.3:
            self._put(self.recorder.tick(self._now_s, quiet_s=3.0, busy=False), None)
        self._now_s = round(self._now_s + 0.3, 4)
        self._put(plan, words)

    def _put(self, plan: Plan | None, words: str | None) -> None:
        if plan is None:
            return
        said = self.recorder.commit(plan, words=words, now_s=self._now_s, who="Camille")
        self.take.turns += [said] if said is not None else []
        for beat in plan.beats:
            cut = self._random.random() < 0.2
            self._now_s = round(self._now_s + 2.5, 4)
            text = beat.say or f"{beat.persona} dit quelque chose de sensé, n'est-ce pas ?"
            heard = " ".join(text.split()[: self._random.randint(0, 5)]) if cut else text
            heard_of = self.recorder.performed(beat, heard, cut, self._now_s)
            self.take.turns += [heard_of] if heard_of is not None else []
            if cut:
                break
