#include "backends/rocksdb/write/sst_writer.h"

#include <rocksdb/sst_file_reader.h>
#include <unistd.h>

#include <boost/filesystem.hpp>

#include "backends/rocksdb/format/status.h"

namespace quipu::rocks {
namespace {

constexpr uint64_t kFileBytes = 64ULL << 20;
constexpr uint64_t kFileRows = 500'000;  // RocksDB keeps a hash of each key until the file is finished

rocksdb::Slice slice_of(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

}  // namespace

TableFiles::TableFiles(const rocksdb::Options& options, std::string directory, std::string stem)
    : options_(options), directory_(std::move(directory)), stem_(std::move(stem)), process_(::getpid()) {}

TableFiles::~TableFiles() {
  writer_.reset();
  if (::getpid() != process_) return;
  for (const std::string& path : paths_) {
    boost::system::error_code ignored;  // the directory is emptied at every open
    boost::filesystem::remove(path, ignored);
  }
}

Status TableFiles::add(std::string_view key, std::string_view value) {
  if (writer_ && (writer_->FileSize() >= kFileBytes || rows_ == kFileRows)) QUIPU_RETURN_IF_ERROR(finish());
  if (!writer_) {
    paths_.push_back(directory_ + "/" + stem_ + "-" + std::to_string(paths_.size()) + ".sst");
    writer_ = std::make_unique<rocksdb::SstFileWriter>(rocksdb::EnvOptions(options_), options_, nullptr,
                                                       /*invalidate_page_cache=*/false);
    QUIPU_RETURN_IF_ERROR(from_rocksdb(writer_->Open(paths_.back()), "cannot write " + paths_.back()));
  }
  ++rows_;
  const rocksdb::Status put = writer_->Put(slice_of(key), slice_of(value));
  return put.ok() ? Status::ok() : from_rocksdb(put, "cannot write " + paths_.back());
}

Status TableFiles::finish() {
  if (!writer_) return Status::ok();
  rocksdb::ExternalSstFileInfo info;
  const Status finished = from_rocksdb(writer_->Finish(&info), "cannot write " + paths_.back());
  writer_.reset();
  rows_ = 0;
  QUIPU_RETURN_IF_ERROR(finished);
  bytes_ += info.file_size;
  return read_ends();
}

// Brings the first and last block of the newest file into the cache. RocksDB 7.8.3 looks at them when it
// ingests the file, and aborts when it cannot read the last one.
Status TableFiles::read_ends() const {
  rocksdb::SstFileReader reader(options_);
  rocksdb::Status read = reader.Open(paths_.back());
  if (read.ok()) {
    const std::unique_ptr<rocksdb::Iterator> it(reader.NewIterator(rocksdb::ReadOptions()));
    it->SeekToFirst();
    if (it->status().ok()) it->SeekToLast();
    read = it->status();
  }
  return from_rocksdb(read, "cannot read " + paths_.back());
}

}  // namespace quipu::rocks
