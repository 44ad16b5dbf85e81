"""What an attempt's end says about its route: to the circuit breaker, to the bill, to the rest."""

from services.core.errors import BackendError
from services.llm.entry import Role
from services.llm.ports import Verdict

_REST_UNASKED_S = 2.0
"""After a 429 that names no time."""

_REST_MISCONFIGURED_S = 10.0
"""A wrong key or name does not heal within a turn."""

_MISCONFIGURED = frozenset({401, 403, 404})
_NOT_THE_ROUTE = frozenset(
    {"length", "filter", "context", "schema", "template", "budget", "busy", "cancelled", "aborted"}
)
_TIMELY = frozenset({"silent", "slow", "deadline"})
_NEVER_TAKEN = frozenset({"connection", "busy"})
_TRANSIENT = frozenset({408, 425})


def verdict_on(role: Role, fault: str | None, error: BackendError | None, *, slow: bool) -> Verdict:
    """For the breaker. `slow`: its first useful word took, or was waited for, too long.

    A refusal that concerns the request (4xx, the filter, the context), a 429 and a cancellation
    are neutral; a call that lost a race after it had taken too long counts as slow.
    """
    if fault in _TIMELY or (fault == "stall" and slow):
        return "slow"
    if role is Role.HEDGE_LOST:
        return "slow" if slow else "neutral"
    if fault is None or fault == "length":
        return "slow" if slow else "success"
    if fault in _NOT_THE_ROUTE:
        return "neutral"
    status = error.status if error is not None else None
    if status is not None and 400 <= status < 500 and status not in _TRANSIENT:
        return "neutral"
    return "failure"


def is_billable(error: BackendError | None) -> bool:
    """Whether the vendor may bill a call that ended like this: it took it, and said no such."""
    return error is None or (error.status is None and error.code not in _NEVER_TAKEN)


def rest_s(error: BackendError | None) -> float | None:
    """Seconds that the route is to be left alone; None when it may be asked again at once."""
    if error is None or not error.code.startswith("status_"):
        return None
    if error.status == 429:
        return _REST_UNASKED_S if error.retry_after_s is None else error.retry_after_s
    if error.status == 503:
        return error.retry_after_s
    return _REST_MISCONFIGURED_S if error.status in _MISCONFIGURED else None
