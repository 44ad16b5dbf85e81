"""Nobody says again what was just said: what stands in the place of such a line, and when."""

import asyncio
from dataclasses import replace
from itertools import pairwise
from random import Random

import pytest

from agents.cast.prompts import Prompt
from agents.manager.beats import Beat, BeatKind
from agents.roleplay.line import Line, Wanted
from agents.roleplay.lines import Lines
from scenarios.loader import parse
from services.core.errors import BackendError
from services.llm.deck import Deck
from services.llm.entry import LedgerEntry, Role
from services.llm.outcome import Source
from services.llm.reactions import Moment
from services.llm.request import Message
from services.llm.understudy import Understudy
from tests.fakes.accounts import FakeAccounts
from tests.fakes.chat_model import FakeChatModel, Script
from tests.fakes.clock import LoopClock
from tests.fakes.optimizer import optimizer_on
from tests.fakes.run import ROOM, SCENE

FREIGHT = "Le fret recule depuis dix ans, et votre réforme n'y change rien."
AGAIN = "Votre réforme ne change rien au recul du fret depuis dix ans."
NEW = "Parlons plutôt du calendrier des travaux et de leur coût."
REACTING = SCENE.replace(
    "      closing: [\"Au revoir.\"]",
    "      reactions: [\"Hm.\", \"Tiens donc.\"]\n      closing: [\"Au revoir.\"]",
)  # fmt: skip

GUEST = """\
  - id: {0}
    name: {0}
    persona: Invitée.
    understudy: {{opening: ["Me voici."], lines: ["Je vous écoute."], closing: ["Adieu."]}}
"""


class Writer:
    """The lines of one scene, what was booked for them and which were echoes."""

    def __init__(self, model: FakeChatModel, scene: str = REACTING) -> None:
        self.scenario = parse(scene, file="petit-debat/scenario.yaml")
        self.deck = Deck(self.scenario, clean=lambda _, line: line, rng=Random(1))
        self.echoes: list[str] = []
        accounts = FakeAccounts(LoopClock())
        self.booked: list[LedgerEntry] = accounts.entries
        self.lines = Lines(
            self.scenario,
            optimizer=optimizer_on(model, LoopClock(), accounts=accounts),
            understudy=Understudy(self.scenario, rng=Random(1)),
            room=ROOM,
            deck=self.deck,
            on_echo=lambda beat: self.echoes.append(beat.id),
        )

    def write(self, kind: BeatKind, *said: str, lead_in: str = "", heard: str = "") -> Line:
        return self.lines.write(wanted("roche", kind, *said, lead_in=lead_in, heard=heard))


def wanted(persona: str, kind: BeatKind, *said: str, lead_in: str = "", heard: str = "") -> Wanted:
    beat = Beat(id=f"a1-{persona}", persona=persona, kind=kind, phase="debat", lead_in=lead_in)
    return Wanted(
        beat=beat,
        prompt=lambda: Prompt(messages=(Message("user", persona),), template="t.fr@1"),
        heard=heard,
        said=lambda: said,
    )


def model(*texts: str) -> FakeChatModel:
    """A model that writes a word at a time."""
    scripts = (Script(pieces=tuple(f"{word} " for word in text.split())) for text in texts)
    return FakeChatModel(*scripts)


async def told(line: Line) -> str:
    return "".join([piece async for piece in line]).strip()


async def test_answer_that_says_it_again_makes_way_for_an_authored_line() -> None:
    writer = Writer(model(AGAIN))
    line = writer.write(BeatKind.ANSWER, FREIGHT)

    assert await told(line) in {"Je n'y crois pas.", "Qui paiera ?", "Et les régions ?"}
    assert line.source is Source.UNDERSTUDY
    assert writer.echoes == ["a1-roche"]


async def test_authored_line_in_place_of_an_echo_is_none_itself() -> None:
    long = "Qui donc va payer la modernisation des gares rurales ?"
    scene = REACTING.replace("Qui paiera ?", long).replace("Je n'y crois pas.", FREIGHT)
    writer = Writer(model(AGAIN), scene)

    assert await told(writer.write(BeatKind.ANSWER, FREIGHT)) == long


async def test_second_voice_that_says_it_again_only_nods() -> None:
    writer = Writer(model(AGAIN))
    nod = await told(writer.write(BeatKind.FOLLOW_UP, FREIGHT))

    assert nod in {"Hm.", "Tiens donc."}


async def test_nod_comes_from_the_deck_once_it_is_filled() -> None:
    writer = Writer(model(AGAIN))
    writer.deck._written["roche", Moment.AGREE].append("C'est bien mon avis.")
    line = writer.write(BeatKind.FOLLOW_UP, FREIGHT)

    assert (await told(line), line.source) == ("C'est bien mon avis.", Source.DECK)


async def test_echo_in_a_later_sentence_is_left_out() -> None:
    writer = Writer(model(f"{NEW} {AGAIN} Et après ?"))

    assert await told(writer.write(BeatKind.ANSWER, FREIGHT)) == f"{NEW} Et après ?"
    assert writer.echoes == ["a1-roche"]


