"""A job process that counts one scene, says so, and waits to be killed."""

import sys
import time

from services.telemetry.metrics import SESSIONS_ACTIVE, TOKENS_MINTED

SESSIONS_ACTIVE.inc()
TOKENS_MINTED.inc()
sys.stdout.write("counted\n")
sys.stdout.flush()
time.sleep(60)
