"""The rows F1 to F16 in a spoken turn: one route fails, another is healthy. Seconds are virtual."""

import asyncio
import random
from collections.abc import Callable
from itertools import pairwise

import pytest

from services.core.errors import BackendError
from services.llm.entry import Role
from services.llm.spec import Tier
from tests.fakes.calls import House, begun_twice
from tests.fakes.chat_model import Script
from tests.fakes.routes import fake_route

LATE_S = 2.0 + 0.05
FIRST, SECOND = "one/m", "two/m"
STORY = ("Le fret ", "recule ", "depuis dix ans. ", "Il faut ", "agir ", "vite.")
HEALTHY = Script(first_s=0.3, each_s=0.02)
REFUSED = {
    "F1": BackendError("busy", status=429, retry_after_s=7.0, code="status_429"),
    "F2": BackendError("down", status=500, code="status_500"),
    "F3": BackendError("down", status=503, code="status_503"),
    "F4": BackendError("refused", code="connection"),
    "F5": BackendError("reset", code="reset"),
    "F9": BackendError("junk", code="malformed"),
}
BROKEN = {
    "F7": Script(pieces=STORY[:5], each_s=0.02, silent=True),
    "F9": Script(pieces=STORY[:5], each_s=0.02, fault=BackendError("junk", code="malformed")),
    "F10": Script(pieces=STORY[:5], each_s=0.02, finish=None),
    "F16": Script(pieces=STORY[:5], each_s=0.02, fault=BackendError("cut", code="cut")),
}
MakeHouse = Callable[..., House]


@pytest.mark.parametrize("row", REFUSED)
async def test_f1_to_f5_and_f9_failure_before_a_word_goes_to_the_next_route_at_once(
    house: MakeHouse, row: str
) -> None:
    one = fake_route(FIRST, Script(pieces=(), first_s=0.01, fault=REFUSED[row]))
    two = fake_route(SECOND, HEALTHY)
    played = await house(one, two).play()
    assert played.said == played.made.text == "Bonsoir à tous."
    assert played.first_s == pytest.approx(0.33), "no backoff: what the fault took, and the answer"
    assert played.made.fault == REFUSED[row].code
    assert played.made.faults == (f"{FIRST}:{REFUSED[row].code}",)
    assert played.made.fallback
    assert played.made.complete
    assert played.made.asked == one.route
    assert played.made.route == two.route
    assert played.roles == [(FIRST, Role.FAILED), (SECOND, Role.SERVED)]
    assert [len(route.chat.requests) for route in (one, two)] == [1, 1]


@pytest.mark.parametrize(("row", "billable"), [("F1", 0), ("F3", 0), ("F4", 0), ("F5", 1)])
async def test_f5_only_a_call_that_the_vendor_may_have_taken_is_booked_with_tokens(
    house: MakeHouse, row: str, billable: int
) -> None:
    one = fake_route(FIRST, Script(pieces=(), fault=REFUSED[row]))
    played = await house(one, fake_route(SECOND, HEALTHY)).play()
    assert bool(played.entries[0].usage.prompt_tokens) is bool(billable)


async def test_f1_route_rests_for_the_time_asked_and_its_circuit_stays_closed(
    house: MakeHouse,
) -> None:
    one = fake_route(FIRST, Script(pieces=(), fault=REFUSED["F1"]), HEALTHY)
    two = fake_route(SECOND, HEALTHY)
    place = house(one, two)
    await place.play()
    second = await place.play()
    assert (second.said, second.made.fault) == ("Bonsoir à tous.", "resting")
    assert len(one.chat.requests) == 1
    assert place.health.snapshot()[0].state == "closed"
    await asyncio.sleep(7.0)
    third = await place.play()
    assert (third.made.fallback, third.made.fault) == (False, None)


async def test_f1_a_house_whose_only_route_rests_asks_nobody(house: MakeHouse) -> None:
    one = fake_route(FIRST, Script(pieces=(), fault=REFUSED["F1"]))
    place = house(one)
    await place.play()
    second = await place.play()
    assert (second.said, second.made.fault, second.took_s) == ("", "resting", 0.0)
    assert len(one.chat.requests) == 1


