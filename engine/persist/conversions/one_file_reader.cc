#include "engine/persist/conversions/one_file_reader.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <span>
#include <utility>

namespace quipu {
namespace {

// What the file has at the top.
constexpr std::string_view kRootId = "index_struct_id";
constexpr std::string_view kIndexStruct = "index_struct";
constexpr std::string_view kDocstore = "docstore";
constexpr std::string_view kVectorStore = "vector_store";
constexpr std::string_view kQueryContext = "query_context";  // of a graph: {index id: {"vector_store": ...}}
constexpr std::array kParts = {kRootId, kIndexStruct, kDocstore, kVectorStore, kQueryContext};

constexpr std::string_view kData = "__data__";
constexpr std::string_view kGraph = "all_index_structs";         // {index id: {"__type__", "__data__"}}
constexpr std::string_view kEmbeddingsDict = "embeddings_dict";  // of an index struct
constexpr std::string_view kSimpleStore = "simple_vector_store_data_dict";

// Walks over the file. Knows where it is, and enters what is to be read piece by piece.
class Walk : public PersistFileHandler {
 public:
  bool takes_collection(std::string_view name, JsonKind kind) const override {
    return kind == (name == kRootId ? JsonKind::kString : JsonKind::kObject);
  }
  bool skips(std::string_view name) const override { return std::ranges::find(kParts, name) == kParts.end(); }
  bool takes_value(JsonKind /*kind*/) const override { return true; }
  bool takes_any_float() const override { return is_at_vectors(); }

  Status begin_collection(std::string_view name, JsonKind /*kind*/) override {
    path_.assign(1, std::string(name));
    return Status::ok();
  }
  Status end_collection() override { return Status::ok(); }

  bool enters(std::string_view key) const override {
    const std::span<const std::string> at = place();
    if (at.front() == kQueryContext) return at.size() == 1 || key == kVectorStore;
    if (at.size() == 1 && key == kData) return !in_data_;
    if (at.front() == kDocstore) {
      return at.size() == 1 ? key == "docs" : at.size() == 2 || (at.size() == 3 && key == kEmbeddingsDict);
    }
    if (at.front() == kIndexStruct) {
      if (at.size() == 1) return key == kGraph || key == kEmbeddingsDict;
      return name_of_vectors() == nullptr &&
             (at.size() == 2 || key == (at.size() == 3 ? kData : kEmbeddingsDict));
    }
    if (at.size() == 1) return key == kSimpleStore;
    return at.size() == 2 && (key == "embedding_dict" || key == "text_id_to_doc_id");
  }

  // In 0.5 the contents are under __data__, before they stand there themselves: the same place to this.
  Status enter(std::string_view key) override {
    const bool is_data = key == kData && is_outermost();
    if (is_data) in_data_ = true;
    if (!is_data) path_.emplace_back(key);
    return Status::ok();
  }
  Status leave() override {
    const bool is_data = in_data_ && is_outermost();
    if (is_data) in_data_ = false;
    if (!is_data) path_.pop_back();
    return Status::ok();
  }

 protected:
  // The names of the objects that this is in. A vector store in a query context is one as at the top.
  std::span<const std::string> place() const {
    const std::span<const std::string> all(path_);
    return all.size() > 2 && all.front() == kQueryContext ? all.subspan(2) : all;
  }
  bool is_at(size_t depth, std::string_view part) const {
    return place().size() == depth && place().front() == part;
  }
  bool is_at_vectors() const {
    return name_of_vectors() != nullptr || (is_at(3, kVectorStore) && path_.back() == "embedding_dict");
  }
  OneFileVectors vectors() const {
    if (const std::string* const index_id = name_of_vectors()) return {*index_id, /*of_struct=*/true};
    return {path_.front() == kQueryContext ? path_[1] : std::string(), /*of_struct=*/false};
  }
  // Within a document of 0.4, or an index struct of a graph of 0.5.
  bool is_at_member() const {
    return is_at(3, kDocstore) || ((is_at(3, kIndexStruct) || is_at(4, kIndexStruct)) && path_[1] == kGraph);
  }
  const std::string& name() const { return path_.back(); }

 private:
  bool is_outermost() const { return place().size() == 1 && place().front() != kQueryContext; }
  // Within the vectors of an index struct: that index's id, empty for the file's only one.
  const std::string* name_of_vectors() const {
    static const std::string kOnly;
    if (is_at(2, kIndexStruct) && path_.back() == kEmbeddingsDict) return &kOnly;
    return is_at(4, kDocstore) || is_at(5, kIndexStruct) ? &path_[2] : nullptr;
  }

  std::vector<std::string> path_;
  bool in_data_ = false;
};

class Reader : public Walk {
 public:
  explicit Reader(uint64_t max_bytes) : max_bytes_(max_bytes) {}

  Status begin_collection(std::string_view name, JsonKind kind) override {
    is_repeated_ = !seen_.insert(std::string(name)).second;
    return Walk::begin_collection(name, kind);
  }

