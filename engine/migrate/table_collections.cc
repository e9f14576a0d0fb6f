#include "engine/migrate/table_collections.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "engine/layout/chat_record.h"
#include "engine/layout/persist_file_name.h"
#include "engine/layout/storage_layout.h"
#include "engine/stores/vector_tables/node_rows.h"
#include "quipu/chat_store.h"

namespace quipu {
namespace {

constexpr std::string_view kTablePrefix = "data_";
constexpr std::string_view kChatPrefix = "chat_store/";
constexpr std::string_view kVectors = "vectors";
constexpr std::string_view kChatsKind = "chats";

VectorCollections collections_of(const std::string& table) {
  const bool is_prefixed = table.size() > kTablePrefix.size() && table.starts_with(kTablePrefix);
  return VectorCollections(is_prefixed ? table.substr(kTablePrefix.size()) : table);
}

std::string file_of(const VectorCollections& names) {
  return vector_store_file(vector_namespace_of(names.embeddings));
}

std::string counted(uint64_t count, const char* one, const char* many) {
  return std::to_string(count) + (count == 1 ? one : many);
}

// Entries that `make` makes of rows; the key is the row's.
template <class Row, class Make>
class MadeEntries : public KVIterator {
 public:
  MadeEntries(std::unique_ptr<TableRows<Row>> rows, Make make)
      : rows_(std::move(rows)), make_(std::move(make)) {}

  bool next() override {
    if (!status_.is_ok()) return false;
    const bool there = rows_->next();
    status_ = there ? make_(rows_->row(), key_, value_) : rows_->status();
    return there && status_.is_ok();
  }
  std::string_view key() const override { return key_; }
  JsonView val() const override { return value_; }
  Status status() const override { return status_; }

