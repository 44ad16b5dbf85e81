"""The scenes as a learner may see them: no secret, no hidden agenda, no rubric anchor.

The view is built field by field, so that a new field of a scenario stays hidden until it is named
here.
"""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from scenarios.schema import Language, Scenario
from services.api.auth import AnyCaller
from services.api.parts import PartsOf
from services.api.problems import ProblemError

router = APIRouter(tags=["scenes"])


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class LearnerView(_View):
    """The part that the person plays."""

    role: str
    brief: str | None
    goals: tuple[str, ...]


class CharacterView(_View):
    """A member of the cast, as announced."""

    id: str
    name: str
    title: str | None


class PhaseView(_View):
    """A stretch of the scene."""

    id: str
    goal: str
    time_limit_s: int | None


class CriterionView(_View):
    """What the debrief looks at."""

    id: str
    label: str


class ScenarioView(_View):
    """A scene."""

    id: str
    title: str
    language: Language
    summary: str
    learner: LearnerView
    cast: tuple[CharacterView, ...]
    phases: tuple[PhaseView, ...]
    rubric: tuple[CriterionView, ...]
    duration_s: int
    default: bool


@router.get("/api/scenarios", operation_id="listScenarios", summary="The scenes that can be played")
async def list_scenarios(parts: PartsOf, _: AnyCaller) -> list[ScenarioView]:
    """Every scene; `default` marks the one that a token without a wish plays."""
    default = parts.catalogue.default().scenario.id
    return [
        view_of(one.scenario, default=one.scenario.id == default) for one in parts.catalogue.all()
    ]


@router.get("/api/scenarios/{id}", operation_id="getScenario", summary="One scene")
async def get_scenario(id: str, parts: PartsOf, _: AnyCaller) -> ScenarioView:
    """One scene; 404 with the code `scenario_unknown` when there is none of that id."""
    try:
        scenario = parts.catalogue.get(id).scenario
    except KeyError:
        known = ", ".join(parts.catalogue.ids())
        raise ProblemError(404, "scenario_unknown", f"no such scene; known here: {known}") from None
    return view_of(scenario, default=scenario.id == parts.catalogue.default().scenario.id)


def view_of(scenario: Scenario, *, default: bool) -> ScenarioView:
    """What a learner may see of a scene."""
    learner = scenario.learner
    return ScenarioView(
        id=scenario.id,
        title=scenario.title,
        language=scenario.language,
        summary=scenario.summary,
        learner=LearnerView(role=learner.role, brief=learner.brief, goals=learner.goals),
        cast=tuple(CharacterView(id=c.id, name=c.name, title=c.title) for c in scenario.cast),
        phases=tuple(
            PhaseView(id=p.id, goal=p.goal, time_limit_s=p.time_limit_s) for p in scenario.phases
        ),
        rubric=tuple(CriterionView(id=c.id, label=c.label) for c in scenario.rubric),
        duration_s=scenario.limits.duration_s,
        default=default,
    )
