"""The manager's moves, written down as they are made, so that its decisions can be made again.

Owns the form of what is written: numbers, ids and decisions, never a word. What was said is found
by its turn id among the session's turns. A plan that is thrown away leaves nothing behind.
"""

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from agents.manager.beats import Beat, Plan
from agents.manager.digests import plan_digest, scene_digest
from agents.manager.manager import MultiAgentManager
from agents.manager.memory import Said
from agents.manager.ports import Shift
from agents.manager.scene import Scene

VERSION = 1
"""The form of a record, with what is digested of it; in its `opened` and `restored`."""

MOVE = "move"
DECISION = "decision"
BESIDE = frozenset({"took_ms"})
"""What is measured, and so is not the same when it is made again."""

_LOOKED_AHEAD = 64
"""So many of the latest plans are known when one of them is committed."""

Emit = Callable[[str, dict[str, Any]], None]


def decision_of(plan: Plan, at_s: float) -> dict[str, Any]:
    """A plan's decision as JSON; `plan` is its number, `at_s` when it was made, scene seconds."""
    decision = plan.decision
    return {
        "plan": plan.serial,
        "at_s": at_s,
        "rung": str(decision.rung),
        "chosen": list(decision.chosen),
        "candidates": list(decision.candidates),
        "scores": [
            {"persona": one.persona, "total": one.total, "terms": dict(one.terms)}
            for one in decision.scores
        ],
        "tied": list(decision.tied),
        "ignored": decision.ignored,
        "reason": decision.reason,
        "beats": [
            {"id": beat.id, "persona": beat.persona, "kind": str(beat.kind)} for beat in plan.beats
        ],
        "ends": plan.end_reason if plan.ends else None,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """How a plan came about: the move, after which other one, and what it took."""

    do: str
    seen: int
    now_s: float
    given: dict[str, Any]
    took_s: float


class Recorder:
    """A manager whose moves are emitted as `move` and `decision`, in order.

    The first of them tells where the scene stood. `clock_s` measures what a decision takes.
    """

    def __init__(
        self, manager: MultiAgentManager, emit: Emit, *, clock_s: Callable[[], float]
    ) -> None:
        self._manager = manager
        self._emit = emit
        self._clock_s = clock_s
        self._moves = 0
        self._looks: OrderedDict[Plan, _Look] = OrderedDict()

    def begin(self, now_s: float) -> Plan:
        """As the manager's."""
        return self._look("begin", now_s, lambda: self._manager.begin(now_s))

    def answer(
        self, words: str, now_s: float, *, choice: str | None = None, began_s: float | None = None
    ) -> Plan:
        """As the manager's; `began_s` is when deciding began, by the clock that measures."""
        return self._look(
            "answer",
            now_s,
            lambda: self._manager.answer(words, now_s, choice=choice),
            given={"choice": choice},
            began_s=began_s,
        )

    def cut_in(self, words: str, now_s: float, *, speaking_s: float) -> Plan | None:
        """As the manager's."""
        return self._maybe(
            "cut_in",
            now_s,
            lambda: self._manager.cut_in(words, now_s, speaking_s=speaking_s),
            {"speaking_s": speaking_s},
        )

    def tick(self, now_s: float, *, quiet_s: float, busy: bool) -> Plan | None:
        """As the manager's."""
        return self._maybe(
            "tick",
            now_s,
            lambda: self._manager.tick(now_s, quiet_s=quiet_s, busy=busy),
            {"quiet_s": quiet_s, "busy": busy},
        )

    def skip(self, now_s: float) -> Plan:
        """As the manager's."""
        return self._look("skip", now_s, lambda: self._manager.skip(now_s))

    def end(self, reason: str, now_s: float) -> Plan:
        """As the manager's."""
        return self._look(
            "end", now_s, lambda: self._manager.end(reason, now_s), given={"reason": reason}
        )

    def returned(self, now_s: float, *, away_s: float) -> Plan:
        """As the manager's."""
        return self._look(
            "returned",
            now_s,
            lambda: self._manager.returned(now_s, away_s=away_s),
            given={"away_s": away_s},
        )

    def commit(self, plan: Plan, *, words: str | None, now_s: float, who: str = "") -> Said | None:
        """As the manager's. Here the plan's look ahead becomes a move."""
        self._open()
        look = self._looks.pop(plan, None) or _Look(
            do="given", seen=self._moves, now_s=now_s, given={}, took_s=0.0
        )
        said = self._manager.commit(plan, words=words, now_s=now_s, who=who)
        self._move(
            look.do,
            now_s=look.now_s,
            at_s=now_s,
            seen=look.seen,
            heard=said.turn_id if said is not None else None,
            plan=plan_digest(plan),
            **look.given,
        )
        took_ms = round(1000 * look.took_s, 3)
        self._emit(DECISION, {**decision_of(plan, look.now_s), "took_ms": took_ms})
        return said

    def performed(self, beat: Beat, heard_text: str, cut: bool, now_s: float) -> Said | None:
        """As the manager's. No move when nothing was heard."""
        self._open()
        said = self._manager.performed(beat, heard_text, cut, now_s)
        if said is not None:
            self._move("performed", now_s=now_s, beat=beat.id, cut=cut, heard=True)
        return said

    def judged(self, shifts: Mapping[str, Shift], now_s: float) -> None:
        """As the manager's."""
        self._open()
        self._manager.judged(shifts, now_s)
        told = {who: [one.trust, one.impatience] for who, one in sorted(shifts.items())}
        self._move("judged", now_s=now_s, shifts=told)

    def _look(
        self,
        do: str,
        now_s: float,
        looking: Callable[[], Plan],
        *,
        given: dict[str, Any] | None = None,
        began_s: float | None = None,
    ) -> Plan:
        began_s = self._clock_s() if began_s is None else began_s
        plan = looking()
        took_s = self._clock_s() - began_s
        self._note(plan, do, now_s, given or {}, took_s)
        return plan

    def _maybe(
        self, do: str, now_s: float, looking: Callable[[], Plan | None], given: dict[str, Any]
    ) -> Plan | None:
        began_s = self._clock_s()
        plan = looking()
        if plan is not None:
            self._note(plan, do, now_s, given, self._clock_s() - began_s)
        return plan

    def _note(
        self, plan: Plan, do: str, now_s: float, given: dict[str, Any], took_s: float
    ) -> None:
        self._open()
        self._looks[plan] = _Look(do=do, seen=self._moves, now_s=now_s, given=given, took_s=took_s)
        self._looks.move_to_end(plan)
        while len(self._looks) > _LOOKED_AHEAD:
            self._looks.popitem(last=False)

    def _open(self) -> None:
        """Before the first move: where the scene stood, from which all else follows."""
        if self._moves:
            return
        scene, memory = self._manager.scene, self._manager.memory
        if scene == Scene(seed=scene.seed, phase=self._manager.scenario.phases[0].id):
            self._move("opened", version=VERSION, seed=scene.seed)
        else:
            snapshot = scene.to_json()
            self._move("restored", version=VERSION, snapshot=snapshot, turns=len(memory))

    def _move(self, do: str, **more: Any) -> None:
        self._moves += 1
        scene = scene_digest(self._manager.scene)
        self._emit(MOVE, {"n": self._moves, "do": do, **more, "scene": scene})
