"""`python -m agents.manager play PATH|SLUG [-v]`: a scenario's own tests, played offline.

Exit 0 when all of them hold, 1 when one fails, 2 on usage or a file that does not load.
"""

import argparse
import sys
from pathlib import Path

from agents.manager.rehearsal import Checked, Take, play_through, rehearse
from scenarios.errors import ScenarioErrors
from scenarios.loader import load
from scenarios.schema import Scenario

LIBRARY = Path(__file__).resolve().parents[2] / "scenarios" / "library"


def main(argv: list[str] | None = None) -> int:
    """The command. Returns its exit code."""
    parser = argparse.ArgumentParser(prog="python -m agents.manager", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    play = commands.add_parser("play", help="play a scenario's tests with the understudy")
    play.add_argument("scenario", help="a file, a scenario's folder, or a slug of the library")
    play.add_argument("-v", "--verbose", action="store_true", help="print passing lines too")
    play.add_argument("--through", action="store_true", help="also play the scene to its end")
    args = parser.parse_args(argv)
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
    notes += [f"ended: {take.ended}"] if take.ended else []
    print(f"    phase {take.phase}{''.join('; ' + note for note in notes)}")


if __name__ == "__main__":
    sys.exit(main())
