"""How sure it is that a variant is worse, however often one looks; and whether the split is right.

Pure. The test is a likelihood ratio with a mixture on top: how likely the outcomes are under two
free success rates, each with a Beta(1/2, 1/2) prior, over how likely the best pair makes them in
which the variant's lies at most `loss` below control's. If that is the truth, the ratio reaches
1/level with a chance of at most `level` in the whole run (Ville): at every number of calls, and
without approximation, as long as calls succeed independently of each other.

Source: H. Robbins, Ann. Math. Statist. 41 (1970) 1397, mixtures and Ville's inequality; R. Turner,
A. Ly, P. Gruenwald, J. Statist. Plann. Inference 230 (2024) 106116, two samples under optional
stopping. Sample ratio: A. Fabijan et al., KDD 2019, who warn at p < 0.0005 or 0.001.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

_STEPS = 50
_EDGE = 1e-12


class Tally(NamedTuple):
    """Calls that succeeded and calls that did not."""

    good: int = 0
    bad: int = 0

    @property
    def calls(self) -> int:
        return self.good + self.bad

    @property
    def rate(self) -> float:
        """The part that succeeded; 0 without any call."""
        return self.good / self.calls if self.calls else 0.0


def log_evidence(control: Tally, variant: Tally, *, loss: float = 0.0) -> float:
    """The log of the ratio against "the variant's rate lies at most `loss` below control's".

    `log(1 / level)` and more refutes that at that level; 0 and less says nothing.
    """
    if not (control.calls and variant.calls) or control.rate - variant.rate <= loss:
        return 0.0
    return _log_mixed(control) + _log_mixed(variant) - _log_bound(control, variant, loss)


def difference(control: Tally, variant: Tally, *, level: float) -> tuple[float, float]:
    """Bounds of the variant's rate less control's, that hold together at all times.

    With a chance of at least 1 - `level`; -1 to 1 while there is nothing to say.
    """
    low = _least_loss(variant, control, level / 2)
    high = -_least_loss(control, variant, level / 2)
    return low, high


def ratio_p(seen: Sequence[int], weights: Sequence[float]) -> float | None:
    """The chance of a split as uneven as this; None when nobody was assigned.

    Chi-square of the numbers of sessions against their weights.
    """
    total = sum(seen)
    if not total or len(seen) < 2:
        return None
    x = sum(
        (count - total * weight) ** 2 / (total * weight)
        for count, weight in zip(seen, weights, strict=True)
    )
    return _chi_square_beyond(x, len(seen) - 1)


def _chi_square_beyond(x: float, freedom: int) -> float:
    """The upper tail, by recursion from one or two degrees of freedom."""
    tail, k = (math.erfc(math.sqrt(x / 2)), 1) if freedom % 2 else (math.exp(-x / 2), 2)
    while k < freedom:
        k += 2
        tail += (x / 2) ** (k / 2 - 1) * math.exp(-x / 2) / math.gamma(k / 2)
    return tail


def _log_mixed(tally: Tally) -> float:
    """Log of the mean likelihood over a Beta(1/2, 1/2) prior."""
    good, bad = tally.good + 0.5, tally.bad + 0.5
    return math.lgamma(good) + math.lgamma(bad) - math.lgamma(good + bad) - math.log(math.pi)


def _log_bound(control: Tally, variant: Tally, loss: float) -> float:
    """The greatest log-likelihood where control's rate is the variant's plus `loss`.

    It is concave along that line, so its slope has one zero or none.
    """
    low, high = max(0.0, -loss), min(1.0, 1.0 - loss)
    for _ in range(_STEPS):
        p = (low + high) / 2
        slope = variant.good / p - variant.bad / (1 - p)
        slope += control.good / (p + loss) - control.bad / (1 - p - loss)
        low, high = (p, high) if slope > 0 else (low, p)
    p = (low + high) / 2
    return _log_likelihood(variant, p) + _log_likelihood(control, p + loss)


def _log_likelihood(tally: Tally, p: float) -> float:
    p = min(max(p, _EDGE), 1 - _EDGE)
    return tally.good * math.log(p) + tally.bad * math.log1p(-p)


def _least_loss(control: Tally, variant: Tally, level: float) -> float:
    """What the variant surely lies below control, at least: the greatest loss that is refuted."""
    enough = math.log(1 / level)
    low, high = -1.0 + _EDGE, control.rate - variant.rate
    for _ in range(_STEPS):
        loss = (low + high) / 2
        if log_evidence(control, variant, loss=loss) >= enough:
            low = loss
        else:
            high = loss
    return max(low, -1.0)
