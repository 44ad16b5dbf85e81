"""Plans put together: beats with their ids, cues and fixed lines, and what committing them does."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from agents.cast.presence import in_room
from agents.manager import temperament
from agents.manager.beats import Beat, BeatKind, Decision, Effects, Plan, Rung, Score, Stance
from agents.manager.memory import Said
from agents.manager.mood import Mood
from agents.manager.phases import lead_now, speakers_in
from agents.manager.phrases import Spoken, phrases_for
from agents.manager.scene import Scene
from scenarios.happenings import Event
from scenarios.hearing import words_of
from scenarios.schema import Phase, Scenario, Temper

NO_EFFECTS = Effects()

LONG_WORDS = 60
"""What a released secret may take, in words, whoever tells it."""

Origin = Literal["begin", "answer", "cut_in", "tick", "skip", "end", "returned"]
_PREFIX: dict[Origin, str] = {
    "begin": "o",
    "answer": "a",
    "cut_in": "c",
    "tick": "k",
    "skip": "s",
    "end": "e",
    "returned": "r",
}
_CUES = {
    "release": "release",
    "prompt": "event",
    "say": "event",
    "arrive": "arrive",
    "show": "show",
    "news": "news",
}


@dataclass(frozen=True, slots=True)
class Composer:
    """Makes beats and plans for one state of a scene."""

    scenario: Scenario
    scene: Scene
    memory: tuple[Said, ...] = ()

    def beat(
        self,
        persona: str,
        kind: BeatKind,
        phase: Phase,
        cue: str,
        *,
        who: str = "",
        say: str | None = None,
        event: str | None = None,
        stance: Stance | None = None,
        lead_in: str = "",
    ) -> Beat:
        """A beat without an id yet; `who` is the name that stands in the cue."""
        words = temperament.max_words(self.temper(persona), kind)
        return Beat(
            id="",
            persona=persona,
            kind=kind,
            phase=phase.id,
            cue=phrases_for(self.scenario.language).cue(cue, who) if cue else "",
            say=say,
            max_words=max(words, LONG_WORDS) if cue == "release" else words,
            event=event,
            stance=stance,
            lead_in=lead_in,
        )

    def cue(self, name: str) -> str:
        """The cue of that name, in the scene's language."""
        return phrases_for(self.scenario.language).cue(name)

    def opening(self, phase: Phase, *, cue: str = "opening") -> tuple[Beat, ...]:
        """The phase's first lines, the lead's first; independent of each other."""
        lead, *others = self.speakers(phase)
        first = self.beat(lead, BeatKind.OPENING, phase, cue)
        if phase.opening == "lead":
            return (first,)
        who = self.name(lead)
        return (
            first,
            *(self.beat(o, BeatKind.OPENING, phase, "opening_others", who=who) for o in others),
        )

    def event(self, event: Event, phase: Phase, *, silent: bool = False) -> Beat:
        """The event's own line, unless it was heard already, or a cue to speak on it.

        A prompt is one while the person is `silent`, and a line like others after their words.
        """
        prompts = silent and event.do == "prompt"
        kind = BeatKind.PROMPT if prompts else BeatKind.EVENT
        cue = "invite" if prompts else _CUES[event.do]
        say = self.unheard((event.say,)) if event.say else None
        return self.beat(event.by, kind, phase, cue, say=say, event=event.id)

    def closing(self, phase: Phase, *, cue: str = "closing") -> Beat:
        """The scene's last line, by whoever leads its present phase now."""
        return self.beat(self.lead(phase), BeatKind.CLOSING, phase, cue)

    def lead(self, phase: Phase) -> str:
        """Who leads the phase now."""
        return lead_now(self.scenario, phase, self.scene)

    def moderator(self, phase: Phase) -> str:
        """Who keeps order: whom the author named, or the lead while that one is not there."""
        by = self.scenario.moderation.by
        if by is None or by not in in_room(self.scenario, self.scene):
            return self.lead(phase)
        return by

    def speakers(self, phase: Phase) -> tuple[str, ...]:
        """Who may speak in the phase now, the lead first."""
        return speakers_in(self.scenario, phase, self.scene)

    def name(self, persona: str) -> str:
        """What the learner calls the character."""
        return self.scenario.character(persona).name

    def temper(self, persona: str) -> Temper:
        """The character's dials."""
        return self.scenario.character(persona).temper

    def mood(self, persona: str) -> Mood | None:
        """The character's mood; None while nothing has moved it."""
        return self.scene.mood_of(persona)

    def phrase(self, kind: Spoken, nth: int) -> str:
        """A phrase of that kind, rather one that nobody was heard to say."""
        variants = phrases_for(self.scenario.language).variants(kind, nth)
        return self.unheard(variants) or variants[0]

    def unheard(self, lines: Sequence[str]) -> str | None:
        """The first of the lines that memory does not hold; None when it holds all of them."""
        heard = [_plain(said.text) for said in self.memory]
        return next((one for one in lines if not any(_plain(one) in text for text in heard)), None)

    def plan(
        self,
        origin: Origin,
        beats: Sequence[Beat],
        decision: Decision,
        *,
        effects: Effects = NO_EFFECTS,
        ends: str | None = None,
    ) -> Plan:
        """The plan, its beats numbered; `ends` is the reason why the scene is over after it.

        Nobody speaks twice in a row in it: what one character says on end is one beat.
        """
        stem = f"{_PREFIX[origin]}{self.scene.serial:04d}"
        numbered = tuple(replace(b, id=f"{stem}-{n}") for n, b in enumerate(_joined(beats), 1))
        return Plan(
            beats=numbered,
            decision=decision,
            ends=ends is not None,
            end_reason=ends,
            effects=effects,
            serial=self.scene.serial,
        )

    def nothing(self, reason: str, *, ends: str | None = None, origin: Origin = "answer") -> Plan:
        """A plan without beats."""
        return self.plan(origin, (), self.decision(reason, ()), ends=ends)

    def decision(
        self,
        reason: str,
        beats: Sequence[Beat],
        rung: Rung = Rung.SCENE,
        *,
        scores: tuple[Score, ...] = (),
    ) -> Decision:
        """The decision behind beats that no rung chose; `scores` where something was weighed.

        Candidates are all who may speak in the scene's phase and in those of the beats; after the
        scene's end nobody may but who closes it.
        """
        chosen = tuple(dict.fromkeys(beat.persona for beat in beats))
        ids = dict.fromkeys((self.scene.phase, *(beat.phase for beat in beats)))
        over = self.scene.ended is not None
        there = (one for one in self.scenario.phases if one.id in ids and not over)
        speakers = (one for phase in there for one in self.speakers(phase))
        candidates = tuple(dict.fromkeys((*speakers, *chosen)))
        return Decision(
            rung=rung, chosen=chosen, reason=reason, candidates=candidates, scores=scores
        )


