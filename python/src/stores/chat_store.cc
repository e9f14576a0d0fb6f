// KVChatStore and PostgresChatStore for Python: messages come as JSON text, and go as what a MessageReader
// makes of them. A status is None for any, True for archived, False for active.

#include "quipu/chat_store.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/shared_ptr.h>

#include "python/src/convert/arguments.h"
#include "python/src/convert/text.h"
#include "python/src/objects/chat_message.h"
#include "python/src/stores/bound.h"

namespace nb = nanobind;

namespace quipu::python {
namespace {

using Key = Str<"key">;

MessageStatus status_of(bool archived) {
  return archived ? MessageStatus::kArchived : MessageStatus::kActive;
}

std::optional<MessageStatus> status_of(std::optional<bool> archived) {
  return archived ? std::optional(status_of(*archived)) : std::nullopt;
}

nb::object read_one(const MessageReader& reader, const std::optional<Json>& message) {
  return message ? reader.read(*message) : nb::none();
}

template <class Chats>
void add_messages(Chats& chats, const Key& key, const Arg<"messages", Strings>& messages, bool archived,
                  bool replaces) {
  chats.run([&](auto& store) {
    std::vector<Json> parsed;
    parsed.reserve(messages.size());
    for (const std::string& message : messages) parsed.push_back(parse_json(message));
    check(replaces ? store.set_messages(key.view, parsed, status_of(archived))
                   : store.add_messages(key.view, parsed, status_of(archived)));
  });
}

template <class Chats>
nb::list get_messages(Chats& chats, const MessageReader& reader, const Key& key,
                      Arg<"offset", int64_t> offset, const Arg<"limit", std::optional<uint64_t>>& limit,
                      std::optional<bool> archived) {
  const MessageWindow window{offset, limit, status_of(archived)};
  return reader.read_all(chats.run([&](auto& store) { return take(store.get_messages(key.view, window)); }));
}

template <class Chats>
nb::object delete_messages(Chats& chats, const MessageReader& reader, const Key& key) {
  const auto gone = chats.run([&](auto& store) { return take(store.delete_messages(key.view)); });
  return gone ? nb::object(reader.read_all(*gone)) : nb::none();
}

template <class Chats>
nb::list take_oldest(Chats& chats, const MessageReader& reader, const Key& key, Arg<"n", uint64_t> n,
                     bool archive) {
  return reader.read_all(chats.run([&](auto& store) {
    return take(archive ? store.archive_oldest_messages(key.view, n)
                        : store.delete_oldest_messages(key.view, n));
  }));
}

// What both stores have.
template <class Chats>
void define(nb::class_<Chats>& type) {
  type.def("add_messages", &add_messages<Chats>, nb::arg("key").none(), nb::arg("messages").none(),
           nb::arg("archived"), nb::arg("replaces"))
      .def("get_messages", &get_messages<Chats>, nb::arg("reader"), nb::arg("key").none(),
           nb::arg("offset").none(), nb::arg("limit").none(), nb::arg("archived").none())
      .def(
          "count_messages",
          [](Chats& chats, const Key& key, std::optional<bool> archived) {
            return chats.run(
                [&](auto& store) { return take(store.count_messages(key.view, status_of(archived))); });
          },
          nb::arg("key").none(), nb::arg("archived").none())
      .def("delete_messages", &delete_messages<Chats>, nb::arg("reader"), nb::arg("key").none())
      .def(
          "delete_messages_of",
          [](Chats& chats, const Key& key, std::optional<bool> archived) {
            chats.run([&](auto& store) { check(store.delete_messages_of(key.view, status_of(archived))); });
          },
          nb::arg("key").none(), nb::arg("archived").none())
      .def(
          "delete_message",
          [](Chats& chats, const MessageReader& reader, const Key& key, Arg<"idx", int64_t> idx) {
            return read_one(
                reader, chats.run([&](auto& store) { return take(store.delete_message(key.view, idx)); }));
          },
          nb::arg("reader"), nb::arg("key").none(), nb::arg("idx").none())
      .def(
          "delete_message_of_id",
          [](Chats& chats, const MessageReader& reader, const Key& key, Arg<"idx", int64_t> id) {
            return read_one(reader, chats.run([&](auto& store) {
              return id < 0 ? std::optional<Json>()
                            : take(store.delete_message_of_id(key.view, static_cast<uint64_t>(int64_t{id})));
            }));
          },
          nb::arg("reader"), nb::arg("key").none(), nb::arg("idx").none())
      .def("take_oldest", &take_oldest<Chats>, nb::arg("reader"), nb::arg("key").none(), nb::arg("n").none(),
           nb::arg("archive"))
      .def("get_keys", [](Chats& chats) {
        return to_list(chats.run([](auto& store) { return take(store.get_keys()); }));
      });
}

}  // namespace

void register_chat_store(nb::module_& module) {
  nb::class_<MessageReader>(module, "MessageReader")
      .def(nb::init<nb::object, nb::object, nb::dict, nb::object, bool>(), nb::arg("message_type"),
           nb::arg("block_type"), nb::arg("roles"), nb::arg("validate"), nb::arg("plain"));
  using Chats = Bound<KVChatStore>;
  nb::class_<Chats> chats(module, "ChatStore");
  define(chats);
  chats
      .def(
          "__init__",
          [](Chats* self, std::shared_ptr<Database> database) { new (self) Chats(std::move(database)); },
          nb::arg("database"))
      .def(
          "insert_message",
          [](Chats& chats, const Key& key, Arg<"idx", int64_t> idx, const Str<"message">& message) {
            chats.run(
                [&](auto& store) { check(store.insert_message(key.view, idx, parse_json(message.view))); });
          },
          nb::arg("key").none(), nb::arg("idx").none(), nb::arg("message").none())
      .def("persist", &Chats::persist, nb::arg("persist_path").none(), nb::arg("fs").none());

  using Shared = Bound<PostgresChatStore>;
  nb::class_<Shared> shared(module, "PostgresChatStore");
  define(shared);
  shared.def(
      "__init__",
      [](Shared* self, std::shared_ptr<Database> database, const Str<"table_name">& table_name) {
        new (self) Shared(std::move(database), table_name.view);
      },
      nb::arg("database"), nb::arg("table_name").none());
}

}  // namespace quipu::python
