// What is wrong with the stores over a key-value store, each fault together with its repair:
// verify_stores() lists the faults, repair_stores() repairs them.

#ifndef QUIPU_ENGINE_CHECKS_STORE_FAULTS_H_
#define QUIPU_ENGINE_CHECKS_STORE_FAULTS_H_

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "quipu/backend/quarantine.h"
#include "quipu/persist_dir.h"
#include "quipu/verify.h"
#include "quipu/write_batch.h"

namespace quipu {

// The changes of a repair.
class StoreRepairWriter {
 public:
  StoreRepairWriter(BaseKVStore& store, Quarantine& quarantine) : store_(store), quarantine_(quarantine) {}

  Status put(std::string_view collection, std::string_view key, JsonView value);
  // Removes an entry, once it is kept.
  Status quarantine(std::string_view collection, std::string_view key);
  // Takes the codes of a collection's vectors out of all partitions, and then removes the notes of these.
  Status give_up_partitions(const std::string& collection);
  // Enters a node in the list of its ref doc, which is made if it is not there.
  Status list_node(std::string_view ref_docs, std::string_view ref_doc_id, std::string_view node_id,
                   JsonView metadata);
  Status finish();

 private:
  Status write_if_large();

  BaseKVStore& store_;
  Quarantine& quarantine_;
  WriteBatch batch_;
};

using StoreFault = RepairableFault<StoreRepairWriter>;
using TakeFault = std::function<Status(const StoreFault&)>;

// The repair of most faults.
inline StoreFault quarantine_fault(const std::string& collection, std::string_view key, std::string message) {
  return {{{collection, std::string(key), std::move(message)}, "set aside"},
          [collection, key](StoreRepairWriter& writer) { return writer.quarantine(collection, key); }};
}

Status find_document_faults(const KVReader& store, const std::vector<CollectionInfo>& infos,
                            const TakeFault& take);
Status find_vector_faults(const KVReader& store, const std::vector<CollectionInfo>& infos,
                          const TakeFault& take);
Status find_partition_faults(const BaseKVStore& store, const std::vector<CollectionInfo>& infos,
                             const TakeFault& take);
Status find_chat_faults(const KVReader& store, const std::vector<CollectionInfo>& infos,
                        const TakeFault& take);
Status find_graph_faults(const KVReader& store, const std::vector<CollectionInfo>& infos,
                         const TakeFault& take);

}  // namespace quipu

#endif  // QUIPU_ENGINE_CHECKS_STORE_FAULTS_H_
