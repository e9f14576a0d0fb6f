// OneFileDocuments: the document store of today from those of indexes of before 0.6, node by node.

#ifndef QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_DOCUMENTS_H_
#define QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_DOCUMENTS_H_

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "engine/json_file/persist_file_reader.h"
#include "engine/layout/ref_doc_metadata.h"
#include "engine/persist/conversions/one_file_index.h"
#include "engine/persist/conversions/one_file_node.h"
#include "engine/persist/conversions/one_file_reader.h"
#include "quipu/ordered_map.h"

namespace quipu {

class OneFileDocuments {
 public:
  // `docstore` takes what docstore.json holds.
  explicit OneFileDocuments(PersistFileHandler& docstore) : docstore_(docstore) {}

  Status begin();
  // Converts the nodes of a file, both those in its docs and those in its index structs, and the structs,
  // which are added to `indexes`. Errors: kInvalidArgument with the key of what cannot be converted, and for
  // an id that another file has with other contents.
  Status add(const std::string& name, const OneFile& file, std::vector<OneFileIndex>& indexes);
  // What is kept of the nodes beside them.
  Status finish();

  size_t count() const { return nodes_.size(); }
  // The source of a node; empty: none.
  std::string ref_doc_of(std::string_view node_id) const;
  bool has(std::string_view node_id) const { return nodes_.find(node_id) != nodes_.end(); }
  const OneFileLosses& losses() const { return losses_; }

 private:
  struct Known {
    std::string doc_hash;
    std::string ref_doc_id;
    size_t content = 0;
    std::string file;
  };
  struct RefDoc {
    std::string node_ids;
    RefDocMetadata metadata;
  };
  class NodesOfIndex;

  Status add_docs(const std::string& name, const OneFile& file, std::vector<OneFileIndex>& indexes);
  Status add_structs(const std::string& name, const OneFile& file, std::vector<OneFileIndex>& indexes);
  Status store(const std::string& file, OneFileNode node);

  PersistFileHandler& docstore_;
  std::set<std::string> index_ids_;  // of the file that is being added, those in its docs
  OrderedMap<Known> nodes_;
  OrderedMap<RefDoc> ref_docs_;
  OrderedMap<std::string> hashes_;  // as the files' own stores have them
  OneFileLosses losses_;
};

}  // namespace quipu

#endif  // QUIPU_ENGINE_PERSIST_CONVERSIONS_ONE_FILE_DOCUMENTS_H_
