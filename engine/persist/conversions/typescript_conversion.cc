// Persist directories of LlamaIndexTS (create-llama): doc_store.json, index_store.json, vector_store.json and
// images/vector_store.json.

#include "engine/persist/conversions/typescript_conversion.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "engine/layout/storage_layout.h"
#include "engine/persist/conversions/typescript_forms.h"
#include "quipu/vector_store.h"

namespace quipu {
namespace {

constexpr std::string_view kDocstore = "docstore.json";
constexpr std::string_view kIndexStore = "index_store.json";
constexpr std::string_view kVectorStore = "default__vector_store.json";
constexpr std::string_view kImageVectorStore = "image__vector_store.json";

std::string counted(uint64_t number, std::string_view noun) {
  return std::to_string(number) + " " + std::string(noun) + (number == 1 ? "" : "s");
}

// doc_store.json.
class DocStore : public ConvertingHandler {
 public:
  explicit DocStore(PersistFileHandler& taker) : ConvertingHandler(taker) {}

  Status begin_collection(std::string_view name, JsonKind kind) override {
    collection_ = name;
    return taker().begin_collection(name, kind);
  }
  Status entry(std::string_view key, JsonView value) override {
    if (collection_.ends_with(kMetadataEnding)) return taker().entry(key, metadata_from_typescript(value));
    if (collection_.ends_with(kRefDocsEnding)) return taker().entry(key, ref_doc_info_from_typescript(value));
    if (!collection_.ends_with(kDataEnding)) return taker().entry(key, value);
    ++nodes_;
    QUIPU_ASSIGN_OR_RETURN(const Json node, node_from_typescript(key, value));
    return taker().entry(key, node);
  }
  Status end_collection() override { return taker().end_collection(); }

  uint64_t nodes() const { return nodes_; }

 private:
  std::string collection_;
  uint64_t nodes_ = 0;
};

// index_store.json, whose collection is called as a document store's.
class IndexStore : public ConvertingHandler {
 public:
  explicit IndexStore(PersistFileHandler& taker) : ConvertingHandler(taker) {}

  Status begin_collection(std::string_view name, JsonKind kind) override {
    const bool structs = name == collection_of(kDocumentStoreNamespace, kDataEnding);
    return taker().begin_collection(
        structs ? collection_of(kIndexStoreNamespace, kDataEnding) : std::string(name), kind);
  }
  Status entry(std::string_view key, JsonView value) override {
    QUIPU_ASSIGN_OR_RETURN(const TypescriptStruct converted, index_struct_from_typescript(value));
    ++structs_;
    empty_tables_ += converted.is_empty_keyword_table ? 1 : 0;
    return taker().entry(key, converted.stored);
  }
  Status end_collection() override { return taker().end_collection(); }

  uint64_t structs() const { return structs_; }
  uint64_t empty_tables() const { return empty_tables_; }

 private:
  uint64_t structs_ = 0;
  uint64_t empty_tables_ = 0;
};

// vector_store.json. Vectors of nodes without a source have neither a document nor metadata there; they get
// what the reference gives them when it adds them.
class VectorStore : public ConvertingHandler {
 public:
  explicit VectorStore(PersistFileHandler& taker) : ConvertingHandler(taker) {}

  bool skips(std::string_view name) const override { return python_name(name).empty(); }
  bool takes_collection(std::string_view name, JsonKind kind) const override {
    return taker().takes_collection(python_name(name), kind);
  }
  bool takes_value(JsonKind kind) const override { return taker().takes_value(kind); }
  bool takes_any_float() const override { return taker().takes_any_float(); }

  Status begin_collection(std::string_view name, JsonKind kind) override {
    part_ = python_name(name);
    ++parts_;
    has_metadata_ = has_metadata_ || part_ == kMetadataDict;
    return taker().begin_collection(part_, kind);
  }
  Status entry(std::string_view key, JsonView value) override {
    if (part_ == kEmbeddingDict) QUIPU_RETURN_IF_ERROR(remember(key));
    const auto vector = by_key_.find(key);
    if (vector != by_key_.end()) vector->second->seen_in = parts_;
    return taker().entry(key, value);
  }
  Status end_collection() override {
    if (part_ != kEmbeddingDict) QUIPU_RETURN_IF_ERROR(add_missing());
    return taker().end_collection();
  }

  // A file without metadata: the reference takes it for none, {}.
  Status finish() {
    if (has_metadata_) return Status::ok();
    QUIPU_RETURN_IF_ERROR(taker().begin_collection(kMetadataDict, JsonKind::kObject));
    return taker().end_collection();
  }

  uint64_t vectors() const { return vectors_.size(); }
  uint64_t without_document() const { return without_document_; }

 private:
  struct Vector {
    std::string key;
    int seen_in;  // the last of the parts that has it
  };
  // What is remembered of the file. LlamaIndexTS writes it from one string, which has 512 MiB at most.
  static constexpr uint64_t kMaxRememberedBytes = 256ULL << 20;

  static std::string_view python_name(std::string_view name) {
    if (name == "embeddingDict") return kEmbeddingDict;
    if (name == "textIdToRefDocId") return kTextIdToRefDocId;
    return name == "metadataDict" ? kMetadataDict : std::string_view();
  }

  Status remember(std::string_view key) {
    if (by_key_.contains(key)) return Status::ok();
    remembered_bytes_ += key.size() + sizeof(Vector) + 2 * sizeof(void*);
    if (remembered_bytes_ > kMaxRememberedBytes) {
      return Status::invalid_argument("more vectors than LlamaIndexTS can write into one file");
    }
    Vector& vector = vectors_.emplace_back(Vector{std::string(key), parts_});
    by_key_.emplace(vector.key, &vector);
    return Status::ok();
  }

