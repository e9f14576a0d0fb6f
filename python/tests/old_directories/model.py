"""The embedding model of those who wrote the directories: a vector that depends on the text and the seed alone."""

from __future__ import annotations

import hashlib
import struct
from typing import List

from llama_index.core.embeddings import BaseEmbedding

DIMENSIONS = 6


def embedding(text: str, seed: int) -> List[float]:
    digest = hashlib.sha512(f"{seed}:{text}".encode("utf-8", "surrogatepass")).digest()
    numbers = [number / 2**31 - 1 for number in struct.unpack(f">{DIMENSIONS}I", digest[: 4 * DIMENSIONS])]
    special = digest[61] % DIMENSIONS
    if digest[60] % 4 == 1:
        numbers = [round(number, 3) for number in numbers]
    elif digest[60] % 4 == 2:
        numbers[special] *= 1e-9
    elif digest[60] % 4 == 3:
        numbers[special] = 0.0
        numbers = [struct.unpack("f", struct.pack("f", number))[0] for number in numbers]
    return numbers


class SeededEmbedding(BaseEmbedding):
    seed: int

    def _get_text_embedding(self, text: str) -> List[float]:
        return embedding(text, self.seed)

    def _get_query_embedding(self, query: str) -> List[float]:
        return embedding(query, self.seed)

    async def _aget_query_embedding(self, query: str) -> List[float]:
        return embedding(query, self.seed)
