"""The reaction deck: who gets which line, what filling may cost, and what it is made of."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from scenarios.schema import Scenario
from services.llm.deck import Deck
from services.llm.outcome import Latency, Outcome, Source
from services.llm.reactions import Moment, asking
from services.llm.request import Message, Request, Scope, TaskType
from tests.fakes.scenes import board, debate

PER_CALL_NANO = 1_000_000


def written(**changes: list[str]) -> str:
    """A model's answer: two lines a moment, named by it."""
    lines = {str(moment): [f"{moment} un.", f"{moment} deux."] for moment in Moment}
    return json.dumps(lines | changes)


@dataclass
class Writer:
    """Answers with `text`, or as the understudy when it is None."""

    text: str | None = field(default_factory=written)
    cost_nano: int = PER_CALL_NANO
    most: int = PER_CALL_NANO
    asked: list[Request] = field(default_factory=list)

    async def respond(self, request: Request, *, understudy: Callable[[], str] = str) -> Outcome:
        self.asked.append(request)
        if self.text is None:
            return Outcome(text="", source=Source.UNDERSTUDY, fault="connection")
        return Outcome(
            text=self.text,
            source=Source.LIVE,
            cost_nano=self.cost_nano,
            complete=True,
            latency=Latency(total_s=0.5),
        )

    def judged(self, request: Request, outcome: Outcome, *, fits: bool) -> None:
        """Nothing here learns."""

    def most_nano(self, request: Request) -> int:
        return self.most


def deck_of(scenario: Scenario, clean: Callable[[str, str], str] | None = None) -> Deck:
    return Deck(scenario, clean=clean or (lambda persona, line: line), rng=Random(1))


async def filled(scenario: Scenario | None = None, writer: Writer | None = None) -> Deck:
    deck = deck_of(scenario or debate())
    await deck.fill(writer or Writer(), revision="r1", session="s-1", user="ada")
    return deck


def reaction(persona: str = "morel", **fields: Any) -> Request:
    told = {"task": TaskType.AGENT_REACTION, "moment": "doubt", **fields}
    return Request(messages=(Message("user", "x"),), persona=persona, **told)


async def test_filling_asks_once_for_each_character() -> None:
    writer = Writer()
    deck = deck_of(debate())
    done = await deck.fill(writer, revision="r1", session="s-1", user="ada")

    assert [r.persona for r in writer.asked] == ["morel", "roche", "kerbrat", "castan"]
    assert (done.lines, done.cost_nano, done.stopped) == (4 * 16, 4 * PER_CALL_NANO, None)


def test_request_is_shared_by_the_sessions_of_a_scenario() -> None:
    scenario = debate()
    one, other = (
        asking(scenario, scenario.cast[0], "r1", session=room, user=room) for room in ("a", "b")
    )

    assert one.scope is Scope.SCENARIO
    assert one.messages == other.messages
    assert (one.revision, one.cache_ttl_s, one.template) == ("r1", 86_400.0, "deck.fr@1")
    assert not one.spoken


def test_c2_request_holds_no_secret_and_nothing_private() -> None:
    scenario = board(
        cast=[
            {
                **board().cast[0].model_dump(),
                "secrets": [{"id": "report", "text": "SECRET-REPORT"}],
                "knows": ["PRIVATE-FACT"],
            }
        ],
        phases=[{"id": "questions", "goal": "ask"}],
    )
    text = repr(asking(scenario, scenario.cast[0], "r1", session=None, user=None).messages)

    assert "SECRET-REPORT" not in text
    assert "PRIVATE-FACT" not in text
    assert "in English" in text


async def test_line_that_was_said_before_a_restart_is_passed_over() -> None:
    deck = await filled()
    deck.mark("morel", "Interrupted, UN !")

    assert deck.line(reaction(moment="interrupted")) == "interrupted deux."


def test_deck_is_empty_before_it_was_filled() -> None:
    assert deck_of(debate()).line(reaction(moment="agree")) is None


async def test_request_with_an_unknown_moment_or_character_gets_nothing() -> None:
    deck = await filled()

    assert deck.line(reaction(moment="bogus")) is None
    assert deck.line(reaction("bond")) is None


async def test_request_with_a_moment_gets_fresh_lines_then_none() -> None:
    deck = await filled()
    lines = [deck.line(reaction()) for _ in range(3)]

    assert set(lines) == {"doubt un.", "doubt deux.", None}
    assert deck.avoided == 2


async def test_stall_for_an_answer_avoids_no_call() -> None:
    deck = await filled()
    request = reaction(task=TaskType.AGENT_RESPONSE, moment="stall")

    assert deck.line(request) in {"stall un.", "stall deux."}
    assert deck.avoided == 0


async def test_request_without_a_moment_gets_nothing() -> None:
    deck = await filled()

    assert deck.line(reaction(moment=None)) is None


async def test_long_empty_and_doubled_lines_are_left_out() -> None:
    long = "Je ne crois pas un mot de ce que vous dites là."
    text = written(agree=["D'accord.", "d'accord !", long, "…", "morel reacts."], disagree=[])
    deck = await filled(writer=Writer(text))

    assert deck.line(reaction(moment="agree")) in {"D'accord.", "d'accord !"}
    rest = [deck.line(reaction(moment="agree")) for _ in range(5)]
    assert long not in rest
    assert "…" not in rest
    assert "morel reacts." not in rest


async def test_p9_lines_are_cleaned_for_the_voice_before_they_are_kept() -> None:
    deck = deck_of(debate(), clean=lambda persona, line: line.replace("*", ""))
    await deck.fill(Writer(written(doubt=["*Vraiment ?*"])), revision="r", session=None, user=None)

    assert deck.line(reaction()) == "Vraiment ?"


async def test_filling_stops_when_the_purse_is_empty() -> None:
    scenario = debate(limits={"cost_usd": 0.05})  # 5 % of it pays for two such calls
    writer = Writer()
    done = await deck_of(scenario).fill(writer, revision="r1", session=None, user=None)

    assert (len(writer.asked), done.stopped) == (2, "budget")


async def test_l8_nothing_is_asked_that_may_cost_more_than_the_purse_holds() -> None:
    scenario = debate(limits={"cost_usd": 0.05})
    writer = Writer(most=2_500_001)
    done = await deck_of(scenario).fill(writer, revision="r1", session=None, user=None)

    assert (writer.asked, done.cost_nano, done.stopped) == ([], 0, "budget")


async def test_l8_broken_answer_is_not_repaired_beyond_the_purse() -> None:
    scenario = debate(limits={"cost_usd": 0.05})
    writer = Writer("{", most=2_000_000)
    done = await deck_of(scenario).fill(writer, revision="r1", session=None, user=None)

    assert (len(writer.asked), done.cost_nano, done.stopped) == (1, PER_CALL_NANO, "budget")


async def test_l3_filling_stops_when_no_model_answers() -> None:
    writer = Writer(text=None)
    done = await deck_of(debate()).fill(writer, revision="r1", session=None, user=None)

    assert (len(writer.asked), done.lines, done.stopped) == (1, 0, "connection")


async def test_l5_broken_answer_leaves_that_character_to_the_author() -> None:
    writer = Writer('{"agree":')
    done = await deck_of(debate()).fill(writer, revision="r1", session=None, user=None)

    assert (done.lines, done.stopped) == (0, None)
    assert len(writer.asked) == 8, "one repair each"
