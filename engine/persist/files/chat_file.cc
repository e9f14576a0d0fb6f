// chat_store.json: {"store": {chat: [message, ...]}, "class_name": "SimpleChatStore"}, in and out.

#include <map>
#include <utility>
#include <vector>

#include "engine/json/unicode_json.h"
#include "engine/layout/chat_messages.h"
#include "engine/layout/chat_record.h"
#include "engine/persist/files/file_exporter.h"
#include "engine/persist/files/file_loader.h"

namespace quipu {
namespace {

constexpr std::string_view kStore = "store";

class ChatLoader : public FileLoader {
 public:
  ChatLoader(const std::string& name, BulkLoad& load, CollectionOwners& owners)
      : FileLoader(name, load, owners) {}

  bool takes_string_of_json() const override { return true; }
  void form(bool spaces, bool in_string) override { form_ = {spaces, in_string}; }
  bool skips(std::string_view name) const override { return name != kStore; }
  // Of a chat, a message.
  bool takes_value(JsonKind kind) const override {
    return kind == (in_chat_ ? JsonKind::kObject : JsonKind::kArray);
  }
  bool enters_elements(std::string_view /*key*/) const override { return !in_chat_; }

  Status begin_collection(std::string_view /*name*/, JsonKind /*kind*/) override {
    records_.clear();
    order_.clear();
    return begin(kChatMessages);
  }
  Status enter(std::string_view key) override {
    in_chat_ = true;
    const auto [chat, is_new] = records_.try_emplace(std::string(key));
    if (!is_new) return Status::invalid_argument("the chat is there twice");
    chat_ = &*chat;
    order_.push_back(chat_);
    return Status::ok();
  }
  Status entry(std::string_view /*key*/, JsonView message) override {
    const std::optional<std::string> active = without_archived_status(message);
    const uint64_t id = chat_->second.append(1, active ? MessageStatus::kArchived : MessageStatus::kActive);
    return put(message_key(chat_->first, id), active ? JsonView::from_canonical(*active) : message);
  }
  Status leave() override {
    in_chat_ = false;
    return Status::ok();
  }
  Status end_collection() override {
    QUIPU_RETURN_IF_ERROR(begin(kChats));
    for (const Chat* const chat : order_) QUIPU_RETURN_IF_ERROR(put(chat->first, chat->second.to_json()));
    if (form_ == ChatFileForm()) return Status::ok();
    QUIPU_RETURN_IF_ERROR(begin(kChatState));
    return put(kChatForm, form_.to_json());
  }

 private:
  using Chat = std::pair<const std::string, ChatRecord>;

  ChatFileForm form_;
  std::map<std::string, ChatRecord> records_;
  std::vector<Chat*> order_;
  Chat* chat_ = nullptr;
  bool in_chat_ = false;
};

// Writes text as the inside of a JSON string.
class StringOfJson : public OutputFile {
 public:
  explicit StringOfJson(OutputFile& file) : file_(file) {}

  // REQUIRES: no character is cut at either end.
  Status append(std::string_view text) override {
    text_.clear();
    append_json_string(text, text_);
    return file_.append(std::string_view(text_).substr(1, text_.size() - 2));
  }
  Status commit() override { return file_.commit(); }
  uint64_t bytes_written() const override { return file_.bytes_written(); }

 private:
  OutputFile& file_;
  std::string text_;
};

class ChatExporter : public FileExporter {
 private:
  Status write(const Source& source, OutputFile& file) const override {
    QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> recorded, source.store().get(kChatForm, kChatState));
    const std::optional<ChatFileForm> found = recorded ? ChatFileForm::parse(*recorded) : std::nullopt;
    const ChatFileForm form = found.value_or(ChatFileForm());
    if (!form.in_string) return write_object(source, form, file);
    StringOfJson inside(file);
    QUIPU_RETURN_IF_ERROR(file.append("\""));
    QUIPU_RETURN_IF_ERROR(write_object(source, form, inside));
    return file.append("\"");
  }

  static Status write_object(const Source& source, ChatFileForm form, OutputFile& file) {
    const std::string_view comma = form.spaces ? ", " : ",";
    const std::string_view colon = form.spaces ? ": " : ":";
    std::string text = "{\"store\"";
    text.append(colon) += '{';
    bool first = true;
    uint64_t messages = 0;
    QUIPU_RETURN_IF_ERROR(
        source.for_each(std::string(kChats), [&](std::string_view chat, JsonView value) -> Status {
          QUIPU_ASSIGN_OR_RETURN(const ChatRecord record, ChatRecord::parse(chat, value));
          if (!std::exchange(first, false)) text += comma;
          QUIPU_RETURN_IF_ERROR(append(Json::from_string(chat), form, text));
          text.append(colon) += '[';
          bool first_message = true;
          const auto write_message = [&](uint64_t id, JsonView message) -> Status {
            if (!std::exchange(first_message, false)) text += comma;
            const bool archived = record.status(id) == MessageStatus::kArchived;
            const Json marked = Json::from_canonical(archived ? archived_message_text(message) : "");
            if (const Status appended = append(archived ? marked.view() : message, form, text);
                !appended.is_ok()) {
              return Status(appended.code(), "collection " + std::string(kChatMessages) + ", key " +
                                                 message_key(chat, id) + ": " + appended.message());
            }
            ++messages;
            QUIPU_RETURN_IF_ERROR(file.append(std::exchange(text, {})));
            return source.entry_done();
          };
          QUIPU_RETURN_IF_ERROR(
              for_each_message(source.store(), chat, record.select({}), /*by_scan=*/false, write_message));
          text += ']';
          return file.append(std::exchange(text, {}));
        }));
    source.report(std::string(kChatMessages), messages);
    text.append("}").append(comma).append("\"class_name\"").append(colon).append("\"SimpleChatStore\"}");
    return file.append(text);
  }

  static Status append(JsonView value, ChatFileForm form, std::string& text) {
    if (!form.spaces) return append_pydantic_json(value, text);
    text += value.text();
    return Status::ok();
  }
};

}  // namespace

std::unique_ptr<FileLoader> make_chat_loader(const std::string& name, BulkLoad& load,
                                             CollectionOwners& owners) {
  return std::make_unique<ChatLoader>(name, load, owners);
}

std::unique_ptr<FileExporter> make_chat_exporter() { return std::make_unique<ChatExporter>(); }

}  // namespace quipu
