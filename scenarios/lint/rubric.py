"""Rubrics that two people would score differently."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.errors import quoted
from scenarios.lint.finding import Finding
from scenarios.schema import Scenario

ANCHORED = (0, 3, 5)
"""Scores that need words: the worst, the middling and the best."""

_LEAST_SHARE = 0.02


def anchors(scenario: Scenario) -> Iterator[Finding]:
    """Each criterion says what 0, 3 and 5 look like."""
    for at, criterion in enumerate(scenario.rubric):
        missing = [str(score) for score in ANCHORED if score not in criterion.anchors]
        if missing:
            yield Finding(
                code="W-ANCHORS",
                path=("rubric", at, "anchors"),
                cause=f"{quoted(criterion.id)} does not say what a {' or a '.join(missing)} is",
                hint="Add the anchors 0, 3 and 5.",
            )


def weights(scenario: Scenario) -> Iterator[Finding]:
    """No criterion weighs so little that it cannot change a score."""
    whole = sum(criterion.weight for criterion in scenario.rubric)
    for at, criterion in enumerate(scenario.rubric):
        if criterion.weight / whole < _LEAST_SHARE:
            share = f"{criterion.weight / whole:.1%}"
            yield Finding(
                code="W-WEIGHTS",
                path=("rubric", at, "weight"),
                cause=f"{quoted(criterion.id)} is {share} of the score and cannot change it",
                hint="Raise its weight, or delete the criterion.",
            )
