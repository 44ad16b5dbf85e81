"""`python -m services.api`: the HTTP app under uvicorn, with /metrics on its own port.

SIGINT stops at once. SIGTERM in production lets readiness drop for 5 s first, so that a load
balancer sends nobody here any more; a second signal does not wait.
"""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator

import uvicorn
from fastapi import FastAPI

from services.api.app import create_app
from services.api.debate import Debates
from services.api.health import Drain
from services.api.scrape import metrics_door
from services.core.errors import ConfigError, ServiceError
from services.settings import Settings, load_settings
from services.telemetry.logs import configure_logging
from services.telemetry.server import serve_metrics
from services.wiring import Services, open_services

DRAIN_S = 5.0
CLOSE_S = 5


class Server(uvicorn.Server):
    """uvicorn with our own signals: its handlers would end the process before services close."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def main(debates: Callable[[Services], Debates] | None = None) -> int:
    """Exit status: 0 ended on demand, 1 a part failed, 2 the environment cannot be used.

    `debates` makes whoever holds debates out of the open services; the cast stands above this
    package, so it is handed in.
    """
    configure_logging()
    try:
        settings = load_settings(os.environ)
        asyncio.run(serve(settings, debates))
    except ConfigError as error:
        print(f"The HTTP app cannot start: {error}", file=sys.stderr)
        return 2
    except ServiceError as error:
        print(f"The HTTP app stops: {error}", file=sys.stderr)
        return 1
    return 0


async def serve(settings: Settings, debates: Callable[[Services], Debates] | None = None) -> None:
    """Serves until a signal says stop. Raises: ConfigError, BackendError."""
    async with open_services(settings) as services:
        app = create_app(services, debates=debates(services) if debates else None)
        warming = asyncio.create_task(services.optimizer.warm(), name="warm") if debates else None
        door = metrics_door(app.state.doorman)
        with serve_metrics(settings.metrics_host, settings.metrics_port, door=door):
            server = Server(_config(app, settings))
            with _signals(_stopper(server, app.state.drain, production=settings.production)):
                await server.serve()
        if warming is not None:
            warming.cancel()
            await asyncio.gather(warming, return_exceptions=True)


def _config(app: FastAPI, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=CLOSE_S,
    )


def _stopper(
    server: uvicorn.Server, drain: Drain, *, production: bool
) -> Callable[[signal.Signals], None]:
    """What a signal does: first drain, then close; the second one closes by force."""

    def close() -> None:
        server.should_exit = True

    def stop(number: signal.Signals) -> None:
        if drain.begun:
            server.force_exit = server.should_exit
            close()
            return
        drain.begin()
        if production and number is signal.SIGTERM:
            asyncio.get_running_loop().call_later(DRAIN_S, close)
        else:
            close()

    return stop


@contextlib.contextmanager
def _signals(stop: Callable[[signal.Signals], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    watched = (signal.SIGINT, signal.SIGTERM)
    for number in watched:
        loop.add_signal_handler(number, stop, number)
    try:
        yield
    finally:
        for number in watched:
            loop.remove_signal_handler(number)


if __name__ == "__main__":
    sys.exit(main())
