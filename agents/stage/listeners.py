"""The listeners in the room: in which pauses they are asked for a reaction, and what hushes them.

Owns no words and no chance: whether anybody reacts is the roleplay's to say, how it sounds the
asides'. Nobody reacts while the person speaks, or once the answer to them is there.
"""

from collections.abc import Callable, Mapping

from livekit import rtc

from agents.cast.moment import LEARNER
from agents.manager.reactions import Pause
from agents.roleplay.run import Roleplay
from agents.stage.asides import Asides
from agents.stage.intervals import Cue
from agents.stage.mux import Mux
from agents.stage.performance import Performance
from agents.stage.speaking import CastVoices


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
        self._asides = Asides(
            sources,
            voices,
            may_sound=lambda: mux().at_rest and not person(),
            hold=lambda seconds: mux().hold(seconds),
            idle=lambda: not busy(),
        )

    def prepare(self) -> None:
        """Has the author's reactions voiced while nobody needs the voices."""
        for one in self._roleplay.scenario.cast:
            self._asides.prepare(one.id, one.understudy.reactions)

    def turn_ended(self) -> None:
        """The person is done: while the answer is being written, somebody may react."""
        mux = self._mux()
        if mux.pending or not mux.at_rest:
            return
        aside = self._roleplay.reaction(LEARNER, Pause.LEARNER)
        if aside is not None:
            self._asides.play(aside.persona, aside.text)

    def sentence_ended(self, performance: Performance) -> Cue | None:
        """Somebody of the cast comes to the end of a sentence, and has more to say."""
        aside = self._roleplay.reaction(performance.persona, Pause.CAST)
        return self._asides.cue(aside.persona, aside.text) if aside is not None else None

    def line_ended(self, performance: Performance) -> None:
        """Somebody of the cast is done, and another line follows."""
        if performance.cut or not self._mux().pending:
            return
        aside = self._roleplay.reaction(performance.persona, Pause.CAST)
        if aside is not None:
            self._asides.play(aside.persona, aside.text)

    def hush(self) -> None:
        """Silence: the person speaks, or the cast was stopped."""
        self._asides.hush()

    async def aclose(self) -> None:
        """Ends what sounds."""
        await self._asides.aclose()