 private:
  const std::unique_ptr<TableRows<Row>> rows_;
  const Make make_;
  std::string key_;
  Json value_;
  Status status_;
};

template <class Row, class Make>
std::unique_ptr<KVIterator> entries(std::unique_ptr<TableRows<Row>> rows, Make make) {
  return std::make_unique<MadeEntries<Row, Make>>(std::move(rows), std::move(make));
}

Json chat_value(uint64_t messages) {
  ChatRecord record;
  if (messages > 0) (void)record.append(messages, MessageStatus::kActive);
  return record.to_json();
}

// Messages that are looked for, one behind the other in one chat.
struct Stretch {
  std::string chat;
  uint64_t first;
  size_t at;  // among the keys
  size_t size;
};

std::vector<Stretch> stretches_of(std::span<const std::string_view> keys) {
  std::vector<Stretch> stretches;
  for (size_t i = 0; i < keys.size(); ++i) {
    std::optional<MessagePlace> place = parse_message_key(keys[i]);
    if (!place || place->id == 0) continue;
    if (!stretches.empty()) {
      Stretch& last = stretches.back();
      if (last.at + last.size == i && last.chat == place->chat && last.first + last.size == place->id) {
        ++last.size;
        continue;
      }
    }
    stretches.push_back({std::move(place->chat), place->id, i, 1});
  }
  return stretches;
}

bool is_plain(const ScanOptions& options) {
  return options.order == ScanOptions::Order::kInsertion && options.prefix.empty() && !options.start &&
         !options.end && options.limit == 0 && !options.reverse;
}

}  // namespace

Result<std::unique_ptr<TableCollections>> TableCollections::of(const KVReader& store, const Holds& holds) {
  const TableReads* const tables = TableReads::of(store);
  std::unique_ptr<TableCollections> all(new TableCollections(store, tables));
  QUIPU_ASSIGN_OR_RETURN(all->infos_, store.collections());
  if (tables == nullptr) return all;
  QUIPU_ASSIGN_OR_RETURN(const std::vector<SharedTables::Named> named, tables->tables());
  for (const SharedTables::Named& table : named) {
    QUIPU_ASSIGN_OR_RETURN(const bool moves, can_move(table, holds));
    if (!moves) {
      all->left_out_.push_back(table.shown());
    } else if (table.kind == kVectors) {
      QUIPU_RETURN_IF_ERROR(all->add_vectors(table));
    } else {
      all->chat_tables_.push_back(table.name);
    }
  }
  if (!all->chat_tables_.empty()) QUIPU_RETURN_IF_ERROR(all->add_chats());
  std::ranges::sort(all->left_out_);
  return all;
}

// ---- which there are ----

// Collections of a name that others would get are in the way only where they hold something.
Status TableCollections::check_unused(std::string_view prefix, const std::string& what) {
  for (const CollectionInfo& info : infos_) {
    if (!info.name.starts_with(prefix) || info.count == 0) continue;
    return Status::invalid_argument("the source has a collection " + Json::from_string(info.name).text() +
                                    ", and " + what +
                                    " would become the same; move one of them to a schema of its own");
  }
  std::erase_if(infos_, [&](const CollectionInfo& info) { return info.name.starts_with(prefix); });
  std::erase_if(made_, [&](const Made& made) { return made.name.starts_with(prefix); });
  return Status::ok();
}

Result<bool> TableCollections::can_move(const SharedTables::Named& table, const Holds& holds) {
  const bool is_vectors = table.kind == kVectors;
  if (!table.obstacle.empty() || (!is_vectors && table.kind != kChatsKind)) return false;
  if (!holds) return true;
  if (!is_vectors) return holds({std::string(kChats), std::string(CHAT_STORE_PERSIST_FNAME), "", 0});
  const VectorCollections names = collections_of(table.name);
  return holds({names.embeddings, file_of(names), "", 0});
}

Status TableCollections::add_vectors(const SharedTables::Named& found) {
  const std::string& table = found.name;
  const std::string what = "table " + Json::from_string(table).text();
  QUIPU_ASSIGN_OR_RETURN(const TableReads::VectorCounts counts, tables_->count_vectors(table));
  if (!counts.is_readable) {
    left_out_.push_back(found.shown());
    return Status::ok();
  }
  if (counts.without_id != 0 || counts.without_embedding != 0) {
    const bool is_id = counts.without_id != 0;
    return Status::invalid_argument(
        what + ": " +
        counted(is_id ? counts.without_id : counts.without_embedding, " row has", " rows have") +
        (is_id ? " no node_id" : " no embedding") +
        ", which a vector store cannot hold; delete or complete them");
  }
  for (const std::string& column : counts.more_columns)
    left_out_.push_back(table + " (column " + column + ")");
  const uint64_t older = counts.rows - counts.nodes;
  if (older != 0) {
    left_out_.push_back(table + " (" + counted(older, " row of a node that has", " rows of nodes that have") +
                        " a newer one)");
  }
  const VectorCollections names = collections_of(table);
  QUIPU_RETURN_IF_ERROR(check_unused(names.prefix + "/", what));
  const std::string file = file_of(names);
  const Status named = check_file_name(file);
  if (!named.is_ok()) return Status(named.code(), what + ": " + named.message());
  const auto add = [&](const std::string& name, Part part, const std::string& indexed_field) {
    made_.push_back({name, part, table, older != 0, counts.nodes});
    infos_.push_back({name, file, indexed_field, counts.nodes});
  };
  add(names.embeddings, Part::kEmbeddings, "");
  add(names.ref_doc_ids, Part::kRefDocIds, std::string(kRefDocId));
  add(names.metadata, Part::kMetadata, "");
  return Status::ok();
}

Status TableCollections::add_chats() {
  std::string what = "table";
  for (const std::string& table : chat_tables_) what += " " + Json::from_string(table).text();
  QUIPU_ASSIGN_OR_RETURN(const TableReads::ChatCounts counts, tables_->count_chats(chat_tables_));
  if (counts.repeated) {
    return Status::invalid_argument(
        what + ": chat " + Json::from_string(*counts.repeated).text() +
        " is in more than one of them, and all would become one chat store; move one "
        "to a schema of its own");
  }
  QUIPU_RETURN_IF_ERROR(check_unused(kChatPrefix, what));
  const auto add = [&](std::string_view name, Part part, uint64_t count) {
    made_.push_back({std::string(name), part, "", false, count});
    infos_.push_back({std::string(name), std::string(CHAT_STORE_PERSIST_FNAME), "", count});
  };
  add(kChatMessages, Part::kMessages, counts.messages);
  add(kChats, Part::kChats, counts.chats);
  return Status::ok();
}

const TableCollections::Made* TableCollections::find(std::string_view collection) const {
  const auto found = std::ranges::find(made_, collection, &Made::name);
  return found == made_.end() ? nullptr : &*found;
}

// ---- their entries ----

Result<std::unique_ptr<KVIterator>> TableCollections::vectors(const Made& made,
                                                              std::optional<std::string_view> node_id) const {
  using Parts = TableReads::VectorParts;
  const Parts parts = made.part == Part::kEmbeddings  ? Parts::kEmbedding
                      : made.part == Part::kRefDocIds ? Parts::kRefDocId
                                                      : Parts::kNode;
  QUIPU_ASSIGN_OR_RETURN(auto rows, tables_->scan_vectors(made.table, {parts, made.newest, node_id}));
  const auto metadata_of = [table = made.table](const StoredVectorRow& row, Json& value) -> Status {
    Result<Json> metadata = kept_metadata_of_row(row);
    if (!metadata) {
      return Status(metadata.error().code(), "table " + Json::from_string(table).text() + ", node " +
                                                 Json::from_string(row.node_id).text() + ": " +
                                                 metadata.error().message());
    }
    value = *std::move(metadata);
    return Status::ok();
  };
  return entries(
      std::move(rows),
      [part = made.part, metadata_of](const StoredVectorRow& row, std::string& key, Json& value) -> Status {
        key = row.node_id;
        if (part == Part::kEmbeddings) {
          value = vector_value(row.embedding);
          return Status::ok();
        }
        if (part == Part::kMetadata) return metadata_of(row, value);
        const std::optional<JsonView> document = row.metadata.view().find(kRefDocId);
        if (document && document->is_string()) {
          value = wrapped(kRefDocId, *document);
          return Status::ok();
        }
        // The node says it, if anything does.
        QUIPU_RETURN_IF_ERROR(metadata_of(row, value));
        value = wrapped(kRefDocId, *value.view().find(kRefDocId));
        return Status::ok();
      });
}

Result<std::unique_ptr<KVIterator>> TableCollections::stream(const Made& made) const {
  if (made.part == Part::kChats) {
    QUIPU_ASSIGN_OR_RETURN(auto rows, tables_->scan_chats(chat_tables_));
    return entries(std::move(rows), [](const TableReads::Chat& chat, std::string& key, Json& value) {
      key = chat.key;
      value = chat_value(chat.messages);
      return Status::ok();
    });
  }
  if (made.part == Part::kMessages) {
    QUIPU_ASSIGN_OR_RETURN(auto rows, tables_->scan_messages(chat_tables_));
    return entries(std::move(rows),
                   [](const TableReads::ChatMessage& message, std::string& key, Json& value) {
                     key = message_key(message.key, message.place);
                     value = message.message;
                     return Status::ok();
                   });
  }
  return vectors(made, std::nullopt);
}

// ---- reads ----

Result<std::unique_ptr<KVIterator>> TableCollections::scan(const ScanOptions& options,
                                                           std::string_view collection) const {
  const Made* const made = find(collection);
  if (made == nullptr) return store_.scan(options, collection);
  return is_plain(options) ? stream(*made) : KVReader::scan(options, collection);
}

Result<std::vector<KVEntry>> TableCollections::get_all(std::string_view collection) const {
  const Made* const made = find(collection);
  if (made == nullptr) return store_.get_all(collection);
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, stream(*made));
  std::vector<KVEntry> all;
  while (it->next())
    all.push_back({std::string(it->key()), Json::from_canonical(std::string(it->val().text()))});
  QUIPU_RETURN_IF_ERROR(it->status());
  return all;
}

