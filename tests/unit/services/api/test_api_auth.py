"""Who may call: production asks for a bearer token, development knows the user `local`."""

import json
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from services.api.app import create_app
from services.core.errors import ConfigError
from services.core.ids import new_identity, new_room, owner_of, user_key
from tests.fakes.parts import FakeParts, settings
from tests.unit.services.api.conftest import MakeClient

OLD = "old-secret-old-secret-old-secret-0000"
NEW = "new-secret-new-secret-new-secret-1111"
MakeHeaders = Callable[[], dict[str, str]]
FOREIGN = "foreign-secret-foreign-secret-222222"

GUARDED = [
    ("POST", "/api/livekit/token"),
    ("POST", "/getToken"),
    ("GET", "/api/scenarios"),
    ("GET", "/api/scenarios/debat-tv"),
    ("GET", "/api/studio"),
    ("GET", f"/api/sessions/{new_room()}"),
    ("GET", f"/api/sessions/{new_room()}/transcript"),
    ("GET", f"/api/sessions/{new_room()}/events"),
    ("GET", f"/api/sessions/{new_room()}/debrief"),
    ("POST", f"/api/sessions/{new_room()}/end"),
    ("GET", "/openapi.json"),
    ("GET", "/api/nothing"),
    ("POST", "/api/v2/sandbox/connection-details"),
]


def bearer(
    user: str = "ada",
    *,
    scope: object = "learner",
    key: Any = NEW,
    kid: str | None = None,
    algorithm: str = "HS256",
    lives_s: int = 600,
    **claims: object,
) -> dict[str, str]:
    body = {"sub": user, "scope": scope, "exp": int(time.time()) + lives_s} | claims
    kept = {name: value for name, value in body.items() if value is not None}
    token = jwt.encode(kept, key, algorithm=algorithm, headers={"kid": kid} if kid else None)
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def production(client_on: MakeClient, parts: FakeParts) -> httpx.AsyncClient:
    parts.settings = settings(env="production", jwt_keys=(f"k2:{NEW}", OLD))
    return client_on(parts)


@pytest.mark.parametrize(("method", "path"), GUARDED)
async def test_j1_without_credentials_nothing_is_told(
    production: httpx.AsyncClient, method: str, path: str
) -> None:
    answer = await production.request(method, path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "credentials_missing"


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/"])
async def test_health_and_pages_are_open(production: httpx.AsyncClient, path: str) -> None:
    assert (await production.get(path)).status_code != 401


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: bearer(lives_s=-3600), "expired"),
        (lambda: bearer(key=FOREIGN), "foreign"),
        (lambda: bearer(key=FOREIGN, kid="k2"), "foreign"),
        (lambda: bearer(exp=None), "MissingRequiredClaimError"),
        (lambda: bearer(sub=None), "MissingRequiredClaimError"),
        (lambda: bearer(user=""), "InvalidTokenError"),
        (lambda: bearer(key="", algorithm="none"), "no_key"),
        (lambda: {"Authorization": "Bearer not.a.token"}, "malformed"),
    ],
)
async def test_j1_bad_credentials_are_401_and_only_the_reason_is_logged(
    production: httpx.AsyncClient,
    caplog: pytest.LogCaptureFixture,
    make: MakeHeaders,
    reason: str,
) -> None:
    headers = make()  # not while tests are collected: a whole run outlives a token of ten minutes
    with caplog.at_level(logging.INFO):
        answer = await production.post("/api/livekit/token", json={}, headers=headers)
    assert answer.status_code == 401
    assert answer.json()["code"] == "credentials_invalid"
    (record,) = [one for one in caplog.records if one.name.startswith("services")]
    assert record.getMessage() == "auth.refused"
    assert record.__dict__["reason"] == reason
    assert headers["Authorization"].split()[1] not in str(record.__dict__)
    assert "ada" not in str(record.__dict__)


async def test_a_token_mints_for_its_own_user(production: httpx.AsyncClient) -> None:
    answer = await production.post("/api/livekit/token", json={}, headers=bearer("ada"))
    assert answer.status_code == 201
    assert owner_of(answer.json()["participant_identity"]) == "ada"


@pytest.mark.parametrize(
    "claims",
    [{"key": OLD}, {"key": NEW}, {"key": NEW, "kid": "k2"}, {"scope": ["author"]}],
)
async def test_old_and_new_keys_count_side_by_side(
    production: httpx.AsyncClient, claims: dict[str, Any]
) -> None:
    answer = await production.get("/api/scenarios", headers=bearer(**claims))
    assert answer.status_code == 200


