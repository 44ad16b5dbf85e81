"""What of a prompt the vendor has probably seen lately, and bills at a tenth.

Owns a forecast for one process: other processes' calls warm the vendor's cache too, and a vendor
may forget. Bills say what really was cached; the stats compare the two.
"""

from collections.abc import Container, Iterator, Sequence

from services.core.tokens import estimate_tokens
from services.llm.request import Message

LEAST_TOKENS = 1024
STEP_TOKENS = 128
KEPT_S = 300.0
"""Prefixes of 1024 tokens and more are cached in steps of 128 for 5 to 10 minutes after their last
use. Source: OpenAI API guide, "Prompt caching", 2026-11-21."""

UNCACHED_PROVIDERS = frozenset({"scaleway", "local"})
"""Providers without prompt caching. Source: Scaleway, Generative APIs pricing, 2026-11-21."""

_CHUNK_CHARS = 256
_CHUNKS_KEPT = 16_384
_NEVER_S = float("-inf")


class PrefixWatch:
    """Remembers what was sent to each route: hashes of text, never the text.

    A prompt is a chain of chunks of 256 characters, cut anew at each message; a chunk's hash covers
    all that came before it, so that a known hash means a known prefix.
    """

    def __init__(self, *, uncached: Container[str] = UNCACHED_PROVIDERS) -> None:
        self._uncached = uncached
        self._seen_s: dict[int, float] = {}
        self._routes: dict[str, bool] = {}

    def predicted(self, route_id: str, messages: Sequence[Message], now_s: float) -> int:
        """Prompt tokens that the vendor will probably find in its cache; a multiple of 128, or 0.

        `route_id` is `provider/model`, `now_s` monotonic seconds.
        """
        if not self._caches(route_id):
            return 0
        at, chars = 0, 0
        for link, index, end in _chain(route_id, messages):
            if self._seen_s.get(link, _NEVER_S) < now_s - KEPT_S:
                break
            at, chars = index, end
        tokens = sum(estimate_tokens(one.content) for one in messages[:at])
        if chars:
            text = messages[at].content
            tokens += estimate_tokens(text) * min(chars, len(text)) // len(text)
        return tokens // STEP_TOKENS * STEP_TOKENS if tokens >= LEAST_TOKENS else 0

    def sent(self, route_id: str, messages: Sequence[Message], now_s: float) -> None:
        """The vendor read this prompt just now, from its beginning to its end."""
        if not self._caches(route_id):
            return
        for link, _, _ in _chain(route_id, messages):
            self._seen_s[link] = now_s
        if len(self._seen_s) > _CHUNKS_KEPT:
            self._forget(now_s - KEPT_S)

    def _caches(self, route_id: str) -> bool:
        known = self._routes.get(route_id)
        if known is None:
            known = route_id.partition("/")[0] not in self._uncached
            self._routes[route_id] = known
        return known

    def _forget(self, oldest_s: float) -> None:
        """Drops what expired; if that is not half, the older half of the rest."""
        kept = {link: at for link, at in self._seen_s.items() if at >= oldest_s}
        if len(kept) > _CHUNKS_KEPT // 2:
            latest = sorted(kept, key=kept.__getitem__)[-_CHUNKS_KEPT // 2 :]
            kept = {link: kept[link] for link in latest}
        self._seen_s = kept


def _chain(route_id: str, messages: Sequence[Message]) -> Iterator[tuple[int, int, int]]:
    """For each chunk its link, the index of its message, and the characters of it up to there."""
    link = hash(route_id)
    for index, message in enumerate(messages):
        text = message.content
        link = hash((link, message.role))
        for end in range(_CHUNK_CHARS, len(text) + _CHUNK_CHARS, _CHUNK_CHARS):
            link = hash((link, text[end - _CHUNK_CHARS : end]))
            yield link, index, end
