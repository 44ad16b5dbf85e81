"""Whether a person may begin another scene: how many they have, what may still be spent."""

import math

from services.api.parts import Parts
from services.api.problems import ProblemError
from services.sessions.crowd import rooms_of
from services.telemetry.metrics import RATELIMITED

FULL_RETRY_S = 30
NEVER_RETRY_S = 86_400
"""What is told of a budget that has no next window: look again tomorrow."""


async def admit(parts: Parts, *, user: str, scenario: str) -> None:
    """Lets a new room pass; coming back to one's own is never asked.

    Raises:
        ProblemError: 429 for too many rooms at once, 402 for a budget that is used up; both with
            Retry-After in whole seconds.
        BackendError: the store cannot answer.
    """
    rooms = await rooms_of(user, parts.store, parts.presence, parts.clock)
    if rooms >= parts.settings.user_rooms:
        RATELIMITED.labels(endpoint="rooms").inc()
        raise ProblemError(
            429,
            "too_many_rooms",
            f"you have {rooms} scenes open, the most at once; end one first",
            headers={"Retry-After": str(FULL_RETRY_S)},
        )
    await afford(parts, user=user, scenario=scenario)


async def afford(parts: Parts, *, user: str, scenario: str) -> None:
    """Lets work pass that models are paid for, while its budgets hold.

    Raises:
        ProblemError: 402 for a budget that is used up, with Retry-After in whole seconds.
    """
    used_up = await parts.books.exhausted(user=user, scenario=scenario)
    if used_up is not None:
        RATELIMITED.labels(endpoint="budget").inc()
        wait_s = NEVER_RETRY_S
        if used_up.ends_at is not None:
            left = used_up.ends_at - parts.clock.now()
            wait_s = max(1, math.ceil(left.total_seconds()))
        raise ProblemError(
            402,
            "budget_used_up",
            f"the {used_up.scope} budget is used up",
            headers={"Retry-After": str(wait_s)},
        )
