"""Plans put together: beats with their ids, cues and fixed lines, and what committing them does."""

from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from agents.manager.beats import Beat, BeatKind, Decision, Effects, Plan, Rung
from agents.manager.phases import speakers_in
from agents.manager.phrases import phrases_for
from agents.manager.scene import Scene
from scenarios.happenings import Event
from scenarios.schema import Phase, Scenario

FOLLOW_UP_SHARE = 0.45
"""How likely an answer is followed up where somebody of talkativeness 1 listens."""

NO_EFFECTS = Effects()

LONG_WORDS = 60
"""The longest that a closing or a released secret may be, in words."""

Origin = Literal["begin", "answer", "tick", "skip", "end"]
_PREFIX: dict[Origin, str] = {"begin": "o", "answer": "a", "tick": "k", "skip": "s", "end": "e"}


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes beats and plans for one state of a scene."""

    scenario: Scenario
    scene: Scene

    def beat(self, persona: str, kind: BeatKind, phase: Phase, cue: str, **more: str) -> Beat:
        """A beat without an id yet; `more` is `say`, `event` and the `who` of the cue."""
        text = phrases_for(self.scenario.language).cue(cue, more.get("who", "")) if cue else ""
        long = kind is BeatKind.CLOSING or cue == "release"
        beat = Beat(
            id="",
            persona=persona,
            kind=kind,
            phase=phase.id,
            cue=text,
            say=more.get("say"),
            event=more.get("event"),
        )
        return replace(beat, max_words=LONG_WORDS) if long else beat

    def opening(self, phase: Phase, *, cue: str = "opening") -> tuple[Beat, ...]:
        """The phase's first lines, the lead's first; independent of each other."""
        lead, *others = speakers_in(self.scenario, phase, self.scene)
        first = self.beat(lead, BeatKind.OPENING, phase, cue)
        if phase.opening == "lead":
            return (first,)
        who = self.scenario.character(lead).name
        return (
            first,
            *(self.beat(o, BeatKind.OPENING, phase, "opening_others", who=who) for o in others),
        )

    def event(self, event: Event, phase: Phase) -> Beat:
        """The event's own line, or a cue to speak on it."""
        cue = {"release": "release", "prompt": "invite", "say": "event"}[event.do]
        kind = BeatKind.PROMPT if event.do == "prompt" else BeatKind.EVENT
        more = {"event": event.id} | ({"say": event.say} if event.say else {})
        return self.beat(event.by, kind, phase, cue, **more)

    def closing(self, phase: Phase, *, cue: str = "closing") -> Beat:
        """The scene's last line, by the lead of its present phase."""
        return self.beat(self.scenario.lead_of(phase), BeatKind.CLOSING, phase, cue)

    def follow_up(self, phase: Phase, after: Beat) -> Beat | None:
        """A second voice after an answer, now and then; the same for the same seed and turn.

        The more talkative a character, the likelier; events and the phase's opening stand alone.
        """
        if after.kind is not BeatKind.ANSWER:
            return None
        draw = Random(f"{self.scene.seed}:{self.scene.turns}")
        others = [one for one in self.scenario.speakers_of(phase) if one != after.persona]
        eager = [self.scenario.character(one).temper.talkativeness for one in others]
        if not others or draw.random() >= FOLLOW_UP_SHARE * max(eager):
            return None
        one = draw.choices(others, weights=[share + 0.01 for share in eager])[0]
        return self.beat(one, BeatKind.FOLLOW_UP, phase, "follow_up")

    def plan(
        self,
        origin: Origin,
        beats: tuple[Beat, ...],
        decision: Decision,
        *,
        effects: Effects = NO_EFFECTS,
        ends: str | None = None,
    ) -> Plan:
        """The plan, its beats numbered; `ends` is the reason why the scene is over after it."""
        stem = f"{_PREFIX[origin]}{self.scene.serial:04d}"
        numbered = tuple(replace(b, id=f"{stem}-{n}") for n, b in enumerate(beats, start=1))
        return Plan(
            beats=numbered,
            decision=decision,
            ends=ends is not None,
            end_reason=ends,
            effects=effects,
            serial=self.scene.serial,
        )

    def nothing(self, reason: str, *, ends: str | None = None) -> Plan:
        """A plan without beats."""
        return self.plan("answer", (), scene_decision(reason, ()), ends=ends)


def scene_decision(reason: str, beats: tuple[Beat, ...], rung: Rung = Rung.SCENE) -> Decision:
    """The decision behind beats that nobody was chosen for."""
    return Decision(rung=rung, chosen=tuple(beat.persona for beat in beats), reason=reason)


def effects_of(event: Event | None, scene: Scene) -> Effects:
    """What an event changes; one that fired before and was not heard changes nothing again."""
    if event is None or event.id in scene.fired:
        return Effects()
    secret = (event.secret,) if event.do == "release" and event.secret else ()
    return Effects(fires=(event.id,), releases=secret)