async def test_f2_circuit_opens_and_one_probe_closes_it(house: MakeHouse) -> None:
    failing = Script(pieces=(), fault=REFUSED["F2"])
    one = fake_route(FIRST, failing, failing, failing, failing, HEALTHY)
    place = house(one, fake_route(SECOND, HEALTHY))
    for _ in range(6):
        assert (await place.play()).said == "Bonsoir à tous."
    assert len(one.chat.requests) == 4, "once the circuit is open the route is skipped"
    await asyncio.sleep(5.0)
    both = await asyncio.gather(place.play(), place.play())
    assert sorted(played.made.fallback for played in both) == [False, True], "one probe"
    assert (await place.play()).made.fault is None


async def test_f6_silent_route_is_hedged_within_the_deadline_and_its_stream_closed(
    house: MakeHouse,
) -> None:
    one, two = fake_route(FIRST, Script(pieces=(), silent=True)), fake_route(SECOND, HEALTHY)
    place = house(one, two)
    place.earn_a_hedge()
    played = await place.play()
    assert played.said == "Bonsoir à tous."
    assert played.first_s < LATE_S
    assert played.made.fault == "silent"
    assert played.roles == [(FIRST, Role.HEDGE_LOST), (SECOND, Role.SERVED)]
    assert played.entries[0].usage.estimated
    assert one.chat.closed == 1


async def test_f6_without_a_hedge_left_the_silent_route_is_left_in_time(house: MakeHouse) -> None:
    one, two = fake_route(FIRST, Script(pieces=(), silent=True)), fake_route(SECOND, HEALTHY)
    place = house(one, two)
    played = await place.play()
    assert played.said == "Bonsoir à tous."
    assert played.first_s < LATE_S
    assert played.roles == [(FIRST, Role.LATE), (SECOND, Role.SERVED)]
    assert place.health.snapshot()[1].hedges == 0


async def test_f6_session_that_is_slow_now_and_then_hedges_one_call_in_twenty(
    house: MakeHouse,
) -> None:
    rng = random.Random(7)
    times_s = [0.4 * rng.lognormvariate(0.0, 0.4) for _ in range(150)]
    place = house(
        fake_route(FIRST, *[Script(first_s=one_s) for one_s in times_s]),
        fake_route(SECOND, *[HEALTHY] * 150),
    )
    for call in range(150):
        assert (await place.play()).said == "Bonsoir à tous."
        assert 20 * sum(route.hedges for route in place.health.snapshot()) <= call
        await asyncio.sleep(5.0)
    assert place.health.snapshot()[1].hedges > 0


async def test_f6_silence_opens_the_circuit(house: MakeHouse) -> None:
    one, two = fake_route(FIRST, Script(pieces=(), silent=True)), fake_route(SECOND, HEALTHY)
    place = house(one, two)
    for _ in range(7):
        assert (await place.play()).first_s < LATE_S
    assert (await place.play()).first_s == pytest.approx(0.32), "nobody waits for it any more"


@pytest.mark.parametrize("deadline_s", [0.3, 0.5, 1.0, 4.0])
async def test_f6_other_deadlines_leave_time_for_the_next_route_too(
    house: MakeHouse, deadline_s: float
) -> None:
    one = fake_route(FIRST, Script(pieces=(), silent=True))
    two = fake_route(SECOND, Script(first_s=0.1, each_s=0.01))
    played = await house(one, two).play(deadline_s=deadline_s)
    assert played.said == "Bonsoir à tous."
    assert played.first_s < deadline_s


@pytest.mark.parametrize("row", BROKEN)
async def test_f7_to_f16_broken_answer_is_ended_by_another_route(
    house: MakeHouse, row: str
) -> None:
    one = fake_route(FIRST, BROKEN[row])
    two = fake_route(SECOND, Script(pieces=("Il nous ", "faut un plan."), first_s=0.3))
    place = house(one, two)
    played = await place.play()
    assert played.said == "Le fret recule depuis dix ans. Il nous faut un plan."
    assert begun_twice(played.said) == []
    assert not played.made.complete
    assert played.made.route == one.route
    assert played.made.fallback, "another route finished it"
    assert played.made.fault in {"stall", "malformed", "cut"}
    assert played.made.faults == (f"{FIRST}:{played.made.fault}", f"{SECOND}:continued")
    assert played.roles == [(FIRST, Role.CUT), (SECOND, Role.SERVED)]
    assert [end.continues for end in place.accounts.ends] == [False, True], "one call is counted"
    gaps = [after[0] - before[0] for before, after in pairwise(played.pieces)]
    assert max(gaps) < 30 / 15, "while the first words are still heard"


