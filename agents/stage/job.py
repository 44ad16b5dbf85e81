"""One job: a room's lock, its session on record, a person, a scene played to its end.

Owns the life of a job from the claim to the deleted room, and what happens when the person, the
store or another job gets in the way. Opening services is the worker's.
"""

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from livekit import rtc
from livekit.agents import AutoSubscribe, JobContext

from agents.errors import StageError
from agents.roleplay.journal import Journal
from agents.roleplay.run import Roleplay
from agents.stage.commands import Commands
from agents.stage.hearing import Hearing
from agents.stage.house import House
from agents.stage.live import LiveStage
from agents.stage.participants import Learner
from agents.stage.seat import Seat
from agents.stage.session import StageOptions
from agents.stage.staging import stage_scene
from scenarios.loader import parse
from scenarios.schema import Scenario
from services.sessions.access import Casting
from services.sessions.crowd import rooms_of
from services.sessions.records import SessionRecord, SessionStatus
from services.telemetry.loop import watch_loop

PERSON_S = 30.0
"""How long a job waits for the person whose join called it."""
DRAIN_S = 10.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signals:
    """Where a job's measurements go."""

    session_started: Callable[[], None]
    session_ended: Callable[[str, float], None]
    turn_stage: Callable[[str, float], None]
    scene_event: Callable[[str, Mapping[str, Any]], None]


class Job:
    """Plays one room. `run` returns when the scene is over and the room is gone."""

    def __init__(
        self, ctx: JobContext, house: House, *, options: StageOptions, signals: Signals
    ) -> None:
        self._ctx = ctx
        self._house = house
        self._options = options
        self._signals = signals
        self._room = ctx.job.room.name
        self._journal = Journal(house.store, house.clock, room=self._room, told=signals.scene_event)
        self._seat = Seat(
            house.presence,
            house.clock,
            room=self._room,
            job_id=ctx.job.id,
            identity=ctx.local_participant_identity,
        )

    async def run(self) -> None:
        """Plays the scene, from its beginning or from where another job lost it.

        Raises: RoomTaken when another job plays the room; ServiceError, StageError when the scene
        cannot be opened. Whatever happens after the claim, session and room are ended.
        """
        await self._seat.take()
        keeping = asyncio.create_task(self._seat.keep(), name="heartbeat")
        connecting = asyncio.create_task(
            self._ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY), name="connect"
        )
        tasks = [
            keeping,
            connecting,
            asyncio.create_task(self._journal.run(), name="journal"),
            asyncio.create_task(watch_loop(), name="loop"),
            asyncio.create_task(self._house.optimizer.warm(), name="warm"),
        ]
        status, reason = SessionStatus.FAILED, "failed"
        try:
            session, scenario = await self._open_session()
            reason = await self._play(session, scenario, connecting, keeping)
            status = SessionStatus.ENDED
        finally:
            if reason != "taken_over":
                await self._end(status, reason)
            await self._journal.drain(DRAIN_S)
            for task in tasks:
                task.cancel()
            await self._seat.leave()

    async def _open_session(self) -> tuple[SessionRecord, Scenario]:
        """The session and its scene, as it was when the session began."""
        casting = Casting(**json.loads(self._ctx.job.metadata))
        loaded = self._house.scenario(casting.scenario)
        session = await self._house.store.open(
            SessionRecord(
                room=self._room,
                user=casting.user,
                scenario_id=loaded.scenario.id,
                scenario_hash=loaded.hash,
                scenario_text=loaded.text,
                language=loaded.scenario.language,
                started_at=self._house.clock.now(),
            )
        )
        if session.scenario_hash == loaded.hash:
            return session, loaded.scenario
        return session, parse(session.scenario_text, file=f"{session.scenario_id}/scenario.yaml")

    async def _play(
        self,
        session: SessionRecord,
        scenario: Scenario,
        connecting: asyncio.Task[None],
        keeping: asyncio.Task[None],
    ) -> str:
        if session.status is not SessionStatus.LIVE:
            return session.end_reason or "ended"
        if await self._is_one_too_many(session.user):
            return "too_many_rooms"
        await connecting
        room = self._ctx.room
        learner = Learner(room, user=session.user)
        if not await learner.come(PERSON_S):
            return "nobody_came"
        turns = await self._house.store.turns(self._room)
        roleplay = stage_scene(
            self._house,
            scenario,
            session,
            turns,
            journal=self._journal,
            learner_name=_name(room, learner),
        )
        stage = self._stage(room, roleplay, learner)
        Commands(room, stage, roleplay, learner=learner).register()
        began_s = self._house.clock.monotonic_s()
        self._signals.session_started()
        self._journal.event("resumed" if turns else "started", {"scenario": scenario.id})
        reason = "failed"
        try:
            reason = await _until_over(roleplay, stage, keeping)
            return reason
        finally:
            await stage.aclose()
            self._signals.session_ended(reason, self._house.clock.monotonic_s() - began_s)

    async def _is_one_too_many(self, user: str) -> bool:
        """Tokens may be asked for in advance, so rooms are counted again when they open."""
        house = self._house
        rooms = await rooms_of(user, house.store, house.presence, house.clock)
        return rooms > house.settings.user_rooms

    def _stage(self, room: rtc.Room, roleplay: Roleplay, learner: Learner) -> LiveStage:
        hearing = Hearing(
            self._house.hearing(),
            language=roleplay.scenario.language,
            on_deaf=lambda: self._journal.event("deaf"),
            on_recognised=lambda s: self._signals.turn_stage("stt", s),
        )
        return LiveStage(
            room,
            roleplay,
            learner=learner,
            voices=self._house.voices(roleplay.scenario),
            hearing=hearing,
            options=self._options,
            observe=self._signals.turn_stage,
        )

    async def _end(self, status: SessionStatus, reason: str) -> None:
        self._journal.finish(status, reason)
        await self._journal.drain(DRAIN_S)
        try:
            await self._ctx.delete_room(self._room)
        except Exception as error:  # noqa: BLE001 - the app's watcher deletes what we cannot
            log.warning("job.room_not_deleted", extra={"error": type(error).__name__})


async def _until_over(roleplay: Roleplay, stage: LiveStage, keeping: asyncio.Task[None]) -> str:
    """Plays until the scene ends, or until another job has taken the room over.

    The first words are written while the stage still opens.
    """
    playing = asyncio.create_task(roleplay.run(stage), name="roleplay")
    try:
        await stage.open()
        await asyncio.wait({playing, keeping}, return_when=asyncio.FIRST_COMPLETED)
        return playing.result() if playing.done() else "taken_over"
    finally:
        playing.cancel()
        await asyncio.gather(playing, return_exceptions=True)


def _name(room: rtc.Room, learner: Learner) -> str:
    person = room.remote_participants.get(learner.identity)
    if person is None:
        raise StageError("the person left before the scene began")
    return person.name
