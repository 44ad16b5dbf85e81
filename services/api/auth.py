"""Who is calling: a bearer JWT in production, the user `local` in development.

Owns keys, claims and scopes of callers. LiveKit's own tokens are another thing (`tokens`).
"""

import json
import logging
import re
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import jwt
from fastapi import Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.api.problems import ProblemError
from services.core.errors import ConfigError
from services.core.ids import user_key
from services.settings import MIN_SECRET_BYTES, Settings

LEEWAY_S = 60
ASYMMETRIC = ("RS256", "ES256", "EdDSA")
_KID_AND_SECRET = re.compile(r"([A-Za-z0-9_-]{1,32}):(.+)")

log = logging.getLogger(__name__)


class Scope(StrEnum):
    """What a caller may do."""

    LEARNER = "learner"
    TRAINER = "trainer"
    AUTHOR = "author"
    OPERATOR = "operator"


ANYONE = frozenset(Scope)
PLAYERS = frozenset({Scope.LEARNER, Scope.TRAINER, Scope.AUTHOR})
"""Those who may enter a room."""
OPERATORS = frozenset({Scope.OPERATOR})


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A user and what they may do. `user` is safe in identities and rows (`user_key`)."""

    user: str
    scopes: frozenset[Scope]


LOCAL = Caller(user="local", scopes=ANYONE)


class Unproven(Exception):
    """The caller did not prove who they are; `reason` is a stable word, fit for a log."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """One key that callers' tokens may be signed with, and the algorithm it is for."""

    kid: str | None
    algorithm: str
    material: Any


class Keys:
    """All keys that count now: an old one stays beside the new one while tokens run out."""

    def __init__(self, keys: tuple[Key, ...]) -> None:
        self._keys = keys

    @classmethod
    def of(cls, settings: Settings) -> "Keys":
        """Keys of REPARTEE_JWT_KEYS (`secret` or `kid:secret`) and REPARTEE_JWKS_FILE.

        Raises:
            ConfigError: a `kid:secret` with a short secret, or a file that is no key set.
        """
        keys = [_shared(secret.get_secret_value()) for secret in settings.jwt_keys]
        if settings.jwks_file is not None:
            try:
                found = jwt.PyJWKSet.from_dict(json.loads(settings.jwks_file.read_text()))
            except (OSError, ValueError, jwt.PyJWTError) as error:
                raise ConfigError("REPARTEE_JWKS_FILE: not a usable key set (JWKS)") from error
            keys += [
                Key(kid=one.key_id, algorithm=one.algorithm_name, material=one.key)
                for one in found.keys
                if one.algorithm_name in ASYMMETRIC
            ]
        return cls(tuple(keys))

    def claims(self, token: str) -> dict[str, Any]:
        """The claims of a token that one of the keys has signed and that is valid now.

        Raises:
            Unproven
        """
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError:
            raise Unproven("malformed") from None
        reason = "no_key"
        for key in self._for(header.get("kid")):
            if header.get("alg") != key.algorithm:
                continue
            try:
                return _decoded(token, key)
            except jwt.ExpiredSignatureError:
                reason = "expired"
            except jwt.InvalidSignatureError:
                reason = "foreign" if reason == "no_key" else reason
            except jwt.PyJWTError as error:
                reason = type(error).__name__
        raise Unproven(reason)

    def _for(self, kid: object) -> tuple[Key, ...]:
        """The key of that id; without a match, all: callers that name no key are served too."""
        named = tuple(key for key in self._keys if kid is not None and key.kid == kid)
        return named or self._keys


class Doorman:
    """Tells callers apart."""

    def __init__(self, keys: Keys, *, production: bool) -> None:
        self._keys = keys
        self._production = production

    def caller(self, bearer: str | None) -> Caller:
        """Who presents that bearer token.

        Raises:
            Unproven: no token in production, or one that does not hold.
        """
        if bearer is None:
            if self._production:
                raise Unproven("missing")
            return LOCAL
        claims = self._keys.claims(bearer)
        return Caller(user=user_key(claims["sub"]), scopes=_scopes(claims.get("scope")))


BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="bearer",
    bearerFormat="JWT",
    description="asked for outside development; `sub` is the user, `scope` what they may do",
)


def admitted(doorman: Doorman, bearer: str | None, scopes: frozenset[Scope]) -> Caller:
    """The caller who presents that token, if they hold one of these scopes.

    Raises:
        ProblemError: 401 or 403.
    """
    try:
        found = doorman.caller(bearer)
    except Unproven as error:
        log.warning("auth.refused", extra={"reason": error.reason})
        raise ProblemError(
            401,
            "credentials_missing" if error.reason == "missing" else "credentials_invalid",
            "a valid bearer token is needed",
            headers={"WWW-Authenticate": "Bearer"},
        ) from None
    if not found.scopes & scopes:
        log.warning("auth.refused", extra={"reason": "scope"})
        raise ProblemError(403, "scope_missing", "your token does not allow this")
    return found


def allow(scopes: frozenset[Scope]) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """Dependency of a route: the caller, who holds one of these scopes."""

    async def caller(
        request: Request,
        credentials: Annotated[HTTPAuthorizationCredentials | None, Security(BEARER)],
    ) -> Caller:
        doorman: Doorman = request.app.state.doorman
        return admitted(doorman, credentials.credentials if credentials else None, scopes)

    return caller


AnyCaller = Annotated[Caller, Security(allow(ANYONE))]
Player = Annotated[Caller, Security(allow(PLAYERS))]
Operator = Annotated[Caller, Security(allow(OPERATORS))]


def _shared(text: str) -> Key:
    named = _KID_AND_SECRET.fullmatch(text)
    kid, secret = named.groups() if named else (None, text)
    if named and len(secret.encode()) < MIN_SECRET_BYTES:
        raise ConfigError(f"REPARTEE_JWT_KEYS: key {kid}: shorter than {MIN_SECRET_BYTES} bytes")
    return Key(kid=kid, algorithm="HS256", material=secret)


def _decoded(token: str, key: Key) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(
        token,
        key.material,
        algorithms=[key.algorithm],
        leeway=LEEWAY_S,
        options={"require": ["exp", "sub"], "verify_aud": False},
    )
    if not claims["sub"]:
        raise jwt.InvalidTokenError("empty sub")
    return claims


def _scopes(value: object) -> frozenset[Scope]:
    words = value.split() if isinstance(value, str) else value if isinstance(value, list) else []
    return frozenset(scope for scope in Scope if scope.value in words)
