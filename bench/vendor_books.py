"""The stub vendor's books: each call as it saw it, what it bills, what its prompt cache holds."""

import asyncio
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Literal
from zlib import crc32

CACHE_FROM_TOKENS = 1024
CACHE_STEP_TOKENS = 128
"""Prefixes are found from 1024 tokens on, in steps of 128.

Source: developers.openai.com, prompt caching (2026-11).
"""

End = Literal["open", "complete", "aborted", "refused"]
_CHARS_A_TOKEN = 4


@dataclass(kw_only=True)
class Call:
    """One call as the vendor saw it. `completion_tokens` counts what was sent, cut answers too.

    `end`: `complete` answers came whole; `aborted` ones were cut by either side and are billed for
    the prompt and what was sent; `refused` ones are not billed.
    """

    route: str
    model: str
    texts: list[str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] = field(default_factory=dict)
    fault: str | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0
    finished: bool = False
    refused: bool = False
    end: End = "open"


@dataclass(kw_only=True)
class Bill:
    """What calls of one kind add up to. `prompt_tokens` includes the cached and written ones."""

    calls: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    completion_tokens: int = 0

    def add(self, call: Call) -> None:
        self.calls += 1
        self.prompt_tokens += call.prompt_tokens
        self.cached_tokens += call.cached_tokens
        self.cache_write_tokens += call.cache_write_tokens
        self.completion_tokens += call.completion_tokens


class PromptCache:
    """Prefixes that were sent before, for each model. Never forgets: a scene is short."""

    def __init__(self) -> None:
        self._known: set[tuple[str, int, int]] = set()

    def look(self, model: str, prompt: str) -> tuple[int, int]:
        """Tokens found and tokens written now."""
        step = CACHE_STEP_TOKENS * _CHARS_A_TOKEN
        found = last = digest = 0
        for start in range(0, len(prompt) - step + 1, step):
            digest = crc32(prompt[start : start + step].encode(), digest)
            length = (start + step) // _CHARS_A_TOKEN
            if length < CACHE_FROM_TOKENS:
                continue
            last = length
            prefix = (model, length, digest)
            found = length if prefix in self._known else found
            self._known.add(prefix)
        return found, last - found


class Books:
    """All calls, and the bill of each model by how its calls ended."""

    def __init__(self) -> None:
        self.calls: deque[Call] = deque(maxlen=1000)
        self.counts: Counter[str] = Counter()
        self.bills: dict[tuple[str, End], Bill] = {}
        self.cache = PromptCache()
        self.open = 0
        self.idle = asyncio.Event()
        self.idle.set()

    @contextmanager
    def keep(self, call: Call) -> Iterator[Call]:
        """Books the call while it lasts, and its bill when it ends, however it does."""
        self.calls.append(call)
        self.counts[call.route] += 1
        self.open += 1
        self.idle.clear()
        try:
            yield call
        finally:
            self.open -= 1
            call.end = "refused" if call.refused else "complete" if call.finished else "aborted"
            self.bills.setdefault((call.model, call.end), Bill()).add(call)
            if not self.open:
                self.idle.set()

    def bill(self, end: End = "complete", *, model: str | None = None) -> Bill:
        """The sum over all models, or of one."""
        total = Bill()
        for (name, kind), bill in self.bills.items():
            if kind == end and model in {None, name}:
                for key, value in asdict(bill).items():
                    setattr(total, key, getattr(total, key) + value)
        return total

    def as_json(self) -> dict[str, Any]:
        """Counts, tokens, the bills of each model by end, and the last calls."""
        bills: dict[str, dict[str, Any]] = {}
        for (model, end), bill in sorted(self.bills.items()):
            bills.setdefault(model, {})[end] = asdict(bill)
        return {
            "counts": dict(self.counts),
            "open": self.open,
            "prompt_tokens": sum(bill.prompt_tokens for bill in self.bills.values()),
            "completion_tokens": sum(bill.completion_tokens for bill in self.bills.values()),
            "bills": bills,
            "calls": [asdict(call) for call in self.calls],
        }
