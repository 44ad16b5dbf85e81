"""A prompt made shorter for a model that found it too long."""

from services.core.tokens import tokens_of
from services.llm.plan.tail import room_after_refusal, trimmed
from services.llm.request import Message, Request, TaskType

SYSTEM = Message("system", "Tu es Claire Morel, animatrice.")
TURNS = tuple(Message("user", f"Phrase {n} du débat sur le fret ferroviaire.") for n in range(30))


def ask(*messages: Message) -> Request:
    return Request(task=TaskType.AGENT_RESPONSE, messages=messages, max_tokens=20)


def test_f13_oldest_turns_go_and_the_head_and_the_last_stay() -> None:
    short = trimmed(ask(SYSTEM, *TURNS), room_tokens=100)
    assert short.messages[0] == SYSTEM
    assert short.messages[1:] == TURNS[-(len(short.messages) - 1) :]
    assert 1 < len(short.messages) < 10
    assert tokens_of(short.messages) <= 100


def test_f13_one_long_message_keeps_its_end() -> None:
    long = Message("user", "Le fret recule encore. " * 500 + "Que faire ?")
    short = trimmed(ask(SYSTEM, long), room_tokens=60)
    assert short.messages[0] == SYSTEM
    assert short.messages[1].content.endswith("Que faire ?")
    assert tokens_of(short.messages) < 80


def test_f13_what_is_sent_after_a_refusal_is_always_shorter() -> None:
    asked = ask(SYSTEM, *TURNS)
    for context_tokens in (50, 500, 100_000):
        room = room_after_refusal(asked, context_tokens)
        assert tokens_of(trimmed(asked, room_tokens=room).messages) < tokens_of(asked.messages)
