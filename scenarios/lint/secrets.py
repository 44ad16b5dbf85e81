"""Secrets that nobody releases, that do not exist, or that are told to everyone."""

from __future__ import annotations

from collections.abc import Iterator

from scenarios.errors import FieldPath, nearest, quoted
from scenarios.lint.finding import Finding, Rule
from scenarios.schema import Character, Scenario

_MIN_CHARS = 8
"""Shorter secrets are found in any text by chance."""


def released(scenario: Scenario) -> Iterator[Finding]:
    """Released secrets exist, and secrets are released by an event."""
    known = [f"{who.id}.{one.id}" for who in scenario.cast for one in who.secrets]
    free = {event.secret for event in scenario.events if event.do == "release"}
    for at, event in enumerate(scenario.events):
        if event.do == "release" and event.secret is not None and event.secret not in known:
            hint = nearest(event.secret, known) or "This scene has no secrets."
            yield Finding(
                code="E-UNKNOWN-SECRET",
                path=("events", at, "secret"),
                cause=f"there is no secret {quoted(event.secret)}",
                hint=hint,
            )
    for at, who in enumerate(scenario.cast):
        for number, one in enumerate(who.secrets):
            if f"{who.id}.{one.id}" not in free:
                yield Finding(
                    code="W-SECRET",
                    path=("cast", at, "secrets", number),
                    cause=f"no event releases the secret {quoted(one.id)}: it is never told",
                    hint=f"Add an event with `do: release, secret: {who.id}.{one.id}`.",
                )


def kept(scenario: Scenario) -> Iterator[Finding]:
    """A secret's text stands in nothing that learners see, nor in a line that may come any time."""
    secrets = [
        (f"{who.id}.{one.id}", _plain(one.text)) for who in scenario.cast for one in who.secrets
    ]
    secrets = [(name, text) for name, text in secrets if len(text) >= _MIN_CHARS]
    if not secrets:
        return
    for path, shown in public_texts(scenario):
        for name in _told(shown, secrets):
            cause = f"learners see this text, and it tells the secret {quoted(name)}"
            hint = "Write it without the secret."
            yield Finding(code="E-SECRET-SHOWN", path=path, cause=cause, hint=hint)
    for path, line in _lines(scenario):
        for name in _told(line, secrets):
            cause = f"this line may be spoken before the secret {quoted(name)} is released"
            hint = "Let the event say it."
            yield Finding(code="W-SECRET-SPOKEN", path=path, cause=cause, hint=hint)
    for path, text in _happenings(scenario):
        for name in _told(text, secrets):
            cause = f"this may come before the secret {quoted(name)} is released, and tells it"
            hint = "Write it without the secret: its release tells it."
            yield Finding(code="W-SECRET-SPOKEN", path=path, cause=cause, hint=hint)


def _told(text: str, secrets: list[tuple[str, str]]) -> Iterator[str]:
    plain = _plain(text)
    return (name for name, secret in secrets if secret in plain)


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("’", "'").split()).rstrip(".!?… ")


def public_texts(scenario: Scenario) -> Iterator[tuple[FieldPath, str]]:
    """What learners may read before the scene, each with its place."""
    yield ("title",), scenario.title
    yield ("summary",), scenario.summary
    yield ("learner", "role"), scenario.learner.role
    yield ("learner", "brief"), scenario.learner.brief or ""
    for at, goal in enumerate(scenario.learner.goals):
        yield ("learner", "goals", at), goal
    for at, who in enumerate(scenario.cast):
        yield ("cast", at, "name"), who.name
        yield ("cast", at, "title"), who.title or ""
    for at, phase in enumerate(scenario.phases):
        yield ("phases", at, "goal"), phase.goal
    for at, criterion in enumerate(scenario.rubric):
        yield ("rubric", at, "label"), criterion.label


def _lines(scenario: Scenario) -> Iterator[tuple[FieldPath, str]]:
    for at, who in enumerate(scenario.cast):
        for path, line in _understudy_lines(who):
            yield ("cast", at, "understudy", *path), line


def _happenings(scenario: Scenario) -> Iterator[tuple[FieldPath, str]]:
    for at, event in enumerate(scenario.events):
        if event.document is not None:
            yield ("events", at, "document", "title"), event.document.title
            yield ("events", at, "document", "text"), event.document.text
        if event.news is not None:
            yield ("events", at, "news"), event.news


def _understudy_lines(who: Character) -> Iterator[tuple[FieldPath, str]]:
    part = who.understudy
    lists: dict[FieldPath, tuple[str, ...]] = {
        ("opening",): part.opening,
        ("lines",): part.lines,
        ("reactions",): part.reactions,
        ("closing",): part.closing,
        **{("phases", id): lines for id, lines in part.phases.items()},
    }
    for path, lines in lists.items():
        for at, line in enumerate(lines):
            yield (*path, at), line
    for at, heard in enumerate(part.heard):
        yield ("heard", at, "say"), heard.say


RULES: tuple[Rule, ...] = (released, kept)
