#include <vector>

#include "engine/checks/cross_check.h"
#include "engine/checks/store_faults.h"
#include "engine/kv/consistent_view.h"
#include "engine/kv/watched_reader.h"
#include "engine/stores/documents/ref_docs.h"
#include "quipu/backend/features.h"
#include "quipu/backend/vector_codes.h"

namespace quipu {
namespace {

constexpr size_t kBatchEntries = 1000;
// A mended fault may uncover another, as an entry without its like; the chains are short.
constexpr int kMaxRounds = 8;

Status find_faults(const BaseKVStore& store, const TakeFault& take, Work& work) {
  return read_consistent_view(store, [&](const KVReader& moment) -> Status {
    const WatchedReader state(moment, work);
    QUIPU_ASSIGN_OR_RETURN(const std::vector<CollectionInfo> infos, state.collections());
    QUIPU_RETURN_IF_ERROR(find_document_faults(state, infos, take));
    QUIPU_RETURN_IF_ERROR(find_vector_faults(state, infos, take));
    QUIPU_RETURN_IF_ERROR(find_partition_faults(store, infos, take));
    QUIPU_RETURN_IF_ERROR(find_graph_faults(state, infos, take));
    QUIPU_RETURN_IF_ERROR(find_chat_faults(state, infos, take));
    QUIPU_RETURN_IF_ERROR(cross_check_stores(state, infos, [&](Fault note) {
      return take({{std::move(note), {}}, {}});
    }));
    return work.finish();
  });
}

}  // namespace

Status StoreRepairWriter::put(std::string_view collection, std::string_view key, JsonView value) {
  batch_.put(collection, key, value);
  return write_if_large();
}

Status StoreRepairWriter::quarantine(std::string_view collection, std::string_view key) {
  QUIPU_ASSIGN_OR_RETURN(const std::optional<Json> value, store_.get(key, collection));
  if (!value) return Status::ok();
  QUIPU_RETURN_IF_ERROR(quarantine_.entry(collection, key, *value));
  batch_.delete_(collection, key);
  return write_if_large();
}

Status StoreRepairWriter::list_node(std::string_view ref_docs, std::string_view ref_doc_id,
                                    std::string_view node_id, JsonView metadata) {
  QUIPU_RETURN_IF_ERROR(finish());  // the ref doc may be in the batch
  RefDocs loaded(store_, ref_docs);
  QUIPU_ASSIGN_OR_RETURN(RefDoc* const ref_doc, loaded.load(ref_doc_id));
  ref_doc->add(node_id, metadata);
  QUIPU_RETURN_IF_ERROR(loaded.write(batch_));
  return finish();
}

Status StoreRepairWriter::give_up_partitions(const std::string& collection) {
  QUIPU_ASSIGN_OR_RETURN(const std::unique_ptr<CodeReader> codes, store_.vector_values().codes(collection));
  if (!codes) return Status::ok();
  QUIPU_RETURN_IF_ERROR(codes->scan_rows([&](const CodeRow& row) {
    if (row.block < CodeBlock::kFirstMoved) return Status::ok();
    const CodeMove back{row.order, row.dimensions, 0};
    batch_.add({&VectorValues::kMoveCode, collection, row.key, back.bytes()});
    return write_if_large();
  }));
  QUIPU_RETURN_IF_ERROR(codes->scan_notes({}, [&](std::string_view key, std::string_view /*value*/) {
    batch_.add({&VectorValues::kPutCodeNote, collection, key});
    return Status::ok();
  }));
  return finish();
}

Status StoreRepairWriter::write_if_large() { return batch_.size() < kBatchEntries ? Status::ok() : finish(); }

Status StoreRepairWriter::finish() {
  QUIPU_RETURN_IF_ERROR(quarantine_.sync());
  if (!batch_.empty()) QUIPU_RETURN_IF_ERROR(store_.write(batch_));
  batch_.clear();
  return Status::ok();
}

Status verify_stores(const BaseKVStore& store, const std::function<void(const Fault&)>& report,
                     const ProgressCallback& progress) {
  const TakeFault take = [&](const StoreFault& found) {
    report(found.fault);
    return Status::ok();
  };
  return watch(progress, {}, [&](Work& work) { return find_faults(store, take, work); });
}

Status repair_stores(BaseKVStore& store, Quarantine& quarantine,
                     const std::function<void(const RepairAction&)>& report,
                     const ProgressCallback& progress) {
  for (int round = 0; round < kMaxRounds; ++round) {
    uint64_t faults = 0;
    StoreRepairWriter writer(store, quarantine);
    const TakeFault take = [&](const StoreFault& found) {
      if (found.fault.severity == Severity::kNote) return Status::ok();
      ++faults;
      if (report) report(found);
      return found.repair(writer);
    };
    QUIPU_RETURN_IF_ERROR(watch(progress, {}, [&](Work& work) { return find_faults(store, take, work); }));
    QUIPU_RETURN_IF_ERROR(writer.finish());
    if (faults == 0) return Status::ok();
  }
  return Status::corruption("faults came again after they had been mended; see verify");
}

}  // namespace quipu
