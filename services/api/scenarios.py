"""The scenes over HTTP. What a learner may see of them is decided in `scenarios.describe`."""

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from scenarios.describe import public_view
from scenarios.fields import Language
from scenarios.schema import Scenario
from services.api.auth import AnyCaller
from services.api.parts import PartsOf
from services.api.problems import ProblemError

router = APIRouter(tags=["scenes"])


class _View(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


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
    turns: int
    default: bool


@router.get("/api/scenarios", operation_id="listScenarios", summary="The scenes that can be played")
async def list_scenarios(parts: PartsOf, _: AnyCaller) -> list[ScenarioView]:
    """Every scene; `default` marks the one that a token without a wish plays."""
    scenes = parts.catalogue.all()
    default = parts.catalogue.default().scenario.id if scenes else None
    return [view_of(one.scenario, default=one.scenario.id == default) for one in scenes]


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
    return ScenarioView.model_validate({**public_view(scenario), "default": default})
