"""When a client counts as having coped with a vendor's fault: one stated rule for every client.

Owns what is observed of an answer, and the verdict. Nothing here knows whose client it was. Runs in
the peers' environment too.
"""

import json
import re
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["pass", "partial", "fail"]

DEADLINE_S = 1.0
GRACE_S = 0.05
END_S = 6.0
"""By then the answer is over, one way or the other: its words take about that long to say."""

GIVE_UP_S = 10.0

ROWS = tuple(f"F{n}" for n in range(1, 17))
TITLES = {
    "F1": "429 with Retry-After",
    "F2": "500",
    "F3": "503",
    "F4": "connection refused",
    "F5": "reset before any byte",
    "F6": "silent before the first token",
    "F7": "stall between chunks",
    "F8": "slow drip",
    "F9": "malformed chunk",
    "F10": "no [DONE]",
    "F11": "empty text",
    "F12": "content filter",
    "F13": "context exceeded",
    "F14": "broken JSON",
    "F15": "usage missing",
    "F16": "cut in mid-answer",
}
RULE = (
    f"pass: useful words by {DEADLINE_S + GRACE_S:.2f} s, no error, over by {END_S:.0f} s at the "
    "end of a sentence, nothing said twice, nothing raw; F12: the caller is told, without an "
    "error; F14: valid JSON; F15: tokens estimated and marked as such. partial: words, but late, "
    "cut, or with an error the caller can see; F15: not counted as 0. fail: no words, raw or blank "
    f"text as a success, a cut that nobody tells of, or still waiting after {GIVE_UP_S:.0f} s."
)


@dataclass(slots=True, kw_only=True)
class Seen:
    """What came of one call. Seconds from the call; `first_s` is the first useful word's.

    `told` is what else the caller learnt: `filter`, `cut`, `estimated`, `usage`, `zero`. `error`
    names what was raised; `hung` when it was given up.
    """

    text: str = ""
    first_s: float | None = None
    total_s: float = 0.0
    error: str | None = None
    hung: bool = False
    told: frozenset[str] = frozenset()


def judge(row: str, seen: Seen) -> Verdict:
    """The verdict on one row."""
    if row == "F14":
        return _as_json(seen)
    if seen.hung or not re.search(r"\w", seen.text) or _raw(seen.text):
        return "fail"
    if row == "F12":
        return _filtered(seen)
    if row == "F15":
        return _counted(seen)
    smooth = seen.error is None and _in_time(seen) and _ended(seen.text) and not _twice(seen.text)
    if smooth:
        return "pass"
    hidden_cut = seen.error is None and not _ended(seen.text) and "cut" not in seen.told
    return "fail" if hidden_cut or _twice(seen.text) else "partial"


def _in_time(seen: Seen) -> bool:
    on_time = seen.first_s is not None and seen.first_s <= DEADLINE_S + GRACE_S
    return on_time and seen.total_s <= END_S


def _as_json(seen: Seen) -> Verdict:
    try:
        value = json.loads(seen.text)
    except ValueError:
        return "partial" if seen.error else "fail"
    return "pass" if isinstance(value, dict) and "speaker" in value else "fail"


def _filtered(seen: Seen) -> Verdict:
    if "filter" not in seen.told and seen.error is None:
        return "fail"
    return "pass" if seen.error is None else "partial"


def _counted(seen: Seen) -> Verdict:
    if seen.error or not _in_time(seen) or "zero" in seen.told:
        return "fail"
    return "pass" if "estimated" in seen.told else "partial"


def _ended(text: str) -> bool:
    return re.search(r"[.!?…][\"'»”)\s]*$", text) is not None


def _raw(text: str) -> bool:
    return re.search(r"[{}]|data:|\[DONE\]", text) is not None


def _twice(text: str) -> bool:
    """Whether four words in a row come a second time: a sentence was begun again."""
    words = re.findall(r"\w+", text.casefold())
    runs = [tuple(words[n : n + 4]) for n in range(len(words) - 3)]
    return len(set(runs)) < len(runs)
