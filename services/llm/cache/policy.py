"""Which answers may be served again, and for how long."""

import json
import math
import random

from services.core.text import storable as clean
from services.llm.request import Request, TaskType
from services.llm.work import Made

CACHED_TASKS = frozenset(
    {
        TaskType.CONVERSATION,
        TaskType.AGENT_RESPONSE,
        TaskType.AGENT_REACTION,
        TaskType.ORCHESTRATION,
        TaskType.CREATIVE,
        TaskType.ANALYSIS,
        TaskType.SESSION_CONTEXT,
        TaskType.DEBRIEF,
    }
)
"""A new kind of task is not cached before somebody has thought about it (failures.md C5)."""

_TTL_S = {
    TaskType.CONVERSATION: 300.0,
    TaskType.AGENT_REACTION: 600.0,
    TaskType.AGENT_RESPONSE: 600.0,
    TaskType.ORCHESTRATION: 180.0,
    TaskType.SESSION_CONTEXT: 900.0,
}
_MAX_TTL_S = 30 * 86_400.0
_JITTER_RATIO = 0.1
_MAX_JITTER_S = 1.0


def ttl_s(request: Request, default_s: float) -> float:
    """Seconds that an answer to it may be served; 0 when it may not be. `default_s`: no other rule.

    The request's own wish comes first. At most 30 days.
    """
    wish = request.cache_ttl_s
    chosen = _TTL_S.get(request.task, default_s) if wish is None else wish
    return min(chosen, _MAX_TTL_S) if chosen > 0 and not math.isnan(chosen) else 0.0


def jittered_s(ttl_s: float, rng: random.Random) -> float:
    """A little less than `ttl_s`, so that what was stored together does not expire together.

    Up to a tenth and up to a second less, never more: times to live are honoured to the second.
    """
    return ttl_s - rng.random() * min(ttl_s * _JITTER_RATIO, _MAX_JITTER_S)


def storable(made: Made, request: Request) -> bool:
    """Whether it may be served again: whole, unfiltered, of one model, with words in it.

    It goes under the key of `made.route`'s model, which is another one's after a fallback. Where
    JSON was asked for, it is JSON. Whether it is fit to be spoken is the guard's to say, before.
    """
    if not made.complete or made.route is None or not request.use_cache:
        return False
    if not made.text.strip() or clean(made.text) != made.text:
        return False
    return request.schema is None or _is_json(made.text)


def _is_json(text: str) -> bool:
    bare = text.strip()
    if bare.startswith("```"):
        bare = bare.partition("\n")[2].rpartition("```")[0]
    try:
        json.loads(bare)
    except (ValueError, RecursionError):
        return False
    return True
