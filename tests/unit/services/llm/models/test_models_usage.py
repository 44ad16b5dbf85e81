"""L12: whatever a vendor tells, the ledger's counts are whole, not negative, and fit."""

import math
import random
from typing import Any

import pytest

from services.llm.models.usage import MOST_TOKENS, sane
from services.llm.outcome import Usage


def told(**counts: Any) -> Usage:
    return Usage(**counts)


def test_l12_a_usage_that_can_be_true_is_passed_on_as_it_is() -> None:
    usage = Usage(
        prompt_tokens=1900, cached_tokens=1024, cache_write_tokens=876, completion_tokens=60
    )
    assert sane(usage) is usage


@pytest.mark.parametrize(
    ("usage", "counts"),
    [
        (told(prompt_tokens=-5, completion_tokens=7), (0, 0, 0, 7)),
        (told(prompt_tokens=100, completion_tokens=-1), (100, 0, 0, 0)),
        (told(prompt_tokens=100, cached_tokens=300), (100, 100, 0, 0)),
        (told(prompt_tokens=100, cached_tokens=60, cache_write_tokens=60), (100, 60, 40, 0)),
        (told(prompt_tokens=100, cached_tokens=-60), (100, 0, 0, 0)),
        (told(prompt_tokens=100, cache_write_tokens=-1), (100, 0, 0, 0)),
        (told(prompt_tokens=math.nan, completion_tokens=5), (0, 0, 0, 5)),
        (told(prompt_tokens=math.inf, completion_tokens=5), (0, 0, 0, 5)),
        (told(prompt_tokens=10.2, completion_tokens=5), (11, 0, 0, 5)),
        (told(prompt_tokens="120", completion_tokens="many"), (120, 0, 0, 0)),
        (told(prompt_tokens="9" * 5000, completion_tokens="١٢"), (0, 0, 0, 0)),
        (told(prompt_tokens=None, completion_tokens=5), (0, 0, 0, 5)),
        (told(prompt_tokens=True, completion_tokens=[3]), (0, 0, 0, 0)),
        (told(prompt_tokens=10**30, completion_tokens=1), (MOST_TOKENS, 0, 0, 1)),
    ],
)
def test_l12_a_usage_that_cannot_be_true_is_repaired_and_marked(
    usage: Usage, counts: tuple[int, int, int, int]
) -> None:
    mended = sane(usage)
    assert counts == (
        mended.prompt_tokens,
        mended.cached_tokens,
        mended.cache_write_tokens,
        mended.completion_tokens,
    )
    assert mended.estimated


def test_details_that_were_left_out_are_no_estimate() -> None:
    mended = sane(told(prompt_tokens=10, cached_tokens=None, completion_tokens=5))
    assert mended == Usage(prompt_tokens=10, completion_tokens=5)


def test_l12_holds_for_a_thousand_wild_vendors() -> None:
    rng = random.Random(12)
    wild = [0, 1, -1, 50, 10**7, 10**12, None, math.nan, -math.inf, "7", "x", 3.5, True]
    for _ in range(1000):
        names = ("prompt_tokens", "cached_tokens", "cache_write_tokens", "completion_tokens")
        usage = sane(told(**{name: rng.choice(wild) for name in names}))
        counts = [getattr(usage, name) for name in names]
        assert all(type(one) is int and 0 <= one <= MOST_TOKENS for one in counts)
        assert usage.cached_tokens + usage.cache_write_tokens <= usage.prompt_tokens
        assert sane(usage) is usage
