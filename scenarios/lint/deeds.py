"""What an event does: it has what it takes, and nothing that belongs to another deed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from scenarios.errors import quoted
from scenarios.happenings import Event
from scenarios.lint.finding import Finding, Rule
from scenarios.schema import Scenario


class _Deed(NamedTuple):
    """What a `do` asks for, in words, and the fields that only it takes."""

    needs: str | None = None
    cause: str = ""
    hint: str = ""
    takes: tuple[str, ...] = ()


_DEEDS: Mapping[str, _Deed] = {
    "release": _Deed("secret", "names no secret", "Add `secret: character.secret`.", ("secret",)),
    "prompt": _Deed(),
    "say": _Deed("say", "has no line", "Add `say:` with the line."),
    "arrive": _Deed(),
    "show": _Deed(
        "document",
        "has nothing to show",
        "Add `document: {title: …, text: …}`.",
        ("document",),
    ),
    "news": _Deed("news", "has no news", "Add `news:` with what is learnt.", ("news", "to")),
}
"""`say` goes with every deed, so that it is listed with none."""


def needs(scenario: Scenario) -> Iterator[Finding]:
    """What an event does has what it takes."""
    for at, event in enumerate(scenario.events):
        deed = _DEEDS[event.do]
        if deed.needs is not None and getattr(event, deed.needs) is None:
            cause = f"`do: {event.do}` {deed.cause}"
            yield Finding(code="E-EVENT-NEEDS", path=("events", at), cause=cause, hint=deed.hint)


def unused(scenario: Scenario) -> Iterator[Finding]:
    """No field of an event belongs to another deed than its own."""
    for at, event in enumerate(scenario.events):
        for name, owner in _strangers(event):
            yield Finding(
                code="W-UNUSED",
                path=("events", at, name),
                cause=f"`do: {event.do}` makes no use of `{name}`",
                hint=f"Write `do: {owner}`, or delete the field.",
            )


def _strangers(event: Event) -> Iterator[tuple[str, str]]:
    """(field that is given, the deed that it belongs to) for each field of another deed."""
    for owner, deed in _DEEDS.items():
        if owner != event.do:
            yield from ((name, owner) for name in deed.takes if getattr(event, name))


def told_anyway(scenario: Scenario) -> Iterator[Finding]:
    """Whoever brings the news is not listed among those who learn it."""
    for at, event in enumerate(scenario.events):
        if event.do == "news" and event.by in event.to:
            yield Finding(
                code="W-UNUSED",
                path=("events", at, "to", event.to.index(event.by)),
                cause=f"{quoted(event.by)} brings the news and knows it anyway",
                hint="Name only the others who learn it.",
            )


RULES: tuple[Rule, ...] = (needs, unused, told_anyway)
