"""A healthy call, a cancelled one, one without money, and one that nobody waits to hear."""

import asyncio
from collections.abc import AsyncGenerator, Callable

import pytest

from services.core.errors import BackendError
from services.llm.entry import Role
from services.llm.outcome import Usage
from services.llm.ports import Delta
from services.llm.request import Request
from services.llm.spec import Tier
from services.llm.work import Made
from tests.fakes.calls import House
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.routes import FakeRoute, fake_route

MakeHouse = Callable[..., House]
DOWN = BackendError("down", status=503, code="status_503")
LONG_TEXT = ("Le fret recule. ", "Il faut ", "agir.")


async def test_healthy_call_is_one_attempt_with_its_usage(house: MakeHouse) -> None:
    one, two = fake_route("one/m", Script(first_s=0.2, each_s=0.1)), fake_route("two/m")
    place = house(one, two, admit_s=0.05)
    played = await place.play()
    assert played.made == Made(
        text="Bonsoir à tous.",
        route=one.route,
        asked=one.route,
        usage=Usage(prompt_tokens=20, completion_tokens=5),
        complete=True,
        entries=tuple(place.accounts.entries),
        first_token_s=played.made.first_token_s,
        reserve_s=0.05,
    )
    assert played.made.first_token_s == pytest.approx(0.25)
    assert [piece for _, piece in played.pieces] == ["Bonsoir", " à", " tous."]
    assert played.roles == [("one/m", Role.SERVED)]
    assert two.chat.requests == []


async def test_what_was_made_can_be_seen_while_it_is_made(house: MakeHouse) -> None:
    work = house(fake_route("one/m", Script(first_s=0.2, each_s=0.1))).produce()
    assert work.made == Made()
    task = asyncio.create_task(work.run(lambda _: None))
    await asyncio.sleep(0.35)
    assert (work.made.text, work.made.complete) == ("Bonsoir", False)
    await task
    assert work.made.text == "Bonsoir à tous."


@pytest.mark.parametrize("more", [{"words_only": True}, {"routes": ()}])
async def test_l7_without_money_or_routes_nobody_is_asked(
    house: MakeHouse, more: dict[str, object]
) -> None:
    one = fake_route()
    played = await house(one).play(**more)
    assert played.made == Made()
    assert one.chat.requests == []


async def test_l7_route_that_costs_too_much_is_followed_by_a_cheaper_one(
    house: MakeHouse,
) -> None:
    dear, cheap = fake_route("dear/m", tier=Tier.ADVANCED), fake_route("cheap/m")
    place = house(dear, cheap, refused={"dear/m"})
    played = await place.play()
    assert played.said == "Bonsoir à tous."
    assert (played.made.fault, played.made.fallback) == ("budget", True)
    assert dear.chat.requests == []
    assert place.health.snapshot()[1].failures == 0


async def test_l7_refused_everywhere_ends_without_words(house: MakeHouse) -> None:
    routes = [fake_route(f"{n}/m") for n in range(3)]
    played = await house(*routes, refused={"0/m", "1/m", "2/m"}).play()
    assert (played.said, played.made.fault, played.entries) == ("", "budget", [])


@pytest.mark.parametrize("after_s", [0.0, 0.1, 0.25, 0.9])
async def test_cancelled_call_is_booked_and_its_streams_are_closed(
    house: MakeHouse, after_s: float
) -> None:
    silent = fake_route("one/m", Script(pieces=("Le ", "fret "), first_s=0.2, silent=True))
    place = house(silent, fake_route("two/m", Script(pieces=(), silent=True)), admit_s=0.01)
    work = place.produce()
    task = asyncio.create_task(work.run(lambda _: None))
    await asyncio.sleep(after_s)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    place.check_books()
    assert len(place.health.nursery) == 0
    assert silent.chat.closed == len(silent.chat.requests)
    assert {entry.role for entry in place.accounts.entries} <= {Role.CANCELLED, Role.HEDGE_LOST}
    assert place.health.snapshot() == () or place.health.snapshot()[0].failures == 0


