"""What can go wrong with a call for words: the closed list of stable words.

They stand in outcomes, in the ledger, in the stats and, since they are few, in metrics' labels.
"""

OF_THE_WAY = frozenset(
    {
        "aborted", "backend", "busy", "connection", "continued", "cut", "deadline", "internal",
        "malformed", "model", "open", "reset", "resting", "silent", "slow", "stall", "timeout",
    }
)  # fmt: skip
"""No words, or not in time. `open` and `resting` routes were not asked at all; `continued` is no
fault of the route that it names: that one ended what another began."""

OF_THE_ANSWER = frozenset({"context", "empty", "filter", "guard", "length", "schema", "template"})
"""The model would not or could not; `guard`: its words were not fit to be said."""

OF_OURS = frozenset({"budget", "cancelled", "lost", "void"})
"""Money was short, nobody listens any more, or the process died; `void` was never asked."""

STATUSES = frozenset(
    {400, 401, 402, 403, 404, 408, 409, 413, 422, 425, 429, 500, 502, 503, 504, 529}
)
"""Answers of a vendor that have a word, `status_503`; any other counts as `other`."""

FAULTS = OF_THE_WAY | OF_THE_ANSWER | OF_OURS | {f"status_{status}" for status in STATUSES}

OTHER = "other"


def fault_label(word: str) -> str:
    """The word of the list for a fault; `budget:user` is `budget`, a stranger is `other`."""
    head = word.partition(":")[0]
    return head if head in FAULTS else OTHER
