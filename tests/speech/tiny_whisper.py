"""A Whisper model of 600 KB that says "Yes" to everything: the real format, without anything learned.

Its decoder does not listen: the position of a token alone decides which comes next. So loading, tokens,
languages and the way to the text are those of a model that people use.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

WIDTH, HEADS, LAYERS = 16, 2, 1
PROMPT = 2
"""Tokens before the text in a model for English: start, no timestamps."""
SAYS = "Yes"


def make(folder: Path) -> Path:
    """Write the model into ``folder``."""
    from ctranslate2.specs import whisper_spec
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = [
        "<|endoftext|>",
        "<|startoftranscript|>",
        "<|en|>",
        "<|de|>",
        "<|translate|>",
        "<|transcribe|>",
    ]
    special += ["<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    special += [f"<|{step * 0.02:.2f}|>" for step in range(1501)]
    tokens = letters + special
    tokenizer = Tokenizer(models.BPE(vocab={letter: i for i, letter in enumerate(letters)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True) for token in special])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))

    spec = whisper_spec.WhisperSpec(LAYERS, HEADS, LAYERS, HEADS)
    _encoder(spec.encoder)
    _decoder(spec.decoder, [*SAYS, "<|endoftext|>"], tokens)
    spec.config.suppress_ids = []
    spec.config.suppress_ids_begin = []
    spec.config.lang_ids = [tokens.index("<|en|>"), tokens.index("<|de|>")]
    spec.config.alignment_heads = [(0, 0)]
    spec.register_vocabulary(tokens)
    spec.validate()
    spec.optimize()
    spec.save(str(folder))
    return folder


def _zeros(*shape: int) -> Any:
    return np.zeros(shape, np.float32)


def _norm(layer: Any) -> None:
    layer.gamma, layer.beta = np.ones(WIDTH, np.float32), _zeros(WIDTH)


def _linear(layer: Any, out: int, into: int) -> None:
    layer.weight, layer.bias = _zeros(out, into), _zeros(out)


def _attention(layer: Any, shapes: tuple[int, ...]) -> None:
    _norm(layer.layer_norm)
    for linear, out in zip(layer.linear, shapes, strict=True):
        _linear(linear, out, WIDTH)


def _feed_forward(layer: Any) -> None:
    _norm(layer.layer_norm)
    _linear(layer.linear_0, 4 * WIDTH, WIDTH)
    _linear(layer.linear_1, WIDTH, 4 * WIDTH)


def _encoder(encoder: Any) -> None:
    for conv, into in ((encoder.conv1, 80), (encoder.conv2, WIDTH)):
        conv.weight, conv.bias = _zeros(WIDTH, into, 3), _zeros(WIDTH)
    encoder.position_encodings.encodings = _zeros(1500, WIDTH)
    _norm(encoder.layer_norm)
    for layer in encoder.layer:
        _attention(layer.self_attention, (3 * WIDTH, WIDTH))
        _feed_forward(layer.ffn)


def _decoder(decoder: Any, says: list[str], tokens: list[str]) -> None:
    embeddings, positions = _zeros(len(tokens), WIDTH), _zeros(448, WIDTH)
    for step, token in enumerate(says):  # the position before a token points to it
        embeddings[tokens.index(token), step] = 4.0
        positions[PROMPT - 1 + step, step] = 100.0
    decoder.scale_embeddings = False
    decoder.embeddings.weight = decoder.projection.weight = embeddings
    decoder.position_encodings.encodings = positions
    _norm(decoder.layer_norm)
    for layer in decoder.layer:
        _attention(layer.self_attention, (3 * WIDTH, WIDTH))
        _attention(layer.attention, (WIDTH, 2 * WIDTH, WIDTH))
        _feed_forward(layer.ffn)
