"""Services as a job opens them, with vendors on loopback, and what can be read of their money."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from services.adapters.sql.store import open_sql
from services.api.app import create_app
from services.llm.entry import LedgerEntry
from services.llm.ledger.budgets import parse_budgets
from services.llm.outcome import Outcome
from services.llm.ports import BudgetLine, Purse
from services.llm.request import Message, Request, TaskType
from services.settings import Settings, load_settings
from services.wiring import Services

LINE = "Pouvez-vous préciser ?"
SCENE = (
    "Vous jouez Claire Morel, animatrice d'un débat télévisé sur le fret ferroviaire. Vous êtes "
    "rigoureuse, vous coupez les tirades et vous distribuez la parole. Le ministre défend sa "
    "réforme devant vous ; vous lui posez une seule question, en deux phrases courtes."
)


def settings_of(folder: Path, *urls: str, **environ: str) -> Settings:
    """The environment of a process; `urls` are those of the first, second and third provider."""
    names = ("OPENAI_BASE_URL", "MISTRAL_BASE_URL", "SCALEWAY_BASE_URL")
    told = {"REPARTEE_DATA_DIR": str(folder), **dict(zip(names, urls, strict=False))}
    return load_settings(told | environ)


def turn(words: str, **more: Any) -> Request:
    """A spoken line of a character, asked for by somebody who said these words."""
    fields: dict[str, Any] = {
        "task": TaskType.AGENT_RESPONSE,
        "messages": (Message("system", SCENE), Message("user", words)),
        "language": "fr",
        "session": "s-1",
        "user": "ada",
        "scenario": "debat-tv",
        "persona": "morel",
        "use_cache": False,
    }
    return Request(**fields | more)


async def say(services: Services, request: Request) -> tuple[str, Outcome]:
    """Plays a turn to its end: what was said, and its outcome."""
    answer = services.optimizer.stream(request, understudy=lambda: LINE)
    said = "".join([piece async for piece in answer])
    await answer.aclose()
    assert answer.outcome is not None
    return said, answer.outcome


async def ledger(settings: Settings) -> tuple[LedgerEntry, ...]:
    """What is booked, read by somebody else."""
    async with open_sql(settings.database_url) as sql:
        return await sql.ledger.entries()


async def stats(services: Services, window: str = "all") -> Mapping[str, Any]:
    """`GET /api/llm/stats`."""
    transport = httpx.ASGITransport(app=create_app(services))
    async with httpx.AsyncClient(transport=transport, base_url="http://studio") as client:
        answer = await client.get("/api/llm/stats", params={"window": window})
    assert answer.status_code == 200
    found: Mapping[str, Any] = answer.json()
    return found


def budget(services: Services, **ids: Any) -> tuple[BudgetLine, ...]:
    """The budgets that such a call draws on now."""
    plan = parse_budgets(services.settings.budgets)
    return plan.lines(now=services.clock.now(), **ids)


async def spent(purse: Purse, lines: tuple[BudgetLine, ...]) -> list[int]:
    """Nano-USD spent or held of each, in order."""
    found = await purse.spent(lines)
    return [found[line.key] for line in lines]
