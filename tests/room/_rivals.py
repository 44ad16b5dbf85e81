"""A house with two vendors of words, whose books and faults a test has in its hands."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.house import House, open_house
from bench.vendor import Vendor, vendor
from services.llm.entry import LedgerEntry
from services.settings import Settings, load_settings
from tests.room._seat import SCENES
from tests.wired import ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class Rivals:
    """The house, the vendor that it asks first (for voices too), and the one it asks next.

    `shut` ends a vendor for good: from then on its address refuses every connection.
    """

    house: House
    first: Vendor
    second: Vendor
    settings: Settings
    shut: tuple[Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]

    async def entries(self, room: str | None = None) -> tuple[LedgerEntry, ...]:
        """What is in the house's own ledger, of one session or of all."""
        found = await ledger(self.settings)
        return tuple(entry for entry in found if room in {None, entry.session})

    async def settled(self) -> None:
        """Both vendors have noticed that every call is over."""
        await self.first.settled()
        await self.second.settled()


@asynccontextmanager
async def rivals(folder: Path, **env: str) -> AsyncIterator[Rivals]:
    """An open house between two vendors; both say short sentences, and speak quickly."""
    async with AsyncExitStack() as one, AsyncExitStack() as other:
        first = await one.enter_async_context(vendor(words=7))
        second = await other.enter_async_context(vendor(words=7))
        told = {
            "OPENAI_API_KEY": "room",
            "OPENAI_BASE_URL": first.url,
            "MISTRAL_API_KEY": "room",
            "MISTRAL_BASE_URL": second.url,
            "REPARTEE_SPEECH": "openai",
            "REPARTEE_SCENARIOS": str(SCENES),
            **env,
        }
        settings = load_settings({"REPARTEE_DATA_DIR": str(folder)})
        async with open_house(folder, **told) as house:
            yield Rivals(
                house=house,
                first=first,
                second=second,
                settings=settings,
                shut=(one.aclose, other.aclose),
            )
