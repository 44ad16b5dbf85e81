"""The local score, term by term: who answers when nobody is addressed and no rule decides."""

from dataclasses import replace

import pytest

from agents.manager.beats import Rung, Score
from agents.manager.memory import LEARNER
from agents.manager.mood import Mood
from agents.manager.scoring import TIE, WEIGHTS, scores, tied
from agents.manager.selection import Situation, select
from scenarios.schema import Airtime, Moderation
from tests.fakes.scenes import cast_with, debate
from tests.fakes.situations import heard, scene_of, situation, understudy

SHY = {"talkativeness": 0.3, "patience": 0.5, "interruption": 0.0}


def best(at: Situation) -> str:
    decision = select(at)
    assert decision.rung is Rung.SCORE
    return decision.chosen[0]


def term(at: Situation, persona: str, name: str) -> float:
    return next(dict(one.terms)[name] for one in scores(at) if one.persona == persona)


def test_who_asked_the_latest_question_takes_up_the_answer() -> None:
    memory = (
        heard(LEARNER, "Bonsoir."),
        heard("castan", "Combien cela coûte-t-il ?"),
        heard("roche", "Et qui paiera ?"),
    )
    speakers = ("castan", "roche")
    at = situation("Presque rien.", memory=memory, speakers=speakers)
    assert best(at) == "roche"
    assert select(at).reason == "a question is open to them"
    assert term(at, "roche", "pending") > term(at, "castan", "pending") > 0


def test_a_remark_keeps_the_floor_for_nobody() -> None:
    memory = (heard(LEARNER, "Bonsoir."), heard("roche", "Nous en doutons."))
    at = situation(memory=memory)
    assert {term(at, one, "pending") for one in at.speakers} == {0.0}


def test_a_question_is_closed_once_the_learner_has_spoken_after_it() -> None:
    memory = (
        heard("roche", "Et qui paiera ?"),
        heard(LEARNER, "Presque personne."),
        heard("castan", "Voilà un chiffre."),
    )
    assert term(situation(memory=memory), "roche", "pending") == 0.0


def test_one_whom_the_learner_asked_and_who_has_not_answered_is_owed_the_floor() -> None:
    memory = (
        heard(LEARNER, "Madame Kerbrat, que demandez-vous ?"),
        heard("roche", "Permettez, je réponds."),
    )
    at = situation(memory=memory, speakers=("roche",))
    assert best(at) == "kerbrat"
    answered = situation(memory=(*memory, heard("kerbrat", "Un délai.")), speakers=("kerbrat",))
    assert term(answered, "kerbrat", "pending") == 0.0


def test_one_whom_another_character_asked_answers_before_the_one_who_asked() -> None:
    memory = (
        heard(LEARNER, "Je le maintiens."),
        heard("roche", "Monsieur Castan, ce chiffre est-il sérieux ?"),
    )
    at = situation(memory=memory, speakers=("roche",))
    assert best(at) == "castan"
    assert term(at, "roche", "pending") == 0.0


def test_an_older_question_weighs_less_and_a_very_old_one_nothing() -> None:
    asked = heard(LEARNER, "Madame Kerbrat, que demandez-vous ?")
    on = (heard("roche", "Je réponds."), heard(LEARNER, "Soit."))
    shares = [
        term(situation(memory=(asked, *on * turns)), "kerbrat", "pending") for turns in range(4)
    ]
    assert shares == [1.0, 0.5, 0.25, 0.0]


def test_who_asks_again_and_again_lets_go_of_the_floor() -> None:
    memory = (heard(LEARNER, "Bonsoir."), heard("roche", "Et qui paiera ?"))
    once = situation(memory=memory, speakers=("castan", "roche"))
    thrice = situation(memory=memory, speakers=("castan", "roche", "roche", "roche"))
    assert term(once, "roche", "pending") == 1.0
    assert term(thrice, "roche", "pending") == 0.3333


def test_who_has_said_least_answers_where_nothing_else_tells_them_apart() -> None:
    at = situation(spoken={"morel": 90, "roche": 60, "kerbrat": 5, "castan": 70})
    assert best(at) == "kerbrat"
    assert select(at).reason == "has said the fewest words"


def test_airtime_is_one_for_silence_a_half_for_a_fair_share_and_nothing_for_twice_that() -> None:
    at = situation(spoken={"morel": 50, "roche": 25, "kerbrat": 25})
    shares = {one: term(at, one, "airtime") for one in at.speakers}
    assert shares == {"morel": 0.0, "roche": 0.5, "kerbrat": 0.5, "castan": 1.0}


def test_who_spoke_last_does_not_speak_again_where_nothing_else_tells_them_apart() -> None:
    at = situation(speakers=("kerbrat", "castan", "morel", "roche"))
    assert [one.persona for one in scores(at)] == ["kerbrat", "castan", "morel", "roche"]
    assert term(at, "roche", "recency") == 0.0
    assert term(at, "kerbrat", "recency") > term(at, "castan", "recency")


def test_who_was_interrupted_may_take_the_floor_back() -> None:
    at = situation(interrupted="castan", speakers=("morel", "kerbrat", "roche", "castan"))
    assert term(at, "castan", "reclaim") >= 0.5
    assert term(at, "roche", "reclaim") == 0.0
    assert best(situation(interrupted="castan")) == "castan"


