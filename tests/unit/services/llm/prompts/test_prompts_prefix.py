"""What a vendor has probably cached: the same route, the same beginning, not long ago."""

import pytest

from services.llm.prompts.prefix import KEPT_S, PrefixWatch
from services.llm.request import Message

ROUTE = "openai/gpt-6-luna"
RULES = "Tu joues un personnage dans un jeu de rôle oral, et tu n'en joues qu'un. " * 100
TURNS = [
    f"[Sam] Voici ma réponse numéro {n}, elle tient en une phrase entière.\n" for n in range(9)
]
SYSTEM = Message("system", RULES)


def prompt(*, turns: int = 0, cue: str = "Réponds.") -> tuple[Message, ...]:
    return (SYSTEM, Message("user", "".join(TURNS[:turns]) + cue))


def test_nothing_is_predicted_before_anything_was_sent() -> None:
    assert PrefixWatch().predicted(ROUTE, prompt(), 0.0) == 0


def test_the_same_beginning_is_found_again_in_steps_of_128() -> None:
    watch = PrefixWatch()
    watch.sent(ROUTE, prompt(cue="Ouvre."), 0.0)
    found = watch.predicted(ROUTE, prompt(cue="Ferme."), 1.0)
    assert found >= 1024
    assert found % 128 == 0


def test_a_conversation_that_only_grew_is_found_again_too() -> None:
    watch = PrefixWatch()
    watch.sent(ROUTE, prompt(turns=8), 0.0)
    grown = watch.predicted(ROUTE, prompt(turns=9), 1.0)
    other = watch.predicted(ROUTE, prompt(cue="Une autre conversation."), 1.0)
    assert grown > other > 0


def test_trap_20_one_changed_byte_ends_the_prefix() -> None:
    watch = PrefixWatch()
    watch.sent(ROUTE, prompt(), 0.0)
    changed = (Message("system", "X" + RULES[1:]), prompt()[1])
    assert watch.predicted(ROUTE, changed, 1.0) == 0


@pytest.mark.parametrize("route", ["openai/gpt-6.1-terra", "mistral/gpt-6-luna"])
def test_another_route_has_a_cache_of_its_own(route: str) -> None:
    watch = PrefixWatch()
    watch.sent(ROUTE, prompt(), 0.0)
    assert watch.predicted(route, prompt(), 1.0) == 0


@pytest.mark.parametrize("route", ["scaleway/mistral-small-3.2-24b", "local/any.gguf"])
def test_a_provider_without_prompt_caching_finds_nothing(route: str) -> None:
    watch = PrefixWatch()
    watch.sent(route, prompt(), 0.0)
    assert watch.predicted(route, prompt(), 1.0) == 0


def test_a_short_prompt_is_never_cached() -> None:
    watch = PrefixWatch()
    short = (Message("system", "Tu joues un personnage. " * 20), Message("user", "Réponds."))
    watch.sent(ROUTE, short, 0.0)
    assert watch.predicted(ROUTE, short, 1.0) == 0


def test_a_prefix_is_forgotten_after_its_last_use() -> None:
    watch = PrefixWatch()
    watch.sent(ROUTE, prompt(), 0.0)
    watch.sent(ROUTE, prompt(), KEPT_S)
    assert watch.predicted(ROUTE, prompt(), 2 * KEPT_S) > 0
    assert watch.predicted(ROUTE, prompt(), 2 * KEPT_S + 1) == 0


def test_it_remembers_a_bounded_number_of_hashes_and_the_latest() -> None:
    watch = PrefixWatch()
    for n in range(900):
        watch.sent(ROUTE, (Message("system", f"{n} {RULES}"),), n / 10)
    assert watch.predicted(ROUTE, (Message("system", f"899 {RULES}"),), 90.0) > 0
    assert watch.predicted(ROUTE, (Message("system", f"0 {RULES}"),), 90.0) == 0
