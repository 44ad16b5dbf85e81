"""The optimizer's metrics by name, with the labels they have.

Attempts at models go by OpenTelemetry's gen_ai names, all else by ours. Source of names and buckets
of `gen_ai_*`: semantic conventions for generative AI, status Development, 2026-11.
"""

from prometheus_client import Counter, Gauge, Histogram

_GEN_AI = ["gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"]

_TOKEN_BUCKETS = (1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576)
_DURATION_BUCKETS = (
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
)  # fmt: skip
_FIRST_CHUNK_BUCKETS = (
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
)  # fmt: skip
_OVERHEAD_BUCKETS = (
    0.00001, 0.00002, 0.00005, 0.0001, 0.0002, 0.0003, 0.0005, 0.00075, 0.001, 0.0015, 0.002,
    0.003, 0.005, 0.01, 0.05,
)  # fmt: skip

TOKEN_USAGE = Histogram(
    "gen_ai_client_token_usage",
    "Tokens of one attempt",
    [*_GEN_AI, "gen_ai_token_type"],
    buckets=_TOKEN_BUCKETS,
)
OPERATION_DURATION = Histogram(
    "gen_ai_client_operation_duration_seconds",
    "One attempt, from request to end; error_type is empty when all went well",
    [*_GEN_AI, "error_type"],
    buckets=_DURATION_BUCKETS,
)
FIRST_CHUNK = Histogram(
    "gen_ai_client_operation_time_to_first_chunk_seconds",
    "To an attempt's first useful words",
    _GEN_AI,
    buckets=_FIRST_CHUNK_BUCKETS,
)
COST = Counter("repartee_llm_cost_nano_usd_total", "Spent, in nano-USD", ["tier", "provider"])
SERVED = Counter("repartee_llm_served_total", "Answers by what served them", ["source", "task"])
CACHE_HITS = Counter("repartee_llm_cache_hits_total", "Answers from the cache", ["level", "task"])
CACHE_MISSES = Counter("repartee_llm_cache_misses_total", "Answers not in the cache", ["task"])
TIER_RULE = Counter("repartee_llm_tier_rule_total", "Answers by the rule of their tier", ["rule"])
FALLBACKS = Counter(
    "repartee_llm_fallbacks_total", "Answers from elsewhere, by what first went wrong", ["cause"]
)
BREAKER_STATE = Gauge(
    "repartee_llm_breaker_state",
    "A route's circuit in the worst process: 0 closed, 2 open",
    ["provider", "model"],
    multiprocess_mode="livemax",
)
BREAKER_TRANSITIONS = Counter(
    "repartee_llm_breaker_transitions_total",
    "Circuits that opened or closed",
    ["provider", "model", "to"],
)
BUDGET_SHARE = Gauge(
    "repartee_llm_budget_share",
    "Spent or held of a budget, 0 and up",
    ["scope"],
    multiprocess_mode="mostrecent",
)
BUDGET_ALERTS = Counter("repartee_llm_budget_alerts_total", "Budgets that passed 80 %", ["scope"])
BUDGET_DENIALS = Counter(
    "repartee_llm_budget_denials_total", "Attempts that a budget did not allow", ["scope"]
)
HEDGES = Counter("repartee_llm_hedges_total", "Second routes asked at once", ["provider", "model"])
DECK = Counter("repartee_llm_deck_calls_avoided_total", "Calls that the deck made needless")
OVERHEAD = Histogram(
    "repartee_llm_overhead_seconds",
    "What the optimizer itself took of an answer",
    buckets=_OVERHEAD_BUCKETS,
)
EVENTS = Counter("repartee_llm_events_total", "What else happened", ["event"])
