"""Where the cheap tier ends: two thresholds that follow how its answers fared.

Owns the thresholds, their bounds and the rule that moves them. A trial is one answer of the cheap
tier that a threshold let through; it went wrong when its words did not fit what they were for.
"""

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Literal

from services.llm.entry import LedgerEntry, Role
from services.llm.request import TaskType
from services.llm.spec import Tier

_LOG = logging.getLogger(__name__)

Knob = Literal["cheap_tokens", "context_tokens"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """`cheap_tokens`: expected answers shorter than that are cheap. `context_tokens`: prompts
    longer than that are not. `frozen` ones never move.
    """

    cheap_tokens: int = 150
    context_tokens: int = 500
    frozen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How far a threshold may go, and its steps, in tokens.

    It yields faster than it advances: a bad answer is heard, a dear one only paid.
    """

    least: int
    most: int
    down: int
    up: int


BOUNDS: Mapping[Knob, Bounds] = {
    "cheap_tokens": Bounds(least=100, most=240, down=10, up=5),
    "context_tokens": Bounds(least=300, most=900, down=50, up=25),
}
"""A character's plain line is asked for with 90 tokens: below the least, so it stays cheap."""

BLOCK = 100
"""Trials of one task that are judged together; fewer say nothing."""

TOO_MANY = 0.10
FEW = 0.02
"""Shares of answers that went wrong. Between the two nothing moves."""

KNOBS: Mapping[str, Knob] = {
    "short_answer": "cheap_tokens",
    "simple_conversation": "context_tokens",
}
"""The threshold that a rule of `tiers` depends on; other rules' answers teach nothing here."""

QUALITY_FAULTS = frozenset({"empty", "guard", "json", "language", "length", "repair", "schema"})
"""Faults of an answer, not of its way here: a better model may have spared them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheapTrial:
    """One answer that the selection gave to a tier, and whether it had to be made good."""

    task: TaskType
    tier: Tier
    repaired: bool
    rule: str = "short_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialCount:
    """Trials of the cheap tier that are alike, counted: `repaired` of `trials` went wrong."""

    task: TaskType
    rule: str
    trials: int
    repaired: int


def trials_of(entries: Iterable[LedgerEntry]) -> tuple[CheapTrial, ...]:
    """What a ledger tells of the cheap tier, one trial a call, in order.

    Repaired is an answer with a quality fault, its own or the one that whoever used it found later.
    Cancelled, late and failed attempts tell nothing of a model's quality.
    """
    calls: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        calls.setdefault(entry.call, []).append(entry)
    return tuple(trial for call in calls.values() if (trial := _trial(call)) is not None)


def _trial(entries: list[LedgerEntry]) -> CheapTrial | None:
    cheap = [one for one in entries if one.tier is Tier.CHEAP]
    flawed = [one for one in cheap if one.fault in QUALITY_FAULTS]
    used = [one for one in cheap if one.role is Role.SERVED]
    if not (flawed or used):
        return None
    one = (flawed or used)[0]
    return CheapTrial(task=one.task, tier=Tier.CHEAP, repaired=bool(flawed), rule=one.rule)


@dataclass(slots=True)
class _Tally:
    """Trials of one task since its last judgement, and how that one went."""

    trials: int = 0
    repaired: int = 0
    good: bool | None = None


def moved(value: int, knob: Knob, *, rate: float, all_good: bool) -> int:
    """Where a threshold goes after a block of trials of which `rate` went wrong.

    Down when too many did; up when few did and every other task's last block was good as well.
    """
    bounds = BOUNDS[knob]
    if rate >= TOO_MANY:
        return min(value, max(value - bounds.down, bounds.least))
    if rate <= FEW and all_good:
        return max(value, min(value + bounds.up, bounds.most))
    return value


class Tuner:
    """Learns thresholds from trials; the same trials in the same order give the same ones."""

    def __init__(self, start: Thresholds | None = None) -> None:
        self._thresholds = start or Thresholds()
        self._tallies: dict[Knob, dict[TaskType, _Tally]] = {knob: {} for knob in BOUNDS}

    @property
    def thresholds(self) -> Thresholds:
        """As they stand now."""
        return self._thresholds

    def learn(self, trials: Iterable[CheapTrial]) -> Thresholds:
        """Takes more trials; returns the thresholds after them."""
        for trial in trials:
            if trial.tier is Tier.CHEAP:
                self._take(trial.task, trial.rule, 1, int(trial.repaired))
        return self._thresholds

    def learn_counts(self, counts: Iterable[TrialCount]) -> Thresholds:
        """Takes trials whose order nobody knows: block by block, the tasks by turns, what went
        wrong spread evenly over a task's blocks. Returns the thresholds after them.
        """
        ordered = sorted(counts, key=lambda one: (one.rule, one.task))
        for turn in zip_longest(*map(_blocks, ordered)):
            for one in turn:
                if one is not None:
                    self._take(one.task, one.rule, one.trials, one.repaired)
        return self._thresholds

    def _take(self, task: TaskType, rule: str, trials: int, repaired: int) -> None:
        knob = KNOBS.get(rule)
        if knob is None or self._thresholds.frozen:
            return
        tally = self._tallies[knob].setdefault(task, _Tally())
        tally.trials += trials
        tally.repaired += repaired
        if tally.trials >= BLOCK:
            self._judge(knob, task, tally)

    def _judge(self, knob: Knob, task: TaskType, tally: _Tally) -> None:
        rate = tally.repaired / tally.trials
        tally.trials = tally.repaired = 0
        tally.good = rate <= FEW
        all_good = all(one.good is not False for one in self._tallies[knob].values())
        old: int = getattr(self._thresholds, knob)
        new = moved(old, knob, rate=rate, all_good=all_good)
        if new == old:
            return
        self._thresholds = (
            replace(self._thresholds, cheap_tokens=new)
            if knob == "cheap_tokens"
            else replace(self._thresholds, context_tokens=new)
        )
        _LOG.info(
            "llm.threshold_moved",
            extra={
                "threshold": knob,
                "task": task.value,
                "from_tokens": old,
                "to_tokens": new,
                "repaired_ratio": rate,
            },
        )


def _blocks(count: TrialCount) -> Iterator[TrialCount]:
    """Blocks of those trials, and what is left of them."""
    for begun in range(0, count.trials, BLOCK):
        ended = min(begun + BLOCK, count.trials)
        repaired = count.repaired * ended // count.trials - count.repaired * begun // count.trials
        yield replace(count, trials=ended - begun, repaired=repaired)
