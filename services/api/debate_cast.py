"""Which scene lends its cast to a debate, and in which order they speak."""

from collections.abc import Sequence
from dataclasses import dataclass

from scenarios.schema import Scenario
from services.api.parts import Catalogue
from services.api.problems import ProblemError

NAMED = 6
"""So many unknown speakers are named in a refusal, as many as a cast may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """The scene, and ids of its cast in the order in which they speak."""

    scenario: Scenario
    order: tuple[str, ...]


def cast_for(
    catalogue: Catalogue,
    *,
    order: Sequence[str] | None,
    language: str | None,
    scenario: str | None,
) -> Seat:
    """The scene that is asked for; else the first that has all of them, the default one first.

    Without an order the cast speaks as the author lists it, late guests left out: a guest is a
    surprise, and no refusal names one either. Who knows a guest's id may have them debate.

    Raises:
        ProblemError: 422 for a scene, a language or speakers that are not here, and for an order
            that is empty or names somebody twice.
    """
    scenes = _scenes(catalogue, language=language, scenario=scenario)
    if order is None:
        return Seat(scenario=scenes[0], order=_announced(scenes[0]))
    if not order:
        raise ProblemError(422, "agents_missing", "agentOrder: name one speaker at least")
    if len(set(order)) < len(order):
        twice = next(one for one in order if order.count(one) > 1)
        raise ProblemError(422, "agent_repeated", f"agentOrder: {twice[:64]!r} is named twice")
    for one in scenes:
        if set(order) <= set(_ids(one)):
            return Seat(scenario=one, order=tuple(order))
    known = set(_ids(scenes[0]))
    announced = ", ".join(_announced(scenes[0]))
    strangers = [repr(one[:64]) for one in order if one not in known]
    more = [f"{len(strangers) - NAMED} more"] if len(strangers) > NAMED else []
    unknown = ", ".join((*strangers[:NAMED], *more))
    raise ProblemError(
        422,
        "agent_unknown",
        f"agentOrder: {unknown} not in one scene; {scenes[0].id} has {announced}",
    )


def _scenes(
    catalogue: Catalogue, *, language: str | None, scenario: str | None
) -> tuple[Scenario, ...]:
    """Scenes that may be meant, best first; never none."""
    if scenario is not None:
        try:
            named = catalogue.get(scenario).scenario
        except KeyError:
            known = ", ".join(catalogue.ids())
            raise ProblemError(
                422, "scenario_unknown", f"no such scene; known here: {known}"
            ) from None
        found: tuple[Scenario, ...] = (named,)
    else:
        try:
            first = catalogue.default().scenario
        except KeyError:
            raise ProblemError(503, "no_scenarios", "no scene is at hand here") from None
        others = (one.scenario for one in catalogue.all() if one.scenario.id != first.id)
        found = (first, *others)
    spoken = tuple(one for one in found if language in (None, one.language))
    if not spoken:
        raise ProblemError(422, "language_unknown", "nobody here debates in that language")
    return spoken


def _ids(scenario: Scenario) -> tuple[str, ...]:
    return tuple(one.id for one in scenario.cast)


def _announced(scenario: Scenario) -> tuple[str, ...]:
    """Those whom a learner is told of beforehand."""
    return tuple(one for one in _ids(scenario) if one not in scenario.late_guests)