  Status enter(std::string_view key) override {
    QUIPU_RETURN_IF_ERROR(check_is_first());
    QUIPU_RETURN_IF_ERROR(Walk::enter(key));
    if (is_at(3, kDocstore) || is_at(3, kIndexStruct)) members_ = OrderedMap<std::string>();
    if (is_at_vectors()) begin_vectors();
    return Status::ok();
  }

  Status leave() override {
    if (is_at(3, kDocstore)) file.docs.insert_or_assign(name(), object_of(members_));
    if (is_at(3, kIndexStruct)) file.structs.insert_or_assign(name(), object_of(members_));
    return Walk::leave();
  }

  Status end_collection() override {
    if (is_at(1, kIndexStruct) && !is_graph_) file.structs.insert_or_assign({}, object_of(only_));
    return Status::ok();
  }

  Status entry(std::string_view key, JsonView value) override {
    QUIPU_RETURN_IF_ERROR(check_is_first());
    if (is_at_vectors()) return vector(key, value);
    if (is_at_member()) return hold(key, value, members_);
    if (is_at(1, kIndexStruct)) return of_struct(key, value);
    if (is_at(1, kDocstore)) return of_docstore(key, value);
    if (is_at(2, kDocstore) || is_at(2, kIndexStruct)) return not_an_object();
    if (is_at(1, kRootId)) file.root_id = value.string();
    if (is_at(3, kVectorStore)) return ref_doc_of_vector(key, value);
    return Status::ok();
  }

  OneFile file;

 private:
  static Status not_an_object() { return Status::invalid_argument("it is not an object"); }

  Status check_is_first() const {
    return is_repeated_ ? Status::invalid_argument("the collection is there twice") : Status::ok();
  }

  static Json object_of(const OrderedMap<std::string>& members) {
    std::string text = "{";
    for (const auto& [name, value] : members) {
      if (text.size() > 1) text += ", ";
      append_json_string(name, text);
      (text += ": ") += value;
    }
    return Json::from_canonical(text + "}");
  }

  Status hold(std::string_view key, JsonView value, OrderedMap<std::string>& members) {
    held_ += value.text().size();
    if (held_ > max_bytes_) {
      return Status::invalid_argument(
          "what is no vector is longer than the limit of " + std::to_string(max_bytes_) +
          " bytes: an index of LlamaIndex before 0.6 is held in memory while it is converted");
    }
    members.insert_or_assign(std::string(key), std::string(value.text()));
    return Status::ok();
  }

  Status of_struct(std::string_view key, JsonView value) {
    is_graph_ |= key == "__type__" && value.text() == "\"composite\"";
    if (key == "root_id" && value.is_string()) file.root_id = value.string();
    return hold(key, value, only_);
  }

  Status of_docstore(std::string_view key, JsonView value) {
    if (key == "__type__" && value.text() != "\"simple\"") {
      return Status::invalid_argument("the documents are elsewhere, in a store of type " +
                                      std::string(value.text().substr(0, 40)));
    }
    if (key != "docs" && key != kData && key != "ref_doc_info") return Status::ok();
    if (!value.is_object()) return not_an_object();
    for (const JsonMember& doc : value.members()) {
      const std::optional<JsonView> hash = doc.value.find("doc_hash");
      if (hash && hash->is_string()) file.hashes.insert_or_assign(doc.key(), hash->string());
    }
    return Status::ok();
  }

  // The members of a vector store may stand in any order.
  void begin_vectors() {
    if (file.vectors.empty() || file.vectors.back().where != vectors()) {
      file.vectors.push_back({vectors(), {}, {}});
    }
  }

  Status vector(std::string_view id, JsonView elements) {
    if (!elements.is_array()) return Status::invalid_argument("a vector is not a list");
    file.vectors.back().hash_of.insert_or_assign(std::string(id),
                                                 std::hash<std::string_view>()(elements.text()));
    return Status::ok();
  }

  Status ref_doc_of_vector(std::string_view id, JsonView doc) {
    begin_vectors();
    if (doc.is_string()) file.vectors.back().ref_doc_of.insert_or_assign(std::string(id), doc.string());
    return Status::ok();
  }

  const uint64_t max_bytes_;
  uint64_t held_ = 0;
  bool is_repeated_ = false;
  bool is_graph_ = false;
  std::set<std::string> seen_;
  OrderedMap<std::string> only_;     // of the index struct that is alone
  OrderedMap<std::string> members_;  // of the document or index struct that is being read
};

using UseVector = std::function<Status(const OneFileVectors&, std::string_view, JsonView)>;

class VectorPass : public Walk {
 public:
  explicit VectorPass(const UseVector& use) : use_(use) {}
  Status entry(std::string_view key, JsonView value) override {
    return is_at_vectors() ? use_(vectors(), key, value) : Status::ok();
  }

 private:
  const UseVector& use_;
};

}  // namespace

Result<OneFile> read_one_file(const std::string& path, const PersistFileOptions& options) {
  Reader reader(options.max_value_bytes);
  QUIPU_RETURN_IF_ERROR(read_persist_file(path, options, reader));
  return std::move(reader.file);
}

Status read_one_file_vectors(const std::string& path, const PersistFileOptions& options,
                             const UseVector& use) {
  VectorPass pass(use);
  return read_persist_file(path, options, pass);
}

}  // namespace quipu