  // In the part that ends: what it does not have of the vectors.
  Status add_missing() {
    const Json document = Json::from_canonical("\"None\"");
    const Json metadata = Json::from_canonical(
        R"({"_node_type": "TextNode", "document_id": "None", "doc_id": "None", "ref_doc_id": "None"})");
    const bool is_metadata = part_ == kMetadataDict;
    for (const Vector& vector : vectors_) {
      if (vector.seen_in == parts_) continue;
      without_document_ += is_metadata ? 0 : 1;
      QUIPU_RETURN_IF_ERROR(taker().entry(vector.key, is_metadata ? metadata : document));
    }
    return Status::ok();
  }

  std::string_view part_;
  int parts_ = 0;
  bool has_metadata_ = false;
  std::deque<Vector> vectors_;  // in their order; they stay where they are
  std::unordered_map<std::string_view, Vector*> by_key_;
  uint64_t remembered_bytes_ = 0;
  uint64_t without_document_ = 0;
};

// LlamaIndexTS writes a file once there is something in its store; without, its contexts have the store, too.
Status add_unwritten_stores(const SourceFile& file, ConversionTarget& target) {
  const std::string directory = directory_of(file.path);
  const auto is_written = [&](std::string_view name) {
    const Result<std::optional<uint64_t>> size = file.options.fs->file_size(path_in(directory, name));
    return !size || *size;
  };
  if (!is_written(kIndexStore)) QUIPU_RETURN_IF_ERROR(target.file(kIndexStore).status());
  if (is_written(VECTOR_STORE_PERSIST_FNAME) || is_written(kVectorStore)) return Status::ok();
  QUIPU_ASSIGN_OR_RETURN(PersistFileHandler* const vectors, target.file(kVectorStore));
  for (const std::string_view part : {kEmbeddingDict, kTextIdToRefDocId, kMetadataDict}) {
    QUIPU_RETURN_IF_ERROR(vectors->begin_collection(part, JsonKind::kObject));
    QUIPU_RETURN_IF_ERROR(vectors->end_collection());
  }
  return Status::ok();
}

Status convert_doc_store(const SourceFile& file, ConversionTarget& target) {
  QUIPU_ASSIGN_OR_RETURN(PersistFileHandler* const taker, target.file(kDocstore));
  DocStore store(*taker);
  QUIPU_RETURN_IF_ERROR(read_persist_file(file.path, file.options, store));
  target.note(file.name + " of LlamaIndexTS is converted: " + counted(store.nodes(), "node"));
  return add_unwritten_stores(file, target);
}

Status convert_index_store(const SourceFile& file, ConversionTarget& target) {
  QUIPU_ASSIGN_OR_RETURN(PersistFileHandler* const taker, target.file(kIndexStore));
  IndexStore store(*taker);
  QUIPU_RETURN_IF_ERROR(read_persist_file(file.path, file.options, store));
  target.note(file.name + " of LlamaIndexTS is converted: " + counted(store.structs(), "index struct"));
  if (store.empty_tables() != 0) {
    target.note(file.name + ": " + counted(store.empty_tables(), "keyword table") +
                " without keywords, as LlamaIndexTS writes them up to 0.5: such an index must be made anew");
  }
  return Status::ok();
}

Status convert_vectors(const SourceFile& file, std::string_view persist_file, ConversionTarget& target) {
  QUIPU_ASSIGN_OR_RETURN(PersistFileHandler* const taker, target.file(persist_file));
  VectorStore store(*taker);
  QUIPU_RETURN_IF_ERROR(read_persist_file(file.path, file.options, store));
  QUIPU_RETURN_IF_ERROR(store.finish());
  target.note(file.name + " of LlamaIndexTS is converted: " + counted(store.vectors(), "vector"));
  if (store.without_document() != 0) {
    target.note(file.name + ": " + counted(store.without_document(), "vector") +
                " of nodes without a source; their document is \"None\", as in LlamaIndex");
  }
  return Status::ok();
}

Status convert_vector_store(const SourceFile& file, ConversionTarget& target) {
  return convert_vectors(file, kVectorStore, target);
}

Status convert_image_vector_store(const SourceFile& file, ConversionTarget& target) {
  return convert_vectors(file, kImageVectorStore, target);
}

}  // namespace

const Conversion kTypescriptDocStore = {"document store of LlamaIndexTS",
                                        {&kDocstore, 1},
                                        [](FileHead& file) { return file.name() == "doc_store.json"; },
                                        convert_doc_store};

const Conversion kTypescriptIndexStore = {
    "index store of LlamaIndexTS",
    {&kIndexStore, 1},
    [](FileHead& file) {
      return file.name() == kIndexStore &&
             file.begins_with_member(collection_of(kDocumentStoreNamespace, kDataEnding));
    },
    convert_index_store};

const Conversion kTypescriptVectorStore = {"vector store of LlamaIndexTS",
                                           {&kVectorStore, 1},
                                           [](FileHead& file) {
                                             return file.name() == VECTOR_STORE_PERSIST_FNAME &&
                                                    file.begins_with_member("embeddingDict");
                                           },
                                           convert_vector_store};

const Conversion kTypescriptImageVectorStore = {
    "image vector store of LlamaIndexTS",
    {&kImageVectorStore, 1},
    [](FileHead& file) { return file.name() == "images/vector_store.json"; },
    convert_image_vector_store};

}  // namespace quipu
