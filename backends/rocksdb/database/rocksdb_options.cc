#include "backends/rocksdb/database/rocksdb_options.h"

#include <rocksdb/cache.h>
#include <rocksdb/compaction_filter.h>
#include <rocksdb/env.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/merge_operator.h>
#include <rocksdb/table.h>
#include <rocksdb/write_buffer_manager.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "backends/rocksdb/database/insert_hint.h"
#include "backends/rocksdb/files/rocksdb_version.h"
#include "backends/rocksdb/format/code_block.h"
#include "backends/rocksdb/format/record.h"

namespace quipu::rocks {
namespace {

// Adds unsigned 64-bit numbers, modulo 2^64, so that a decrement is the addition of its complement.
class AddCounts : public rocksdb::AssociativeMergeOperator {
 public:
  bool Merge(const rocksdb::Slice& /*key*/, const rocksdb::Slice* existing, const rocksdb::Slice& value,
             std::string* merged, rocksdb::Logger* /*logger*/) const override {
    const uint64_t before = existing != nullptr ? parse_count(existing->ToStringView()) : 0;
    *merged = make_count(before + parse_count(value.ToStringView()));
    return true;
  }
  const char* Name() const override { return "quipu.AddCounts"; }
};

// Blocks of codes. Never fails: a merge that does stops all writes when it happens in a compaction.
class FoldCodeBlocks : public rocksdb::MergeOperator {
 public:
  bool FullMergeV2(const MergeOperationInput& in, MergeOperationOutput* out) const override {
    std::vector<std::string_view> parts;
    if (in.existing_value != nullptr) parts.push_back(in.existing_value->ToStringView());
    for (const rocksdb::Slice& operand : in.operand_list) parts.push_back(operand.ToStringView());
    const CodeKey key = code_key_of(in.key);
    if (parts.size() == 1) {  // as it is, without a copy
      const std::optional<StoredBlock> block = StoredBlock::parse(parts[0], key);
      if (block && block->removed == 0) {
        out->existing_operand = in.operand_list[0];
        return true;
      }
    }
    out->new_value = fold_code_blocks(parts, key, /*whole=*/true);
    return true;
  }
  bool PartialMergeMulti(const rocksdb::Slice& key, const std::deque<rocksdb::Slice>& operands,
                         std::string* merged, rocksdb::Logger* /*logger*/) const override {
    std::vector<std::string_view> parts;
    for (const rocksdb::Slice& operand : operands) parts.push_back(operand.ToStringView());
    *merged = fold_code_blocks(parts, code_key_of(key), /*whole=*/false);
    return true;
  }
  const char* Name() const override { return "quipu.FoldCodeBlocks"; }

 private:
  // A key that is malformed has no block that is not.
  static CodeKey code_key_of(const rocksdb::Slice& key) {
    return parse_code_key(key.ToStringView()).value_or(CodeKey());
  }
};

// Blocks of codes that have lost their last row: one that is absent is the same, at any moment.
class DropEmptyBlocks : public rocksdb::CompactionFilter {
 public:
  Decision FilterV2(int /*level*/, const rocksdb::Slice& key, ValueType type, const rocksdb::Slice& value,
                    std::string* /*new_value*/, std::string* /*skip_until*/) const override {
    if (type != ValueType::kValue || value.ToStringView() != kEmptyBlock) return Decision::kKeep;
    const std::optional<CodeKey> parsed = parse_code_key(key.ToStringView());
    return parsed && parsed->is_block ? Decision::kRemove : Decision::kKeep;
  }
  const char* Name() const override { return "quipu.DropEmptyBlocks"; }
};

// Takes the place of RocksDB's LOG file, whose writer aborts the process on a full disk where RocksDB is
// built with assertions, as Debian's is. What goes wrong is in the status of the call that it goes wrong for.
class NoLog : public rocksdb::Logger {
 public:
  using Logger::Logv;
  void Logv(const char* /*format*/, va_list /*arguments*/) override {}
};

rocksdb::BlockBasedTableOptions make_table_options(const std::shared_ptr<rocksdb::Cache>& cache) {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = cache;
  table.block_size = 8 << 10;  // a get decompresses a block: 8 KiB is four nodes
  table.format_version = 5;
  table.checksum = rocksdb::kXXH3;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));  // answers for new keys without a read
  // In the cache, so that the budget counts them; first in it, so that they stay.
  table.cache_index_and_filter_blocks = true;
  table.cache_index_and_filter_blocks_with_high_priority = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  return table;
}

}  // namespace

