"""Who is next at the model: a short line, spoken words first, and an honest guess of the wait.

A request that would wait longer than it may is refused at once: late words are of no use to it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from services.adapters.llama.wire import Asked
from services.core.errors import BackendError
from services.core.tokens import estimate_tokens

_FIRST_PROMPT_S, _FIRST_TOKEN_S = 1 / 200, 1 / 30
"""Until the first answer: half a billion parameters on two cores. Source: measured, 2026-11."""

_NEW_SHARE = 0.3


class Pace:
    """Seconds that a token of a prompt and a token of an answer take, learnt from each answer."""

    def __init__(self) -> None:
        self.prompt_token_s = _FIRST_PROMPT_S
        self.token_s = _FIRST_TOKEN_S
        self.used = 1.0
        """Share of `max_tokens` that answers really have."""

    def learn(
        self, asked: Asked, *, prompt_tokens: int, tokens: int, first_s: float, total_s: float
    ) -> None:
        """Takes in an answer that came whole."""
        self.prompt_token_s = _moved(self.prompt_token_s, first_s / max(1, prompt_tokens))
        if tokens > 1:
            self.token_s = _moved(self.token_s, (total_s - first_s) / (tokens - 1))
        self.used = _moved(self.used, tokens / asked.max_tokens)

    def expected_s(self, asked: Asked) -> float:
        """How long the model is likely to be busy with it, at most its limit."""
        prompt = sum(estimate_tokens(message.content) for message in asked.messages)
        likely = prompt * self.prompt_token_s + asked.max_tokens * self.used * self.token_s
        return min(likely, asked.limit_s)


def _moved(old: float, new: float) -> float:
    return old + _NEW_SHARE * (new - old)


@dataclass(slots=True, eq=False)
class Job:
    """A request and its client. `done` is set when nothing more is said to the client."""

    asked: Asked
    since_s: float
    say: Callable[[dict[str, Any]], None]
    done: asyncio.Event = field(default_factory=asyncio.Event)
    cause: str = ""
    """Why it was ended early: `aborted` or `timeout`."""


class Desk:
    """The waiting line. All times are of one monotonic clock, in seconds."""

    def __init__(self, limit: int, now_s: Callable[[], float]) -> None:
        self.pace = Pace()
        self.running: Job | None = None
        self._limit = limit
        self._now_s = now_s
        self._began_s = 0.0
        self._waiting: list[Job] = []

    def __len__(self) -> int:
        return len(self._waiting)

    def wait_s(self, asked: Asked) -> float:
        """How long a request would wait if it came now."""
        ahead = [job for job in self._waiting if job.asked.spoken or not asked.spoken]
        waiting_s = sum(self.pace.expected_s(job.asked) for job in ahead)
        if self.running is None:
            return waiting_s
        gone_s = self._now_s() - self._began_s
        return waiting_s + max(0.0, self.pace.expected_s(self.running.asked) - gone_s)

    def join(self, job: Job) -> None:
        """Puts it in line. Raises BackendError (`busy`) when it would wait too long."""
        if len(self._waiting) >= self._limit or self.wait_s(job.asked) > job.asked.deadline_s:
            raise busy()
        self._waiting.append(job)

    def leave(self, job: Job) -> bool:
        """Whether it was still in line."""
        if job not in self._waiting:
            return False
        self._waiting.remove(job)
        return True

    def late(self) -> list[Job]:
        """Takes out those who have waited longer than they may."""
        now_s = self._now_s()
        late = [job for job in self._waiting if now_s - job.since_s > job.asked.deadline_s]
        self._waiting = [job for job in self._waiting if job not in late]
        return late

    def late_in_s(self) -> float | None:
        """Seconds until the next one has waited too long."""
        ends = [job.since_s + job.asked.deadline_s for job in self._waiting]
        return max(0.0, min(ends) - self._now_s()) if ends else None

    def begin(self) -> Job | None:
        """The next one: spoken words first, then in order."""
        job = next((job for job in self._waiting if job.asked.spoken), None)
        job = job or (self._waiting[0] if self._waiting else None)
        if job is not None:
            self._waiting.remove(job)
            self._began_s = self._now_s()
        self.running = job
        return job

    def clear(self) -> list[Job]:
        """Takes out everybody."""
        everybody, self._waiting = self._waiting, []
        return everybody


def busy() -> BackendError:
    """The refusal: at once, and worth another try later."""
    return BackendError("the local model is busy", code="busy")