@pytest.mark.parametrize("row", BROKEN)
async def test_f7_to_f16_without_another_route_the_answer_ends_at_its_sentence(
    house: MakeHouse, row: str
) -> None:
    played = await house(fake_route(FIRST, BROKEN[row])).play()
    assert played.said == "Le fret recule depuis dix ans."
    assert played.roles == [(FIRST, Role.CUT)]
    assert not played.made.complete
    assert not played.made.fallback


async def test_f16_two_cuts_in_one_answer_close_it(house: MakeHouse) -> None:
    cut_again = Script(pieces=("Il nous faut ", "un plan. Et"), finish=None)
    routes = [fake_route(FIRST, BROKEN["F16"]), fake_route(SECOND, cut_again), fake_route("x/m")]
    played = await house(*routes).play()
    assert played.said == "Le fret recule depuis dix ans. Il nous faut un plan."
    assert routes[2].chat.requests == []
    assert played.roles == [(FIRST, Role.CUT), (SECOND, Role.CUT)]


async def test_f16_continuation_that_fails_before_a_word_is_tried_elsewhere(
    house: MakeHouse,
) -> None:
    two = fake_route(SECOND, Script(pieces=(), fault=REFUSED["F3"]))
    three = fake_route("x/m", Script(pieces=("Agissons ", "ensemble."), first_s=0.2))
    played = await house(fake_route(FIRST, BROKEN["F16"]), two, three).play()
    assert played.said == "Le fret recule depuis dix ans. Agissons ensemble."


async def test_f16_continuation_too_late_for_the_listener_is_not_waited_for(
    house: MakeHouse,
) -> None:
    two = fake_route(SECOND, Script(first_s=9.0))
    played = await house(fake_route(FIRST, BROKEN["F16"]), two).play()
    assert played.said == "Le fret recule depuis dix ans."
    assert played.took_s == pytest.approx(30 / 15 + 1.5 + 0.06, abs=0.1)
    assert played.roles[1] == (SECOND, Role.LATE)


async def test_f16_cut_inside_the_first_sentence_goes_on_after_the_last_word(
    house: MakeHouse,
) -> None:
    one = fake_route(FIRST, Script(pieces=("Le fret ", "recule "), finish=None))
    two = fake_route(SECOND, Script(pieces=("Le fret recule ", "depuis ", "dix ans.")))
    played = await house(one, two).play()
    assert played.said == "Le fret recule depuis dix ans."


async def test_f8_blank_pieces_do_not_extend_the_deadline(house: MakeHouse) -> None:
    one = fake_route(FIRST, Script(pieces=("\n",) * 50, each_s=0.2))
    played = await house(one).play()
    assert played.said == ""
    assert played.took_s == pytest.approx(2.0)
    assert played.made.fault == "deadline"


async def test_f8_drip_is_left_before_its_first_whole_word_is_late(house: MakeHouse) -> None:
    one = fake_route(FIRST, Script(pieces=("Le", " fret", " recule."), each_s=1.9))
    played = await house(one, fake_route(SECOND, HEALTHY)).play()
    assert played.said == "Bonsoir à tous."
    assert played.first_s < LATE_S
    assert played.made.faults == (f"{FIRST}:slow",)


async def test_f8_drip_after_words_is_ended_at_a_sentence_and_counts_as_slow(
    house: MakeHouse,
) -> None:
    drip = Script(pieces=tuple(f"mot{n} " for n in range(60)), each_s=1.4)
    place = house(fake_route(FIRST, drip))
    played = await place.play()
    assert played.said.endswith("…")
    assert played.took_s < 5
    assert played.made.fault == "stall"
    assert place.health.snapshot()[0].failures == 0


