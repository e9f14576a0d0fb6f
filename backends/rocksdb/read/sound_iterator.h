// An iterator that does not lose errors.
//
// Before 8.10 (seen in 7.8.3 and 7.9.2) an iterator of RocksDB that may meet deletions of ranges forgets,
// where it goes from one file of a level to the next or steps over what is deleted, that a block could not be
// read (MergingIterator::SkipNextDeleted and SeekImpl): it passes over the rest of the level, and its status
// is OK. One that is told to ignore deletions of ranges does not.

#ifndef QUIPU_BACKENDS_ROCKSDB_READ_SOUND_ITERATOR_H_
#define QUIPU_BACKENDS_ROCKSDB_READ_SOUND_ITERATOR_H_

#include <rocksdb/db.h>

#include <memory>

namespace quipu::rocks {

// As DB::NewIterator. Where RocksDB forgets errors, a second iterator, which ignores deletions of ranges,
// goes along as soon as a block has been read from a file, over blocks that are in the cache by then.
std::unique_ptr<rocksdb::Iterator> sound_iterator(rocksdb::DB& db, const rocksdb::ReadOptions& options,
                                                  rocksdb::ColumnFamilyHandle* family);

}  // namespace quipu::rocks

#endif  // QUIPU_BACKENDS_ROCKSDB_READ_SOUND_ITERATOR_H_
