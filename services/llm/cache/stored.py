"""An answer as it is kept: a variant on a shelf of at most four, as JSON of a stated schema."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import AwareDatetime, ConfigDict, TypeAdapter, ValidationError

from services.llm.outcome import Usage
from services.llm.work import Made

VARIANTS = 4
"""Answers a key: enough that four sessions in a row do not hear the same one."""

MARK = b'{"schema":1,'
"""How every stored value of this schema begins; what begins otherwise is swept."""

_WORD = re.compile(r"\w+")


class Unreadable(Exception):
    """A stored value that this program cannot use: corrupt, or of another schema."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredAnswer:
    """An answer that may be served again.

    `model` is the id (`provider/model`) of the one that made it, `usage` and `cost_nano` (nano-USD)
    are what it took then: what serving it spares; `list_nano` is what the ledger calls the same
    words' list price. `fingerprint` is that of `text`. `at` and `until`
    are aware UTC; the cache sets `until` when it keeps it.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    text: str
    model: str
    provider: str
    fingerprint: str
    at: AwareDatetime
    until: AwareDatetime
    finish: str = "stop"
    usage: Usage = Usage()
    template: str = ""
    cost_nano: int = 0
    list_nano: int = 0


Shelf = tuple[StoredAnswer, ...]
"""The variants of one key, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    __pydantic_config__ = ConfigDict(extra="forbid")

    schema: Literal[1]
    variants: Shelf


_STORED = TypeAdapter(_Stored)


def fingerprint(text: str) -> str:
    """The same for lines that sound the same: case, accents, punctuation and spaces are ignored.

    16 hex characters; the line cannot be read from it.
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join([char for char in plain if not unicodedata.combining(char)])
    words = " ".join(_WORD.findall(bare)) or text.strip()
    encoded = words.encode("utf-8", "surrogatepass")
    return hashlib.blake2b(encoded, digest_size=8).hexdigest()


def answer_of(made: Made, *, at: datetime, template: str = "") -> StoredAnswer:
    """What `made` leaves behind; only for one that is `policy.storable`."""
    if made.route is None:
        raise ValueError("an answer without a model is not kept")
    return StoredAnswer(
        text=made.text,
        model=made.route.spec.id,
        provider=made.route.spec.provider,
        fingerprint=fingerprint(made.text),
        at=at,
        until=at,
        usage=made.usage,
        template=template,
        cost_nano=sum(entry.cost_nano for entry in made.entries),
        list_nano=sum(entry.list_nano for entry in made.entries),
    )


def merged(one: Shelf, other: Iterable[StoredAnswer], *, now: datetime) -> Shelf:
    """Both shelves' living variants, each line once, the newest four, oldest first."""
    lines: dict[str, StoredAnswer] = {}
    for answer in (*one, *other):
        known = lines.get(answer.fingerprint)
        if answer.until > now and (known is None or known.until < answer.until):
            lines[answer.fingerprint] = answer
    return tuple(sorted(lines.values(), key=lambda answer: answer.at)[-VARIANTS:])


def living(answer: StoredAnswer, ttl_s: float, now: datetime) -> StoredAnswer:
    """The answer, to be served until `ttl_s` from now."""
    return replace(answer, until=now + timedelta(seconds=ttl_s))


def encode(shelf: Shelf) -> bytes:
    """The shelf as JSON in UTF-8; begins with MARK."""
    return _STORED.dump_json(_Stored(schema=1, variants=shelf))


def decode(value: bytes) -> Shelf:
    """The shelf in a stored value.

    Raises:
        Unreadable: it is none. The error repeats nothing of it.
    """
    try:
        return _STORED.validate_json(value).variants
    except ValidationError:
        raise Unreadable("not a shelf of this schema") from None
