"""Which variant a session has: always the same, in the parts that were asked for."""

import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path

from services.llm.experiments.design import Variant
from tests.fakes.experiments import experiment

ROOT = Path(__file__).parents[5]
SESSIONS = [f"s-{n}" for n in range(20_000)]


def test_l13_session_has_the_same_variant_after_a_restart() -> None:
    code = (
        "from tests.fakes.experiments import experiment\n"
        "print(*(experiment().assigned(f's-{n}').name for n in range(50)))"
    )
    here = [experiment().assigned(session).name for session in SESSIONS[:50]]
    there = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True, text=True
    ).stdout.split()
    assert here == there
    assert set(here) == {"control", "nova"}


def test_assignment_is_pinned_so_that_no_release_moves_a_session() -> None:
    assert [experiment().assigned(f"room-{n}").name for n in range(8)] == [
        "control", "control", "control", "control", "nova", "nova", "nova", "control"
    ]  # fmt: skip


def test_sessions_are_shared_out_by_the_weights() -> None:
    tenth = Variant(name="a", weight=Decimal("0.1"), model="openai/a")
    third = Variant(name="b", weight=Decimal("0.3"), model="openai/b")
    design = experiment(tenth, third, weight="0.6")
    counts = Counter(design.assigned(session).name for session in SESSIONS)
    for name, share in (("control", 0.6), ("a", 0.1), ("b", 0.3)):
        assert abs(counts[name] / len(SESSIONS) - share) < 0.015


def test_another_experiment_shuffles_anew() -> None:
    """Else the same people would be the ones who try everything."""
    one, two = experiment(), experiment(id="again")
    same = sum(one.assigned(s).name == two.assigned(s).name for s in SESSIONS)
    assert abs(same / len(SESSIONS) - 0.5) < 0.015


def test_names_that_run_together_are_told_apart() -> None:
    designs = [experiment(id="a"), experiment(id="ab")]
    assert designs[0].assigned("b\nc") is not None
    assert [d.label(d.variants[1]) for d in designs] == ["a/nova", "ab/nova"]


def test_session_of_any_text_has_a_variant() -> None:
    for session in ("", "é" * 500, "\ud800", "\x00"):
        assert experiment().assigned(session) in experiment().variants
