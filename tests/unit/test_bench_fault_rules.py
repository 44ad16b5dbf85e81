"""The rule behind the table of faults: the same for every client."""

import pytest

from bench.fault_rules import ROWS, TITLES, Seen, Verdict, judge

LINE = "Je vous écoute. Les chiffres ne disent pas tout."


def seen(text: str = LINE, *, first_s: float | None = 0.4, **more: object) -> Seen:
    return Seen(text=text, first_s=first_s, total_s=2.0, **more)  # type: ignore[arg-type]


def test_every_row_of_the_table_has_a_title() -> None:
    assert list(TITLES) == list(ROWS) == [f"F{n}" for n in range(1, 17)]


@pytest.mark.parametrize(
    ("row", "one", "verdict"),
    [
        ("F3", seen(), "pass"),
        ("F3", seen(first_s=5.0), "partial"),
        ("F3", seen("", first_s=None, error="APIError"), "fail"),
        ("F6", seen("", first_s=None, hung=True), "fail"),
        ("F7", seen("Je vous écoute. Les", error="ReadTimeout"), "partial"),
        ("F16", seen("Je vous écoute. Les chiffres que"), "fail"),
        ("F16", seen("Je vous écoute. Les chiffres que", told=frozenset({"cut"})), "partial"),
        ("F16", seen(f"Je vous écoute. Les chiffres ne disent {LINE}"), "fail"),
        ("F9", seen('Je vous écoute {"choices": ['), "fail"),
        ("F11", seen("  ", first_s=None), "fail"),
        ("F12", seen(told=frozenset({"filter"})), "pass"),
        ("F12", seen(error="ContentPolicyViolationError"), "partial"),
        ("F12", seen(), "fail"),
        ("F14", seen('{"speaker": "morel"}'), "pass"),
        ("F14", seen('{"speaker":"mor'), "fail"),
        ("F14", seen('{"speaker":"mor', error="JSONSchemaValidationError"), "partial"),
        ("F15", seen(told=frozenset({"estimated"})), "pass"),
        ("F15", seen(), "partial"),
        ("F15", seen(told=frozenset({"zero"})), "fail"),
    ],
)
def test_verdict(row: str, one: Seen, verdict: Verdict) -> None:
    assert judge(row, one) == verdict
