"""Machines that use one Redis find each other's answers, each from a data folder of its own."""

from pathlib import Path

from bench.vendor import vendor
from services.llm.outcome import Level, Source
from services.llm.request import Scope
from services.settings import load_settings
from services.wiring import open_services

TOLD = [{"role": "user", "content": "Say hello."}]


async def test_two_data_folders_share_the_answers_in_one_redis(
    tmp_path: Path, empty_redis: str
) -> None:
    async with vendor(at_once=True) as stub:
        served = []
        for name in ("one", "two"):
            settings = load_settings(
                {
                    "REPARTEE_DATA_DIR": str(tmp_path / name),
                    "REDIS_URL": empty_redis,
                    "OPENAI_BASE_URL": stub.url,
                }
            )
            async with open_services(settings) as services:
                outcome = await services.optimizer.get_optimized_response(TOLD, scope=Scope.GLOBAL)
            served.append((outcome.source, outcome.level))
        assert served == [(Source.LIVE, None), (Source.CACHED, Level.SHARED)]
        assert len(stub.calls) == 1


async def test_operators_own_secret_keeps_houses_apart(tmp_path: Path, empty_redis: str) -> None:
    async with vendor(at_once=True) as stub:
        for name in ("one", "two"):
            settings = load_settings(
                {
                    "REPARTEE_DATA_DIR": str(tmp_path / name),
                    "REPARTEE_CACHE_SECRET": name * 16,
                    "REDIS_URL": empty_redis,
                    "OPENAI_BASE_URL": stub.url,
                }
            )
            async with open_services(settings) as services:
                outcome = await services.optimizer.get_optimized_response(TOLD, scope=Scope.GLOBAL)
            assert outcome.source is Source.LIVE
        assert len(stub.calls) == 2
