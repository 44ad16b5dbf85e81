"""The line at the local model: who is next, who is refused, what a wait is guessed to be."""

from dataclasses import dataclass, replace
from typing import Any

import pytest

from services.adapters.llama.desk import Desk, Job, Pace
from services.adapters.llama.wire import Asked
from services.core.errors import BackendError
from services.llm.request import Message

ASKED = Asked(
    messages=(Message("user", "Bonsoir à tous."),),
    max_tokens=30,
    temperature=0.8,
    schema=None,
    deadline_s=2.0,
    limit_s=60.0,
    spoken=True,
)
BACKGROUND = replace(ASKED, spoken=False, max_tokens=600, deadline_s=600.0)


@dataclass
class Time:
    now_s: float = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def desk(time: Time) -> Desk:
    return Desk(4, time)


def job(desk: Desk, asked: Asked, time: Time) -> Job:
    joined = Job(asked, time(), lambda told: None)
    desk.join(joined)
    return joined


def test_spoken_words_are_next_and_otherwise_the_first(desk: Desk, time: Time) -> None:
    first, second, spoken = (job(desk, a, time) for a in (BACKGROUND, BACKGROUND, ASKED))
    assert [desk.begin(), desk.begin(), desk.begin(), desk.begin()] == [spoken, first, second, None]


def test_l4_a_full_line_takes_nobody(desk: Desk, time: Time) -> None:
    for _ in range(4):
        job(desk, replace(BACKGROUND, deadline_s=1e9), time)
    with pytest.raises(BackendError) as caught:
        job(desk, replace(ASKED, deadline_s=1e9), time)
    assert (caught.value.code, caught.value.retryable) == ("busy", True)
    assert len(desk) == 4


def test_l4_the_wait_counts_what_runs_and_what_goes_before(desk: Desk, time: Time) -> None:
    assert desk.wait_s(ASKED) == 0.0
    job(desk, BACKGROUND, time)
    assert desk.wait_s(ASKED) == 0.0, "spoken words go first"
    assert desk.wait_s(BACKGROUND) == pytest.approx(desk.pace.expected_s(BACKGROUND))
    desk.begin()
    whole = desk.wait_s(ASKED)
    assert whole == pytest.approx(desk.pace.expected_s(BACKGROUND))
    time.now_s = 5.0
    assert desk.wait_s(ASKED) == pytest.approx(whole - 5.0)
    time.now_s = 500.0
    assert desk.wait_s(ASKED) == 0.0


def test_l4_who_would_wait_beyond_the_deadline_is_refused_and_others_are_not(
    desk: Desk, time: Time
) -> None:
    job(desk, BACKGROUND, time)
    desk.begin()
    with pytest.raises(BackendError):
        job(desk, ASKED, time)
    job(desk, replace(ASKED, deadline_s=60.0), time)


def test_l4_who_has_waited_too_long_is_taken_out(desk: Desk, time: Time) -> None:
    late, patient = job(desk, ASKED, time), job(desk, BACKGROUND, time)
    time.now_s = 1.5
    assert desk.late_in_s() == pytest.approx(0.5)
    assert desk.late() == []
    time.now_s = 2.5
    assert desk.late_in_s() == 0.0
    assert desk.late() == [late]
    assert desk.begin() is patient
    assert desk.late_in_s() is None


def test_who_leaves_is_in_line_no_more(desk: Desk, time: Time) -> None:
    gone = job(desk, ASKED, time)
    assert desk.leave(gone)
    assert not desk.leave(gone)
    assert desk.begin() is None


def test_the_pace_is_learnt_from_answers() -> None:
    pace, before = Pace(), Pace().expected_s(ASKED)
    for _ in range(20):
        pace.learn(ASKED, prompt_tokens=100, tokens=10, first_s=0.1, total_s=0.19)
    assert pace.prompt_token_s == pytest.approx(0.001, rel=0.05)
    assert pace.token_s == pytest.approx(0.01, rel=0.05)
    assert pace.used == pytest.approx(1 / 3, rel=0.05)
    assert pace.expected_s(ASKED) < before


@pytest.mark.parametrize(
    "told",
    [
        {"prompt_tokens": 0, "tokens": 0, "first_s": 0.0, "total_s": 0.0},
        {"prompt_tokens": 5, "tokens": 1, "first_s": 0.2, "total_s": 0.2},
    ],
)
def test_an_answer_of_no_or_one_token_teaches_nothing_absurd(told: dict[str, Any]) -> None:
    pace = Pace()
    pace.learn(ASKED, **told)
    assert 0 < pace.expected_s(ASKED) < 10


def test_b5_nothing_is_expected_to_take_longer_than_its_limit() -> None:
    assert Pace().expected_s(replace(BACKGROUND, max_tokens=10**6)) == BACKGROUND.limit_s
