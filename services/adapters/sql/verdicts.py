"""What went wrong with calls, counted by the database: why answers came from elsewhere, and how
those of the cheap tier fared.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select

from services.adapters.sql.schema import llm_calls
from services.llm.entry import Role
from services.llm.models.thresholds import KNOBS, QUALITY_FAULTS
from services.llm.outcome import Source
from services.llm.spec import Tier
from services.stats.ports import NOT_ASKED

_C = llm_calls.c
_AUTHORED = (Role.DECK.value, Role.UNDERSTUDY.value)
_BROKEN = tuple(
    role.value
    for role in (
        Role.CUT,
        Role.FAILED,
        Role.LATE,
        Role.HEDGE_LOST,
        Role.CANCELLED,
        Role.LOST,
    )
)
"""Attempts whose fault may be why an answer came from elsewhere."""


def causes_query(window: ColumnElement[bool], top: int) -> Select[Any]:
    """One cause for each call: an authored line's own, else the first of its attempts'.

    A fallback's own fault is none of them: it is why its end came from yet another place.
    """
    fell = _C.source == Source.FALLBACK.value
    authored = and_(_C.role.in_(_AUTHORED), _C.fault.is_not(None))
    calls = select(_C.call).where(window, or_(fell, authored)).distinct().subquery()
    first = func.row_number().over(
        partition_by=_C.call, order_by=(case((authored, 0), else_=1), _C.at, _C.id)
    )
    broken = and_(_C.role.in_(_BROKEN), _C.fault.is_not(None), _C.source != Source.FALLBACK.value)
    causes = (
        select(_C.call, _C.fault, first.label("place")).where(window, or_(authored, broken))
    ).subquery()
    cause = func.coalesce(causes.c.fault, NOT_ASKED)
    count: Any = func.count()
    return (
        select(cause.label("cause"), count)
        .select_from(calls)
        .outerjoin(causes, and_(causes.c.call == calls.c.call, causes.c.place == 1))
        .group_by("cause")
        .order_by(count.desc(), "cause")
        .limit(top)
    )


def trials_query(since: datetime) -> Select[Any]:
    """Each call once, as `thresholds.trials_of` tells it."""
    flawed = _C.fault.in_(QUALITY_FAULTS)
    calls = (
        select(_C.task, _C.rule, func.max(case((flawed, 1), else_=0)).label("repaired"))
        .where(
            _C.at >= since,
            _C.tier == Tier.CHEAP.value,
            _C.rule.in_(KNOBS),
            or_(flawed, _C.role == Role.SERVED.value),
        )
        .group_by(_C.call, _C.task, _C.rule)
    ).subquery()
    kinds = (calls.c.task, calls.c.rule)
    return select(
        *kinds, func.count().label("trials"), func.sum(calls.c.repaired).label("repaired")
    ).group_by(*kinds)
