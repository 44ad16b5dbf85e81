"""Ledger entries as JSON, for the purse: an entry waits there until it stands in the ledger.

Fields that have their default value are left out. Fields that this program does not know are
passed over, so that a newer program's entries can be booked by an older one.
"""

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import MISSING, fields
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import get_args, get_type_hints

from services.llm.entry import LedgerEntry
from services.llm.outcome import Usage

logger = logging.getLogger(__name__)

_ABSENT = object()
_Read = Callable[..., object]


def to_json(entry: LedgerEntry) -> str:
    """The entry as one line of JSON."""
    made: dict[str, object] = {}
    for name, default in _DEFAULTS:
        value = getattr(entry, name)
        if value is default or value == default:
            continue
        kind = type(value)
        if kind is Usage:
            made[name] = _usage_counts(value)
        elif kind is datetime:
            made[name] = value.isoformat()
        else:
            made[name] = value
    return _encode(made)


def from_json(text: str | bytes) -> LedgerEntry:
    """The entry that `to_json` wrote.

    Raises:
        ValueError: it is no such JSON, or a field or value is of another program's.
    """
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("not a ledger entry")
    try:
        values = {name: read(found[name]) for name, read in _READERS.items() if name in found}
        return _make(**values)
    except (TypeError, KeyError) as error:
        raise ValueError("not a ledger entry") from error


def readable(found: Iterable[str | bytes]) -> tuple[LedgerEntry, ...]:
    """Those that can be read; of the others the log tells. They stay where they are."""
    entries: list[LedgerEntry] = []
    for text in found:
        try:
            entries.append(from_json(text))
        except ValueError:
            logger.warning("llm.entry_unreadable")
    return tuple(entries)


def _reader(kind: object) -> _Read:
    """How a field's value comes back from JSON, from its annotation."""
    kinds = [one for one in get_args(kind) if one is not type(None)] or [kind]
    one = kinds[0]
    if one is datetime:
        return datetime.fromisoformat
    if one is Usage:
        return lambda parts: _make_usage(**dict(zip(_USAGE_PARTS, parts, strict=False)))
    if isinstance(one, type) and issubclass(one, Enum):
        return one
    return lambda value: value


_encode = json.JSONEncoder(separators=(",", ":")).encode
_make: Callable[..., LedgerEntry] = LedgerEntry
_make_usage: Callable[..., Usage] = Usage
_DEFAULTS = tuple(
    (field.name, _ABSENT if field.default is MISSING else field.default)
    for field in fields(LedgerEntry)
)
_USAGE_PARTS = tuple(field.name for field in fields(Usage))
_usage_counts = attrgetter(*_USAGE_PARTS)
_READERS = {name: _reader(kind) for name, kind in get_type_hints(LedgerEntry).items()}
