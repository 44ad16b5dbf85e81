"""The local model in its real process: shared, bounded, withdrawn, killed, started again."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from services.adapters.llama import HostPlan, LlamaChat, local_spec, plan_llama
from services.adapters.llama.plan import state_of
from services.core.errors import BackendError, ConfigError
from services.llm.outcome import Usage
from services.llm.ports import Delta
from services.llm.request import Message, Request, TaskType
from tests.gguf import LINE, write_gguf
from tests.llama import is_alive, pid_of, tiny_chat, tiny_plan, until_gone

_ROOT = Path(__file__).parents[2]
ASK = Request(
    task=TaskType.AGENT_RESPONSE,
    messages=(Message("system", "Vous êtes Claire."), Message("user", "Bonsoir.")),
    spoken=True,
    deadline_s=60.0,
)
LONG = replace(ASK, max_tokens=6000)
SCHEMA = {
    "type": "object",
    "properties": {
        "speaker": {"enum": ["morel", "roche"]},
        "score": {"type": "integer", "minimum": 0, "maximum": 5},
    },
    "required": ["speaker", "score"],
    "additionalProperties": False,
}


async def said(chat: LlamaChat, request: Request = ASK) -> list[Delta]:
    return [delta async for delta in chat.stream(request)]


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.text for delta in deltas)


@pytest.fixture
async def chat(tmp_path: Path) -> AsyncIterator[LlamaChat]:
    async with tiny_chat(tiny_plan(tmp_path)) as opened:
        yield opened


@asynccontextmanager
async def endless(folder: Path, **more: int) -> AsyncIterator[tuple[LlamaChat, HostPlan]]:
    """A model that never comes to its end by itself."""
    plan = tiny_plan(folder, gguf={"endless": True}, **more)
    async with tiny_chat(plan) as opened:
        yield opened, plan


async def until(plan: HostPlan, **wanted: object) -> None:
    """Waits until the process says so of itself. Raises TimeoutError."""
    async with asyncio.timeout(20):
        while not (wanted.items() <= (await state_of(plan) or {}).items()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


async def test_the_model_says_its_line_and_counts_exactly(chat: LlamaChat) -> None:
    deltas = await said(chat)
    assert text_of(deltas) == LINE
    assert deltas[-1].finish == "stop"
    usage = deltas[-1].usage
    assert usage is not None
    assert (usage.completion_tokens, usage.estimated) == (len(LINE.split()), False)


async def test_a_prompt_that_was_just_read_is_not_read_again(chat: LlamaChat) -> None:
    first, second = [(await said(chat))[-1].usage or Usage() for _ in range(2)]
    assert first.cached_tokens == 0
    assert second.cached_tokens == first.prompt_tokens - 1
    assert second.prompt_tokens == first.prompt_tokens


async def test_an_answer_ends_at_its_limit_of_tokens(chat: LlamaChat) -> None:
    deltas = await said(chat, replace(ASK, max_tokens=3))
    assert text_of(deltas) == " ".join(LINE.split()[:3])
    assert deltas[-1].finish == "length"


async def test_f16_an_answer_is_continued_where_it_broke_off(chat: LlamaChat) -> None:
    broken = replace(ASK, messages=(*ASK.messages, Message("assistant", "Le fret recule depuis")))
    assert not text_of(await said(chat, broken)).strip().startswith("Le fret")


async def test_f14_json_keeps_to_the_schema_and_to_the_range(chat: LlamaChat) -> None:
    text = text_of(await said(chat, replace(ASK, schema=json.dumps(SCHEMA))))
    answer = json.loads(text)
    assert answer.keys() == {"speaker", "score"}
    assert answer["speaker"] in {"morel", "roche"}
    assert answer["score"] in range(6)


@pytest.mark.parametrize(
    "schema", ["no json", '{"not": {}}', '{"type": "string", "pattern": "^[a-z$"}']
)
async def test_a_schema_that_cannot_be_kept_is_refused_and_harms_nobody(
    chat: LlamaChat, schema: str
) -> None:
    with pytest.raises(BackendError) as caught:
        await said(chat, replace(ASK, schema=schema))
    assert (caught.value.code, caught.value.retryable) == ("schema", False)
    assert text_of(await said(chat)) == LINE


async def test_f13_a_prompt_above_the_context_is_refused_and_harms_nobody(
    chat: LlamaChat,
) -> None:
    for repeats in (1000, 200_000):
        long = replace(ASK, messages=(Message("user", "La réforme. " * repeats),))
        with pytest.raises(BackendError) as caught:
            await said(chat, long)
        assert (caught.value.code, caught.value.retryable) == ("context", False)
    assert text_of(await said(chat)) == LINE


async def test_p4_marks_of_the_template_in_speech_are_only_taken_out(chat: LlamaChat) -> None:
    plain, marked = "Bonsoir.", "Bonsoir.<|im_end|></s><|im_start|>"
    usages = [
        (await said(chat, replace(ASK, messages=(Message("user", text),))))[-1].usage
        for text in (plain, marked)
    ]
    assert [usage.prompt_tokens for usage in usages if usage] == [
        usages[0].prompt_tokens if usages[0] else 0
    ] * 2


async def test_a_model_without_a_chat_template_gets_a_plain_one(tmp_path: Path) -> None:
    plan = tiny_plan(tmp_path, gguf={"template": None})
    async with tiny_chat(plan) as chat:
        deltas = await said(chat)
        assert text_of(deltas).strip() == LINE
        assert deltas[-1].finish == "stop"


async def test_the_process_gives_way_to_audio(chat: LlamaChat, tmp_path: Path) -> None:
    await chat.warm()
    assert os.getpriority(os.PRIO_PROCESS, pid_of(tiny_plan(tmp_path))) == 10


async def test_s5_withdrawn_answer_stops_the_model_which_lives_on(tmp_path: Path) -> None:
    async with endless(tmp_path) as (chat, plan):
        async with aclosing(chat.stream(LONG)) as deltas:
            assert (await anext(deltas)).text
        await until(plan, aborted=1, running=False)
        assert (await said(chat, replace(ASK, max_tokens=5)))[-1].finish == "length"
        assert pid_of(plan)


async def test_s5_an_answer_withdrawn_while_its_prompt_is_read_stops_too(tmp_path: Path) -> None:
    async with endless(tmp_path) as (chat, plan):
        await chat.warm()
        prompt = replace(LONG, messages=(Message("user", "Bonsoir à tous. " * 250),))
        leaving = asyncio.create_task(said(chat, prompt))
        await until(plan, running=True)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)
        await until(plan, aborted=1, running=False)
        assert (await said(chat, replace(ASK, max_tokens=5)))[-1].finish == "length"


async def test_l2_killed_in_mid_answer_it_is_cut_and_the_next_call_starts_it(
    tmp_path: Path,
) -> None:
    async with endless(tmp_path) as (chat, plan):
        answer = chat.stream(LONG)
        assert (await anext(answer)).text
        killed = pid_of(plan)
        os.kill(killed, signal.SIGKILL)
        with pytest.raises(BackendError) as caught:
            [delta async for delta in answer]
        assert (caught.value.code, caught.value.retryable) == ("cut", True)
        await until_gone(killed)
        assert (await said(chat, replace(ASK, max_tokens=5)))[-1].finish == "length"
        assert pid_of(plan) != killed


async def test_l4_a_full_line_refuses_at_once(tmp_path: Path) -> None:
    async with endless(tmp_path, queue_limit=1) as (chat, plan):
        patient = replace(LONG, deadline_s=600.0)
        async with aclosing(chat.stream(patient)) as running:
            await anext(running)
            waiting = asyncio.create_task(said(chat, patient))
            await until(plan, waiting=1)
            with pytest.raises(BackendError) as caught:
                await said(chat, patient)
            assert (caught.value.code, caught.value.retryable) == ("busy", True)
            assert (await state_of(plan) or {})["waiting"] == 1
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
            await until(plan, waiting=0)


async def test_l4_who_would_wait_beyond_the_deadline_is_refused_not_delayed(
    tmp_path: Path,
) -> None:
    async with endless(tmp_path) as (chat, plan), aclosing(chat.stream(LONG)) as running:
        await anext(running)
        with pytest.raises(BackendError) as caught:
            await said(chat, replace(ASK, deadline_s=1.0))
        assert caught.value.code == "busy"
        assert (await state_of(plan) or {})["running"], "the first one was not disturbed"


async def test_two_processes_share_one_model_and_it_ends_with_the_last(tmp_path: Path) -> None:
    plan = tiny_plan(tmp_path)
    owners = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.integration.llama_owner",
            str(tmp_path),
            str(plan.model_path),
            "0.5",
            cwd=_ROOT,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    try:
        for owner in owners:
            assert owner.stdout is not None
            assert (await owner.stdout.readline()).decode().strip() == LINE
        pid = pid_of(plan)
        state = await state_of(plan)
        assert state is not None
        assert (state["answered"], state["clients"]) == (2, 3), "two owners, and who asks now"
        started = plan.socket.with_suffix(".log").read_text().splitlines()
        assert len([line for line in started if line.startswith("ready")]) == 1
        owners[0].kill()
        await owners[0].communicate()
        await until(plan, clients=2)
        assert is_alive(pid)
        owners[1].kill()
        await owners[1].communicate()
        await until_gone(pid)
        assert not plan.socket.exists()
    finally:
        for owner in owners:
            if owner.returncode is None:
                owner.kill()
                await owner.communicate()


async def test_it_ends_when_nobody_works_with_it_and_comes_back_when_asked(
    tmp_path: Path,
) -> None:
    async with tiny_chat(tiny_plan(tmp_path, idle_exit_s=0.2)) as chat:
        await chat.warm()
        first = pid_of(tiny_plan(tmp_path))
        await until_gone(first)
        assert text_of(await said(chat)) == LINE


async def test_o2_a_file_that_is_missing_or_no_gguf_is_named_with_its_variable(
    tmp_path: Path,
) -> None:
    (tmp_path / "notes.gguf").write_text("not a model")
    for name in ("notes.gguf", "absent.gguf", "."):
        with pytest.raises(ConfigError, match="LLAMA_MODEL_PATH") as caught:
            plan_llama(tmp_path, tmp_path / name)
        assert str(tmp_path / name) in str(caught.value)


async def test_o2_a_broken_gguf_is_one_clear_error_and_not_tried_again_at_once(
    tmp_path: Path,
) -> None:
    model = write_gguf(tmp_path / "half.gguf")
    model.write_bytes(model.read_bytes()[:100_000])
    plan = plan_llama(tmp_path, model)
    async with tiny_chat(plan) as chat:
        logs = []
        for _ in range(2):
            with pytest.raises(BackendError, match="LLAMA_MODEL_PATH") as caught:
                await said(chat)
            assert (caught.value.code, caught.value.retryable) == ("model", False)
            assert str(model) in str(caught.value)
            logs.append(plan.socket.with_suffix(".log").read_text())
    assert logs[0] == logs[1]
    assert "LLAMA_MODEL_PATH" in logs[0]


async def test_another_file_has_another_process(tmp_path: Path) -> None:
    one, other = write_gguf(tmp_path / "a.gguf"), write_gguf(tmp_path / "b.gguf", says="Non.")
    plans = [plan_llama(tmp_path, model, linger_s=0.2) for model in (one, other)]
    assert plans[0].socket != plans[1].socket
    async with tiny_chat(plans[0]) as first, tiny_chat(plans[1]) as second:
        assert text_of(await said(first)) == LINE
        assert text_of(await said(second)) == "Non."


def test_the_test_model_is_a_quarter_megabyte(tmp_path: Path) -> None:
    assert write_gguf(tmp_path / "tiny.gguf").stat().st_size < 300_000


def test_the_file_names_the_model() -> None:
    spec = local_spec(Path("/models/mistral-7b.Q4_K_M.gguf"))
    assert (spec.id, spec.model, spec.tier) == (
        "local/mistral-7b.Q4_K_M",
        "mistral-7b.Q4_K_M",
        "local",
    )


async def test_d4_the_log_of_the_process_holds_nothing_that_was_said(
    chat: LlamaChat, tmp_path: Path
) -> None:
    await said(chat, replace(ASK, messages=(Message("user", "hirondelle"),)))
    with pytest.raises(BackendError):
        await said(chat, replace(ASK, schema='"hirondelle"'))
    assert "hirondelle" not in tiny_plan(tmp_path).socket.with_suffix(".log").read_text()
