"""The event loop in virtual time that folders of tests run on.

A folder does when its conftest.py returns it from `pytest_asyncio_loop_factories`.
"""

from bench.simulation.loop import VirtualTimeLoop

__all__ = ["VirtualTimeLoop"]
