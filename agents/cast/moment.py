"""What the cast needs to know of a scene: what was heard, and read-only views of scene and beat."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

LEARNER = "learner"
"""The speaker of everything that a person said."""

WINDOW_TURNS = 24
WINDOW_CHARS = 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """One thing that was said and heard: the unit of memory.

    `speaker` is a character's id or LEARNER, `text` what was really heard, `cut` whether the
    speaker was interrupted.
    """

    speaker: str
    name: str
    text: str
    turn_id: str
    phase: str
    cut: bool = False


class SceneView(Protocol):
    """What a prompt depends on in a scene."""

    @property
    def phase(self) -> str:
        """Id of the phase that is played."""
        ...

    @property
    def arrived(self) -> tuple[tuple[str, int], ...]:
        """Each late guest who came, with the number of the plan that let them in."""
        ...

    @property
    def released(self) -> tuple[str, ...]:
        """`character.secret` of every secret that an event released."""
        ...

    @property
    def fired(self) -> tuple[str, ...]:
        """Ids of the events that happened."""
        ...


class BeatView(Protocol):
    """What a prompt depends on in a beat."""

    @property
    def kind(self) -> str:
        """What the beat is for: `opening`, `answer`, `closing` and others."""
        ...

    @property
    def phase(self) -> str:
        """The phase that the beat belongs to."""
        ...

    @property
    def cue(self) -> str:
        """Why the character speaks now."""
        ...

    @property
    def max_words(self) -> int:
        """The longest that the line should be."""
        ...


def window(
    memory: Sequence[Said],
    *,
    turns: int = WINDOW_TURNS,
    chars: int = WINDOW_CHARS,
    step: int = 1,
) -> tuple[Said, ...]:
    """The latest things said, at most `turns` of them and about `chars` characters; never none.

    With a `step` it begins at a multiple of so many things said, so that it begins at the same one
    for a while. It is shorter for that, but by less than a third.
    """
    first = len(memory)
    for said in reversed(memory[-turns:]):
        chars -= len(said.text)
        if first < len(memory) and chars < 0:
            break
        first -= 1
    while step > 1 and 3 * step > len(memory) - first:
        step //= 2
    return tuple(memory[-(-first // step) * step :])
