"""How calls get cheaper as a budget fills."""

import pytest

from services.llm.ledger.glide import glide, glide_of


@pytest.mark.parametrize(
    ("share", "level", "shorter", "cheap", "words"),
    [
        (0.0, 0, False, False, False),
        (0.6999, 0, False, False, False),
        (0.70, 1, True, False, False),
        (0.8499, 1, True, False, False),
        (0.85, 2, True, True, False),
        (0.9499, 2, True, True, False),
        (0.95, 3, True, True, True),
        (1.7, 3, True, True, True),
    ],
)
def test_budget_glides_at_70_85_and_95_percent(
    share: float, level: int, shorter: bool, cheap: bool, words: bool
) -> None:
    found = glide(share)
    assert (found.level, found.max_tokens_factor < 1) == (level, shorter)
    assert (found.cheap_only, found.words_only) == (cheap, words)


def test_fullest_budget_decides() -> None:
    assert glide_of([0.1, 0.9, 0.3]).level == 2


def test_without_budgets_nothing_is_made_cheaper() -> None:
    assert glide_of([]).level == 0


def test_no_share_makes_a_call_dearer_than_a_smaller_one() -> None:
    levels = [glide(share / 100) for share in range(130)]
    assert [one.level for one in levels] == sorted(one.level for one in levels)