@pytest.mark.parametrize("scope", [None, "", "admin", "learners", 7, ["root"]])
async def test_a_token_without_a_scope_of_ours_is_403(
    production: httpx.AsyncClient, scope: object
) -> None:
    answer = await production.get("/api/scenarios", headers=bearer(scope=scope))
    assert answer.status_code == 403
    assert answer.json()["code"] == "scope_missing"


@pytest.mark.parametrize("path", ["/api/llm/nothing", "/ops", "/metrics"])
async def test_j12_what_operators_see_is_closed_to_others(
    production: httpx.AsyncClient, path: str
) -> None:
    assert (await production.get(path)).status_code == 401
    assert (await production.get(path, headers=bearer(scope="learner"))).status_code == 403
    assert (await production.get(path, headers=bearer(scope="operator"))).status_code == 404


async def test_operators_alone_do_not_enter_rooms(production: httpx.AsyncClient) -> None:
    headers = bearer(scope="operator")
    answer = await production.post("/api/livekit/token", json={}, headers=headers)
    assert answer.status_code == 403


async def test_somebody_elses_session_looks_like_none(
    production: httpx.AsyncClient, parts: FakeParts
) -> None:
    room = new_room()
    await parts.session(room, user="bob")
    theirs = await production.get(f"/api/sessions/{room}", headers=bearer("ada"))
    none = await production.get(f"/api/sessions/{new_room()}", headers=bearer("ada"))
    assert theirs.status_code == none.status_code == 404
    assert theirs.json() == none.json()
    assert (await production.get(f"/api/sessions/{room}", headers=bearer("bob"))).status_code == 200


async def test_a_key_set_file_verifies_rs256_and_nothing_signed_with_its_public_half(
    client_on: MakeClient, parts: FakeParts, tmp_path: Path
) -> None:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = json.loads(RSAAlgorithm.to_jwk(private.public_key()))
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps({"keys": [public | {"kid": "r1", "alg": "RS256"}]}))
    parts.settings = settings(env="production", jwks_file=file)
    client = client_on(parts)
    good = bearer(key=private, kid="r1", algorithm="RS256")
    confused = bearer(key=public["n"], kid="r1", algorithm="HS256")
    assert (await client.get("/api/scenarios", headers=good)).status_code == 200
    assert (await client.get("/api/scenarios", headers=confused)).status_code == 401


def test_o1_a_short_secret_behind_a_key_id_refuses_to_start(parts: FakeParts) -> None:
    parts.settings = settings(env="production", jwt_keys=("a-rather-long-key-id-here:short",))
    with pytest.raises(ConfigError, match="REPARTEE_JWT_KEYS"):
        create_app(parts)


def test_o2_a_broken_key_set_names_its_setting(parts: FakeParts, tmp_path: Path) -> None:
    file = tmp_path / "jwks.json"
    file.write_text("{}")
    parts.settings = settings(jwks_file=file)
    with pytest.raises(ConfigError, match="REPARTEE_JWKS_FILE"):
        create_app(parts)


async def test_development_knows_the_user_local(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/livekit/token", json={})
    assert owner_of(answer.json()["participant_identity"]) == "local"


async def test_development_checks_a_token_that_is_given(
    client_on: MakeClient, parts: FakeParts
) -> None:
    parts.settings = settings(jwt_keys=(NEW,))
    client = client_on(parts)
    good = await client.post("/api/livekit/token", json={}, headers=bearer("ada"))
    bad = await client.post("/api/livekit/token", json={}, headers=bearer(key=FOREIGN))
    assert owner_of(good.json()["participant_identity"]) == "ada"
    assert bad.status_code == 401


def test_a_subject_that_cannot_stand_in_an_identity_is_hashed() -> None:
    assert user_key("ada-1.x_Y") == "ada-1.x_Y"
    hashed = user_key("ada@example.org")
    assert "ada" not in hashed
    assert hashed == user_key("ada@example.org") != user_key("bob@example.org")
    assert owner_of(new_identity(hashed)) == hashed


async def test_the_development_alias_is_absent_in_production(
    production: httpx.AsyncClient,
) -> None:
    path = "/api/v2/sandbox/connection-details"
    assert (await production.post(path, json={}, headers=bearer())).status_code == 404


async def test_other_origins_may_not_call_in_production(production: httpx.AsyncClient) -> None:
    answer = await production.get("/healthz", headers={"Origin": "https://evil.example"})
    assert "Access-Control-Allow-Origin" not in answer.headers
