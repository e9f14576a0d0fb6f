// How RocksDB is set up: one place for every setting, each with its reason.

#ifndef QUIPU_BACKENDS_ROCKSDB_DATABASE_ROCKSDB_OPTIONS_H_
#define QUIPU_BACKENDS_ROCKSDB_DATABASE_ROCKSDB_OPTIONS_H_

#include <rocksdb/options.h>

#include "quipu/rocksdb_kv_store.h"

namespace quipu::rocks {

struct TunedOptions {
  rocksdb::DBOptions db;
  rocksdb::ColumnFamilyOptions data;     // a collection of its own
  rocksdb::ColumnFamilyOptions shared;   // the collections that have none
  rocksdb::ColumnFamilyOptions lists;    // member lists, and the index: keys with no value
  rocksdb::ColumnFamilyOptions codes;    // codes of vectors: blocks are merged
  rocksdb::ColumnFamilyOptions text;     // entries of text indexes
  rocksdb::ColumnFamilyOptions catalog;  // counters are merged

  // The same over another file system, which must outlive what is opened with it.
  TunedOptions over(rocksdb::Env& env) const {
    TunedOptions tuning = *this;
    tuning.db.env = &env;
    return tuning;
  }
};

TunedOptions make_tuned_options(const RocksDBOptions& options);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_DATABASE_ROCKSDB_OPTIONS_H_
