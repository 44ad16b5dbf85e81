"""The operators' figures over HTTP: the contract's keys, and who may read them."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from services.llm.entry import Role
from services.llm.outcome import Level
from tests.fakes.booked import booked
from tests.fakes.parts import FakeParts, settings
from tests.unit.services.api.conftest import MakeClient
from tests.unit.services.api.test_api_auth import NEW, bearer

CONTRACT = {
    "cache_hits": int,
    "cache_misses": int,
    "hit_rate": float,
    "total_savings": str,
    "tokens_saved": int,
    "avg_response_time": float,
    "models_usage": dict,
    "window": str,
}


async def told(client: httpx.AsyncClient, window: str = "24h") -> dict[str, Any]:
    answer = await client.get("/api/llm/stats", params={"window": window})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_before_the_first_call_every_key_has_its_type(client: httpx.AsyncClient) -> None:
    found = await told(client)
    assert {key: type(found[key]) for key in CONTRACT} == CONTRACT
    assert {key: found[key] for key in CONTRACT} == {
        "cache_hits": 0,
        "cache_misses": 0,
        "hit_rate": 0.0,
        "total_savings": "$0.00",
        "tokens_saved": 0,
        "avg_response_time": 0.0,
        "models_usage": {},
        "window": "24h",
    }


async def test_the_keys_of_the_contract_come_first_and_tell_the_ledger(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    at = parts.clock.now()
    await parts.ledger.add(
        [
            booked("live", at=at, cost_nano=10**9, list_nano=4 * 10**9, total_s=0.9),
            booked(
                "hit",
                at=at,
                role=Role.CACHED,
                source="cached",
                level=Level.PROCESS,
                cost_nano=0,
                list_nano=3 * 10**9,
                total_s=0.1,
            ),
        ]
    )
    found = await told(client)
    assert list(found)[: len(CONTRACT)] == list(CONTRACT)
    assert {key: found[key] for key in CONTRACT} == {
        "cache_hits": 1,
        "cache_misses": 1,
        "hit_rate": 0.5,
        "total_savings": "$6.00",
        "tokens_saved": 725,
        "avg_response_time": 0.5,
        "models_usage": {"gpt-6-luna": 1.0},
        "window": "24h",
    }


@pytest.mark.parametrize("window", ["1h", "24h", "7d", "30d", "all"])
async def test_every_window_is_answered_and_named(client: httpx.AsyncClient, window: str) -> None:
    assert (await told(client, window))["window"] == window


async def test_a_day_is_what_is_shown_when_nothing_is_asked(client: httpx.AsyncClient) -> None:
    answer = await client.get("/api/llm/stats")
    assert answer.json()["window"] == "24h"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("window", ["", "2h", "24H", "ALL", "-1h", "24h ", "1e9d", "<script>"])
async def test_other_windows_are_refused_by_the_names_of_those_there_are(
    client: httpx.AsyncClient, window: str
) -> None:
    answer = await client.get("/api/llm/stats", params={"window": window})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "window_unknown"
    assert "1h, 24h, 7d, 30d, all" in answer.json()["detail"]


async def test_a_ledger_that_does_not_answer_is_a_503(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    parts.ledger.down = True
    answer = await client.get("/api/llm/stats")
    assert (answer.status_code, answer.json()["code"]) == (503, "backend_unavailable")


async def test_a_purse_that_does_not_answer_leaves_the_rest(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    await parts.ledger.add([booked("a", at=parts.clock.now() - timedelta(minutes=1))])
    parts.budgets.down = parts.board.down = True
    found = await told(client)
    assert (found["budgets"], found["routes"], found["calls"]) == (None, None, 1)


async def test_j12_production_shows_them_to_operators_alone(
    client_on: MakeClient, parts: FakeParts
) -> None:
    parts.settings = settings(env="production", jwt_keys=(NEW,))
    client = client_on(parts)
    assert (await client.get("/api/llm/stats")).status_code == 401
    for scope in ("learner", "trainer", "author"):
        answer = await client.get("/api/llm/stats", headers=bearer(scope=scope))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    answer = await client.get("/api/llm/stats", headers=bearer(scope="operator"))
    assert (answer.status_code, answer.json()["cache_hits"]) == (200, 0)


async def test_d4_no_user_and_no_words_stand_in_them(
    client: httpx.AsyncClient, parts: FakeParts
) -> None:
    await parts.ledger.add([booked("a", at=parts.clock.now(), user="ada-canary")])
    answer = await client.get("/api/llm/stats")
    assert "canary" not in answer.text
