"""The listeners in the room: in which pauses they are asked for a reaction, and what hushes them.

Owns no words and no chance: whether anybody reacts is the roleplay's to say, how it sounds the
asides'. Nobody reacts while the person speaks. A reaction holds up who speaks next, so in the
person's pause only an answer that is late anyway is preceded by one.
"""

import asyncio
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

LATE_S = 0.8
"""An answer without a first word so long after the person's last sound misses the second in which
people expect to hear one: till then nobody reacts to them, and from then on somebody may."""

FILLER_S = 0.45
"""A reaction to the person is no longer than this: the answer may come while it sounds."""


class Listeners:
    """The reactions of one cast.

    `sources` is where each one is heard while it listens, `mux` the sink of all lines; `person`
    tells whether the person speaks, `busy` whether anybody does or is about to; `worded` whether
    the answer to them has a first word.
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
        worded: Callable[[], bool],
    ) -> None:
        self._roleplay = roleplay
        self._mux = mux
        self._person = person
        self._worded = worded
        self._given: Aside | None = None
        self._filling: asyncio.Task[None] | None = None
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

    def turn_ended(self, silent_s: float) -> None:
        """The person is done, and fell silent so long ago: an answer is being written."""
        self.prepare()
        self._stop_filling()
        filling = self._fill(max(0.0, LATE_S - silent_s))
        self._filling = asyncio.create_task(filling, name="late answer")

    async def _fill(self, after_s: float) -> None:
        await asyncio.sleep(after_s)
        if self._worded() or self._mux().pending:
            return
        aside = self._drawn(LEARNER, Pause.LEARNER)
        if aside is not None:
            self._asides.play(aside.persona, aside.text, longest_s=FILLER_S, after_s=0.0)

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
        """Somebody of the cast is done; listeners react if another line of the plan follows."""
        if performance.followed and not performance.cut:
            aside = self._drawn(performance.persona, Pause.CAST)
            if aside is not None:
                self._asides.play(aside.persona, aside.text)

    def _drawn(self, speaker: str, pause: Pause) -> Aside | None:
        if not self._mux().at_rest or self._person():
            return None
        aside = self._roleplay.reaction(speaker, pause)
        if aside is not None:
            self._given = aside
        return aside

    def _started(self, persona: str) -> None:
        if self._given is not None and self._given.persona == persona:
            self._roleplay.listeners.heard(self._given)

    def hush(self) -> None:
        """Silence: the person speaks, or the cast was stopped."""
        self._stop_filling()
        self._asides.hush()

    def _stop_filling(self) -> None:
        if self._filling is not None:
            self._filling.cancel()

    async def aclose(self) -> None:
        """Ends what sounds."""
        self._stop_filling()
        if self._filling is not None:
            await asyncio.gather(self._filling, return_exceptions=True)
        await self._asides.aclose()
