"""How often one user, and one address, may ask for a token."""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from services.api.problems import ProblemError
from services.telemetry.metrics import RATELIMITED

PER_USER = RateLimitItemPerMinute(30)
"""A page mints about 4 times a scene (mount, start, drop, end); 30 is seven scenes a minute."""
PER_ADDRESS = RateLimitItemPerMinute(60)
"""A classroom behind one address."""


class Throttle:
    """A moving window of one minute, kept in this process."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def pass_or_refuse(self, *, user: str, address: str) -> None:
        """Counts one call.

        Raises:
            ProblemError: 429 with Retry-After, in whole seconds.
        """
        for item, kind, who in ((PER_USER, "user", user), (PER_ADDRESS, "address", address)):
            if not self._limiter.hit(item, kind, who):
                RATELIMITED.labels(endpoint="token").inc()
                reset_at = self._limiter.get_window_stats(item, kind, who).reset_time
                wait_s = max(1, math.ceil(reset_at - time.time()))
                raise ProblemError(
                    429,
                    "rate_limited",
                    f"too many tokens asked for; try again in {wait_s} s",
                    headers={"Retry-After": str(wait_s)},
                )
