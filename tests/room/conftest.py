"""Houses for the room tests, each on free ports and in a folder of its own, opened once."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from livekit.rtc._ffi_client import FfiClient

from bench.house import House, open_house
from bench.vendor import Vendor, vendor
from tests.room._seat import SCENES


@pytest.fixture(scope="session", autouse=True)
def _native_runtime_ends_before_python() -> Iterator[None]:
    """LiveKit's threads call back into Python; while it is finalised that aborts the process."""
    yield
    FfiClient.instance._dispose()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house without any key: authored lines, embedded ears and voices."""
    folder = tmp_path_factory.mktemp("house")
    async with open_house(folder, REPARTEE_SCENARIOS=str(SCENES)) as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stub() -> AsyncIterator[Vendor]:
    """The vendor of words, ears and voices. With `words` below 5 its answers are short."""
    async with vendor() as opened:
        yield opened


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def vendor_house(
    tmp_path_factory: pytest.TempPathFactory, stub: Vendor
) -> AsyncIterator[House]:
    """A house whose words, ears and voices are the vendor's.

    Without a cache: one test's opening would be the next one's, whatever the vendor does then.
    """
    env = {
        "OPENAI_API_KEY": "room",
        "OPENAI_BASE_URL": stub.url,
        "REPARTEE_SPEECH": "openai",
        "LLM_CACHE_ENABLED": "false",
    }
    folder = tmp_path_factory.mktemp("vendor")
    async with open_house(folder, REPARTEE_SCENARIOS=str(SCENES), **env) as opened:
        yield opened
