"""Who may enter which room, and as what: the rules of a mint, without HTTP and without a token.

Owns what a client may ask with and what it gets instead. Signing is the adapter's; finding the
scenario and reading the store is the caller's.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.core.errors import Refused
from services.core.ids import new_identity, new_room, owner_of
from services.sessions.records import SessionRecord, SessionStatus

NAME_CHARS = 256
"""Source: LiveKit server limit on participant names, 2026-08."""
METADATA_BYTES = 4096
ATTRIBUTES_MAX = 32
DEFAULT_NAME = "Learner"
DEFAULT_ABSENCE_S = 25.0

SCENARIO = "repartee.scenario"
LANGUAGE = "repartee.language"
CONSENT = "repartee.consent"
_ASKED_WITH = frozenset({SCENARIO, LANGUAGE, CONSENT})
_RESERVED = ("lk.", "repartee.")


class AccessRefused(Refused):
    """A client asked for what it cannot have. `forbidden`: it belongs to someone else."""

    def __init__(self, code: str, message: str, *, forbidden: bool = False) -> None:
        super().__init__(message)
        self.code = code
        self.forbidden = forbidden


@dataclass(frozen=True, slots=True, kw_only=True)
class Casting:
    """What is to be played, and for whom: the whole of a dispatch's metadata."""

    scenario: str
    language: str
    user: str

    def to_json(self) -> str:
        """Metadata of a dispatch, as the worker reads it."""
        return json.dumps(self.asdict(), ensure_ascii=False)

    def asdict(self) -> dict[str, str]:
        """The three fields by name."""
        return {"scenario": self.scenario, "language": self.language, "user": self.user}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One seat in one room, ready to be signed.

    `absence_s` is how long the person may be away before their seat is given up.
    """

    room: str
    identity: str
    name: str
    casting: Casting
    absence_s: float = DEFAULT_ABSENCE_S
    metadata: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


def room_for(asked: str | None, user: str, known: SessionRecord | None) -> str:
    """The room a client gets: its own live one if it asks for that, else a fresh one.

    `known` is the session on record under the name asked for.

    Raises:
        AccessRefused: the room belongs to another user.
    """
    if asked is None or known is None:
        return new_room()
    if known.user != user:
        raise AccessRefused("room_not_yours", "that room is not yours", forbidden=True)
    return asked if known.status is SessionStatus.LIVE else new_room()


def identity_for(asked: str | None, user: str) -> str:
    """The identity a client gets: the one asked for if it is this user's own, else a fresh one.

    Raises:
        AccessRefused: the identity is an agent's, or of another user.
    """
    if asked is None:
        return new_identity(user)
    if asked.casefold().startswith("agent-"):
        raise AccessRefused("identity_reserved", "identities `agent-*` are the studio's own")
    owner = owner_of(asked)
    if owner is None:
        return new_identity(user)
    if owner != user:
        raise AccessRefused("identity_not_yours", "that identity is not yours", forbidden=True)
    return asked


def own_attributes(asked: Mapping[str, str]) -> dict[str, str]:
    """The attributes that are passed on: none of ours, none of LiveKit's.

    Raises:
        AccessRefused: a reserved name, or more than 32 attributes or 4 KiB of them.
    """
    for key in asked:
        if key.startswith(_RESERVED) and key not in _ASKED_WITH:
            raise AccessRefused(
                "attribute_reserved", "attributes `lk.*` and `repartee.*` are the studio's own"
            )
    own = {key: value for key, value in asked.items() if key not in _ASKED_WITH}
    if len(own) > ATTRIBUTES_MAX:
        raise AccessRefused("attributes_too_many", f"at most {ATTRIBUTES_MAX} attributes")
    check_size("participant_attributes", "".join([*own, *own.values()]))
    return own


def check_size(name: str, text: str) -> None:
    """Refuses what no client needs.

    Raises:
        AccessRefused: the text is longer than 4 KiB.
    """
    if len(text.encode()) > METADATA_BYTES:
        raise AccessRefused("metadata_too_long", f"{name}: at most {METADATA_BYTES} bytes")


def display_name(asked: str | None) -> str:
    """A name fit to be shown: one line, no control characters, at most 256 characters."""
    shown = "".join(c if c.isprintable() else " " for c in asked or "")
    return " ".join(shown.split())[:NAME_CHARS] or DEFAULT_NAME


def room_note(casting: Casting, status: str = "") -> str:
    """Metadata of a room: what is played for whom, and the trouble it is in, if any.

    Written into the token, so that an agent can be asked for even when nothing was ever recorded;
    a participant can read it and cannot change it.
    """
    note = casting.asdict() | ({"status": status} if status else {})
    return json.dumps({"repartee": note}, ensure_ascii=False)


def noted_casting(metadata: str) -> Casting | None:
    """What `room_note` wrote; None for anything else."""
    try:
        note: Any = json.loads(metadata)["repartee"]
        values = {key: note[key] for key in ("scenario", "language", "user")}
    except (ValueError, KeyError, TypeError):
        return None
    if not all(isinstance(value, str) for value in values.values()):
        return None
    return Casting(**values)
