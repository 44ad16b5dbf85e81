"""How a character feels about the person: trust and impatience, each 0 to 1."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """One character's mood, rounded to 4 digits so that it travels as it is."""

    persona: str
    trust: float
    impatience: float

    def moved(self, *, trust: float = 0.0, impatience: float = 0.0) -> "Mood":
        """The mood after a change by those amounts, kept between 0 and 1."""
        return Mood(
            persona=self.persona,
            trust=_within(self.trust + trust),
            impatience=_within(self.impatience + impatience),
        )

    def to_json(self) -> dict[str, Any]:
        """`from_json` gives the equal mood back."""
        return {"persona": self.persona, "trust": self.trust, "impatience": self.impatience}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Mood":
        """The mood that `to_json` wrote. Raises: KeyError, ValueError."""
        return cls(
            persona=str(data["persona"]),
            trust=float(data["trust"]),
            impatience=float(data["impatience"]),
        )


def _within(value: float) -> float:
    return round(min(1.0, max(0.0, value)), 4)
