"""A room in virtual time: one person, the cast's voices, and a record of who sounded when.

It is the roleplay's Stage, and does what the LiveKit stage does: silence at a barge-in, one voice
at a time, the next line written while one sounds, reactions in pauses. Sound is a length of time.
"""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from agents.manager.backchannels import is_backchannel
from agents.manager.beats import Plan
from agents.manager.reactions import Pause
from agents.roleplay.run import Roleplay
from bench.simulation.people import Act
from bench.simulation.tape import Tape, Turn
from bench.simulation.voices import Voices
from scenarios.happenings import Document

CUT_S = 0.35
"""From a person's first sound to the cast's last."""
TURN_END_S = 0.45
HEARD_S = 0.2
"""From a person's last sound to words."""
CUT_IN_EVERY_S = 1.0
YIELDS_S = 0.6
"""How long a person speaks on when somebody cuts in on them."""


class Room:
    """One run's room, as the roleplay's Stage and as the place where a person speaks."""

    def __init__(self, roleplay: Roleplay, *, voiceless: bool = False) -> None:
        self._roleplay = roleplay
        self._voices = Voices(roleplay, voiceless=voiceless)
        self._learner_speaks = False
        self._replying: asyncio.Task[None] | None = None

    @property
    def tape(self) -> Tape:
        """What sounded so far."""
        return self._voices.tape

    async def perform(self, plan: Plan) -> None:
        """Plays beats that nobody asked for."""
        async with self._voices.stage:
            if not self._learner_speaks:
                await self._voices.play(plan, heard="", turn=None)

    async def hush(self) -> None:
        """Cuts what sounds."""
        self._voices.cut.set()

    def busy(self) -> bool:
        """Whether anybody speaks or is about to."""
        return self._learner_speaks or self._voices.stage.locked()

    def quiet_s(self) -> float:
        """Since the last sound."""
        return 0.0 if self.busy() else _now() - self._voices.last_s

    def show_phase(self, phase: str) -> None:
        """Nobody looks."""

    def show_document(self, event_id: str, document: Document) -> None:  # noqa: ARG002
        """Notes which."""
        self.tape.documents.append(event_id)

    def show_cast(self, personas: Sequence[str]) -> None:
        """Notes who is there."""
        self.tape.casts.append(tuple(personas))

    async def act(self, act: Act) -> None:
        """Waits for the moment, speaks, and lets the cast answer. Returns when they have spoken."""
        if act.over_s is not None:
            await self._somebody_speaks()
            await asyncio.sleep(act.over_s)
            if act.hum and self._voices.sounding is not None:
                self._hum(act)
                return
        else:
            await self._quiet_for(act.thinks_s)
        await self._speak(act)

    async def drop_out(self, away_s: float) -> None:
        """The phone drops, and comes back after so long."""
        self._roleplay.time.pause("away")
        self._voices.cut.set()
        await asyncio.sleep(away_s)
        self._roleplay.time.resume("away")
        self._voices.last_s = _now()
        self._roleplay.returned(away_s)

    async def settled(self) -> None:
        """Waits until the answer that is under way was played."""
        if self._replying is not None:
            await self._replying

    def _hum(self, act: Act) -> None:
        assert is_backchannel(act.words, self._roleplay.scenario.language)
        now_s = _now()
        self._voices.sounded("learner", "learner", act.words, now_s, now_s + 0.5)

    async def _speak(self, act: Act) -> None:
        self._learner_speaks = True
        begin_s, words = _now(), act.words.split()
        interrupts = asyncio.create_task(self._interrupt())
        plan: Plan | None = None
        try:
            spoken = 0
            while spoken < len(words) and plan is None:
                await asyncio.sleep(min(CUT_IN_EVERY_S, (len(words) - spoken) / act.words_per_s))
                spoken = min(len(words), round((_now() - begin_s) * act.words_per_s))
                so_far = " ".join(words[:spoken])
                if spoken < len(words):
                    self._roleplay.overheard(so_far)
                    plan = self._roleplay.cut_in(so_far, speaking_s=_now() - begin_s)
            await interrupts
        finally:
            self._learner_speaks = False
        said = " ".join(words[: max(spoken, 1)])
        end_s = _now() + (YIELDS_S if plan is not None else 0.0)
        self._voices.sounded("learner", "learner", said, begin_s, end_s, addressed=act.addressed)
        if plan is None:
            plan = await self._answered(said)
        if self._roleplay.end_reason is not None:
            return
        plan = self._roleplay.commit(plan, said)
        addressed = act.addressed if plan.beats and said == act.words else None
        turn = Turn(words=said, end_s=end_s, addressed=addressed, plan=plan)
        self.tape.turns.append(turn)
        await self.settled()
        self._replying = asyncio.create_task(self._reply(plan, said, turn))

    async def _answered(self, words: str) -> Plan:
        """The plan, once the turn is surely over; listeners may react meanwhile."""
        began_s = _now()
        await asyncio.sleep(HEARD_S)
        await self._voices.aside("learner", Pause.LEARNER)
        plan = await self._roleplay.answer(words, since_s=HEARD_S)
        await asyncio.sleep(max(0.0, began_s + TURN_END_S - _now()))
        return plan

    async def _reply(self, plan: Plan, heard: str, turn: Turn) -> None:
        async with self._voices.stage:
            await self._voices.play(plan, heard=heard, turn=turn)
        self._roleplay.played(plan)

    async def _interrupt(self) -> None:
        """Silences the cast a moment after the person's first sound."""
        await asyncio.sleep(CUT_S)
        self._voices.cut.set()
        async with self._voices.stage:  # whoever spoke has stopped
            return

    async def _somebody_speaks(self) -> None:
        """Waits for the next line to begin, for a while."""
        self._voices.began.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(20.0):
                await self._voices.began.wait()

    async def _quiet_for(self, seconds: float) -> None:
        """Waits until nobody has sounded for so long."""
        while self.quiet_s() < seconds:  # noqa: ASYNC110 - quiet is no event
            await asyncio.sleep(0.1)


def _now() -> float:
    return asyncio.get_running_loop().time()
