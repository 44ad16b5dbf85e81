"""One of several processes on one database: adds events, claims a room, prints what it got."""

import asyncio
import json
import sys
from datetime import UTC, datetime

from services.adapters.sql.store import open_sql
from services.sessions.records import Heartbeat, SessionEvent

EVENTS = 10


async def main(url: str, name: str) -> None:
    now = datetime.now(UTC)
    async with open_sql(url) as (store, presence, *_):
        seqs = [
            (await store.add_event(SessionEvent(room="s-1", kind="k", at=now))).seq
            for _ in range(EVENTS)
        ]
        beat = Heartbeat(room="s-1", job_id=name, identity=name, beat_at=now)
        won = await presence.claim(beat, stale_after_s=60)
    sys.stdout.write(json.dumps({"seqs": seqs, "won": won}))


asyncio.run(main(*sys.argv[1:]))
