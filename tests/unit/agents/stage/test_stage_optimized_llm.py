"""The optimizer behind the framework's interface of a model."""

from typing import Any

import pytest
from livekit.agents import Agent, AgentSession, function_tool, llm

from agents.errors import StageError
from agents.stage.optimized_llm import OptimizedLLM, messages_of
from services.llm.outcome import Outcome, Source
from services.llm.request import Message, TaskType
from tests.fakes.answers import FakeOptimizer


def said(*texts: str) -> llm.ChatContext:
    chat_ctx = llm.ChatContext.empty()
    chat_ctx.add_message(role="system", content="You are a concierge.")
    for text in texts:
        chat_ctx.add_message(role="user", content=text)
    return chat_ctx


async def test_answer_comes_as_chunks_with_its_usage_at_the_end() -> None:
    optimizer = FakeOptimizer("Good", " evening.")
    answer = await OptimizedLLM(optimizer).chat(chat_ctx=said("Hello.")).collect()

    assert answer.text == "Good evening."
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.prompt_cached_tokens) == (20, 5)
    assert (answer.usage.completion_tokens, answer.usage.total_tokens) == (7, 27)


async def test_conversation_becomes_a_request() -> None:
    optimizer = FakeOptimizer("Yes.")
    model = OptimizedLLM(optimizer, session="room-1", user="ada", language="fr", deadline_s=1.0)
    await model.chat(chat_ctx=said("Bonsoir.", "Une chambre ?")).collect()

    (request,) = optimizer.requests
    assert request.messages == (
        Message("system", "You are a concierge."),
        Message("user", "Bonsoir."),
        Message("user", "Une chambre ?"),
    )
    assert (request.session, request.user, request.language) == ("room-1", "ada", "fr")
    assert (request.task, request.deadline_s) == (TaskType.CONVERSATION, 1.0)
    assert request.spoken


async def test_cached_answer_counts_no_tokens() -> None:
    optimizer = FakeOptimizer("Good evening.", source=Source.CACHED)
    answer = await OptimizedLLM(optimizer).chat(chat_ctx=said("Hello.")).collect()

    assert answer.usage is not None
    assert answer.usage.total_tokens == 0


@pytest.mark.parametrize(
    ("language", "line"),
    [("en", "Sorry, could you say that again?"), ("fr", "Pardon, pouvez-vous répéter ?")],
)
async def test_l3_line_of_the_language_when_no_model_answers(language: Any, line: str) -> None:
    model = OptimizedLLM(FakeOptimizer(source=Source.UNDERSTUDY), language=language)

    assert (await model.chat(chat_ctx=said("Hello.")).collect()).text == line


async def test_closing_the_stream_closes_the_answer_and_tells_how_it_ended() -> None:
    optimizer, told = FakeOptimizer("Good", hangs=True), list[Outcome]()
    model = OptimizedLLM(optimizer, on_outcome=told.append)
    async with model.chat(chat_ctx=said("Hello.")) as stream:
        chunk = await anext(stream)
        assert chunk.delta is not None
        assert chunk.delta.content == "Good"

    assert optimizer.answers[0].closed == 1
    assert [outcome.fault for outcome in told] == ["cancelled"]


async def test_framework_never_tries_again() -> None:
    optimizer = FakeOptimizer("Good evening.")
    stream = OptimizedLLM(optimizer).chat(chat_ctx=said("Hello."))
    await stream.collect()

    assert stream._conn_options.max_retry == 0
    assert len(optimizer.requests) == 1


@function_tool
async def open_door() -> None:
    """Opens the door."""


async def test_tools_are_refused_with_a_reason() -> None:
    model = OptimizedLLM(FakeOptimizer("Yes."))

    with pytest.raises(StageError, match="function tools"):
        model.chat(chat_ctx=said("Open."), tools=[open_door])
    with pytest.raises(StageError, match="vendor-specific"):
        model.chat(chat_ctx=said("Open."), extra_kwargs={"logit_bias": {}})


async def test_tools_that_may_not_be_used_are_no_matter() -> None:
    model = OptimizedLLM(FakeOptimizer("Yes."))
    stream = model.chat(chat_ctx=said("Open."), tools=[open_door], tool_choice="none")

    assert (await stream.collect()).text == "Yes."


def test_images_are_refused_and_empty_messages_left_out() -> None:
    seen = said("", "Look.")
    assert len(messages_of(seen)) == 2
    seen.add_message(role="user", content=[llm.ImageContent(image="https://example.invalid/a.png")])

    with pytest.raises(StageError, match="images"):
        messages_of(seen)


async def test_stock_session_speaks_through_it() -> None:
    optimizer = FakeOptimizer("Good", " evening.")
    async with AgentSession[None](llm=OptimizedLLM(optimizer)) as session:
        await session.start(Agent(instructions="You are a concierge."))
        await session.run(user_input="Hello.")

    assert session.history.messages()[-1].text_content == "Good evening."
    assert optimizer.requests[0].messages[-1] == Message("user", "Hello.")
