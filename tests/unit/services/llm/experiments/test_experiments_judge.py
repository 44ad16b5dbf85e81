"""The guard: what counts as a success, and a stop that the same rows always give."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.llm.entry import Role
from services.llm.experiments.evidence import Tally
from services.llm.experiments.judge import Judge
from services.llm.experiments.results import BLOCK, Row, block_of, went_well
from tests.fakes.booked import NOON
from tests.fakes.experiments import CONTROL_MODEL, NOVA_MODEL, experiment

MODELS = {"control": CONTROL_MODEL, "nova": NOVA_MODEL}
END = NOON + 100 * BLOCK


def row(variant: str = "nova", *, block: int = 0, calls: int = 1, **fields: Any) -> Row:
    """Answers that went well, with what the test changes."""
    known: dict[str, Any] = {
        "role": Role.SERVED,
        "source": "live",
        "model": MODELS[variant],
        "fault": None,
    }
    label = f"luna-nova/{variant}"
    return Row(block=NOON + block * BLOCK, label=label, calls=calls, **(known | fields))


def bad(variant: str = "nova", *, block: int = 0, calls: int = 1) -> Row:
    return row(variant, block=block, calls=calls, source="fallback", model="mistral/small")


def judge() -> Judge:
    return Judge(experiment=experiment(), models=MODELS)


@pytest.mark.parametrize(
    ("change", "good"),
    [
        ({}, True),
        ({"role": Role.CUT, "fault": "stall"}, False),
        ({"source": "fallback", "model": "mistral/small"}, False),
        ({"model": "mistral/small"}, False),  # its circuit was open: it was passed over
        ({"role": Role.UNDERSTUDY, "source": "understudy", "fault": "deadline"}, False),
        ({"role": Role.DECK, "source": "deck", "fault": "status_503"}, False),
        ({"role": Role.UNDERSTUDY, "source": "understudy", "fault": "budget"}, None),
        ({"role": Role.UNDERSTUDY, "model": None, "fault": None}, None),
        ({"role": Role.DECK, "source": "deck", "model": None}, None),
        ({"role": Role.CACHED, "source": "cached"}, None),
        ({"role": Role.CANCELLED, "source": ""}, None),
    ],
    ids=str,
)
def test_call_is_a_success_when_the_model_that_was_asked_gave_it_whole(
    change: dict[str, Any], good: bool | None
) -> None:
    assert went_well(replace(row(), **change), NOVA_MODEL) is good


def test_l13_breached_guard_stops_at_the_end_of_that_block() -> None:
    one = judge()
    one.take(
        [
            *(row("control", block=n, calls=100) for n in range(4)),
            *(row(block=n, calls=70) for n in range(4)),
            *(bad(block=n, calls=30) for n in range(1, 4)),
        ],
        until=END,
    )
    assert one.stop is not None
    assert (one.stop.variant, one.stop.at) == ("nova", NOON + 2 * BLOCK)
    assert one.tallies == {"control": Tally(200, 0), "nova": Tally(140, 30)}


def test_l13_stop_stays_whatever_is_booked_later() -> None:
    early = [row("control", calls=200), bad(calls=100), row(calls=100)]
    late = [bad("control", block=3, calls=900), row(block=3, calls=900)]
    at_once, in_steps = judge(), judge()
    at_once.take([*late, *early], until=END)
    in_steps.take(early, until=NOON + BLOCK)
    in_steps.take(late, until=END)
    assert at_once.stop == in_steps.stop
    assert at_once.stop is not None
    assert at_once.stop.at == NOON + BLOCK
    assert at_once.tallies == in_steps.tallies


def test_loss_that_is_sure_but_borne_stops_nothing() -> None:
    """2 points of 5,000 calls are surely a loss, and 5 are borne."""
    one = judge()
    one.take([row("control", calls=5000), row(calls=4900), bad(calls=100)], until=END)
    assert one.stop is None


def test_loss_that_is_great_but_not_sure_stops_nothing() -> None:
    one = judge()
    one.take([row("control", calls=8), row(calls=6), bad(calls=2)], until=END)
    assert one.stop is None


def test_bad_control_stops_nothing() -> None:
    one = judge()
    one.take([bad("control", calls=500), row(calls=500)], until=END)
    assert one.stop is None


def test_variant_without_a_model_here_is_not_judged() -> None:
    one = Judge(experiment=experiment(), models={"control": CONTROL_MODEL})
    one.take([row("control", calls=500), bad(calls=500)], until=END)
    assert (one.stop, set(one.tallies)) == (None, {"control"})


def test_blocks_are_ten_minutes_of_utc() -> None:
    assert block_of(NOON + timedelta(minutes=9, seconds=59.9)) == NOON
    assert block_of(NOON + timedelta(minutes=10)) == NOON + BLOCK
