"""What was really heard, in order, and what its turn ids tell."""

from collections.abc import Sequence

from agents.cast.moment import LEARNER, Said, window

__all__ = ["LEARNER", "Said", "last_serial", "window"]


def last_serial(memory: Sequence[Said]) -> int:
    """The highest plan number in the turn ids of what was said; 0 when there is none."""
    numbers = (said.turn_id[1:].partition("-")[0] for said in memory)
    return max((int(number) for number in numbers if number.isdecimal()), default=0)
