"""When the next sound of the cast may begin: after a breath between two voices, after a listener's
reaction, or at once. Pure but for the question whether somebody reacts.
"""

from collections.abc import Callable

from agents.stage.performance import Performance

BREATH_S = 0.12
"""Silence between two characters: people leave about 0.2 s, and the end of a voice has some of its
own. Receivers buffer each track by itself; without it the end of one is heard under the next."""

HOLD_S = 0.9
"""The longest that a listener's reaction may hold up who speaks; breaths before and after it
come on top."""

Cue = Callable[[], None]
"""Lets a listener react, and holds the speaker meanwhile."""

OnBoundary = Callable[[Performance], Cue | None]
"""Asked once between two sentences of a line, up to 0.2 s before the first one's end is heard.
None lets the line go on without a gap; a cue is called when that end has been heard."""


class Intervals:
    """The silences that are meant. Times are the loop's, in seconds."""

    def __init__(self, *, breath_s: float, on_boundary: OnBoundary) -> None:
        self._breath_s = breath_s
        self._on_boundary = on_boundary
        self._held_until_s = 0.0
        self._last_persona: str | None = None
        self._asked: object = None
        self._cue: Cue | None = None
        self.open = False
        """Whether a line has stopped between two sentences, and nobody has gone on yet."""

    def hold(self, seconds: float, *, now_s: float) -> None:
        """No line and no sentence begins for so long, `HOLD_S` and 3 breaths at most; 0 lets go."""
        self._held_until_s = now_s + min(seconds, HOLD_S + 3 * BREATH_S)

    def before_line(self, persona: str, *, ended_s: float, now_s: float) -> float:
        """Seconds that a character has still to wait before a line of its own."""
        changes = self._last_persona not in (None, persona)
        breath_s = ended_s + self._breath_s - now_s if changes else 0.0
        return max(0.0, round(max(breath_s, self._held_until_s - now_s), 4))

    def before_sentence(
        self, performance: Performance, sentence: object, *, drained_in_s: float, now_s: float
    ) -> float:
        """Seconds that a speaker has still to wait before that sentence of its line."""
        if self._asked is not sentence:
            self._asked, self._cue = sentence, self._on_boundary(performance)
        if self._cue is not None:
            if drained_in_s > 0:
                return drained_in_s
            cue, self._cue = self._cue, None
            self.open = True
            cue()
        return max(0.0, round(self._held_until_s - now_s, 4))

    def begun(self, persona: str) -> None:
        """A character's sound goes on."""
        self._last_persona = persona
        self.open = False