def test_the_eager_reclaim_sooner_than_the_reserved() -> None:
    eager = debate(cast=cast_with("castan", temper={"interruption": 1.0}))
    shy = debate(cast=cast_with("castan", temper=SHY))
    assert term(situation(scenario=eager, interrupted="castan"), "castan", "reclaim") > term(
        situation(scenario=shy, interrupted="castan"), "castan", "reclaim"
    )


def test_the_talkative_speak_where_nothing_else_tells_them_apart() -> None:
    talkative = debate(cast=cast_with("castan", temper={"talkativeness": 1.0}))
    at = situation(scenario=talkative)
    assert best(at) == "castan"
    assert select(at).reason == "is eager to speak"


def test_the_impatient_speak_where_nothing_else_tells_them_apart() -> None:
    moods = (Mood(persona="roche", trust=0.5, impatience=0.9),)
    assert best(situation(moods=moods)) == "roche"


def aired(share: dict[str, float], **words: int) -> Situation:
    return situation(scenario=debate(moderation={"airtime": share}), spoken=words)


def test_whoever_is_above_the_authors_airtime_is_out() -> None:
    at = aired({"max": 0.4}, morel=30, roche=30, kerbrat=80, castan=30)
    asked = heard("kerbrat", "Le gasoil, qui le paiera ?")
    at = replace(at, words="Le transport.", memory=(asked,))
    assert scores(at)[-1].persona == "kerbrat"
    assert scores(at)[-1].total < 0 < scores(at)[-2].total


def test_where_all_are_above_the_authors_airtime_the_scores_decide() -> None:
    at = aired({"max": 0.1}, morel=30, roche=20, kerbrat=80, castan=30)
    assert best(at) == "roche"


def test_whoever_is_below_the_authors_airtime_is_pushed() -> None:
    least = {"morel": 60, "roche": 60, "kerbrat": 10, "castan": 60}
    free, pushed = aired({}, **least), aired({"min": 0.1}, **least)
    assert term(pushed, "kerbrat", "below_min") == 1.0
    assert best(pushed) == "kerbrat"
    assert select(pushed).reason == "has less airtime than the author wants"
    assert scores(pushed)[0].total > scores(free)[0].total


def test_whom_an_answer_takes_above_the_authors_airtime_leaves_it_to_the_others() -> None:
    at = aired({"max": 0.4}, morel=40, roche=30, kerbrat=70, castan=60)
    assert 70 / 200 < 0.4 < (70 + 40) / (200 + 40)
    assert term(at, "kerbrat", "above_max") == 1.0
    assert term(at, "roche", "above_max") == 0.0


def test_whoever_is_below_the_authors_airtime_comes_before_who_knows_best() -> None:
    scenario = scene_of(kerbrat=understudy("transport", "fret"))
    bounds = scenario.model_copy(update={"moderation": Moderation(airtime=Airtime(min=0.1))})
    words = {"morel": 60, "roche": 60, "kerbrat": 60, "castan": 10}
    free = situation("Le transport de fret.", scenario=scenario, spoken=words)
    bound = situation("Le transport de fret.", scenario=bounds, spoken=words)
    assert (best(free), best(bound)) == ("kerbrat", "castan")


def test_airtime_rules_wait_until_enough_was_said() -> None:
    at = aired({"min": 0.2, "max": 0.3}, morel=40, roche=1)
    rules = ("above_max", "below_min")
    assert {term(at, one, name) for one in at.speakers for name in rules} == {0.0}


def test_every_term_lies_between_0_and_1_and_the_total_is_their_weighted_sum() -> None:
    memory = (heard("roche", "Et qui paiera ?"),)
    at = situation("Le transport.", memory=memory, speakers=("roche",))
    for one in scores(at):
        assert {name for name, _ in one.terms} == set(WEIGHTS)
        assert all(0 <= value <= 1 for _, value in one.terms)
        assert one.total == round(sum(WEIGHTS[name] * value for name, value in one.terms), 4)


def test_numbers_of_a_score_have_four_digits() -> None:
    at = situation("Un économiste.", spoken={"morel": 7, "roche": 11})
    numbers = [n for one in scores(at) for n in (one.total, *(value for _, value in one.terms))]
    assert numbers == [round(n, 4) for n in numbers]


def test_the_same_situation_has_the_same_scores() -> None:
    memory = (heard("roche", "Et qui paiera ?"), heard(LEARNER, "Sonia, vous ?"))
    one, other = (situation("Le transport.", scenario=debate(), memory=memory) for _ in range(2))
    assert scores(one) == scores(other)


@pytest.mark.parametrize(
    ("totals", "equals"),
    [
        ((0.5,), ()),
        ((0.5, 0.5 - 2 * TIE), ()),
        ((0.5, 0.5), ("a", "b")),
        ((0.5, 0.5 - TIE / 2, 0.2), ("a", "b")),
        ((0.5, 0.5 - TIE / 2, 0.5 - TIE / 1.5), ("a", "b", "c")),
    ],
)
def test_scores_close_to_the_best_are_tied(
    totals: tuple[float, ...], equals: tuple[str, ...]
) -> None:
    best_first = tuple(Score(persona=id, total=n) for id, n in zip("abc", totals, strict=False))
    assert tied(best_first) == equals
