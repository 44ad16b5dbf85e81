"""A process of its own that asks the local model once, says so, and stays until it is ended.

python -m tests.integration.llama_owner DATA_DIR MODEL LINGER_S
"""

import asyncio
import sys
from pathlib import Path

from services.adapters.llama import LlamaChat, local_spec, plan_llama
from services.llm.request import Message, Request, TaskType


async def main(data_dir: str, model: str, linger_s: str) -> None:
    plan = plan_llama(Path(data_dir), Path(model), linger_s=float(linger_s))
    chat = LlamaChat(local_spec(plan.model_path), plan)
    request = Request(
        task=TaskType.CONVERSATION,
        messages=(Message("user", "Bonsoir."),),
        spoken=True,
        deadline_s=60.0,
    )
    text = "".join([delta.text async for delta in chat.stream(request)])
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
