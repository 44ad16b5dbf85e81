"""A small valid scene on disk that a test spoils in one place."""

from __future__ import annotations

from pathlib import Path

from scenarios.errors import Problem
from scenarios.loader import load, problems_in

SMALL_SCENE = """\
schema: 1
id: debat
title: Le débat
language: fr
summary: Deux contradicteurs et une réforme.
learner:
  role: ministre
  brief: Vous défendez la réforme.
  goals: [répondre sans esquiver]
cast:
  - id: morel
    name: Claire Morel
    title: animatrice
    persona: Rigoureuse, distribue la parole.
    voice: {gender: female, pitch: 0.1, pace: 1.0}
    knows: ["L'émission dure cinq minutes."]
    secrets: [{id: rapport, text: "Elle a le rapport confidentiel."}]
    understudy:
      opening: ["Bonsoir et bienvenue."]
      lines: ["Pouvez-vous préciser ?"]
      closing: ["Merci à vous."]
  - id: roche
    name: Antoine Roche
    persona: Moqueur.
    voice: {gender: male}
    understudy:
      opening: ["Bonsoir."]
      lines: ["Où est le train ?"]
      phases: {fin: ["Un dernier mot ?"]}
      closing: ["Merci."]
knowledge: [knowledge/fret.md]
phases:
  - id: ouverture
    goal: chacun pose sa première question
    lead: morel
    speakers: [morel, roche]
    turns: {min: 1, max: 4}
    time_limit_s: 120
  - id: fin
    goal: conclure
events:
  - id: fuite
    when: {phase: ouverture, after_s: 60}
    by: roche
    do: release
    secret: morel.rapport
rubric:
  - {id: clarte, label: Clarté, weight: 1.0, anchors: {0: non, 3: parfois, 5: toujours}}
limits: {duration_s: 600, turns: 40, cost_usd: 0.30}
tests:
  - {say: "Bonsoir.", expect: {speaker: morel, phase: ouverture}}
"""


class SceneFile:
    """`<folder>/debat/scenario.yaml` with its knowledge file, valid until it is changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "debat"
        self.path = self.folder / "scenario.yaml"
        (self.folder / "knowledge").mkdir(parents=True)
        (self.folder / "knowledge" / "fret.md").write_text("# Le fret\n", encoding="utf-8")
        self.write(SMALL_SCENE)

    @property
    def text(self) -> str:
        """The file's present text."""
        return self.path.read_text(encoding="utf-8")

    def write(self, text: str | bytes) -> None:
        """Replaces the whole file, by rename as editors do."""
        data = text.encode("utf-8") if isinstance(text, str) else text
        fresh = self.path.with_suffix(".new")
        fresh.write_bytes(data)
        fresh.replace(self.path)

    def change(self, old: str, new: str) -> None:
        """Replaces a text that stands in the file exactly once."""
        assert self.text.count(old) == 1, f"{old!r} stands {self.text.count(old)} times"
        self.write(self.text.replace(old, new))

    def line_of(self, part: str) -> int:
        """The line, from 1, on which a text begins."""
        return self.text[: self.text.index(part)].count("\n") + 1

    def problems(self) -> list[Problem]:
        """What is wrong with the file now."""
        return problems_in(self.path)

    def only_problem(self) -> Problem:
        """The one thing that is wrong with it."""
        problems = self.problems()
        assert len(problems) == 1, [str(one) for one in problems]
        return problems[0]

    def loads(self) -> bool:
        """Whether it has no errors. Raises ScenarioErrors otherwise."""
        return load(self.path) is not None
