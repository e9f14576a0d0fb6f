#include "engine/text/stored/sparse_value.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/json/number.h"

namespace quipu {
namespace {

constexpr std::string_view kIndices = "indices";
constexpr std::string_view kValues = "values";

Status wrong(const std::string& what) {
  return Status::invalid_argument("ValueError: a sparse vector has " + what);
}

// The numbers of a member of a value.
bool read_numbers(JsonView value, std::string_view member, std::vector<double>& numbers) {
  const std::optional<JsonView> found = value.find(member);
  return found && found->is_array() && parse_number_array(found->text(), numbers);
}

}  // namespace

Result<std::vector<SparseWeight>> sparse_weights(std::span<const uint32_t> indices,
                                                 std::span<const double> values) {
  if (indices.size() != values.size()) {
    return wrong(std::to_string(indices.size()) + " indices and " + std::to_string(values.size()) +
                 " values");
  }
  std::vector<SparseWeight> weights;
  weights.reserve(indices.size());
  for (size_t i = 0; i < indices.size(); ++i) {
    const auto weight = static_cast<float>(values[i]);
    if (!(values[i] >= 0) || !std::isfinite(weight)) {
      std::string value;
      append_json_double(values[i], value);
      return wrong("the value " + value + " at the index " + std::to_string(indices[i]) +
                   "; values are finite and not negative");
    }
    weights.push_back({indices[i], weight});
  }
  std::ranges::sort(weights, {}, &SparseWeight::index);
  const auto twice = std::ranges::adjacent_find(weights, {}, &SparseWeight::index);
  if (twice != weights.end()) return wrong("the index " + std::to_string(twice->index) + " twice");
  std::erase_if(weights, [](const SparseWeight& each) { return each.weight == 0; });
  return weights;
}

Json make_sparse_value(std::span<const uint32_t> indices, std::span<const double> values) {
  std::string text = "{\"indices\": [";
  for (size_t i = 0; i < indices.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(indices[i]);
  text += "], \"values\": [";
  for (size_t i = 0; i < values.size(); ++i) {
    if (i != 0) text += ", ";
    append_json_double(values[i], text);
  }
  return Json::from_canonical(text + "]}");
}

std::optional<std::vector<SparseWeight>> parse_sparse_value(std::string_view value) {
  if (!value.starts_with('{')) return std::nullopt;
  const JsonView object = JsonView::from_canonical(value);
  std::vector<double> numbers;
  std::vector<double> values;
  if (!read_numbers(object, kIndices, numbers) || !read_numbers(object, kValues, values)) return std::nullopt;
  std::vector<uint32_t> indices;
  indices.reserve(numbers.size());
  for (const double number : numbers) {
    if (!(number >= 0 && number <= std::numeric_limits<uint32_t>::max())) return std::nullopt;
    indices.push_back(static_cast<uint32_t>(number));
    if (indices.back() != number) return std::nullopt;
  }
  Result<std::vector<SparseWeight>> weights = sparse_weights(indices, values);
  if (!weights) return std::nullopt;
  return *std::move(weights);
}

std::string packed(std::span<const SparseWeight> weights) {
  return {reinterpret_cast<const char*>(weights.data()), weights.size_bytes()};
}

std::vector<SparseWeight> unpacked(std::string_view bytes) {
  std::vector<SparseWeight> weights(bytes.size() / sizeof(SparseWeight));
  if (!weights.empty()) std::memcpy(weights.data(), bytes.data(), bytes.size());
  return weights;
}

std::string term_of_index(uint32_t index) { return std::to_string(index); }

}  // namespace quipu
