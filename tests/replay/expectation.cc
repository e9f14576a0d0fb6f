#include "tests/replay/expectation.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

namespace quipu::testing {
namespace {

// Text that is equal for values that count as equal: object keys sorted, and what is a set in Python sorted
// too.
class Normaliser {
 public:
  Normaliser(bool root_is_multiset, bool struct_sets)
      : root_is_multiset_(root_is_multiset), struct_sets_(struct_sets) {}

  std::string root(JsonView value) const {
    return root_is_multiset_ && value.is_array() ? multiset(value) : text(value);
  }

  // The elements, each normalised, sorted.
  std::vector<std::string> parts(JsonView array) const {
    std::vector<std::string> parts;
    for (JsonView element : array.elements()) parts.push_back(text(element));
    std::ranges::sort(parts);
    return parts;
  }

 private:
  std::string multiset(JsonView array) const { return join(parts(array)); }
  std::string text(JsonView value) const {
    if (value.is_array()) {
      std::vector<std::string> parts;
      for (JsonView element : value.elements()) parts.push_back(text(element));
      return join(parts);
    }
    if (!value.is_object()) return std::string(value.text());
    if (struct_sets_ && holds_sets(value)) return table_struct(value);
    std::map<std::string, std::string> members;
    for (const JsonMember& member : value.members()) {
      members[std::string(member.raw_key)] = member_text(member);
    }
    return join(members);
  }
  // Triplets are a set in Python, in a store and in the text of its file.
  std::string member_text(const JsonMember& member) const {
    if (!root_is_multiset_) return text(member.value);
    if (member.key_is("triplets") && member.value.is_array()) return multiset(member.value);
    if (!member.value.is_string() || !member.key().ends_with(".json")) return text(member.value);
    const Result<Json> file = Json::parse(member.value.string());
    return file ? text(*file) : text(member.value);
  }

  static bool holds_sets(JsonView value) {
    const std::optional<JsonView> type = value.find("__type__");
    return type && (type->text() == "\"keyword_table\"" || type->text() == "\"kg\"");
  }
  // Index structs whose table is a dict of sets.
  std::string table_struct(JsonView value) const {
    const Result<Json> data = Json::parse(value.find("__data__")->string());
    if (!data) return data.error().to_string();
    std::map<std::string, std::string> members;
    for (const JsonMember& member : data->view().members()) {
      std::string normal = text(member.value);
      if (member.key_is("table")) {
        std::map<std::string, std::string> sets;
        for (const JsonMember& row : member.value.members()) {
          sets[std::string(row.raw_key)] = Normaliser(true, false).root(row.value);
        }
        normal = join(sets);
      }
      members[std::string(member.raw_key)] = normal;
    }
    return std::string(value.find("__type__")->text()) + join(members);
  }

  static std::string join(const std::vector<std::string>& parts) {
    std::string text = "[";
    for (const std::string& part : parts) text += part + ",";
    return text + "]";
  }
  static std::string join(const std::map<std::string, std::string>& members) {
    std::string text = "{";
    for (const auto& [key, value] : members) text += key + ":" + value + ",";
    return text + "}";
  }

  const bool root_is_multiset_;
  const bool struct_sets_;
};

// An empty collection counts as an absent one.
std::string without_empty_collections(JsonView dict) {
  std::string text = "{";
  for (const JsonMember& member : dict.members()) {
    if (member.value.text() == "{}") continue;
    text +=
        (text.size() > 1 ? ", " : "") + std::string(member.raw_key) + ": " + std::string(member.value.text());
  }
  return text + "}";
}

// The Python exceptions that an error stands for. A message may name its exception at its head.
bool is_exception(const Status& error, const std::string& type) {
  if (error.message().starts_with(type + ":")) return true;
  if (type == "NotImplementedError") return error.code() == StatusCode::kNotSupported;
  if (type == "FileNotFoundError") {
    return error.code() == StatusCode::kNotFound && error.message().starts_with("[Errno 2] ");
  }
  return type == "ValueError" &&
         (error.code() == StatusCode::kNotFound || error.code() == StatusCode::kAlreadyExists ||
          error.code() == StatusCode::kInvalidArgument);
}

// Results of a query: ids exact and in order, similarities to one part in a million.
bool is_same_query_result(JsonView want, JsonView got) {
  const auto wanted = want.find("similarities");
  const auto found = got.find("similarities");
  if (!wanted || !found || want.find("ids")->text() != got.find("ids")->text()) return false;
  std::vector<double> scores;
  for (const JsonView score : found->elements()) scores.push_back(score.number().value_or(0));
  size_t i = 0;
  for (const JsonView score : wanted->elements()) {
    if (i == scores.size()) return false;
    const double expected = score.number().value_or(0);
    const double difference = std::abs(scores[i] - expected);
    const bool both_nan = std::isnan(scores[i]) && std::isnan(expected);
    if (!both_nan && !(difference <= 1e-6 * std::max(std::abs(expected), 1e-3))) return false;
    ++i;
  }
  return i == scores.size();
}

// `size` of the elements of `all`, each as often as it is there at most.
bool is_part_of(const Normaliser& normal, JsonView part, JsonView all, int64_t size) {
  const std::vector<std::string> some = normal.parts(part);
  const std::vector<std::string> every = normal.parts(all);
  return static_cast<int64_t>(some.size()) == size && std::ranges::includes(every, some);
}

// A message without the name of its exception.
std::string without_exception(const std::string& message, const std::string& type) {
  return message.starts_with(type + ": ") ? message.substr(type.size() + 2) : message;
}

}  // namespace

std::optional<std::string> mismatch(JsonView line, const Result<std::string>& outcome) {
  const std::string got = outcome ? "returned " + *outcome : "failed with " + outcome.error().to_string();
  if (const std::optional<JsonView> raises = line.find("raises")) {
    const std::string type = raises->find("type")->string();
    const std::string message = raises->find("message")->string();
    const std::optional<JsonView> exact = line.find("message_exact");
    if (outcome || !is_exception(outcome.error(), type) ||
        (exact && exact->truthy() && without_exception(outcome.error().message(), type) != message)) {
      return "expected " + type + " \"" + message + "\", but it " + got;
    }
    return std::nullopt;
  }
  const JsonView expected = line.find("returns").value_or(JsonView());
  if (!outcome) return "expected " + std::string(expected.text()) + ", but it " + got;
  const bool to_dict = line.find("op")->text() == "\"to_dict\"";
  const std::string want = to_dict ? without_empty_collections(expected) : std::string(expected.text());
  const std::string have = to_dict ? without_empty_collections(JsonView::from_canonical(*outcome)) : *outcome;
  if (want == have) return std::nullopt;
  const auto flag = [&](std::string_view name) {
    const std::optional<JsonView> value = line.find(name);
    return value && value->truthy();
  };
  const Normaliser normal(flag("unordered"), flag("unordered_sets"));
  const JsonView got_view = JsonView::from_canonical(have);
  if (normal.root(JsonView::from_canonical(want)) == normal.root(got_view)) return std::nullopt;
  if (const std::optional<JsonView> size = line.find("result_size");
      size && is_part_of(normal, got_view, expected, size->int64().value_or(0))) {
    return std::nullopt;
  }
  if (line.find("op")->text() == "\"query\"" && is_same_query_result(expected, got_view)) return std::nullopt;
  return "expected " + want + ", but it " + got;
}

}  // namespace quipu::testing
