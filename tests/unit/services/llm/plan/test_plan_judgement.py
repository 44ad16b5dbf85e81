"""What the end of an attempt says of its route: to the circuit, to the bill, to its rest."""

import pytest

from services.core.errors import BackendError
from services.llm.entry import Role
from services.llm.plan.judgement import is_billable, rest_s, verdict_on
from services.llm.ports import Verdict


def status(number: int, retry_after_s: float | None = None) -> BackendError:
    return BackendError(
        "refused", status=number, retry_after_s=retry_after_s, code=f"status_{number}"
    )


def coded(code: str) -> BackendError:
    return BackendError("failed", code=code)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (status(429, 7.0), "neutral"),
        (status(500), "failure"),
        (status(503), "failure"),
        (status(408), "failure"),
        (status(400), "neutral"),
        (status(401), "neutral"),
        (status(404), "neutral"),
        (BackendError("long", status=400, code="context"), "neutral"),
        (coded("filter"), "neutral"),
        (coded("busy"), "neutral"),
        (coded("connection"), "failure"),
        (coded("reset"), "failure"),
        (coded("timeout"), "failure"),
        (coded("malformed"), "failure"),
        (coded("cut"), "failure"),
    ],
    ids=lambda value: value.code if isinstance(value, BackendError) else value,
)
def test_f1_to_f13_what_an_error_tells_the_circuit(error: BackendError, verdict: Verdict) -> None:
    assert verdict_on(Role.FAILED, error.code, error, slow=False) == verdict


@pytest.mark.parametrize(
    ("role", "fault", "slow", "verdict"),
    [
        (Role.SERVED, None, False, "success"),
        (Role.SERVED, None, True, "slow"),
        (Role.CUT, "length", False, "success"),
        (Role.CUT, "stall", False, "failure"),
        (Role.CUT, "stall", True, "slow"),
        (Role.FAILED, "empty", False, "failure"),
        (Role.LATE, "silent", False, "slow"),
        (Role.LATE, "deadline", False, "slow"),
        (Role.HEDGE_LOST, "silent", False, "slow"),
        (Role.HEDGE_LOST, None, False, "neutral"),
        (Role.CANCELLED, "cancelled", False, "neutral"),
        (Role.CANCELLED, "cancelled", True, "neutral"),
    ],
)
def test_f6_to_f8_what_an_end_without_an_error_tells_the_circuit(
    role: Role, fault: str | None, slow: bool, verdict: Verdict
) -> None:
    assert verdict_on(role, fault, None, slow=slow) == verdict


@pytest.mark.parametrize(
    ("error", "seconds"),
    [
        (None, None),
        (status(429, 7.0), 7.0),
        (status(429, 0.0), 0.0),
        (status(429), 2.0),
        (status(503, 3.0), 3.0),
        (status(503), None),
        (status(401), 10.0),
        (status(400), None),
        (BackendError("no", status=403, code="filter"), None),
        (coded("reset"), None),
    ],
)
def test_f1_how_long_a_route_is_left_alone(
    error: BackendError | None, seconds: float | None
) -> None:
    assert rest_s(error) == seconds


@pytest.mark.parametrize(
    ("error", "billable"),
    [
        (None, True),
        (status(503), False),
        (coded("connection"), False),
        (coded("busy"), False),
        (coded("reset"), True),
        (coded("cut"), True),
        (coded("malformed"), True),
    ],
)
def test_f5_what_the_vendor_may_bill(error: BackendError | None, billable: bool) -> None:
    assert is_billable(error) is billable
