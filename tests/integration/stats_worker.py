"""A process that books calls, ten at a time, and says so after each ten, until it is killed."""

import asyncio
import random
import sys
from datetime import UTC, datetime, timedelta

from services.adapters.sql.store import open_sql
from tests.fakes.booked import many

BATCH = 10


async def main(url: str) -> None:
    rng = random.Random(4)
    async with open_sql(url) as sql:
        for number in range(100_000):
            entries = many(
                BATCH,
                rng=rng,
                spread=timedelta(minutes=5),
                until=datetime.now(UTC),
                prefix=f"{number}-",
            )
            await sql.ledger.add(entries)
            sys.stdout.write(f"{number + 1}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
