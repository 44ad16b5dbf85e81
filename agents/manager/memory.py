"""What was really heard, in order, and how much of it a prompt may hold."""

from collections.abc import Sequence

from agents.cast.moment import LEARNER, Said

__all__ = ["LEARNER", "WINDOW_CHARS", "WINDOW_TURNS", "Said", "last_serial", "window"]

WINDOW_TURNS = 24
WINDOW_CHARS = 6000


def window(
    memory: Sequence[Said], *, turns: int = WINDOW_TURNS, chars: int = WINDOW_CHARS
) -> tuple[Said, ...]:
    """The latest things said, at most `turns` of them and about `chars` characters; never none."""
    kept: list[Said] = []
    for said in reversed(memory[-turns:] if turns else ()):
        chars -= len(said.text)
        if kept and chars < 0:
            break
        kept.append(said)
    return tuple(reversed(kept))


def last_serial(memory: Sequence[Said]) -> int:
    """The highest plan number in the turn ids of what was said; 0 when there is none."""
    numbers = (said.turn_id[1:].partition("-")[0] for said in memory)
    return max((int(number) for number in numbers if number.isdecimal()), default=0)