async def test_echo_is_not_the_models_fault() -> None:
    writer = Writer(model(AGAIN))
    await told(writer.write(BeatKind.ANSWER, FREIGHT))

    assert [one.role for one in writer.booked] == [Role.SERVED]


async def test_new_thought_is_said_and_nothing_is_counted() -> None:
    writer = Writer(model(NEW))

    assert await told(writer.write(BeatKind.ANSWER, FREIGHT)) == NEW
    assert writer.echoes == []


async def test_new_thought_is_begun_before_its_sentence_is_whole() -> None:
    writer = Writer(FakeChatModel(Script(pieces=tuple(f"{w} " for w in NEW.split()), each_s=0.1)))
    line = writer.write(BeatKind.ANSWER, FREIGHT)
    first = await anext(aiter(line))
    await line.aclose()

    assert first
    assert not first.rstrip().endswith(".")


async def test_lead_in_is_said_before_any_word_of_the_model() -> None:
    writer = Writer(FakeChatModel(Script(pieces=(), silent=True)))
    line = writer.write(BeatKind.ANSWER, lead_in="Laissez-moi finir.")
    first = await anext(aiter(line))
    await line.aclose()

    assert first == "Laissez-moi finir. "


async def test_lead_in_stands_before_fixed_words_too() -> None:
    writer = Writer(model())
    beat = Beat(
        id="a1", persona="roche", kind=BeatKind.EVENT, phase="debat", say="Tenez.", lead_in="Ah !"
    )
    line = writer.lines.write(Wanted(beat=beat, prompt=wanted("roche", BeatKind.EVENT).prompt))

    assert await told(line) == "Ah ! Tenez."


async def test_opening_line_does_not_say_what_the_one_before_it_says() -> None:
    writer = Writer(model(FREIGHT, AGAIN))
    round_ = [wanted(one, BeatKind.OPENING) for one in ("morel", "roche")]
    texts = await asyncio.gather(*map(told, writer.lines.write_round(round_)))

    assert texts == [FREIGHT, "Bonsoir, je suis sceptique."]
    assert writer.echoes == ["a1-roche"]


async def test_l6_four_openings_of_which_one_fails_and_one_is_silent_start_on_time() -> None:
    writer = Writer(
        FakeChatModel(
            Script(pieces=(), silent=True),
            Script(pieces=(), fault=BackendError("reset", code="connection")),
            Script(pieces=("Parlons du fret.",)),
            Script(pieces=("Je viens pour les riverains.",)),
        ),
        REACTING.replace("phases:", "".join(map(GUEST.format, ("cahen", "diop"))) + "phases:", 1),
    )
    round_ = [wanted(one, BeatKind.OPENING) for one in ("morel", "roche", "cahen", "diop")]
    loop = asyncio.get_running_loop()

    async def timed(line: Line) -> tuple[str, float]:
        return await told(line), loop.time()

    (_, silent_s), (failed, failed_s), *others = await asyncio.gather(
        *map(timed, writer.lines.write_round(round_))
    )
    assert [text for text, _ in others] == ["Parlons du fret.", "Je viens pour les riverains."]
    assert max(at_s for _, at_s in others) < 0.1
    assert failed == "Bonsoir, je suis sceptique."
    assert failed_s <= silent_s <= 2.05


@pytest.mark.parametrize("order", ["author", "first_ready"])
async def test_models_that_all_say_the_same_are_heard_to_say_it_once(order: str) -> None:
    same = "Qui décide au bout du compte ?"
    scene = REACTING.replace("id: debat,", f"id: debat, order: {order},")
    writer = Writer(model(same, same), scene)
    round_ = [wanted(one, BeatKind.OPENING) for one in ("morel", "roche")]
    first, second = await asyncio.gather(*map(told, writer.lines.write_round(round_)))

    assert [first, second].count(same) == 1
    assert first
    assert second


async def test_line_of_long_ago_is_not_said_word_for_word_again() -> None:
    same = "Qui décide au bout du compte ?"
    writer = Writer(model(same))
    one = replace(wanted("roche", BeatKind.ANSWER), ever=lambda: [same])

    assert await told(writer.lines.write(one)) in {"Je n'y crois pas.", "Et les régions ?"}


@pytest.mark.parametrize("persona", ["morel", "roche"])
def test_reaction_is_the_authors_and_never_the_same_twice_in_a_row(persona: str) -> None:
    writer = Writer(model())
    texts = [writer.lines.reaction(persona, Moment.DOUBT).text for _ in range(6)]

    assert all(texts)
    assert all(one != after for one, after in pairwise(texts))


def test_reaction_comes_from_the_deck_first() -> None:
    writer = Writer(model())
    writer.deck._written["roche", Moment.DOUBT].append("Vraiment ?")
    texts = [writer.lines.reaction("roche", Moment.DOUBT).text for _ in range(2)]

    assert texts[0] == "Vraiment ?"
    assert texts[1] in {"Hm.", "Tiens donc."}
