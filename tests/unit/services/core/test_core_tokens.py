"""Token estimates."""

import pytest

from services.core.tokens import estimate_tokens


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("", 0, 0),
        (" \n", 0, 0),
        ("Bonsoir à tous.", 4, 6),
        ("The quick brown fox jumps over the lazy dog.", 8, 13),
        ("2026", 2, 2),
        ("anticonstitutionnellement", 4, 7),
    ],
)
def test_estimate_is_near_what_a_vendor_counts(text: str, low: int, high: int) -> None:
    assert low <= estimate_tokens(text) <= high


def test_longer_text_is_never_worth_less() -> None:
    text = "Le fret recule depuis dix ans, et personne ne s'en émeut."
    counts = [estimate_tokens(text[:end]) for end in range(len(text))]
    assert counts == sorted(counts)
