"""What a run leaves in the session's record: turns, decisions, moods and what happened.

Owns which event tells of what. Events hold ids and numbers; words are only in the turns.
"""

import logging
from collections.abc import Mapping
from typing import Any

from agents.cast.moment import Said
from agents.cast.presence import absent
from agents.manager.beats import Beat
from agents.manager.mood import Mood
from agents.manager.record import DECISION
from agents.manager.scene import Scene
from agents.roleplay.journal import Journal
from scenarios.schema import Scenario
from services.core.clock import Clock
from services.sessions.records import TurnRecord

log = logging.getLogger(__name__)


class Chronicle:
    """Writes for one room. Nothing here waits for the store."""

    def __init__(self, journal: Journal, clock: Clock, scenario: Scenario, *, room: str) -> None:
        self._journal = journal
        self._clock = clock
        self._scenario = scenario
        self._room = room
        self._moods: tuple[Mood, ...] = ()

    def note(self, kind: str, data: dict[str, Any]) -> None:
        """A move or a decision of the manager."""
        self._journal.event(kind, data)
        if kind == DECISION:
            told = {key: data[key] for key in ("rung", "chosen", "candidates", "reason", "took_ms")}
            log.info("turn.decided", extra={"room": self._room, **told})

    def turn(self, said: Said, *, source: str, kind: str, scene: dict[str, Any]) -> None:
        """Something that was said and heard, with the scene as it stood after it."""
        turn = TurnRecord(
            room=self._room,
            turn_id=said.turn_id,
            speaker=said.speaker,
            speaker_name=said.name,
            text=said.text,
            source=source,
            phase=said.phase,
            at=self._clock.now(),
            cut=said.cut,
            kind=kind,
        )
        self._journal.turn(turn, scene=scene)

    def scene(self, scene: dict[str, Any]) -> None:
        """The scene as it stands, where nothing was said."""
        self._journal.scene(scene)

    def phase(self, phase: str) -> None:
        """Another phase is played."""
        self._journal.event("phase", {"phase": phase})

    def opinions(self, counts: Mapping[str, int]) -> None:
        """How often a model was asked who speaks, and what came of it; none if never."""
        if counts["asked"]:
            self._journal.event("opinions", counts)

    def choice(self, outcome: str) -> None:
        """What just became of a question to a model who speaks."""
        self._journal.tell("choice", {"outcome": outcome})

    def judgement(self, outcome: str) -> None:
        """What just became of a question to a model how a turn was taken."""
        self._journal.tell("judgement", {"outcome": outcome})

    def reacted(self, persona: str, moment: str) -> None:
        """A listener's reaction was heard; it is nobody's turn."""
        self._journal.event("reaction", {"persona": persona, "moment": moment})

    def taken_up(self, scene: Scene) -> None:
        """The scene goes on from here: what it holds has been told of."""
        self._moods = self._told(scene)

    def changed(self, before: Scene, after: Scene, *, turn_id: str | None) -> None:
        """What a step made of the scene: pages shown, guests, and every mood that moved.

        Nothing names a late guest before they have arrived: the learner reads these events.
        """
        self._happened(before, after)
        moods = self._told(after)
        moved = {
            mood.persona: {"trust": mood.trust, "impatience": mood.impatience}
            for mood in moods
            if mood not in self._moods
        }
        self._moods = moods
        if moved:
            facts = {"moods": moved, "turn_id": turn_id, "at_s": after.at_s}
            self._journal.event("mood", facts)

    def timed(self, beat: Beat, taken_s: Mapping[str, float]) -> None:
        """How long a reply took, mark by mark."""
        self._journal.event("timing", {"turn_id": beat.id, "persona": beat.persona, **taken_s})

    def echoed(self, beat: Beat) -> None:
        """Words that said again what was said were left out of that beat."""
        facts = {"turn_id": beat.id, "persona": beat.persona, "kind": str(beat.kind)}
        self._journal.event("echo", facts)

    def _told(self, scene: Scene) -> tuple[Mood, ...]:
        """The moods that the record may tell of."""
        away = absent(self._scenario, scene)
        return tuple(mood for mood in scene.moods if mood.persona not in away)

    def _happened(self, before: Scene, after: Scene) -> None:
        shows = {one.id for one in self._scenario.events if one.do == "show"}
        for event in after.fired[len(before.fired) :]:
            if event in shows:
                self._journal.event("document", {"event": event, "at_s": after.at_s})
        came = dict(before.arrived)
        for persona, _ in after.arrived:
            if persona not in came:
                self._journal.event("arrived", {"persona": persona, "at_s": after.at_s})