TunedOptions make_tuned_options(const RocksDBOptions& options) {
  const uint64_t budget = std::max<uint64_t>(options.memory_budget_bytes, 16ULL << 20);
  const std::shared_ptr<rocksdb::Cache> cache = rocksdb::NewLRUCache(budget, -1, false, 0.5);

  TunedOptions tuning;
  rocksdb::DBOptions& db = tuning.db;
  db.create_if_missing = true;
  db.create_missing_column_families = true;
  db.paranoid_checks = true;
  db.atomic_flush = true;  // families must not differ in what they lost
  db.max_open_files = options.max_open_files;
  db.max_background_jobs = std::max(options.background_threads, 2);
  db.max_file_opening_threads = 4;
  db.skip_stats_update_on_db_open = true;  // opening must not read every file
  db.verify_sst_unique_id_in_manifest = true;
  db.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
  db.allow_data_in_errors = false;
  db.writable_file_max_buffer_size = 64 << 10;  // the log's bytes are in the cache when they are written
  open_without_extra_files(db);
  db.info_log = std::make_shared<NoLog>();
  db.max_manifest_file_size = 16 << 20;
  // Half of the budget for write buffers, charged to the cache: one number bounds both. When they are full
  // they are written out, and max_write_buffer_number makes writers wait for that. They must not wait for the
  // memory itself: an iterator, which may be the writer's own, keeps it for as long as it lives.
  const uint64_t write_buffers = budget / 2;
  db.write_buffer_manager =
      std::make_shared<rocksdb::WriteBufferManager>(write_buffers, cache, /*allow_stall=*/false);
  db.max_total_wal_size = std::max<uint64_t>(write_buffers, 64ULL << 20);

  rocksdb::ColumnFamilyOptions& data = tuning.data;
  data.table_factory.reset(rocksdb::NewBlockBasedTableFactory(make_table_options(cache)));
  data.write_buffer_size = std::max<uint64_t>(write_buffers / 3, 4ULL << 20);
  data.max_write_buffer_number = 4;
  // What a family's write buffer takes from the beginning, in all families together a part of what there is.
  const uint64_t families = static_cast<uint64_t>(std::max(options.max_collection_families, 0)) + 8;
  data.arena_block_size = std::clamp<uint64_t>(write_buffers / (4 * families), 16 << 10, 1 << 20);
  // Every write looks its keys up first; most are new, which this filter tells without a walk of the
  // memtable.
  data.memtable_whole_key_filtering = true;
  data.memtable_prefix_bloom_size_ratio = 0.005;
  data.memtable_insert_with_hint_prefix_extractor = hint_for_all_keys();
  data.compression = rocksdb::kLZ4Compression;
  data.bottommost_compression = rocksdb::kZSTD;
  data.bottommost_compression_opts.enabled = true;
  data.bottommost_compression_opts.level = 1;
  data.level_compaction_dynamic_level_bytes = true;
  data.level0_file_num_compaction_trigger = 6;
  data.level0_slowdown_writes_trigger = 30;
  data.level0_stop_writes_trigger = 48;
  data.force_consistency_checks = true;

  tuning.shared = data;
  tuning.shared.memtable_insert_with_hint_prefix_extractor = hint_behind_collection();
  tuning.lists = data;
  tuning.lists.memtable_insert_with_hint_prefix_extractor = hint_behind_list();
  tuning.codes = data;
  tuning.codes.merge_operator = std::make_shared<FoldCodeBlocks>();
  static const DropEmptyBlocks kDropEmptyBlocks;  // must outlive every database
  tuning.codes.compaction_filter = &kDropEmptyBlocks;
  tuning.codes.memtable_insert_with_hint_prefix_extractor = nullptr;
  tuning.codes.compression = rocksdb::kNoCompression;  // codes look like noise
  tuning.codes.bottommost_compression = rocksdb::kDisableCompressionOption;
  tuning.codes.bottommost_compression_opts = {};
  tuning.text = tuning.shared;
  tuning.catalog = data;
  tuning.catalog.memtable_insert_with_hint_prefix_extractor = hint_for_counts();
  tuning.catalog.merge_operator = std::make_shared<AddCounts>();
  tuning.catalog.max_successive_merges = 32;  // a count is read by adding up at most so many changes
  return tuning;
}

}  // namespace quipu::rocks
