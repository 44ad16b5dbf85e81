"""Whether a person may begin another scene: how many they have, what may still be spent."""

from services.api.parts import Parts
from services.api.problems import ProblemError
from services.sessions.crowd import rooms_of
from services.telemetry.metrics import RATELIMITED

FULL_RETRY_S = 30


async def admit(parts: Parts, user: str) -> None:
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
