"""The scene's own time: seconds played, standing still while the scene is paused."""

from services.core.clock import Clock


class SceneClock:
    """Counts scene seconds. Several may ask it to stand still, each under a reason of its own."""

    def __init__(self, clock: Clock, *, elapsed_s: float = 0.0) -> None:
        self._clock = clock
        self._before_s = elapsed_s
        self._since_s: float | None = clock.monotonic_s()
        self._reasons: set[str] = set()

    def now_s(self) -> float:
        """Seconds played so far."""
        running = 0.0 if self._since_s is None else self._clock.monotonic_s() - self._since_s
        return self._before_s + running

    @property
    def paused(self) -> bool:
        """Whether the scene stands still."""
        return bool(self._reasons)

    def pause(self, why: str) -> None:
        """Stands still until every reason is taken back."""
        self._before_s, self._since_s = self.now_s(), None
        self._reasons.add(why)

    def resume(self, why: str) -> None:
        """Takes a reason back."""
        self._reasons.discard(why)
        if not self._reasons and self._since_s is None:
            self._since_s = self._clock.monotonic_s()
