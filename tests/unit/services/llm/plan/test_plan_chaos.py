"""Whatever three routes do, in any order: words in time, no sentence begun twice, all booked."""

import asyncio
import random
from collections.abc import Callable

import pytest

from services.core.errors import BackendError
from services.llm.entry import Role
from services.llm.spec import Tier
from tests.fakes.calls import House, Played, begun_twice
from tests.fakes.chat_model import Script
from tests.fakes.routes import FakeRoute, fake_route

SENTENCES = (
    "Le fret recule depuis dix ans.",
    "Nos équipes attendent une réponse claire.",
    "Roche dit 12.5 % de moins !",
    "Qui paiera la réforme ?",
    "Parlons des gares fermées.",
)
FAULTS = (
    BackendError("busy", status=429, retry_after_s=3.0, code="status_429"),
    BackendError("down", status=503, code="status_503"),
    BackendError("refused", code="connection"),
    BackendError("reset", code="reset"),
    BackendError("junk", code="malformed"),
    BackendError("cut", code="cut"),
    BackendError("long", retryable=False, status=400, code="context"),
    BackendError("no", retryable=False, status=401, code="status_401"),
)
DEADLINE_S = 2.0


def pieces_of(rng: random.Random, text: str) -> tuple[str, ...]:
    cuts = sorted(rng.sample(range(1, len(text)), rng.randint(1, min(20, len(text) - 1))))
    return tuple(text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True))


def random_script(rng: random.Random) -> Script:
    """A whole answer, or one that breaks off, drips, stalls, or never begins."""
    start = rng.randrange(len(SENTENCES))
    chosen = [SENTENCES[(start + n) % len(SENTENCES)] for n in range(rng.randint(1, 4))]
    pieces = pieces_of(rng, " ".join(chosen))
    ends: tuple[str | None, ...] = ("stop", "stop", "stop", "content_filter")
    if rng.random() < 0.4:
        pieces, ends = pieces[: rng.randint(0, len(pieces))], ("length", None)
    return Script(
        pieces=pieces,
        first_s=rng.choice((0.0, 0.05, 0.3, 0.9, 1.9, 5.0)),
        each_s=rng.choice((0.0, 0.02, 0.1, 1.4)),
        fault=rng.choice(FAULTS) if rng.random() < 0.4 else None,
        silent=rng.random() < 0.2,
        finish=rng.choice(ends),
    )


def random_routes(rng: random.Random) -> list[FakeRoute]:
    routes = [
        fake_route(
            f"{name}/m",
            *[random_script(rng) for _ in range(4)],
            prefill=rng.random() < 0.3,
            context_tokens=rng.choice((8_000, 32_000)),
        )
        for name in ("one", "two")
    ]
    tier = rng.choice((Tier.CHEAP, Tier.LOCAL))
    return [*routes, fake_route("three/m", *[random_script(rng) for _ in range(4)], tier=tier)]


def check(played: Played) -> None:
    made, used = played.made, [entry.provider for entry in played.entries]
    assert played.said == made.text
    assert begun_twice(played.said) == []
    assert (played.first_s if played.pieces else played.took_s) <= DEADLINE_S + 0.05
    assert len(used) == len(set(used)) <= 4, "nothing is asked twice in a spoken turn"
    assert bool(made.text) == (made.route is not None)
    if made.complete:
        served = [entry.provider for entry in played.entries if entry.role is Role.SERVED]
        assert made.route is not None
        assert served == [made.route.spec.provider]
    if not made.text:
        assert made.fault is not None
        assert {entry.role for entry in played.entries} <= {
            Role.FAILED,
            Role.LATE,
            Role.HEDGE_LOST,
        }


@pytest.mark.parametrize("seed", range(150))
async def test_spoken_turns_over_any_three_routes(house: Callable[..., House], seed: int) -> None:
    rng = random.Random(seed)
    place = house(*random_routes(rng))
    for _ in range(4):
        check(await place.play(deadline_s=DEADLINE_S))
        await asyncio.sleep(rng.choice((0.0, 2.0, 8.0)))


@pytest.mark.parametrize("seed", range(60))
async def test_calls_that_are_cancelled_anywhere_are_booked(
    house: Callable[..., House], seed: int
) -> None:
    rng = random.Random(1000 + seed)
    place = house(*random_routes(rng), admit_s=rng.choice((0.0, 0.03)))
    said: list[str] = []
    work = place.produce(spoken=rng.random() < 0.7)
    task = asyncio.create_task(work.run(said.append))
    await asyncio.sleep(rng.uniform(0.0, 3.0))
    task.cancel()
    await asyncio.wait({task})
    assert work.made.text == "".join(said)
    place.check_books()


@pytest.mark.parametrize("seed", range(60))
async def test_unspoken_calls_over_any_three_routes(house: Callable[..., House], seed: int) -> None:
    rng = random.Random(2000 + seed)
    place = house(*random_routes(rng))
    played = await place.play(spoken=False, deadline_s=8.0)
    assert len(played.pieces) <= 1, "the whole answer is one piece"
    assert played.said == played.made.text
    assert len(played.entries) <= 4
