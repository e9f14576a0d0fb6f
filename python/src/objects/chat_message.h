// MessageReader: ChatMessages of LlamaIndex from their JSON.
//
// One of text blocks alone, as model_dump_json() writes it, is made as pydantic would make it, without its
// validation, which has nothing to find there; every other one is left to pydantic.

#ifndef QUIPU_PYTHON_OBJECTS_CHAT_MESSAGE_H_
#define QUIPU_PYTHON_OBJECTS_CHAT_MESSAGE_H_

#include <nanobind/nanobind.h>

#include <string_view>
#include <vector>

#include "python/src/objects/json_decoder.h"
#include "quipu/json.h"

namespace quipu::python {

class MessageReader {
 public:
  // `message_type` and `block_type`: ChatMessage and TextBlock. `roles`: {text: MessageRole}. `validate`
  // makes a message of a str. `plain`: whether the two classes have the fields that are known here, and no
  // others.
  MessageReader(nanobind::object message_type, nanobind::object block_type, nanobind::dict roles,
                nanobind::object validate, bool plain);

  nanobind::object read(JsonView message) const {
    JsonDecoder decoder;
    return read(message, decoder);
  }
  nanobind::list read_all(const std::vector<Json>& messages) const;

 private:
  nanobind::object read(JsonView message, JsonDecoder& decoder) const;
  // Null where pydantic is to make it; a Python error may be set then.
  nanobind::object read_plain(std::string_view message, JsonDecoder& decoder) const;
  nanobind::object read_blocks(JsonCursor& cursor) const;

  const nanobind::object message_type_;
  const nanobind::object block_type_;
  const nanobind::dict roles_;
  const nanobind::object validate_;
  const nanobind::object message_fields_;
  const nanobind::object block_fields_;
  const bool plain_;
};

}  // namespace quipu::python

#endif  // QUIPU_PYTHON_OBJECTS_CHAT_MESSAGE_H_
