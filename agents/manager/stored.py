"""A session as the store holds it, made ready to be played again."""

from collections.abc import Iterable

from agents.manager.memory import Said
from agents.manager.record import DECISION, MOVE
from agents.manager.replay import Replayed, replay
from scenarios.loader import parse
from services.core.errors import NotFound
from services.sessions.ports import SessionStore
from services.sessions.records import SessionEvent, TurnRecord


def said_of(turn: TurnRecord) -> Said:
    """A turn on record as memory holds it."""
    return Said(
        speaker=turn.speaker,
        name=turn.speaker_name,
        text=turn.text,
        turn_id=turn.turn_id,
        phase=turn.phase,
        cut=turn.cut,
    )


async def replay_session(store: SessionStore, room: str) -> tuple[Replayed, ...]:
    """Every recorded move of that session, made again.

    Raises:
        NotFound: there is no such session, or nothing of it was recorded.
        ScenarioErrors: the scene that it pinned cannot be read.
        OtherVersion: another version of ours recorded it.
        BackendError: the store cannot answer.
    """
    session = await store.get(room)
    if session is None:
        raise NotFound(f"no session {room}")
    notes = [(one.kind, one.data) for one in _moves(await store.events(room))]
    if not notes:
        raise NotFound(f"nothing was recorded of session {room}")
    scenario = parse(session.scenario_text, file=f"{session.scenario_id}/scenario.yaml")
    turns = [said_of(turn) for turn in await store.turns(room)]
    return tuple(replay(scenario, int(notes[0][1].get("seed", 0)), notes, turns))


def _moves(events: Iterable[SessionEvent]) -> Iterable[SessionEvent]:
    return (event for event in events if event.kind in {MOVE, DECISION})
