"""A language model of a quarter megabyte, written in an instant, that says what a test wants.

Two layers of 64 dimensions and 352 tokens: the bytes, the marks of a chat template, and words. Its
output head is built so that each word is followed by the next, the last one by the end.
"""

import re
from pathlib import Path

import gguf
import numpy as np
from numpy.typing import NDArray

LINE = "Le fret recule depuis dix ans, et vous le savez."
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
VOCABULARY = 352
CONTEXT = 8192
_DIM, _LAYERS, _HEADS, _HIDDEN = 64, 2, 4, 128
_UNKNOWN, _BEGIN, _END, _FIRST_BYTE, _FIRST_WORD = 0, 1, 2, 3, 261
_SURE = 40.0
"""How much likelier the next word is than any other: sampling cannot miss it."""


def write_gguf(
    path: Path, *, says: str = LINE, endless: bool = False, template: str | None = CHATML
) -> Path:
    """Writes the model. `endless` says it over and over; `template` None leaves it without one."""
    words = [f"▁{word}" for word in dict.fromkeys(re.findall(r"\S+", says))]
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{byte:02X}>" for byte in range(256))]
    tokens += ["<|im_start|>", "<|im_end|>", *words]
    tokens += [f"▁w{n}" for n in range(VOCABULARY - len(tokens))]
    assert len(tokens) == VOCABULARY, "too many different words"
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("tiny")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(_DIM)
    writer.add_block_count(_LAYERS)
    writer.add_feed_forward_length(_HIDDEN)
    writer.add_head_count(_HEADS)
    writer.add_head_count_kv(_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_dimension_count(_DIM // _HEADS)
    writer.add_vocab_size(VOCABULARY)
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([-float(n) for n in range(VOCABULARY)])
    writer.add_token_types(_types())
    writer.add_bos_token_id(_BEGIN)
    writer.add_eos_token_id(_END)
    writer.add_unk_token_id(_UNKNOWN)
    if template is not None:
        writer.add_chat_template(template)
    for name, tensor in _tensors(len(words), endless=endless).items():
        writer.add_tensor(name, tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _types() -> list[int]:
    kind = gguf.TokenType
    special = [kind.UNKNOWN, kind.CONTROL, kind.CONTROL, *[kind.BYTE] * 256]
    special += [kind.CONTROL, kind.CONTROL]
    return [*special, *[kind.NORMAL] * (VOCABULARY - len(special))]


def _tensors(words: int, *, endless: bool) -> dict[str, NDArray[np.float16 | np.float32]]:
    rng = np.random.default_rng(20261121)
    embedded = rng.standard_normal((VOCABULARY, _DIM)).astype(np.float32)
    embedded /= np.linalg.norm(embedded, axis=1, keepdims=True)
    head = np.zeros((VOCABULARY, _DIM), dtype=np.float32)
    for n in range(1, words):
        head[_FIRST_WORD + n] = embedded[_FIRST_WORD + n - 1]
    head[_FIRST_WORD] = embedded[_FIRST_BYTE + ord("\n")] + embedded[_FIRST_BYTE + ord(":")]
    last = embedded[_FIRST_WORD + words - 1]
    head[_FIRST_WORD if endless else _END] += last
    tensors = {
        "token_embd.weight": embedded,
        "output.weight": head * _SURE / np.sqrt(_DIM),
        "output_norm.weight": np.ones(_DIM, dtype=np.float32),
    }
    for n in range(_LAYERS):
        shapes = {"attn_q": _DIM, "attn_k": _DIM, "attn_v": _DIM, "attn_output": _DIM}
        shapes |= {"ffn_gate": _HIDDEN, "ffn_up": _HIDDEN}
        for name, rows in shapes.items():
            tensors[f"blk.{n}.{name}.weight"] = _small(rng, rows, _DIM)
        tensors[f"blk.{n}.ffn_down.weight"] = _small(rng, _DIM, _HIDDEN)
        for name in ("attn_norm", "ffn_norm"):
            tensors[f"blk.{n}.{name}.weight"] = np.ones(_DIM, dtype=np.float32)
    return {
        name: tensor if tensor.ndim == 1 else tensor.astype(np.float16)
        for name, tensor in tensors.items()
    }


def _small(rng: np.random.Generator, rows: int, columns: int) -> NDArray[np.float32]:
    """Weights that work and change little: the words are decided by the head."""
    return rng.normal(0, 0.002, (rows, columns)).astype(np.float32)