async def test_f10_finish_without_the_stream_s_end_is_a_whole_answer(house: MakeHouse) -> None:
    one = fake_route(FIRST, HEALTHY)
    played = await house(one).play()
    assert (played.made.complete, played.made.fault) == (True, None)


@pytest.mark.parametrize("pieces", [(), ("",), (" ", "\n"), ("…",)])
async def test_f11_blank_answer_goes_to_the_next_route(
    house: MakeHouse, pieces: tuple[str, ...]
) -> None:
    one = fake_route(FIRST, Script(pieces=pieces))
    played = await house(one, fake_route(SECOND, HEALTHY)).play()
    assert played.said == "Bonsoir à tous."
    assert played.made.fault == "empty"
    assert played.roles == [(FIRST, Role.FAILED), (SECOND, Role.SERVED)]


@pytest.mark.parametrize(
    "script",
    [
        Script(pieces=(), fault=BackendError("no", retryable=False, code="filter")),
        Script(pieces=("Je",), finish="content_filter"),
    ],
)
async def test_f12_filter_before_a_word_is_the_caller_s_matter(
    house: MakeHouse, script: Script
) -> None:
    one, two = fake_route(FIRST, script), fake_route(SECOND, HEALTHY)
    place = house(one, two)
    played = await place.play()
    assert (played.said, played.made.fault) == ("", "filter")
    assert two.chat.requests == []
    assert place.health.snapshot()[0].state == "closed"


async def test_f12_filter_after_words_closes_the_sentence(house: MakeHouse) -> None:
    one = fake_route(FIRST, Script(pieces=STORY[:5], finish="content_filter"))
    two = fake_route(SECOND, HEALTHY)
    played = await house(one, two).play()
    assert played.said == "Le fret recule depuis dix ans."
    assert (played.made.fault, played.made.complete) == ("filter", False)
    assert two.chat.requests == []


TOO_LONG = BackendError("long", retryable=False, status=400, code="context")


async def test_f13_too_long_a_prompt_goes_whole_to_a_larger_context(house: MakeHouse) -> None:
    one = fake_route(FIRST, Script(pieces=(), fault=TOO_LONG), context_tokens=8_000)
    same = fake_route("same/m", HEALTHY, context_tokens=8_000)
    large = fake_route("large/m", HEALTHY, context_tokens=32_000)
    place = house(one, same, large)
    played = await place.play()
    assert (played.said, played.made.fault) == ("Bonsoir à tous.", "context")
    assert same.chat.requests == []
    assert large.chat.requests[0].messages == one.chat.requests[0].messages
    assert place.health.snapshot()[1].failures == 0
    assert played.made.complete


async def test_f13_without_a_larger_context_the_oldest_of_the_tail_goes(house: MakeHouse) -> None:
    one = fake_route(FIRST, Script(pieces=(), fault=TOO_LONG), context_tokens=8_000)
    two = fake_route(SECOND, HEALTHY, context_tokens=8_000)
    three = fake_route("x/m", HEALTHY, context_tokens=8_000)
    place = house(one, two, three)
    played = await place.play()
    sent = two.chat.requests[0].messages
    assert sent[0] == one.chat.requests[0].messages[0]
    assert sent != one.chat.requests[0].messages
    assert played.said == "Bonsoir à tous."
    assert not played.made.complete, "it answers less than what was asked"


async def test_f15_missing_usage_is_booked_as_an_estimate(house: MakeHouse) -> None:
    played = await house(fake_route(FIRST, Script(usage=None))).play()
    assert played.made.complete
    assert played.made.usage.estimated
    assert played.made.usage.prompt_tokens > 0
    assert played.made.usage.completion_tokens > 0


ALL_DEAD = {
    **{row: Script(pieces=(), fault=fault) for row, fault in REFUSED.items()},
    "F6": Script(pieces=(), silent=True),
    "F8": Script(pieces=("\n",) * 90, each_s=0.1),
    "F10": Script(pieces=(), finish=None),
    "F11": Script(pieces=(" ",)),
    "F12": Script(pieces=(), finish="content_filter"),
    "F13": Script(pieces=(), fault=TOO_LONG),
}


