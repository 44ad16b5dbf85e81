"""Under which key an answer is kept: a keyed hash of all that decides it, and whose it is.

Two requests share a key only if a model would be sent the same thing for the same people. Nothing
of a request can be read from a key or a tag without the secret (failures.md C2).
"""

import hmac
from enum import StrEnum
from typing import NamedTuple
from uuid import uuid4

from services.llm.cache.policy import CACHED_TASKS
from services.llm.request import Request, Scope
from services.llm.spec import ModelSpec

KEYED = frozenset(
    {
        "task", "messages", "max_tokens", "temperature", "spoken", "schema", "scenario", "persona",
        "language", "revision", "template", "scope", "session", "user",
    }
)  # fmt: skip
"""Fields of a request that are in its key; `session` and `user` as the scope asks for them."""

NOT_KEYED = frozenset(
    {"deadline_s", "complexity", "use_cache", "cache_ttl_s", "session_limit_nano", "moment"}
)
"""Fields that do not change the words of the model that is in the key: when, which one, what for.

Every field of Request is in one of the two; a test says so.
"""

_HASH_CHARS = 32
_MAX_KNOWN = 1024


class Tag(StrEnum):
    """What entries can be purged by."""

    SCENARIO = "scenario"
    PERSONA = "persona"
    MODEL = "model"
    USER = "user"
    SESSION = "session"


_TAGS = (Tag.MODEL, Tag.SCENARIO, Tag.PERSONA, Tag.USER, Tag.SESSION)


class CacheKey(NamedTuple):
    """`text` is `llm:cache:{hash}:{model}:{task}`. `shared` tells whether level 2 may hold it."""

    text: str
    tags: tuple[str, ...]
    scope: Scope | None
    shared: bool


class Keys:
    """Makes keys. Processes that share a cache share `secret`."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._process = f"process:{uuid4().hex}"
        self._known_tags: dict[tuple[str | None, ...], tuple[str, ...]] = {}

    def key(self, request: Request, spec: ModelSpec) -> CacheKey | None:
        """The key for that model's answer; None when it must not be cached.

        A request that names neither session nor user nor a scope is this process's own.
        A fallback's answer belongs under the key of the model that made it.
        """
        if not request.use_cache or request.task not in CACHED_TASKS:
            return None
        owner = self._owner(request)
        if owner is None:
            return None
        world = request.scope is not Scope.GLOBAL
        fields = [
            owner,
            request.task,
            spec.id,
            spec.takes.effort or "",
            spec.takes.json,
            f"{request.max_tokens} {request.temperature!r} {request.spoken:d}",
            request.schema or "",
            request.persona or "",
            request.language or "",
            request.template,
            (request.scenario or "") if world else "",
            request.revision if world else "",
        ]
        for message in request.messages:
            fields.append(message.role)
            fields.append(message.content)
        digest = self.digest(fields)
        return CacheKey(
            f"llm:cache:{digest}:{spec.model.replace(':', '%3A')}:{request.task}",
            self._tags(request, spec),
            request.scope,
            owner is not self._process,
        )

    def tag(self, kind: Tag, id: str) -> str:
        """The tag of all entries of that scenario, persona, model id, user or session.

        A person's or a session's id cannot be read from it.
        """
        if kind in {Tag.USER, Tag.SESSION}:
            return f"{kind}:{self.digest([kind, id])}"
        return f"{kind}:{id}"

    def digest(self, fields: list[str]) -> str:
        """32 hex characters that nobody can compute, or guess the fields from, without the secret.

        The lengths stand before the texts, so that no two lists of fields read the same.
        """
        lengths = ",".join([str(len(field)) for field in fields])
        whole = f"{lengths}|{''.join(fields)}".encode("utf-8", "surrogatepass")
        return hmac.digest(self._secret, whole, "sha256").hex()[:_HASH_CHARS]

    def _owner(self, request: Request) -> str | None:
        """Who may be served it; None when the scope that is asked for has no owner."""
        match request.scope:
            case Scope.GLOBAL:
                return "global"
            case Scope.SCENARIO:
                return "scenario" if request.scenario else None
            case Scope.USER:
                return f"user:{request.user}" if request.user else None
            case Scope.SESSION:
                return f"session:{request.session}" if request.session else None
            case None:
                if request.session:
                    return f"session:{request.session}"
                return f"user:{request.user}" if request.user else self._process

    def _tags(self, request: Request, spec: ModelSpec) -> tuple[str, ...]:
        """The tags of a call; remembered, since a session's calls repeat them."""
        of = (spec.id, request.scenario, request.persona, request.user, request.session)
        tags = self._known_tags.get(of)
        if tags is None:
            if len(self._known_tags) >= _MAX_KNOWN:
                self._known_tags.clear()
            ids = zip(
                (Tag.MODEL, Tag.SCENARIO, Tag.PERSONA, Tag.USER, Tag.SESSION), of, strict=True
            )
            tags = self._known_tags[of] = tuple([self.tag(kind, id) for kind, id in ids if id])
        return tags
