"""What happens in a scene besides talk: events with their conditions, documents, points.

Owns the shape of these fields; whether an event can ever happen is `lint`'s to say.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from scenarios.fields import Dial, Line, Model, Slug, Text, Words


class MoodWhen(Model):
    """A character's mood that an event waits for: every bound that is given must hold."""

    of: Slug = Field(description="id of the character")
    trust_below: Dial | None = None
    trust_above: Dial | None = None
    impatience_above: Dial | None = None


class When(Model):
    """When an event fires: every condition that is given must hold."""

    phase: Slug | None = None
    after_s: float | None = Field(default=None, ge=0, le=7200, description="since the phase began")
    silence_s: float | None = Field(default=None, ge=3, le=600)
    heard: Words | None = None
    turns: int | None = Field(default=None, ge=1, le=200, description="learner turns in the phase")
    score_from: int | None = Field(
        default=None, ge=-999, le=999, description="so many points or more"
    )
    score_to: int | None = Field(
        default=None, ge=-999, le=999, description="so many points or fewer"
    )
    mood: MoodWhen | None = None


class Document(Model):
    """A page that the learner sees from then on, and that the whole cast knows."""

    title: Line
    text: Text = Field(description="plain text or Markdown")


class Event(Model):
    """Something that happens once when its time comes."""

    id: Slug = Field(description="the event's short name in this file")
    when: When
    by: Slug = Field(description="id of the character who acts")
    do: Literal["release", "prompt", "say", "arrive", "show", "news"] = Field(
        description=(
            "release a secret, prompt the learner, say a fixed line, arrive late, "
            "show a document, or bring news"
        )
    )
    secret: str | None = Field(default=None, description="`character.secret`, for `release`")
    say: Line | None = Field(default=None, description="the line; required for `say`")
    document: Document | None = Field(default=None, description="for `show`")
    news: Text | None = Field(default=None, description="what is learnt, for `news`")
    to: tuple[Slug, ...] = Field(default=(), description="who learns the news besides `by`")


class Points(Model):
    """Points that the learner's words are worth, for events that wait for a score."""

    heard: Words
    add: int = Field(ge=-100, le=100)
    once: bool = Field(default=True, description="counted once a scene, or at each turn")