@pytest.mark.parametrize("row", ALL_DEAD)
async def test_l3_all_routes_faulty_ends_in_time_without_words(house: MakeHouse, row: str) -> None:
    routes = [fake_route(f"{name}/m", ALL_DEAD[row]) for name in ("one", "two", "three")]
    routes.append(fake_route("local/m", ALL_DEAD[row], tier=Tier.LOCAL))
    played = await house(*routes).play()
    assert played.said == played.made.text == ""
    assert played.made.route is None
    assert played.made.fault is not None
    assert played.took_s < LATE_S
    assert max(len(route.chat.requests) for route in routes) == 1
    assert all(entry.role in {Role.FAILED, Role.LATE} for entry in played.entries)


async def test_l4_busy_local_model_says_nothing_against_it(house: MakeHouse) -> None:
    busy = Script(pieces=(), fault=BackendError("busy", code="busy"))
    place = house(fake_route("local/m", busy, tier=Tier.LOCAL))
    for _ in range(6):
        assert (await place.play()).made.fault == "busy"
    assert place.health.snapshot()[0].state == "closed"


async def test_l5_answer_of_ten_thousand_tokens_ends_at_a_sentence(house: MakeHouse) -> None:
    endless = Script(pieces=("Le fret recule. ",) * 10_000)
    one = fake_route(FIRST, endless)
    played = await house(one).play(max_tokens=40)
    assert played.made.fault == "length"
    assert len(played.said) < 40 * 20
    assert played.said.endswith(".")
    assert one.chat.closed == 1


async def test_l5_one_piece_of_ten_thousand_tokens_is_cut_off_too(house: MakeHouse) -> None:
    endless = Script(pieces=("Le fret recule. " * 10_000,))
    played = await house(fake_route(FIRST, endless)).play(max_tokens=40)
    assert played.made.fault == "length"
    assert len(played.said) < 40 * 20
    assert played.said.endswith(".")


async def test_answer_at_its_token_limit_ends_at_a_sentence(house: MakeHouse) -> None:
    long = Script(pieces=("Le fret recule. ", "Il fau"), finish="length")
    two = fake_route(SECOND, HEALTHY)
    played = await house(fake_route(FIRST, long), two).play()
    assert (played.said, played.made.fault) == ("Le fret recule.", "length")
    assert not played.made.complete
    assert two.chat.requests == []


async def test_l11_a_call_makes_four_attempts_at_most(house: MakeHouse) -> None:
    routes = [fake_route(f"{n}/m", Script(pieces=(), fault=REFUSED["F3"])) for n in range(6)]
    played = await house(*routes).play()
    assert len(played.entries) == 4
    assert played.took_s == 0


@pytest.mark.parametrize("spoken", [True, False])
@pytest.mark.parametrize("row", ["F2", "F4", "F6"])
async def test_l11_last_attempt_is_the_local_model_s(
    house: MakeHouse, row: str, spoken: bool
) -> None:
    dead = Script(pieces=(), silent=True) if row == "F6" else Script(pieces=(), fault=REFUSED[row])
    vendors = [fake_route(f"{n}/m", dead) for n in range(5)]
    local = fake_route("local/m", Script(first_s=0.5), tier=Tier.LOCAL)
    played = await house(*vendors, local).play(spoken=spoken, deadline_s=12.0)
    assert played.said == "Bonsoir à tous."
    assert played.made.route == local.route
    assert [len(route.chat.requests) for route in vendors] == [1, 1, 1, 0, 0]
    assert len(played.entries) == 4


async def test_l11_local_model_without_money_for_vendors_is_not_the_only_one_left(
    house: MakeHouse,
) -> None:
    """A refusal is no attempt: what was passed over for the local model may still be asked."""
    down = Script(pieces=(), fault=REFUSED["F3"])
    vendors = [fake_route(f"{n}/m", down) for n in range(2)]
    dear, cheap = fake_route("dear/m"), fake_route("cheap/m", HEALTHY)
    local = fake_route("local/m", tier=Tier.LOCAL)
    place = house(*vendors, dear, cheap, local, refused={"dear/m"})
    played = await place.play()
    assert played.made.route == cheap.route
    assert local.chat.requests == []