Result<std::optional<Json>> TableCollections::get(std::string_view key, std::string_view collection) const {
  const Made* const made = find(collection);
  if (made == nullptr) return store_.get(key, collection);
  if (made->part == Part::kMessages) {
    QUIPU_ASSIGN_OR_RETURN(std::vector<std::optional<Json>> found, multi_get({&key, 1}, collection));
    return std::move(found.front());
  }
  if (made->part == Part::kChats) {
    QUIPU_ASSIGN_OR_RETURN(const auto rows, tables_->scan_chats(chat_tables_, key));
    if (rows->next()) return std::optional(chat_value(rows->row().messages));
    QUIPU_RETURN_IF_ERROR(rows->status());
    return std::optional<Json>();
  }
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<KVIterator> it, vectors(*made, key));
  if (it->next()) return std::optional(Json::from_canonical(std::string(it->val().text())));
  QUIPU_RETURN_IF_ERROR(it->status());
  return std::optional<Json>();
}

Result<std::vector<std::optional<Json>>> TableCollections::multi_get(std::span<const std::string_view> keys,
                                                                     std::string_view collection) const {
  const Made* const made = find(collection);
  if (made == nullptr) return store_.multi_get(keys, collection);
  if (made->part != Part::kMessages) return KVReader::multi_get(keys, collection);
  std::vector<std::optional<Json>> values(keys.size());
  for (const Stretch& each : stretches_of(keys)) {
    QUIPU_ASSIGN_OR_RETURN(std::vector<Json> found, tables_->messages(chat_tables_, each.chat, each.first,
                                                                      each.first + each.size - 1));
    for (size_t i = 0; i < found.size(); ++i) values[each.at + i] = std::move(found[i]);
  }
  return values;
}

Result<std::vector<std::optional<uint64_t>>> TableCollections::insertion_order(
    std::span<const std::string_view> keys, std::string_view collection) const {
  return find(collection) == nullptr ? store_.insertion_order(keys, collection)
                                     : KVReader::insertion_order(keys, collection);
}

Result<bool> TableCollections::exists(std::string_view key, std::string_view collection) const {
  return find(collection) == nullptr ? store_.exists(key, collection) : KVReader::exists(key, collection);
}

Result<std::vector<bool>> TableCollections::keys_exist(std::span<const std::string_view> keys,
                                                       std::string_view collection) const {
  return find(collection) == nullptr ? store_.keys_exist(keys, collection)
                                     : KVReader::keys_exist(keys, collection);
}

Result<uint64_t> TableCollections::count(std::string_view collection) const {
  const Made* const made = find(collection);
  return made == nullptr ? store_.count(collection) : Result<uint64_t>(made->count);
}

}  // namespace quipu
