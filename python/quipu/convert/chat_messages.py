"""ChatMessages as the JSON that a database keeps, and back."""

from __future__ import annotations

import json
from typing import Iterable, List

from llama_index.core.base.llms.types import ChatMessage, MessageRole, TextBlock
from pydantic_core import PydanticSerializationError

from quipu import _native


def message_to_json(message: ChatMessage) -> str:
    """As the reference's SQLAlchemyChatStore keeps it: ``model_dump(mode="json")``."""
    if not isinstance(message, ChatMessage):
        raise TypeError(f"message must be a ChatMessage, not {type(message).__name__}")
    try:
        return message.model_dump_json()
    except PydanticSerializationError:  # a lone surrogate, which pydantic's own text cannot hold
        return _native.to_json(message.model_dump(mode="json"))


def messages_to_json(messages: Iterable[ChatMessage]) -> List[str]:
    return [message_to_json(message) for message in messages]


def _from_json(text: str) -> ChatMessage:
    return ChatMessage.model_validate(json.loads(text))


def _has_fields(model: type, *names: str) -> bool:
    return list(getattr(model, "model_fields", {})) == list(names) and not getattr(model, "model_config", {})


# Reads messages; what it makes itself is equal to what _from_json makes.
READER = _native.MessageReader(
    ChatMessage,
    TextBlock,
    {role.value: role for role in MessageRole},
    _from_json,
    _has_fields(ChatMessage, "role", "additional_kwargs", "blocks") and _has_fields(TextBlock, "block_type", "text"),
)
