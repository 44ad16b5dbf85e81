"""PriceList over `prices.json`: published prices by day and by length of the prompt.

Owns how that file is read. Nothing is fetched, and the package that the prices come from is not
loaded: it takes 25 MB and half a second. A model is found by its exact id only, because published
aliases are traps: `mistral-large-latest` stands for a model of 2024.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

from services.llm.spec import ModelSpec, Rates

PACKAGED = Path(__file__).with_name("prices.json")
"""Written by `python -m scripts.price_snapshot`."""

_REMEMBERED = 1024

Step = Sequence[int]
"""Prompt tokens above which it holds; nano-USD for a million tokens: in, cached, written, out."""

Period = tuple[str, Sequence[Step] | None]
"""The UTC day from which it holds, and its steps, longest prompts first; None: no price."""

_Steps = tuple[tuple[int, Rates], ...]


class PackagedPrices:
    """The price list as it was packaged; `edition` names it. Opening it takes about 1 ms."""

    def __init__(self, path: Path = PACKAGED) -> None:
        told = json.loads(path.read_bytes())
        self.edition: str = told["edition"]
        self._models: Mapping[str, Mapping[str, Sequence[Period]]] = told["models"]
        self._steps: dict[tuple[str, str, date], _Steps] = {}

    def rates(self, spec: ModelSpec, *, at: datetime, prompt_tokens: int) -> Rates | None:
        """The price at that time for a prompt of that length; None when nobody knows."""
        day = at.date() if at.tzinfo is UTC else at.astimezone(UTC).date()
        key = (spec.provider, spec.model, day)
        steps = self._steps.get(key)
        if steps is None:
            if len(self._steps) >= _REMEMBERED:
                self._steps.clear()
            steps = self._steps[key] = self._read(*key)
        for above, rates in steps:
            if prompt_tokens > above:
                return rates
        return None

    def _read(self, provider: str, model: str, day: date) -> _Steps:
        periods = self._models.get(provider, {}).get(model, ())
        iso = day.isoformat()
        steps = next((steps for since, steps in periods if since <= iso), None)
        return tuple((step[0], _rates(step)) for step in steps or ())


def _rates(step: Step) -> Rates:
    _, input_nano, cached_nano, write_nano, output_nano = step
    return Rates(
        input_nano=input_nano,
        cached_nano=cached_nano,
        write_nano=write_nano,
        output_nano=output_nano,
    )
