// What is wrong with the stores over a key-value store, each fault together with what mends it:
// verify_stores() lists the faults, repair_stores() mends them.

#ifndef QUIPU_ENGINE_CHECKS_STORE_FAULTS_H_
#define QUIPU_ENGINE_CHECKS_STORE_FAULTS_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/persist_dir.h"
#include "quipu/verify.h"
#include "quipu/write_batch.h"

namespace quipu {

// The changes of a repair.
class StoreMending {
 public:
  StoreMending(BaseKVStore& store, SetAside& aside) : store_(store), aside_(aside) {}

  Status put(std::string_view collection, std::string_view key, JsonView value);
  // Removes an entry, once it is kept.
  Status set_aside(std::string_view collection, std::string_view key);
  // Enters a node in the list of its ref doc, which is made if it is not there.
  Status list_node(std::string_view ref_docs, std::string_view ref_doc_id, std::string_view node_id,
                   JsonView metadata);
  Status finish();

 private:
  Status write_if_large();

  BaseKVStore& store_;
  SetAside& aside_;
  WriteBatch batch_;
};

struct StoreFault {
  Fault what;
  std::string step;                             // what mending it does; empty: it is a note
  std::function<Status(StoreMending&)> mend{};  // called, if at all, before the search goes on
};
using TakeFault = std::function<Status(const StoreFault&)>;

// The mending of most faults.
inline StoreFault set_aside_fault(const std::string& collection, std::string_view key, std::string message) {
  return {{collection, std::string(key), std::move(message)},
          "set aside",
          [collection, key](StoreMending& mending) { return mending.set_aside(collection, key); }};
}

Status find_document_faults(const KVReader& store, const std::vector<CollectionInfo>& infos,
                            const TakeFault& take);
Status find_vector_faults(const KVReader& store, const std::vector<CollectionInfo>& infos,
                          const TakeFault& take);
Status find_graph_faults(const KVReader& store, const std::vector<CollectionInfo>& infos,
                         const TakeFault& take);

}  // namespace quipu

#endif  // QUIPU_ENGINE_CHECKS_STORE_FAULTS_H_
