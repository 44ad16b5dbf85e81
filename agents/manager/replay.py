"""A session's decisions made again from its record, and compared with it byte for byte.

Owns the way back from moves to a manager: each look ahead is made from the state that it was made
from, each commit from the state that it met.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal, assert_never, get_args

from agents.errors import OtherVersion
from agents.manager.beats import Beat, Plan
from agents.manager.digests import canonical, filled, plan_digest, scene_digest
from agents.manager.manager import MultiAgentManager
from agents.manager.memory import Said
from agents.manager.ports import Shift
from agents.manager.record import BESIDE, DECISION, MOVE, VERSION, decision_of
from agents.manager.scene import Scene
from scenarios.schema import Scenario

Look = Literal["begin", "answer", "cut_in", "tick", "skip", "end", "returned"]

_DECIDED = frozenset({*get_args(Look), "given"})
"""Moves beside which a decision is recorded."""

Note = tuple[str, Mapping[str, Any]]
"""What was recorded: `move` or `decision`, and its data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One move made again: its number since the scene was opened, and what came out otherwise."""

    number: int
    do: str
    now_s: float
    decision: str | None = None
    differences: tuple[str, ...] = ()


class _Unreplayable(Exception):
    """A move that cannot be made again, and why."""


def replay(
    scenario: Scenario, seed: int, moves: Iterable[Note], turns: Sequence[Said]
) -> Iterator[Replayed]:
    """Makes the moves again in their order; `turns` is everything that was said and kept.

    Moves before the first `opened` or `restored` start from a new scene with that seed. After a
    difference the scene goes on as it was made again, so that more of them may follow.

    Raises: OtherVersion when a version of ours that wrote other records recorded it.
    """
    player = _Player(scenario, seed, turns)
    waiting: Mapping[str, Any] | None = None
    for kind, data in moves:
        if kind == DECISION:
            yield player.play(waiting or {"do": "unknown"}, data)
            waiting = None
        elif kind == MOVE:
            if waiting is not None:
                yield player.play(waiting, None)
            waiting = data
            if data.get("do") not in _DECIDED:
                yield player.play(data, None)
                waiting = None
    if waiting is not None:
        yield player.play(waiting, None)


class _Player:
    """The manager that makes the moves again, and what it was before each of them."""

    def __init__(self, scenario: Scenario, seed: int, turns: Sequence[Said]) -> None:
        self._scenario = scenario
        self._turns = turns
        self._said = {one.turn_id: one for one in turns}
        self._beats: dict[str, Beat] = {}
        scene = Scene(seed=seed, phase=scenario.phases[0].id)
        self._manager = self._manager_at(scene, ())
        self._states: list[tuple[Scene, tuple[Said, ...]]] = []

    def play(self, move: Mapping[str, Any], decision: Mapping[str, Any] | None) -> Replayed:
        """One move, with the decision that was recorded beside it."""
        do = str(move.get("do"))
        reason: str | None = None
        try:
            reason, differences = self._made(do, move, decision)
        except (_Unreplayable, AttributeError, KeyError, TypeError, ValueError) as error:
            differences = [f"cannot be made again: {error}"]
        scene = scene_digest(self._manager.scene)
        if not differences and move.get("scene") != scene:
            differences = [f"scene: recorded {move.get('scene')}, made {scene}"]
        self._states.append((self._manager.scene, self._manager.memory))
        return Replayed(
            number=int(move.get("n", 0)),
            do=do,
            now_s=float(move.get("now_s", 0.0)),
            decision=reason,
            differences=tuple(differences),
        )

    def _made(
        self, do: str, move: Mapping[str, Any], decision: Mapping[str, Any] | None
    ) -> tuple[str | None, list[str]]:
        match do:
            case "opened" | "restored":
                self._open(move)
            case "performed":
                self._perform(move)
            case "judged":
                shifts = {
                    str(who): Shift(trust=trust, impatience=impatience)
                    for who, (trust, impatience) in move["shifts"].items()
                }
                self._manager.judged(shifts, move["now_s"])
            case "begin" | "answer" | "cut_in" | "tick" | "skip" | "end" | "returned":
                return self._planned(do, move, decision)
            case "given":
                raise _Unreplayable("the plan came from elsewhere")
            case _:
                raise _Unreplayable(f"unknown move {do!r}")
        return None, []

    def _open(self, move: Mapping[str, Any]) -> None:
        if move.get("version") != VERSION:
            raise OtherVersion("recorded by another version")
        self._states.clear()
        if move["do"] == "opened":
            scene = Scene(seed=int(move["seed"]), phase=self._scenario.phases[0].id)
            self._manager = self._manager_at(scene, ())
            return
        memory = tuple(self._turns[: int(move["turns"])])
        self._manager = self._manager_at(Scene.from_json(move["snapshot"]), memory)

    def _perform(self, move: Mapping[str, Any]) -> None:
        beat = self._beats.get(move["beat"])
        if beat is None:
            raise _Unreplayable(f"no plan has the beat {move['beat']}")
        text = self._words(move["beat"]) if move["heard"] else ""
        self._manager.performed(beat, text, move["cut"], move["now_s"])

    def _planned(
        self, do: Look, move: Mapping[str, Any], decision: Mapping[str, Any] | None
    ) -> tuple[str, list[str]]:
        heard = move["heard"]
        said = self._said.get(heard) if heard is not None else None
        words = self._words(heard) if heard is not None else ""
        plan = self._look(do, self._before(int(move["seen"])), move, words)
        if plan is None:
            raise _Unreplayable("nothing was planned")
        self._beats |= {beat.id: beat for beat in plan.beats}
        self._manager.commit(
            plan,
            words=words if heard is not None else None,
            now_s=move["at_s"],
            who=said.name if said is not None else "",
        )
        made = decision_of(plan, move["now_s"])
        differences = list(_differences(decision, made)) if decision is not None else []
        if decision is None:
            differences = ["no decision was recorded"]
        elif not differences and move["plan"] != (digest := plan_digest(plan)):
            differences = [f"plan: recorded {move['plan']}, made {digest}"]
        return f"[{made['rung']}] {', '.join(made['chosen'])}: {made['reason']}", differences

    def _look(
        self, do: Look, manager: MultiAgentManager, move: Mapping[str, Any], words: str
    ) -> Plan | None:
        now_s = move["now_s"]
        match do:
            case "begin":
                return manager.begin(now_s)
            case "answer":
                return manager.answer(words, now_s, choice=move["choice"])
            case "cut_in":
                return manager.cut_in(words, now_s, speaking_s=move["speaking_s"])
            case "tick":
                return manager.tick(now_s, quiet_s=move["quiet_s"], busy=move["busy"])
            case "skip":
                return manager.skip(now_s)
            case "end":
                return manager.end(move["reason"], now_s)
            case "returned":
                return manager.returned(now_s, away_s=move["away_s"])
            case _:
                assert_never(do)

    def _before(self, seen: int) -> MultiAgentManager:
        """The manager as it stood after that many moves."""
        if seen == len(self._states):
            return self._manager
        if not 0 < seen < len(self._states):
            raise _Unreplayable(f"it looked ahead from move {seen}, which is not known")
        return self._manager_at(*self._states[seen - 1])

    def _manager_at(self, scene: Scene, memory: tuple[Said, ...]) -> MultiAgentManager:
        return MultiAgentManager.restore(self._scenario, scene, memory, Random(0))

    def _words(self, turn_id: str) -> str:
        said = self._said.get(turn_id)
        if said is None:
            raise _Unreplayable(f"the words of {turn_id} were not kept")
        return said.text


def _differences(recorded: Mapping[str, Any], made: Mapping[str, Any]) -> Iterator[str]:
    """What a decision came out as otherwise, field by field."""
    for key in dict.fromkeys((*recorded, *made)):
        told, remade = {key: recorded.get(key)}, {key: made.get(key)}
        if key in BESIDE or canonical(filled(told)) == canonical(filled(remade)):
            continue
        yield f"{key}: recorded {canonical(told)}, made {canonical(remade)}"
