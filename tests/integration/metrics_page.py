"""A process that serves /metrics on a free port, prints the port, and waits to be ended."""

import sys

from services.telemetry.metrics import SESSIONS_ACTIVE
from services.telemetry.server import open_door, serve_metrics

SESSIONS_ACTIVE.inc()
with serve_metrics("127.0.0.1", 0, door=open_door) as port:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    sys.stdin.read()
