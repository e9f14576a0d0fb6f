#include "engine/kv/scanned_features.h"

#include <unordered_map>

namespace quipu {
namespace {

Status no_vector(std::string_view key) {
  return Status::corruption("vector store: the embedding of " + std::string(key) + " is malformed");
}

}  // namespace

// ---- member lists: there are none ----

Result<std::optional<MemberLists::Info>> ScannedFeatures::list_info(std::string_view /*collection*/,
                                                                    std::string_view /*key*/) const {
  return std::optional<MemberLists::Info>();
}

Result<bool> ScannedFeatures::has_member(std::string_view /*collection*/, std::string_view /*key*/,
                                         std::string_view /*member*/) const {
  return false;
}

Result<std::vector<std::string>> ScannedFeatures::members(std::string_view /*collection*/,
                                                          std::string_view /*key*/) const {
  return std::vector<std::string>();
}

// ---- composed values: neither ----

Result<std::optional<ComposedValues::Info>> ScannedFeatures::composed_info(std::string_view /*collection*/,
                                                                           std::string_view /*key*/) const {
  return std::optional<ComposedValues::Info>();
}

Result<std::vector<ComposedValues::Part>> ScannedFeatures::parts(std::string_view /*collection*/,
                                                                 std::string_view /*key*/) const {
  return std::vector<Part>();
}

// ---- fields ----

Status ScannedFeatures::ensure_index(std::string_view /*collection*/, std::string_view /*field*/) {
  return Status::ok();
}

Result<std::vector<std::string>> ScannedFeatures::keys_with_value(std::string_view collection,
                                                                  std::string_view field,
                                                                  std::string_view value) const {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> all, store_.scan({}, collection));
  return scan_keys_with_value(*all, field, value);
}

Result<std::vector<bool>> ScannedFeatures::values_exist(std::string_view collection, std::string_view field,
                                                        std::span<const std::string_view> values) const {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> all, store_.scan({}, collection));
  return scan_values_exist(*all, field, values);
}

Result<std::vector<std::string>> scan_keys_with_value(KVIterator& all, std::string_view field,
                                                      std::string_view value) {
  std::vector<std::string> keys;
  while (all.next()) {
    const std::optional<JsonView> member = all.val().find(field);
    if (member && member->is_string() && member->string() == value) keys.emplace_back(all.key());
  }
  QUIPU_RETURN_IF_ERROR(all.status());
  return keys;
}

Result<std::vector<bool>> scan_values_exist(KVIterator& all, std::string_view field,
                                            std::span<const std::string_view> values) {
  std::unordered_multimap<std::string_view, size_t> wanted;
  for (size_t i = 0; i < values.size(); ++i) wanted.emplace(values[i], i);
  std::vector<bool> exist(values.size(), false);
  while (!wanted.empty() && all.next()) {
    const std::optional<JsonView> member = all.val().find(field);
    if (!member || !member->is_string()) continue;
    const std::string value = member->string();
    const auto [begin, end] = wanted.equal_range(value);
    for (auto it = begin; it != end; ++it) exist[it->second] = true;
    wanted.erase(begin, end);
  }
  QUIPU_RETURN_IF_ERROR(all.status());
  return exist;
}

// ---- relations ----

std::string Adjacency::key_start(std::string_view source) {
  std::string text;
  text.reserve(source.size() + 8);
  text += '[';
  append_json_string(source, text);
  return text += ", ";
}

Status ScannedFeatures::for_each_node(std::string_view collection, std::span<const std::string_view> ids,
                                      uint64_t at_most, const Use& use) const {
  for (size_t i = 0; i < ids.size(); ++i) {
    std::vector<std::string> keys;
    ScanOptions outgoing;
    outgoing.keys_only = true;
    outgoing.prefix = key_start(ids[i]);
    outgoing.limit = at_most;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, store_.scan(outgoing, collection));
    while (it->next()) keys.emplace_back(it->key());
    QUIPU_RETURN_IF_ERROR(it->status());
    if (at_most == 0 || keys.size() < at_most) {
      QUIPU_ASSIGN_OR_RETURN(std::vector<std::string> incoming,
                             store_.field_index().keys_with_value(collection, kTarget, ids[i]));
      for (std::string& key : incoming) {
        if (!key.starts_with(outgoing.prefix)) keys.push_back(std::move(key));  // else a loop
      }
    }
    QUIPU_ASSIGN_OR_RETURN(const bool more, use(i, std::move(keys)));
    if (!more) break;
  }
  return Status::ok();
}

// ---- vectors ----

Status ScannedFeatures::scan_vectors(std::string_view collection,
                                     const std::function<Status(const VectorEntry&)>& use) const {
  QUIPU_ASSIGN_OR_RETURN(std::unique_ptr<KVIterator> it, store_.scan({}, collection));
  std::unordered_map<std::string, uint64_t> places;  // where the store does not keep a number of each key
  bool more = it->next();
  if (more && !it->order()) {
    ScanOptions in_order;
    in_order.order = ScanOptions::Order::kInsertion;
    in_order.keys_only = true;
    QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> keys, store_.scan(in_order, collection));
    while (keys->next()) places.emplace(keys->key(), places.size());
    QUIPU_RETURN_IF_ERROR(keys->status());
    QUIPU_ASSIGN_OR_RETURN(it, store_.scan({}, collection));
    more = it->next();
  }
  std::vector<double> elements;
  for (; more; more = it->next()) {
    if (!parse_vector_value(it->val(), elements)) return no_vector(it->key());
    const std::optional<uint64_t> kept = it->order();
    // What has come since the first look stands behind all that was there.
    const uint64_t order = kept ? *kept : places.emplace(it->key(), places.size()).first->second;
    QUIPU_RETURN_IF_ERROR(use({it->key(), order, elements}));
  }
  return it->status();
}

Status ScannedFeatures::get_vectors(std::string_view collection, std::span<const std::string_view> keys,
                                    const std::function<void(size_t i, std::span<const double>)>& use) const {
  QUIPU_ASSIGN_OR_RETURN(const std::vector<std::optional<Json>> values, store_.multi_get(keys, collection));
  std::vector<double> elements;
  for (size_t i = 0; i < keys.size(); ++i) {
    if (!values[i]) continue;
    if (!parse_vector_value(*values[i], elements)) return no_vector(keys[i]);
    use(i, elements);
  }
  return Status::ok();
}

Result<std::unique_ptr<TextView>> ScannedFeatures::open_text(std::string_view /*collection*/) const {
  return std::unique_ptr<TextView>();
}

Result<bool> ScannedFeatures::make_text_index(std::string_view /*collection*/, std::string_view /*analyser*/,
                                              uint64_t /*at_most*/) {
  return Status::not_supported("this key-value store keeps no text index");
}

Result<bool> ScannedFeatures::drop_text_index(std::string_view /*collection*/) { return false; }

}  // namespace quipu
