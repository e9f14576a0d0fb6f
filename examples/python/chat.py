"""A chat that goes on where it ended, also after the program has.

    python chat.py ann "My name is Ann." "What is my name?"
    python chat.py ann "And what did I ask first?"

The first argument names the chat, the others are what is said. Put your own model in the place of the mock one, which answers
with what it was sent.
"""

import sys

from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import MockLLM
from llama_index.core.memory import Memory

import quipu


def main(name: str, *said: str) -> None:
    with quipu.RocksDBKVStore("chats.quipu") as database:
        # Each message is on disk before the next one is asked for, and a chat of a million messages costs no more than one of
        # ten. What is older than the memory's token limit stays in the database, archived.
        memory = Memory.from_defaults(session_id=name, chat_store=quipu.QuipuAsyncChatStore(database), token_limit=4000)
        engine = SimpleChatEngine.from_defaults(llm=MockLLM(), memory=memory)
        before = len(memory.get_all())
        print(f"{name}: {before} messages so far")
        for text in said:
            engine.chat(text)
            print(f"{name}: {text}")
        print(f"{name}: {len(memory.get_all())} messages now")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
