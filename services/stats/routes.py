"""Models as the running processes see them, together: each process has breakers of its own.

A process posts what it knows every few seconds, and within a second when something has changed; a
note older than a minute is from one that died.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Literal, Protocol, get_args

from services.core.clock import Clock
from services.core.errors import BackendError
from services.stats.ports import HealthBoard, HealthNote
from services.stats.views import RouteState

POST_EVERY_S = 5.0
LOOK_EVERY_S = 1.0
FRESH = timedelta(seconds=60)

State = Literal["closed", "half_open", "open", "unknown"]
_WORST_FIRST: tuple[State, ...] = ("open", "half_open", "closed", "unknown")

log = logging.getLogger(__name__)


class Seen(Protocol):
    """What a process knows of one route; times in seconds."""

    @property
    def route(self) -> str: ...

    @property
    def state(self) -> str: ...

    @property
    def rests_s(self) -> float: ...

    @property
    def p50_s(self) -> float: ...

    @property
    def p95_s(self) -> float: ...

    @property
    def samples(self) -> int: ...


class HealthReporter:
    """Posts one process's routes until cancelled; the caller owns the task of `run`."""

    def __init__(
        self,
        board: HealthBoard,
        snapshot: Callable[[], Iterable[Seen]],
        clock: Clock,
        *,
        process: str,
    ) -> None:
        self._board = board
        self._snapshot = snapshot
        self._clock = clock
        self._process = process

    async def run(self) -> None:
        """Posts every `POST_EVERY_S`, and when a look at the routes finds a change.

        A store that does not answer is tried at the next of these moments.
        """
        told, due_s = None, 0.0
        while True:
            seen, now_s = self._standing(), self._clock.monotonic_s()
            if seen != told or now_s >= due_s:
                told, due_s = seen, now_s + POST_EVERY_S
                await self._try()
            await asyncio.sleep(LOOK_EVERY_S)

    async def post(self) -> None:
        """One note, and the notes of the dead taken down. Without routes: nothing.

        Raises: BackendError.
        """
        routes = {seen.route: _said(seen) for seen in self._snapshot()}
        if routes:
            now = self._clock.now()
            await self._board.post(HealthNote(process=self._process, at=now, routes=routes))
            await self._board.sweep(before=now - FRESH)

    async def _try(self) -> None:
        try:
            await self.post()
        except BackendError as error:
            log.warning("stats.health_not_posted", extra={"cause": error.code})

    def _standing(self) -> frozenset[tuple[str, str, bool, bool]]:
        """What operators wait to see: which routes there are, circuits, rests, first calls."""
        return frozenset(
            (seen.route, seen.state, seen.rests_s > 0, seen.samples > 0)
            for seen in self._snapshot()
        )


def together(notes: Iterable[HealthNote]) -> tuple[RouteState, ...]:
    """One line a route: the worst state anyone sees, and times weighted by how many were seen."""
    seen: defaultdict[str, list[Mapping[str, object]]] = defaultdict(list)
    for note in notes:
        for route, said in note.routes.items():
            if isinstance(said, Mapping):
                seen[route].append(said)
    return tuple(_route(route, seen[route]) for route in sorted(seen))


def _said(seen: Seen) -> dict[str, object]:
    return {
        "state": seen.state,
        "rests_s": seen.rests_s,
        "p50_s": seen.p50_s,
        "p95_s": seen.p95_s,
        "samples": seen.samples,
    }


def _route(route: str, said: Sequence[Mapping[str, object]]) -> RouteState:
    states = [_state(one.get("state")) for one in said]
    return RouteState(
        route=route,
        state=min(states, key=_WORST_FIRST.index),
        processes=len(said),
        open_in=states.count("open"),
        resting_s=round(max(_number(one.get("rests_s")) for one in said), 3),
        first_token_p50_s=_mean(said, "p50_s"),
        first_token_p95_s=_mean(said, "p95_s"),
    )


def _state(word: object) -> State:
    """A word of another version of this program is no state that we know."""
    return next((state for state in get_args(State) if state == word), "unknown")


def _mean(said: Sequence[Mapping[str, object]], name: str) -> float | None:
    """Weighted by samples; None when nobody has any: a prior is not a measurement."""
    weights = [_number(one.get("samples")) for one in said]
    if not sum(weights):
        return None
    values = [_number(one.get(name)) for one in said]
    total = sum(value * weight for value, weight in zip(values, weights, strict=True))
    return round(total / sum(weights), 4)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
