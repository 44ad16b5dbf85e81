"""A scenario's own tests, and a session's decisions, played offline.

    python -m agents.manager play PATH|SLUG [-v]     the tests that the author wrote
    python -m agents.manager replay SESSION [-v]     a session's decisions, made again and compared

Exit 0 when all tests hold or all decisions are the same, 1 when one is not, 2 on usage, a file that
does not load, an unknown session, one that another version recorded, or a store that is away.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from agents.errors import OtherVersion
from agents.manager.rehearsal import Checked, Take, play_through, rehearse
from agents.manager.replay import Replayed
from agents.manager.stored import replay_session
from scenarios.errors import ScenarioErrors
from scenarios.loader import load
from scenarios.schema import Scenario
from services.core.errors import ServiceError

SHOWN = 20
"""So many moves that differ are printed."""

LIBRARY = Path(__file__).resolve().parents[2] / "scenarios" / "library"


def main(argv: list[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m agents.manager",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    play = commands.add_parser("play", help="play a scenario's tests with the understudy")
    play.add_argument("scenario", help="a file, a scenario's folder, or a slug of the library")
    play.add_argument("-v", "--verbose", action="store_true", help="print passing lines too")
    play.add_argument("--through", action="store_true", help="also play the scene to its end")
    again = commands.add_parser("replay", help="make a session's decisions again and compare")
    again.add_argument("session", help="the name of its room")
    again.add_argument("-v", "--verbose", action="store_true", help="print every decision")
    args = parser.parse_args(argv)
    if args.command == "replay":
        return _replay(args.session, verbose=args.verbose)
    try:
        scenario = load(_file(args.scenario)).scenario
    except (ScenarioErrors, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    failed = _play_tests(scenario, verbose=args.verbose)
    if args.through:
        for take in play_through(scenario):
            _print_take(take, scenario)
    return 1 if failed else 0


def _replay(room: str, *, verbose: bool) -> int:
    try:
        moves = asyncio.run(_made_again(room))
    except (ServiceError, ScenarioErrors) as error:
        print(error, file=sys.stderr)
        return 2
    except OtherVersion as error:
        print(f"{room}: {error}", file=sys.stderr)
        return 2
    if verbose:
        for one in moves:
            if one.decision is not None:
                print(f"{one.now_s:8.2f} s  {one.decision}")
    decisions = sum(one.decision is not None for one in moves)
    other = [one for one in moves if one.differences]
    _print_differences(other)
    told = f"{len(other)} of them differ" if other else "all the same"
    print(f"{room}: {len(moves)} moves, {decisions} decisions, {told}")
    return 1 if other else 0


async def _made_again(room: str) -> tuple[Replayed, ...]:
    # the store's drivers take a second to load, which nobody who plays a scenario should wait
    from services.settings import load_settings
    from services.wiring.sessions import open_sessions

    async with open_sessions(load_settings(os.environ)) as store:
        return await replay_session(store, room)


def _print_differences(moves: Sequence[Replayed]) -> None:
    for one in moves[:SHOWN]:
        print(f"move {one.number}, {one.do} at {one.now_s:g} s")
        for difference in one.differences:
            print(f"    {difference}")
    if len(moves) > SHOWN:
        print(f"... and {len(moves) - SHOWN} more")


def _file(target: str) -> Path:
    path = Path(target)
    if not path.exists():
        path = LIBRARY / target
    return path / "scenario.yaml" if path.is_dir() else path


def _play_tests(scenario: Scenario, *, verbose: bool) -> int:
    checked = list(rehearse(scenario))
    failed = [one for one in checked if one.failures]
    for one in checked if verbose else failed:
        _print_checked(one, scenario)
    print(f"{scenario.id}: {len(checked) - len(failed)} of {len(checked)} tests hold")
    return len(failed)


def _print_checked(one: Checked, scenario: Scenario) -> None:
    print(f"{'FAIL' if one.failures else 'ok  '} tests[{one.number}]")
    if one.test.say is not None:
        print(f"    learner: {one.test.say}")
    if one.test.wait_s is not None:
        print(f"    (waits {one.test.wait_s:g} s)")
    _print_take(one.take, scenario)
    for failure in one.failures:
        print(f"    !! {failure}")


def _print_take(take: Take, scenario: Scenario) -> None:
    for decision in take.decisions:
        print(f"    [{decision.rung}] {', '.join(decision.chosen)}: {decision.reason}")
    for spoken in take.spoken:
        name = scenario.character(spoken.beat.persona).name
        print(f"    {name} ({spoken.beat.kind}): {spoken.text}")
    notes = [f"event {event}" for event in take.events]
    notes += [f"page {event} is shown" for event in take.shown]
    notes += [f"{scenario.character(one).name} arrives" for one in take.arrived]
    notes += [f"ended: {take.ended}"] if take.ended else []
    print(f"    phase {take.phase}{''.join('; ' + note for note in notes)}")


if __name__ == "__main__":
    sys.exit(main())
