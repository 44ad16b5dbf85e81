"""When a room has lost its cast, and what to do about it: decided from what can be seen, no I/O.

A self-hosted LiveKit server drops a dispatch when no worker is free, never dispatches again when
one dies, and keeps a killed job listed for about 20 s. So each job writes a heartbeat, and here a
room is judged by it. Staleness is measured from when a beat was last seen to change, on the
watcher's own clock: neither a skewed clock nor a store that was away makes a live cast look dead.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

STALE_S = 3.0
"""Three missed beats."""
ARRIVAL_S = 10.0
"""A person may be alone this long after joining, and a job may take this long from its first beat
to its second while it opens the scene; an idle worker needs about 0.5 s for both."""
PATIENCE_S = (2.0, 2.0, 2.0, 2.0, 2.0, 5.0, 5.0)
"""Waits after the first dispatches; later ones `PATIENCE_LATER_S`. Short, because a worker that was
killed is back within seconds; safe, because of two jobs that arrive one finds the room taken."""
PATIENCE_LATER_S = 10.0
GIVE_UP_S = 60.0
BACKS_MAX = 4
"""A cast that comes and is lost again this often will not stay: the scene itself kills it."""
STEADY_S = 30.0
"""Once a cast has stayed this long, earlier losses are forgotten."""
LINGER_S = 5.0
"""From the end of a session until a room that nobody deleted is deleted here."""
CLOSING_S = 60.0
"""A cast that still beats after the end may finish its closing for this long."""


class Status(StrEnum):
    """What the person is told."""

    FINE = ""
    NO_AGENT = "no_agent"
    AGENT_LOST = "agent_lost"
    AGENT_BACK = "agent_back"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """One look at one room. `beat_at` is the latest heartbeat as `job` wrote it."""

    room: str
    people: int
    agents: tuple[str, ...] = ()
    beat_at: datetime | None = None
    job: str | None = None
    ended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What is remembered of a room between looks; times are the watcher's monotonic seconds."""

    beat_at: datetime | None
    beat_s: float
    served_s: float
    job: str | None = None
    arriving: bool = False
    status: Status = Status.FINE
    trouble_s: float | None = None
    dispatched_s: float | None = None
    dispatches: int = 0
    backs: int = 0
    back_s: float | None = None
    over_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Put these agents out: they are ghosts, or would double a voice."""

    room: str
    agents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dispatch:
    """Ask for an agent."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """Tell the person, and whoever reads the session's events."""

    room: str
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete:
    """Close the room for everybody."""

    room: str


Action = Remove | Dispatch | Tell | Delete


def decide(
    sight: Sight, was: Watched | None, now_s: float
) -> tuple[Watched | None, tuple[Action, ...]]:
    """What to remember of the room (None: nothing) and what to do, in order."""
    seen = _look(sight, was, now_s)
    if sight.ended or seen.status is Status.FAILED:
        return _close(sight, seen, now_s)
    if not sight.people:
        return None, ()
    if _in_trouble(seen, now_s):
        return _rescue(sight, seen, now_s)
    if seen.trouble_s is not None and _served(sight):
        return _calm(seen, now_s), (Tell(room=sight.room, status=Status.AGENT_BACK),)
    if seen.back_s is not None and now_s - seen.back_s >= STEADY_S:
        seen = replace(seen, backs=0, back_s=None)
    return seen, ()


def _calm(seen: Watched, now_s: float) -> Watched:
    return replace(
        seen,
        status=Status.AGENT_BACK,
        trouble_s=None,
        dispatched_s=None,
        dispatches=0,
        backs=seen.backs + 1,
        back_s=now_s,
    )


def _served(sight: Sight) -> bool:
    """An agent is there, and its job has said so."""
    return bool(sight.agents) and sight.beat_at is not None


def _look(sight: Sight, was: Watched | None, now_s: float) -> Watched:
    if was is None:
        return Watched(beat_at=sight.beat_at, beat_s=now_s, served_s=now_s, job=sight.job)
    seen = was
    if sight.beat_at != was.beat_at:
        arriving = sight.job != was.job
        seen = replace(seen, beat_at=sight.beat_at, beat_s=now_s, job=sight.job, arriving=arriving)
    if _served(sight):
        seen = replace(seen, served_s=now_s)
    return seen


def _in_trouble(seen: Watched, now_s: float) -> bool:
    stale_s = ARRIVAL_S if seen.arriving else STALE_S
    silent = seen.beat_at is not None and now_s - seen.beat_s >= stale_s
    return silent or now_s - seen.served_s >= ARRIVAL_S


def _rescue(sight: Sight, seen: Watched, now_s: float) -> tuple[Watched, tuple[Action, ...]]:
    began_s = seen.trouble_s if seen.trouble_s is not None else now_s
    seen = replace(seen, trouble_s=began_s)
    if now_s - began_s >= GIVE_UP_S or seen.backs >= BACKS_MAX:
        failed = replace(seen, status=Status.FAILED, over_s=now_s)
        return failed, (Tell(room=sight.room, status=Status.FAILED),)
    if seen.dispatched_s is not None and now_s - seen.dispatched_s < _patience_s(seen.dispatches):
        return seen, ()
    status = Status.NO_AGENT if sight.beat_at is None else Status.AGENT_LOST
    actions: list[Action] = []
    if status is not seen.status:
        actions.append(Tell(room=sight.room, status=status))
    if sight.agents:
        actions.append(Remove(room=sight.room, agents=sight.agents))
    actions.append(Dispatch(room=sight.room))
    return (
        replace(seen, status=status, dispatched_s=now_s, dispatches=seen.dispatches + 1),
        tuple(actions),
    )


def _patience_s(dispatches: int) -> float:
    """How long an agent may take after that many dispatches."""
    return PATIENCE_S[dispatches - 1] if dispatches <= len(PATIENCE_S) else PATIENCE_LATER_S


def _close(sight: Sight, seen: Watched, now_s: float) -> tuple[Watched, tuple[Action, ...]]:
    over_s = seen.over_s if seen.over_s is not None else now_s
    seen = replace(seen, over_s=over_s)
    closing = bool(sight.agents) and now_s - seen.beat_s < STALE_S
    if now_s - over_s >= (CLOSING_S if closing else LINGER_S):
        return seen, (Delete(room=sight.room),)
    return seen, ()
