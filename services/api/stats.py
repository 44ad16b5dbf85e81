"""What the calls for words came to, for operators: `GET /api/llm/stats`."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from services.api.auth import Operator
from services.api.parts import PartsOf
from services.api.problems import ProblemError
from services.stats.views import LlmStats, Window
from services.stats.windows import window_of

router = APIRouter(tags=["operators"])

Looked = Annotated[
    str, Query(description="how far back", json_schema_extra={"enum": [*map(str, Window)]})
]


@router.get("/api/llm/stats", operation_id="getLlmStats", summary="Calls, savings, times, money")
async def get_llm_stats(
    response: Response, parts: PartsOf, _: Operator, window: Looked = Window.DAY.value
) -> LlmStats:
    """From the ledger, as of now; never from this process's memory."""
    try:
        looked = window_of(window)
    except ValueError as error:
        raise ProblemError(422, "window_unknown", str(error)) from None
    response.headers["Cache-Control"] = "no-store"
    return await parts.stats.llm(looked)
