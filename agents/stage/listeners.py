"""The listeners in the room: in which pauses they are asked for a reaction, and what hushes them.

Owns no words and no chance: whether anybody reacts is the roleplay's to say, how it sounds the
asides'. Nobody reacts while the person speaks, or once the answer to them is there.
"""

from collections.abc import Callable, Mapping

from livekit import rtc

from agents.cast.moment import LEARNER
from agents.manager.reactions import Pause
from agents.roleplay.line import Aside
from agents.roleplay.run import Roleplay
from agents.stage.asides import Asides
from agents.stage.intervals import Cue
from agents.stage.mux import Mux
from agents.stage.performance import Performance
from agents.stage.speaking import CastVoices

AHEAD = 12
"""So many of each character's reactions are voiced beforehand."""


class Listeners:
    """The reactions of one cast.

    `sources` is where each one is heard while it listens, `mux` the sink of all lines; `person`
    tells whether the person speaks, `busy` whether anybody does or is about to.
    """

    def __init__(
        self,
        roleplay: Roleplay,
        sources: Mapping[str, rtc.AudioSource],
        voices: CastVoices,
        *,
        mux: Callable[[], Mux],
        person: Callable[[], bool],
        busy: Callable[[], bool],
    ) -> None:
        self._roleplay = roleplay
        self._mux = mux
        self._person = person
        self._given: Aside | None = None
        self._asides = Asides(
            sources,
            voices,
            may_sound=lambda: mux().at_rest and not person(),
            hold=lambda seconds: mux().hold(seconds),
            idle=lambda: not busy(),
            on_started=self._started,
        )

    def prepare(self) -> None:
        """Has what they may let fall voiced while nobody needs the voices."""
        for one in self._roleplay.scenario.cast:
            self._asides.prepare(one.id, self._roleplay.listeners.unsaid(one.id)[:AHEAD])

    def turn_ended(self) -> None:
        """The person is done: while the answer is being written, somebody may react."""
        self.prepare()
        if not self._mux().pending:
            self._react(LEARNER, Pause.LEARNER)

    def sentence_ended(self, performance: Performance) -> Cue | None:
        """Somebody of the cast comes to the end of a sentence, and has more to say."""
        aside = self._roleplay.reaction(performance.persona, Pause.CAST)
        if aside is None or (cue := self._asides.cue(aside.persona, aside.text)) is None:
            return None

        def react() -> None:
            self._given = aside
            cue()

        return react

    def line_ended(self, performance: Performance) -> None:
        """Somebody of the cast is done, and another line follows."""
        if not performance.cut and self._mux().pending:
            self._react(performance.persona, Pause.CAST)

    def _react(self, speaker: str, pause: Pause) -> None:
        if not self._mux().at_rest or self._person():
            return
        aside = self._roleplay.reaction(speaker, pause)
        if aside is not None:
            self._given = aside
            self._asides.play(aside.persona, aside.text)

    def _started(self, persona: str) -> None:
        if self._given is not None and self._given.persona == persona:
            self._roleplay.listeners.heard(self._given)

    def hush(self) -> None:
        """Silence: the person speaks, or the cast was stopped."""
        self._asides.hush()

    async def aclose(self) -> None:
        """Ends what sounds."""
        await self._asides.aclose()
