"""Who shares an answer with whom: what is in a key, and what can be read from it."""

import re
from dataclasses import fields, replace
from typing import Any

import pytest

from services.llm.cache.key import KEYED, NOT_KEYED, CacheKey, Keys, Tag
from services.llm.request import Complexity, Message, Request, Scope, TaskType
from services.llm.spec import Takes
from tests.fakes.specs import stub_spec

SECRET = b"a secret of thirty-two bytes ...."
SPEC = stub_spec("gpt-6-luna", provider="openai")
PLAIN = Request(
    task=TaskType.AGENT_REACTION,
    messages=(Message("system", "Vous êtes Morel."), Message("user", "Mon numéro : 0612345678")),
    session="s-ada-1",
    user="ada",
    scenario="debat-tv",
    persona="morel",
    language="fr",
    revision="r1",
    template="reaction.fr@1",
)
OTHERWISE: dict[str, Any] = {
    "task": TaskType.CREATIVE,
    "messages": (*PLAIN.messages, Message("user", "?")),
    "max_tokens": 161,
    "temperature": 0.81,
    "spoken": True,
    "schema": "{}",
    "scenario": "jury",
    "persona": "roche",
    "language": "en",
    "revision": "r2",
    "template": "reaction.fr@2",
    "scope": Scope.USER,
    "session": "s-ada-2",
    "deadline_s": 9.0,
    "complexity": Complexity.COMPLEX,
    "cache_ttl_s": 9.0,
    "session_limit_nano": 9,
    "moment": "agree",
}


def key(request: Request = PLAIN, keys: Keys | None = None, **more: Any) -> CacheKey:
    found = (keys or Keys(SECRET)).key(replace(request, **more), SPEC)
    assert found is not None
    return found


def test_every_field_of_a_request_is_keyed_or_named_as_not_keyed() -> None:
    assert {field.name for field in fields(Request)} == KEYED | NOT_KEYED
    assert not KEYED & NOT_KEYED


def test_key_has_the_shape_that_is_promised() -> None:
    assert re.fullmatch(r"llm:cache:[0-9a-f]{32}:gpt-6-luna:agent_reaction", key().text)


@pytest.mark.parametrize("field", sorted(KEYED - {"user"}))
def test_c2_every_keyed_field_changes_the_key(field: str) -> None:
    assert key(**{field: OTHERWISE[field]}).text != key().text


@pytest.mark.parametrize("field", sorted(NOT_KEYED - {"use_cache"}))
def test_what_does_not_change_the_words_does_not_change_the_key(field: str) -> None:
    assert key(**{field: OTHERWISE[field]}) == key()


def test_same_request_has_the_same_key_in_every_process_with_the_secret() -> None:
    assert key(keys=Keys(SECRET)) == key(keys=Keys(SECRET))
    assert key(keys=Keys(SECRET)).text != key(keys=Keys(b"another")).text


def test_c2_two_models_of_one_name_at_two_providers_do_not_share() -> None:
    keys = Keys(SECRET)
    specs = [SPEC, stub_spec("gpt-6-luna", provider="other"), stub_spec("gpt-6-terra")]
    specs.append(replace(SPEC, takes=Takes(effort="low")))
    found = [keys.key(PLAIN, spec) for spec in specs]
    assert len({one.text for one in found if one}) == len(specs)


def test_c2_two_sessions_of_one_user_do_not_share() -> None:
    assert key(session="s-1").text != key(session="s-2").text


def test_c2_two_users_do_not_share() -> None:
    assert key(session=None, user="ada").text != key(session=None, user="bob").text
    assert key(scope=Scope.USER).text != key(scope=Scope.USER, user="bob").text


def test_scope_of_the_user_spans_that_users_sessions() -> None:
    assert key(scope=Scope.USER, session="s-1").text == key(scope=Scope.USER, session="s-2").text


def test_scope_of_the_scenario_spans_people_but_not_scenarios() -> None:
    one = key(scope=Scope.SCENARIO, session="s-1", user="ada")
    assert one.text == key(scope=Scope.SCENARIO, session="s-2", user="bob").text
    assert one.text != key(scope=Scope.SCENARIO, scenario="jury").text


def test_global_scope_spans_scenarios_too() -> None:
    one = key(scope=Scope.GLOBAL, scenario="debat-tv", revision="r1", session="s-1")
    assert one.text == key(scope=Scope.GLOBAL, scenario="jury", revision="r2", session="s-2").text
    assert one.text != key(scope=Scope.GLOBAL, persona="roche").text


def test_c2_call_without_a_person_stays_in_its_process() -> None:
    one = Keys(SECRET)
    lone = key(keys=one, session=None, user=None)
    assert not lone.shared
    assert lone.text == key(keys=one, session=None, user=None).text
    assert lone.text != key(keys=Keys(SECRET), session=None, user=None).text
    assert key().shared


@pytest.mark.parametrize(
    "more",
    [
        {"use_cache": False},
        {"scope": Scope.SESSION, "session": None},
        {"scope": Scope.USER, "user": None},
        {"scope": Scope.SCENARIO, "scenario": None},
    ],
)
def test_what_has_no_owner_or_wants_no_cache_has_no_key(more: dict[str, Any]) -> None:
    assert Keys(SECRET).key(replace(PLAIN, **more), SPEC) is None


def test_text_that_moves_from_one_field_to_the_next_changes_the_key() -> None:
    def of(*contents: str) -> str:
        return key(messages=tuple(Message("user", content) for content in contents)).text

    assert len({of("ab", "c"), of("a", "bc"), of("abc"), of("abc", ""), of("", "abc")}) == 5
    assert key(persona="a", template="b").text != key(persona="ab", template="").text


def test_text_that_utf8_cannot_hold_has_a_key() -> None:
    assert key(messages=(Message("user", "\ud800"),)).text


def test_c2_nothing_of_a_person_can_be_read_from_key_or_tags() -> None:
    shown = str(key())
    assert not [word for word in ("ada", "s-ada-1", "0612345678") if word in shown]


def test_c2_names_in_tags_depend_on_the_secret() -> None:
    assert Keys(SECRET).tag(Tag.USER, "ada") != Keys(b"another").tag(Tag.USER, "ada")


def test_d2_entries_carry_the_tags_that_they_are_purged_by() -> None:
    keys = Keys(SECRET)
    assert set(key(keys=keys).tags) == {
        "scenario:debat-tv",
        "persona:morel",
        "model:openai/gpt-6-luna",
        keys.tag(Tag.SCENARIO, "debat-tv"),
        keys.tag(Tag.USER, "ada"),
        keys.tag(Tag.SESSION, "s-ada-1"),
    }
    assert keys.tag(Tag.USER, "ada").removeprefix("user:") != keys.tag(
        Tag.SESSION, "ada"
    ).removeprefix("session:")


def test_tags_stay_right_when_thousands_of_sessions_were_seen() -> None:
    keys = Keys(SECRET)
    for number in range(3_000):
        assert keys.tag(Tag.SESSION, f"s-{number}") in key(keys=keys, session=f"s-{number}").tags
