"""Entries on their way through the purse."""

import json
import random
from dataclasses import MISSING, fields, replace
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, get_args, get_type_hints

import pytest

from services.llm.entry import LedgerEntry, Role
from services.llm.ledger.entry_json import from_json, readable, to_json
from services.llm.outcome import Usage
from services.llm.request import TaskType
from tests.fakes.booked import booked, many

BARE = LedgerEntry(
    id="e",
    call="c",
    at=datetime(2026, 11, 21, 9, tzinfo=UTC),
    role=Role.LOST,
    task=TaskType.DEBRIEF,
)
VALUES: dict[type, object] = {
    str: 'Zoé \u2028 "x"\n',
    int: 2**60 + 1,
    float: 0.1 + 0.2,
    datetime: datetime(2026, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    Usage: Usage(
        prompt_tokens=1, cached_tokens=2, cache_write_tokens=3, completion_tokens=4, estimated=True
    ),
}


def another(name: str) -> Any:
    """A value that this field does not have by default."""
    hint = get_type_hints(LedgerEntry)[name]
    kind = next((one for one in get_args(hint) if one is not type(None)), hint)
    return list(kind)[-1] if issubclass(kind, Enum) else VALUES[kind]


@pytest.mark.parametrize("name", [field.name for field in fields(LedgerEntry)])
def test_every_field_survives(name: str) -> None:
    value = another(name)
    entry = replace(BARE, **{name: value})
    found = from_json(to_json(entry))
    assert found == entry
    assert type(getattr(found, name)) is type(value)


@pytest.mark.parametrize("name", [field.name for field in fields(Usage)])
def test_every_count_of_the_usage_survives(name: str) -> None:
    usage = replace(Usage(), **{name: getattr(VALUES[Usage], name)})
    assert from_json(to_json(replace(BARE, usage=usage))).usage == usage


def test_every_role_tier_task_and_level_survives() -> None:
    entries = many(
        500,
        rng=random.Random(1),
        spread=timedelta(days=40),
        until=datetime(2026, 11, 21, tzinfo=UTC),
    )
    assert [from_json(to_json(entry).encode()) for entry in entries] == entries


def test_defaults_take_no_room() -> None:
    required = {field.name for field in fields(LedgerEntry) if field.default is MISSING}
    assert json.loads(to_json(BARE)).keys() == required


def test_field_of_a_newer_program_is_passed_over() -> None:
    newer = json.dumps(json.loads(to_json(BARE)) | {"planet": "mars"})
    assert from_json(newer) == BARE


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", "nonsense", to_json(BARE).replace("lost", "vanished")]
)
def test_what_is_no_entry_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        from_json(text)


def test_unreadable_entry_does_not_hide_the_others(caplog: pytest.LogCaptureFixture) -> None:
    entries = readable([to_json(BARE), "{}", to_json(booked("b"))])
    assert [entry.id for entry in entries] == ["e", "b"]
    assert [record.message for record in caplog.records] == ["llm.entry_unreadable"]
