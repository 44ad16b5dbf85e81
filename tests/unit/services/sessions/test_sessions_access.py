"""What a client may ask for at the door, and what it gets."""

from datetime import UTC, datetime

import pytest

from services.core.ids import is_room, new_identity, owner_of
from services.sessions.access import (
    AccessRefused,
    Casting,
    display_name,
    identity_for,
    noted_casting,
    own_attributes,
    room_for,
    room_note,
)
from services.sessions.records import SessionRecord, SessionStatus

ROOM = "s-" + "a" * 32


def session(user: str = "ada", status: SessionStatus = SessionStatus.LIVE) -> SessionRecord:
    return SessionRecord(
        room=ROOM,
        user=user,
        scenario_id="debat-tv",
        scenario_hash="h",
        scenario_text="",
        language="fr",
        started_at=datetime(2026, 11, 21, tzinfo=UTC),
        status=status,
    )


def test_ones_own_live_room_is_given_back() -> None:
    assert room_for(ROOM, "ada", session()) == ROOM


@pytest.mark.parametrize(
    ("asked", "known"),
    [(None, None), ("lobby", None), (ROOM, session(status=SessionStatus.ENDED))],
)
def test_any_other_wish_for_a_room_gets_a_fresh_one(
    asked: str | None, known: SessionRecord | None
) -> None:
    room = room_for(asked, "ada", known)
    assert is_room(room)
    assert room != asked


@pytest.mark.parametrize("status", list(SessionStatus))
def test_j2_another_users_room_is_forbidden(status: SessionStatus) -> None:
    with pytest.raises(AccessRefused) as refused:
        room_for(ROOM, "bob", session(status=status))
    assert refused.value.forbidden


def test_ones_own_identity_is_given_back() -> None:
    mine = new_identity("ada")
    assert identity_for(mine, "ada") == mine


def test_j8_two_tabs_get_two_identities() -> None:
    assert identity_for(None, "ada") != identity_for(None, "ada")
    assert identity_for("tab", "ada") != identity_for("tab", "ada")


def test_a_free_name_becomes_an_identity_of_ones_own() -> None:
    assert owner_of(identity_for("somebody", "ada")) == "ada"


def test_j2_another_users_identity_is_forbidden() -> None:
    with pytest.raises(AccessRefused) as refused:
        identity_for(new_identity("ada-b"), "ada")
    assert refused.value.code == "identity_not_yours"
    assert refused.value.forbidden


@pytest.mark.parametrize("asked", ["agent-x", "AGENT-AJ_1"])
def test_j2_an_agents_identity_is_refused(asked: str) -> None:
    with pytest.raises(AccessRefused) as refused:
        identity_for(asked, "ada")
    assert refused.value.code == "identity_reserved"


@pytest.mark.parametrize("key", ["lk.agent.state", "lk.simulator.dispatch", "repartee.speaker"])
def test_j2_reserved_attributes_are_refused(key: str) -> None:
    with pytest.raises(AccessRefused) as refused:
        own_attributes({key: "x"})
    assert refused.value.code == "attribute_reserved"


def test_requests_are_read_and_never_passed_on() -> None:
    asked = {"repartee.scenario": "debat-tv", "repartee.consent": "yes", "team": "blue"}
    assert own_attributes(asked) == {"team": "blue"}


@pytest.mark.parametrize("asked", [{"a": "x" * 5000}, {f"k{n}": "" for n in range(33)}])
def test_j3_attributes_are_bounded(asked: dict[str, str]) -> None:
    with pytest.raises(AccessRefused):
        own_attributes(asked)


def test_a_name_is_one_printable_line() -> None:
    assert display_name(" Ada\n\u202eLovelace\x00 ") == "Ada Lovelace"
    assert display_name(None) == display_name("  ") == "Learner"
    assert len(display_name("x" * 999)) == 256


def test_a_rooms_note_gives_the_casting_back() -> None:
    casting = Casting(scenario="debat-tv", language="fr", user="ada")
    assert noted_casting(room_note(casting, "no_agent")) == casting


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"repartee": 1}', '{"repartee": {"scenario": 1}}']
)
def test_a_foreign_note_is_no_casting(text: str) -> None:
    assert noted_casting(text) is None