async def test_cancelled_while_asking_the_purse_books_nothing(house: MakeHouse) -> None:
    place = house(fake_route(), admit_s=1.0)
    task = asyncio.create_task(place.produce().run(lambda _: None))
    await asyncio.sleep(0.5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert place.accounts.tickets == []


class SlowToClose(FakeChatModel):
    """Silent, and its stream takes long to close."""

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        try:
            await asyncio.Event().wait()
            yield Delta()
        finally:
            await asyncio.sleep(60.0)
            self.closed += 1


def stuck(id: str) -> FakeRoute:
    made = fake_route(id)
    model = SlowToClose()
    return FakeRoute(type(made.route)(spec=made.route.spec, chat=model), model)


async def test_the_deadline_does_not_wait_for_streams_that_close_slowly(house: MakeHouse) -> None:
    place = house(stuck("one/m"), stuck("two/m"))
    played = await place.play()
    assert played.took_s == pytest.approx(2.0)
    assert played.made.fault == "deadline"
    assert len(place.health.nursery) == 2, "they close by themselves, watched"


class Broken(FakeChatModel):
    """Raises what no adapter should."""

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        raise RuntimeError("a bug")
        yield Delta()


async def test_a_bug_in_an_adapter_is_a_fault_like_another(house: MakeHouse) -> None:
    made = fake_route("one/m")
    broken = FakeRoute(type(made.route)(spec=made.route.spec, chat=Broken()), made.chat)
    played = await house(broken, fake_route("two/m")).play()
    assert (played.said, played.made.fault) == ("Bonsoir à tous.", "internal")


class NoUsage(FakeChatModel):
    """Finishes, and then holds the stream open."""

    async def stream(self, request: Request) -> AsyncGenerator[Delta, None]:
        self.requests.append(request)
        yield Delta(text="Bonsoir à tous.")
        yield Delta(finish="stop")
        await asyncio.Event().wait()


@pytest.mark.parametrize("spoken", [True, False])
async def test_f10_finished_answer_is_not_held_up_by_its_stream(
    house: MakeHouse, spoken: bool
) -> None:
    made = fake_route("one/m")
    route = FakeRoute(type(made.route)(spec=made.route.spec, chat=NoUsage()), made.chat)
    played = await house(route).play(spoken=spoken)
    assert (played.said, played.made.complete) == ("Bonsoir à tous.", True)
    assert played.took_s == pytest.approx(0.25)
    assert played.made.usage.estimated


async def test_prompt_larger_than_a_context_is_shortened_before_it_is_sent(
    house: MakeHouse,
) -> None:
    small = fake_route("one/m", context_tokens=181)
    played = await house(small).play(max_tokens=160)
    assert played.said == "Bonsoir à tous."
    assert not played.made.complete
    assert small.chat.requests[0].messages[0].role == "system"


async def test_unspoken_answer_comes_whole_as_one_piece(house: MakeHouse) -> None:
    slow = fake_route("one/m", Script(pieces=LONG_TEXT, first_s=0.5, each_s=3.0))
    played = await house(slow, fake_route("two/m")).play(spoken=False)
    assert [piece for _, piece in played.pieces] == ["Le fret recule. Il faut agir."]
    assert played.made.complete
    assert played.took_s == pytest.approx(6.5)


async def test_unspoken_calls_never_ask_two_routes_at_once(house: MakeHouse) -> None:
    one = fake_route("one/m", Script(pieces=(), silent=True))
    two = fake_route("two/m", Script(first_s=0.3))
    place = house(one, two)
    played = await place.play(spoken=False)
    assert (played.said, played.made.fault) == ("Bonsoir à tous.", "silent")
    assert played.took_s == pytest.approx(1.5), "left at its fair share of the time"
    assert one.chat.closed == 1
    assert played.roles == [("one/m", Role.LATE), ("two/m", Role.SERVED)]
    assert place.health.snapshot()[1].hedges == 0


async def test_f16_unspoken_answer_that_is_cut_is_made_anew_elsewhere(house: MakeHouse) -> None:
    one = fake_route("one/m", Script(pieces=LONG_TEXT, each_s=2.0, finish=None))
    two = fake_route("two/m", Script(pieces=("Autrement ", "dit."), first_s=0.5))
    played = await house(one, two).play(spoken=False)
    assert played.said == "Autrement dit."
    assert played.made.complete
    assert two.chat.requests[0] == one.chat.requests[0]
    assert played.roles == [("one/m", Role.FAILED), ("two/m", Role.SERVED)]


async def test_f16_unspoken_answer_without_another_route_is_used_up_to_a_sentence(
    house: MakeHouse,
) -> None:
    one = fake_route("one/m", Script(pieces=LONG_TEXT[:2], finish=None))
    played = await house(one).play(spoken=False)
    assert (played.said, played.made.complete) == ("Le fret recule.", False)
    assert played.roles == [("one/m", Role.CUT)]


async def test_f7_unspoken_answer_that_stalls_is_given_up(house: MakeHouse) -> None:
    one = fake_route("one/m", Script(pieces=LONG_TEXT[:2], silent=True))
    played = await house(one, fake_route("two/m")).play(spoken=False)
    assert (played.said, played.made.fault) == ("Bonsoir à tous.", "stall")
    assert played.took_s == pytest.approx(3.5)
    assert played.roles[0] == ("one/m", Role.FAILED)


async def test_unspoken_json_that_is_cut_is_given_as_it_is(house: MakeHouse) -> None:
    one = fake_route("one/m", Script(pieces=('{"speaker": "mor',), finish="length"))
    two = fake_route("two/m")
    played = await house(one, two).play(spoken=False, schema="{}")
    assert (played.said, played.made.fault) == ('{"speaker": "mor', "length")
    assert two.chat.requests == []


@pytest.mark.parametrize("fault", [DOWN, BackendError("reset", code="reset")])
async def test_unspoken_call_goes_to_the_next_route_at_once(
    house: MakeHouse, fault: BackendError
) -> None:
    one = fake_route("one/m", Script(pieces=(), fault=fault))
    played = await house(one, fake_route("two/m", Script(first_s=0.3))).play(spoken=False)
    assert played.said == "Bonsoir à tous."
    assert played.took_s == pytest.approx(0.3)


async def test_f13_unspoken_call_with_one_route_is_sent_shorter_once(house: MakeHouse) -> None:
    long = BackendError("long", retryable=False, status=400, code="context")
    one = fake_route("one/m", Script(pieces=(), fault=long), Script())
    played = await house(one).play(spoken=False)
    assert played.said == "Bonsoir à tous."
    assert len(one.chat.requests) == 2
    refused = fake_route("one/m", Script(pieces=(), fault=long))
    assert (await house(refused).play(spoken=False)).said == ""
    assert len(refused.chat.requests) == 2


async def test_f1_unspoken_call_waits_for_a_rest_that_ends_in_time(house: MakeHouse) -> None:
    busy = BackendError("busy", status=429, retry_after_s=1.0, code="status_429")
    place = house(fake_route("one/m", Script(pieces=(), fault=busy), Script(first_s=0.2)))
    await place.play()
    played = await place.play(spoken=False)
    assert played.said == "Bonsoir à tous."
    assert played.took_s == pytest.approx(1.2)


@pytest.mark.parametrize("spoken", [True, False])
async def test_with_every_circuit_open_the_one_that_opens_first_is_asked(
    house: MakeHouse, spoken: bool
) -> None:
    one = fake_route("one/m", *[Script(pieces=(), fault=DOWN)] * 4, Script())
    place = house(one)
    for _ in range(4):
        await place.play(spoken=spoken)
    assert place.health.snapshot()[0].state == "open"
    assert (await place.play(spoken=spoken)).said == "Bonsoir à tous."
