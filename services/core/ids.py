"""Names of rooms and people: unguessable where a stranger could try, readable elsewhere."""

import hashlib
import re
import secrets

ROOM_PREFIX = "s-"
IDENTITY_PREFIX = "u-"
_ROOM = re.compile(r"^s-[0-9a-f]{32}$")
_IDENTITY = re.compile(r"u-([A-Za-z0-9_.-]+)-[0-9a-f]{8}")
_PLAIN_USER = re.compile(r"[A-Za-z0-9_.-]{1,64}")


def new_room() -> str:
    """A fresh room name with 128 random bits; it is also the session's id."""
    return ROOM_PREFIX + secrets.token_hex(16)


def user_key(subject: str) -> str:
    """A user's name in rows and identities: the subject itself when it is plain, else its hash."""
    if _PLAIN_USER.fullmatch(subject):
        return subject
    return hashlib.sha256(subject.encode()).hexdigest()[:32]


def new_identity(user: str) -> str:
    """A participant identity of that user, distinct for each tab."""
    return f"{IDENTITY_PREFIX}{user}-{secrets.token_hex(4)}"


def is_room(name: str) -> bool:
    """Whether the name has the shape that `new_room` gives."""
    return _ROOM.fullmatch(name) is not None


def owner_of(identity: str) -> str | None:
    """The user in an identity that `new_identity` gave; None for any other shape."""
    found = _IDENTITY.fullmatch(identity)
    return found.group(1) if found else None
