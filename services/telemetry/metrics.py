"""Metrics of ours by name, with their labels' bounded values; the optimizer's are in `llm_names`.

Job processes are counted too (`server`). No label holds a user, a room, a session or an address.
"""

from collections.abc import Mapping
from typing import Any

from prometheus_client import Counter, Gauge, Histogram

STAGES = frozenset({"stt", "heard", "turn_end", "asked", "first_word", "voice", "sound"})
"""Marks of a reply; `stt` is recognition alone, the others count from the person's last sound."""

ENDS = frozenset({"ended", "failed", "learner", "left", "silence", "duration", "turns", "taken"})
"""How scenes end; any other word counts as `other`."""

RUNGS = frozenset({"addressed", "phase_rule", "score", "model", "event", "scene"})
OPINIONS = frozenset({"asked", "used", "ignored", "late", "failed"})
"""What became of questions to a model; `ignored` named somebody that it was not asked about."""

_FAST_S = (0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0)
_LONG_S = (10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0, 1800.0, 3600.0)

SESSIONS_ACTIVE = Gauge(
    "repartee_sessions_active", "Scenes being played now", multiprocess_mode="livesum"
)
SESSIONS = Counter("repartee_sessions_total", "Scenes that are over", ["outcome"])
SESSION_DURATION = Histogram(
    "repartee_session_duration_seconds", "From greeting to end", buckets=_LONG_S
)
TURN_LATENCY = Histogram(
    "repartee_turn_latency_seconds",
    "From the end of a person's speech to a character's first sound, by stage",
    ["stage"],
    buckets=_FAST_S,
)
DISPATCH = Histogram("repartee_dispatch_seconds", "From dispatch to agent", buckets=_FAST_S)
DISPATCHES = Counter("repartee_dispatch_total", "Dispatches by how they ended", ["outcome"])
DECISIONS = Counter("repartee_decisions_total", "Who speaks next, by what decided it", ["rung"])
MODEL_CHOICES = Counter(
    "repartee_model_choices_total", "Questions to a model who speaks, and what became", ["outcome"]
)
MOOD_OPINIONS = Counter(
    "repartee_mood_opinions_total", "Questions to a model how turns are taken", ["outcome"]
)
ECHOES = Counter("repartee_echoes_total", "Lines that said again what was just said")
_OPINIONS = {"choice": MODEL_CHOICES, "judgement": MOOD_OPINIONS}
LLM_REQUESTS = Counter(
    "repartee_llm_requests_total",
    "Calls for words by what served them; outcome is ok or the fault",
    ["task", "tier", "provider", "model", "outcome"],
)
LLM_TOKENS = Counter("repartee_llm_tokens_total", "Tokens used", ["kind", "estimated"])
LLM_TTFT = Histogram(
    "repartee_llm_ttft_seconds", "To the model's first word", ["task"], buckets=_FAST_S
)
LLM_DURATION = Histogram(
    "repartee_llm_duration_seconds", "To an answer's end", ["task"], buckets=_FAST_S
)
SPEECH_ERRORS = Counter(
    "repartee_speech_errors_total", "Engines that failed, by engine and part", ["engine", "part"]
)
LOOP_BLOCKED = Histogram(
    "repartee_loop_blocked_seconds", "How late a due timer ran", buckets=_FAST_S
)
TOKENS_MINTED = Counter("repartee_tokens_minted_total", "Join tokens given out")
RATELIMITED = Counter("repartee_ratelimited_total", "Calls refused by a limit", ["endpoint"])
CAUGHT = Counter("repartee_caught_total", "Errors that a supervisor caught and survived", ["where"])
BUILD_INFO = Gauge(
    "repartee_build_info", "The program's version", ["version"], multiprocess_mode="max"
)


def session_started() -> None:
    """A scene greets its learner."""
    SESSIONS_ACTIVE.inc()


def session_ended(outcome: str, seconds: float) -> None:
    """A scene is over, `seconds` after its greeting."""
    SESSIONS_ACTIVE.dec()
    SESSIONS.labels(outcome=outcome if outcome in ENDS else "other").inc()
    SESSION_DURATION.observe(seconds)


def scene_event(kind: str, data: Mapping[str, Any]) -> None:
    """Counts what happens in a scene, at once: decisions, a model's opinions, echoes."""
    if kind == "decision":
        rung = data.get("rung")
        DECISIONS.labels(rung=rung if rung in RUNGS else "other").inc()
    elif kind in _OPINIONS:
        outcome = data.get("outcome")
        _OPINIONS[kind].labels(outcome=outcome if outcome in OPINIONS else "other").inc()
    elif kind == "echo":
        ECHOES.inc()


def turn_stage(stage: str, seconds: float) -> None:
    """How long one stage of one turn took."""
    TURN_LATENCY.labels(stage=stage if stage in STAGES else "other").observe(seconds)
