"""How an answer is written down, and what counts as the same line."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.llm.cache.stored import (
    MARK,
    VARIANTS,
    Unreadable,
    answer_of,
    decode,
    encode,
    fingerprint,
    living,
    merged,
)
from services.llm.outcome import Usage
from tests.fakes.booked import booked
from tests.fakes.cached import NOON, stored
from tests.fakes.work import made

SHELF = (
    stored("Vraiment ? « 12 % » 🎭\n"),
    stored(
        "Non.",
        after_s=5,
        finish="stop",
        usage=Usage(prompt_tokens=700, cached_tokens=512, completion_tokens=3, estimated=True),
        template="reaction.fr@3",
        cost_nano=71_000,
    ),
)


def test_shelf_comes_back_as_it_was() -> None:
    assert decode(encode(SHELF)) == SHELF


def test_stored_value_is_json_with_its_schema_first() -> None:
    assert encode(SHELF).startswith(MARK)
    assert json.loads(encode(SHELF))["schema"] == 1


def _changed(**fields: Any) -> bytes:
    return json.dumps({**json.loads(encode(SHELF)), **fields}).encode()


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x00\xff",
        b"null",
        b"[]",
        encode(SHELF)[:-9],
        _changed(schema=2),
        _changed(schema="1"),
        _changed(variants=None),
        _changed(variants=[{"text": "x"}]),
        _changed(more=1),
        encode(SHELF).replace(b'"cost_nano":71000', b'"cost_nano":"dear"'),
        encode(SHELF).replace(b'"text":"Non."', b'"text":null'),
        encode(SHELF).replace(b"00Z", b"00"),
    ],
)
def test_c3_corrupt_or_foreign_value_is_unreadable(value: bytes) -> None:
    with pytest.raises(Unreadable):
        decode(value)


def test_c3_the_error_repeats_nothing_of_the_value() -> None:
    with pytest.raises(Unreadable) as caught:
        decode(b'{"schema":1,"canary":"0612345678"}')
    assert "0612345678" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Vraiment ?", "vraiment"),
        ("Ah, très bien !", "ah   TRES BIEN."),
        ("L’avis — du jury", "l'avis du jury"),
        ("Œuvre\u00a0!", "œuvre"),
        ("É", "E\u0301"),
    ],
)
def test_lines_that_sound_the_same_have_one_fingerprint(one: str, other: str) -> None:
    assert fingerprint(one) == fingerprint(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Oui.", "Non."), ("12 %", "1 2 %"), ("…", "?"), ("pas mal", "mal, pas"), ("", "?")],
)
def test_lines_that_sound_different_have_two(one: str, other: str) -> None:
    assert fingerprint(one) != fingerprint(other)


def test_nothing_of_a_line_can_be_read_from_its_fingerprint() -> None:
    assert len(fingerprint("Mon numéro : 0612345678")) == 16
    assert fingerprint("\ud800")


def test_an_answer_keeps_what_serving_it_spares() -> None:
    usage = Usage(prompt_tokens=700, completion_tokens=25)
    entries = (booked("a", cost_nano=100), booked("b", cost_nano=23))
    kept = answer_of(made("Hm.", usage=usage, entries=entries), at=NOON, template="t@1")
    assert (kept.text, kept.model, kept.provider) == ("Hm.", "stub/stub-1", "stub")
    assert (kept.usage, kept.cost_nano, kept.template) == (usage, 123, "t@1")
    assert kept.fingerprint == fingerprint("hm")


def test_answer_that_no_model_made_cannot_be_kept() -> None:
    with pytest.raises(ValueError, match="without a model"):
        answer_of(made(route=None), at=NOON)


def test_c6_answer_is_served_until_its_time_is_over() -> None:
    assert living(stored(), 12.5, NOON).until == NOON + timedelta(seconds=12.5)


def test_shelf_holds_the_newest_variants_oldest_first() -> None:
    many = [stored(f"ligne {n}", after_s=n) for n in (5, 1, 3, 0, 2, 4)]
    shelf = merged(tuple(many[:3]), many[3:], now=NOON)
    assert [answer.text for answer in shelf] == [f"ligne {n}" for n in (2, 3, 4, 5)]
    assert len(shelf) == VARIANTS


def test_line_that_is_made_again_takes_one_place_and_lives_on() -> None:
    old, new = stored("Hm."), stored("hm !", after_s=30)
    assert merged((old,), (new,), now=NOON) == (new,)
    assert merged((new,), (old,), now=NOON) == (new,)


def test_c6_what_has_expired_leaves_the_shelf() -> None:
    over = replace(stored("a"), until=NOON)
    assert merged((over, stored("b")), (), now=NOON) == (stored("b"),)
