#include "engine/layout/chat_record.h"

#include <algorithm>
#include <array>
#include <limits>

namespace quipu {
namespace {

constexpr size_t kIdDigits = 16;
constexpr uint64_t kMaxId = 9'999'999'999'999'999;
constexpr std::string_view kFirst = "first";
constexpr std::string_view kRuns = "runs";
constexpr std::string_view kSpaces = "spaces";
constexpr std::string_view kInString = "in_string";
constexpr std::string_view kArchivedMember = "\"message_status\": \"archived\"}";

// A whole number from 1 on, up to the largest id.
std::optional<uint64_t> id_of(JsonView value) {
  const std::optional<int64_t> number = value.int64();
  if (!number || *number < 1 || static_cast<uint64_t>(*number) > kMaxId) return std::nullopt;
  return static_cast<uint64_t>(*number);
}

std::optional<bool> flag(JsonView object, std::string_view name) {
  const std::optional<JsonView> value = object.find(name);
  if (!value || value->kind() != JsonKind::kBool) return std::nullopt;
  return value->boolean();
}

}  // namespace

std::string message_key(std::string_view chat, uint64_t id) {
  std::string key;
  append_json_string(chat, key);
  const std::string digits = std::to_string(id);
  key += ' ';
  key.append(kIdDigits - std::min(kIdDigits, digits.size()), '0');
  return key += digits;
}

std::optional<MessagePlace> parse_message_key(std::string_view key) {
  if (key.size() < kIdDigits + 3) return std::nullopt;
  const std::string_view quoted = key.substr(0, key.size() - kIdDigits - 1);
  const Result<Json> chat = Json::parse(quoted);
  if (!chat || !chat->view().is_string()) return std::nullopt;
  MessagePlace place{chat->view().string(), 0};
  for (const char digit : key.substr(key.size() - kIdDigits)) {
    if (digit < '0' || digit > '9') return std::nullopt;
    place.id = place.id * 10 + static_cast<uint64_t>(digit - '0');
  }
  const bool is_key = place.id != 0 && message_key(place.chat, place.id) == key;
  return is_key ? std::optional(std::move(place)) : std::nullopt;
}

std::string_view ChatRecord::name_of(Kind kind) {
  constexpr std::array<std::string_view, 3> kNames = {"active", "archived", "none"};
  return kNames[static_cast<size_t>(kind)];
}

bool ChatRecord::matches(Kind kind, std::optional<MessageStatus> status) {
  if (!status) return kind != Kind::kNone;
  return kind == (*status == MessageStatus::kActive ? Kind::kActive : Kind::kArchived);
}

void ChatRecord::add_run(std::vector<Run>& runs, Kind kind, uint64_t size) {
  if (size == 0) return;
  if (!runs.empty() && runs.back().kind == kind) {
    runs.back().size += size;
  } else {
    runs.push_back({kind, size});
  }
}

Result<ChatRecord> ChatRecord::parse(std::string_view chat, JsonView value) {
  const auto malformed = [&] {
    return Status::corruption("chat store: the record of chat " + Json::from_string(chat).text() +
                              " is not one of its messages' ids");
  };
  ChatRecord record;
  const std::optional<JsonView> first = value.find(kFirst);
  const std::optional<JsonView> runs = value.find(kRuns);
  const std::optional<uint64_t> begin = first ? id_of(*first) : std::nullopt;
  if (!begin || !runs || !runs->is_array()) return malformed();
  record.begin_ = *begin;
  uint64_t end = *begin;
  for (const JsonView run : runs->elements()) {
    if (!run.is_array()) return malformed();
    std::vector<JsonView> parts;
    for (const JsonView part : run.elements()) parts.push_back(part);
    if (parts.size() != 2 || !parts[0].is_string()) return malformed();
    const std::string name = parts[0].string();
    const std::optional<uint64_t> size = id_of(parts[1]);
    Kind kind = Kind::kActive;
    while (kind != Kind::kNone && name != name_of(kind)) kind = static_cast<Kind>(static_cast<int>(kind) + 1);
    if (name != name_of(kind) || !size || *size > kMaxId - end) return malformed();
    end += *size;
    add_run(record.runs_, kind, *size);
  }
  const bool has_end_without = !record.runs_.empty() && (record.runs_.front().kind == Kind::kNone ||
                                                         record.runs_.back().kind == Kind::kNone);
  return has_end_without ? Result<ChatRecord>(malformed()) : Result<ChatRecord>(std::move(record));
}

Json ChatRecord::to_json() const {
  std::string text = "{\"first\": " + std::to_string(begin_) + ", \"runs\": [";
  for (const Run& run : runs_) {
    if (text.back() == ']') text += ", ";
    text.append("[\"").append(name_of(run.kind)).append("\", ").append(std::to_string(run.size)) += ']';
  }
  return Json::from_canonical(text + "]}");
}

uint64_t ChatRecord::count(std::optional<MessageStatus> status) const {
  uint64_t count = 0;
  for (const Run& run : runs_) count += matches(run.kind, status) ? run.size : 0;
  return count;
}

uint64_t ChatRecord::end() const {
  uint64_t end = begin_;
  for (const Run& run : runs_) end += run.size;
  return end;
}

std::vector<ChatRecord::Ids> ChatRecord::select(const MessageWindow& window) const {
  const uint64_t total = count(window.status);
  const uint64_t from_end = window.offset < 0 ? uint64_t{0} - static_cast<uint64_t>(window.offset) : 0;
  uint64_t skip = window.offset < 0 ? total - std::min(total, from_end)
                                    : std::min(total, static_cast<uint64_t>(window.offset));
  uint64_t left = std::min(total - skip, window.limit.value_or(std::numeric_limits<uint64_t>::max()));
  std::vector<Ids> selected;
  uint64_t id = begin_;
  for (const Run& run : runs_) {
    if (left == 0) break;
    if (matches(run.kind, window.status)) {
      const uint64_t skipped = std::min(skip, run.size);
      const uint64_t taken = std::min(left, run.size - skipped);
      skip -= skipped;
      left -= taken;
      const uint64_t begin = id + skipped;
      if (taken != 0 && !selected.empty() && selected.back().end == begin) {
        selected.back().end += taken;
      } else if (taken != 0) {
        selected.push_back({begin, begin + taken});
      }
    }
    id += run.size;
  }
  return selected;
}

std::optional<MessageStatus> ChatRecord::status(uint64_t id) const {
  if (id < begin_) return std::nullopt;
  uint64_t end = begin_;
  for (const Run& run : runs_) {
    end += run.size;
    if (id >= end) continue;
    if (run.kind == Kind::kNone) return std::nullopt;
    return run.kind == Kind::kActive ? MessageStatus::kActive : MessageStatus::kArchived;
  }
  return std::nullopt;
}

std::vector<ChatRecord::Ids> ChatRecord::select_id(uint64_t id) const {
  return status(id) ? std::vector<Ids>{{id, id + 1}} : std::vector<Ids>();
}

void ChatRecord::enter(uint64_t id, MessageStatus status) {
  if (runs_.empty()) begin_ = id;
  add_run(runs_, Kind::kNone, id - end());
  append(1, status);
}

uint64_t ChatRecord::append(uint64_t n, MessageStatus status) {
  const uint64_t first = end();
  add_run(runs_, status == MessageStatus::kActive ? Kind::kActive : Kind::kArchived, n);
  return first;
}

void ChatRecord::change(std::span<const Ids> ids, Kind kind) {
  std::vector<Run> runs;
  uint64_t at = begin_;
  auto changed = ids.begin();
  for (const Run& run : runs_) {
    const uint64_t end = at + run.size;
    while (at < end) {
      while (changed != ids.end() && changed->end <= at) ++changed;
      const bool inside = changed != ids.end() && changed->begin <= at;
      const uint64_t next =
          changed == ids.end() ? end : std::min(end, inside ? changed->end : changed->begin);
      add_run(runs, inside ? kind : run.kind, next - at);
      at = next;
    }
  }
  if (!runs.empty() && runs.back().kind == Kind::kNone) runs.pop_back();
  if (!runs.empty() && runs.front().kind == Kind::kNone) {
    begin_ += runs.front().size;
    runs.erase(runs.begin());
  }
  runs_ = std::move(runs);
}

std::optional<ChatFileForm> ChatFileForm::parse(JsonView value) {
  const std::optional<bool> spaces = flag(value, kSpaces);
  const std::optional<bool> in_string = flag(value, kInString);
  if (!spaces || !in_string) return std::nullopt;
  return ChatFileForm{*spaces, *in_string};
}

Json ChatFileForm::to_json() const {
  const auto word = [](bool value) { return value ? "true" : "false"; };
  return Json::from_canonical(std::string("{\"spaces\": ") + word(spaces) +
                              ", \"in_string\": " + word(in_string) + "}");
}

std::string archived_message_text(JsonView message) {
  std::string text(message.text());
  text.pop_back();
  if (text.size() > 1) text += ", ";
  return text.append(kArchivedMember);
}

std::optional<std::string> without_archived_status(JsonView message) {
  std::string_view text = message.text();
  if (!text.ends_with(kArchivedMember)) return std::nullopt;
  // The same bytes may end a member that is an object, then with one more brace, or a text, which has no
  // quotes that are not escaped.
  text.remove_suffix(kArchivedMember.size());
  if (text.ends_with(", ")) {
    text.remove_suffix(2);
  } else if (text != "{") {
    return std::nullopt;
  }
  return std::string(text) + "}";
}

}  // namespace quipu