def effects_of(event: Event | None, scene: Scene) -> Effects:
    """What an event changes; one that fired before and was not heard changes nothing again."""
    if event is None or event.id in scene.fired:
        return Effects()
    secret = (event.secret,) if event.do == "release" and event.secret else ()
    guest = (event.by,) if event.do == "arrive" else ()
    return Effects(fires=(event.id,), releases=secret, arrives=guest)


def _joined(beats: Sequence[Beat]) -> list[Beat]:
    """The beats, neighbours of the same character made one."""
    joined: list[Beat] = []
    for beat in beats:
        if joined and joined[-1].persona == beat.persona:
            joined[-1] = _one_of(joined[-1], beat)
        else:
            joined.append(beat)
    return joined


def _one_of(first: Beat, second: Beat) -> Beat:
    """Both beats of a character in one, of the second's kind and in its phase.

    Fixed words of the first are said before those of the second. Words that the first would have
    asked for are asked for together with the second's; a fixed second line stands without them.
    """
    fixed = _spaced(first.lead_in, first.say)
    both = replace(
        second,
        event=second.event or first.event,
        max_words=max(first.max_words, second.max_words),
    )
    if second.say is not None:
        return replace(both, say=_spaced(fixed, second.lead_in, second.say), lead_in="")
    asked = first.cue if first.say is None else ""
    return replace(both, cue=_spaced(asked, second.cue), lead_in=_spaced(fixed, second.lead_in))


def _spaced(*parts: str | None) -> str:
    return " ".join(part for part in parts if part)


def _plain(text: str) -> str:
    return f" {' '.join(words_of(text))} "
